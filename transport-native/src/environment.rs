//! The API key and the base URL from the environment.

use openrouter_keys_core::error::{BuildError, BuildErrorKind};
use openrouter_keys_core::{ApiKey, BaseUrl, Config};

/// The environment variables in which [`from_env`](crate::from_env) looks for the API
/// key: the first that is set and not empty is used.
pub const API_KEY_VARIABLES: [&str; 3] =
    ["OPENROUTER_MANAGEMENT_KEY", "OPENROUTER_PROVISIONING_KEY", "OPENROUTER_API_KEY"];

/// The environment variable that [`from_env`](crate::from_env) reads the base URL from.
pub const BASE_URL_VARIABLE: &str = "OPENROUTER_BASE_URL";

/// Reads the API key from the environment: the first of [`API_KEY_VARIABLES`] that is set.
///
/// An empty variable counts as unset. Errors name the variable and never show its value.
pub fn key_from_env() -> Result<ApiKey, BuildError> {
    let read = |name| read(name, BuildErrorKind::ApiKey, ApiKey::new);
    API_KEY_VARIABLES.into_iter().find_map(read).unwrap_or_else(|| {
        Err(BuildError::new(
            BuildErrorKind::ApiKey,
            "the environment has no API key; set OPENROUTER_MANAGEMENT_KEY to a management key \
             (OPENROUTER_PROVISIONING_KEY and OPENROUTER_API_KEY are read as well)",
        ))
    })
}

/// Adds the base URL from [`BASE_URL_VARIABLE`], if that is set and the settings have none.
pub(crate) fn with_base_url(config: Config) -> Result<Config, BuildError> {
    if !config.has_default_base_url() {
        return Ok(config);
    }
    match read(BASE_URL_VARIABLE, BuildErrorKind::BaseUrl, BaseUrl::new) {
        Some(url) => Ok(config.base_url(url?)),
        None => Ok(config),
    }
}

/// The value of a variable, if it is set and not empty.
fn read<T>(
    name: &str,
    kind: BuildErrorKind,
    make: impl FnOnce(String) -> Result<T, BuildError>,
) -> Option<Result<T, BuildError>> {
    let value = std::env::var_os(name).filter(|value| !value.is_empty())?;
    let refused = |problem: &str| {
        BuildError::new(kind, format!("the environment variable {name} is refused: {problem}"))
    };
    Some(match value.into_string() {
        Ok(text) => make(text).map_err(|error| refused(error.problem())),
        Err(_) => Err(refused("it is not valid Unicode")),
    })
}
