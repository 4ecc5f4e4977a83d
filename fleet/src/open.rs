//! Opens the place that a store's URL names.

use std::path::PathBuf;
#[cfg(any(feature = "s3", feature = "gcs", feature = "azure"))]
use std::{sync::Arc, time::Duration};

#[cfg(any(feature = "s3", feature = "gcs", feature = "azure"))]
use object_store::{ClientConfigKey, ObjectStore, RetryConfig, path::Path};
use openrouter_keys_core::error::BoxError;
use url::Url;

/// The time limit of one request. A log's entries are small.
#[cfg(any(feature = "s3", feature = "gcs", feature = "azure"))]
const TIMEOUT: &str = "10s";

pub(crate) enum Place {
    Folder(PathBuf),
    #[cfg(any(feature = "s3", feature = "gcs", feature = "azure"))]
    Objects(Arc<dyn ObjectStore>, Path),
}

/// The builders have no trait in common.
#[cfg(any(feature = "s3", feature = "gcs", feature = "azure"))]
macro_rules! objects {
    ($url:expr, $($module:ident)::+, $builder:ident, $key:ident) => {{
        use $($module)::+::{$builder, $key};
        let timeout = $key::Client(ClientConfigKey::Timeout);
        let builder = $builder::from_env().with_url($url.as_str()).with_config(timeout, TIMEOUT);
        match builder.with_retry(retries()).build() {
            Ok(objects) => {
                Ok(Place::Objects(Arc::new(objects), Path::from_url_path($url.path())?))
            }
            Err(error) => Err(format!("{} cannot be opened: {error}", $url).into()),
        }
    }};
}

pub(crate) fn open(text: &str) -> Result<Place, BoxError> {
    let Some((scheme, _)) = text.split_once("://") else {
        if text.is_empty() {
            return Err(
                "the store is empty; write s3://bucket/prefix or the path of a folder".into()
            );
        }
        return Ok(Place::Folder(text.into()));
    };
    // Error texts must not show the URL before it is known to contain no credentials.
    let url = Url::parse(text).map_err(|error| format!("the store is not a valid URL: {error}"))?;
    if url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err("the store's URL has a password, `?` or `#`; nothing was sent; credentials \
                    belong in the environment"
            .into());
    }
    match scheme.to_ascii_lowercase().as_str() {
        "file" => match url.to_file_path() {
            Ok(path) => Ok(Place::Folder(path)),
            Err(()) => Err(format!("{url} is not the URL of a folder on this machine").into()),
        },
        #[cfg(feature = "s3")]
        "s3" | "s3a" => objects!(url, object_store::aws, AmazonS3Builder, AmazonS3ConfigKey),
        #[cfg(feature = "gcs")]
        "gs" => objects!(url, object_store::gcp, GoogleCloudStorageBuilder, GoogleConfigKey),
        #[cfg(feature = "azure")]
        "az" | "azure" | "abfs" | "abfss" => {
            objects!(url, object_store::azure, MicrosoftAzureBuilder, AzureConfigKey)
        }
        #[cfg(not(feature = "s3"))]
        "s3" | "s3a" => Err(absent("s3")),
        #[cfg(not(feature = "gcs"))]
        "gs" => Err(absent("gcs")),
        #[cfg(not(feature = "azure"))]
        "az" | "azure" | "abfs" | "abfss" => Err(absent("azure")),
        other => Err(format!(
            "no store has the scheme {other:?}; use s3://, gs://, az://, file:// or the path of a \
             folder"
        )
        .into()),
    }
}

/// An entry must be in the log long before the lease that it extends has ended.
#[cfg(any(feature = "s3", feature = "gcs", feature = "azure"))]
fn retries() -> RetryConfig {
    let retry_timeout = Duration::from_secs(20);
    RetryConfig { max_retries: 4, retry_timeout, ..RetryConfig::default() }
}

#[cfg(not(all(feature = "s3", feature = "gcs", feature = "azure")))]
fn absent(feature: &str) -> BoxError {
    format!("this build cannot use this store: it lacks the feature `{feature}`; nothing was sent")
        .into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
mod tests {
    use super::{Place, open};

    #[test]
    fn a_path_and_a_file_url_are_folders() {
        for (text, path) in [("a/b", "a/b"), ("file:///a/b%20c", "/a/b c")] {
            match open(text) {
                Ok(Place::Folder(folder)) if cfg!(unix) || !text.contains(':') => {
                    assert_eq!(folder.to_str(), Some(path));
                }
                Err(_) if cfg!(windows) => {}
                _ => panic!("{text}"),
            }
        }
    }

    #[test]
    fn a_url_that_is_not_a_store_is_refused_and_its_password_not_shown() {
        let texts =
            ["s3://me:hunter2@b/p", "s3://b/p?key=hunter2", "gs://b#hunter2", "s3://hunter2:x:y@/"];
        for text in texts {
            let error = open(text).err().unwrap().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
        for (text, part) in [("", "empty"), ("redis://b", "redis"), ("https://b/", "https")] {
            let error = open(text).err().unwrap().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn a_scheme_needs_its_feature() {
        let schemes = [
            ("s3://bucket", "s3", cfg!(feature = "s3")),
            ("gs://bucket", "gcs", cfg!(feature = "gcs")),
            ("az://container", "azure", cfg!(feature = "azure")),
        ];
        for (url, feature, is_built) in schemes {
            let lacks = format!("it lacks the feature `{feature}`");
            let error = open(url).err().map(|error| error.to_string());
            assert_ne!(error.is_some_and(|error| error.contains(&lacks)), is_built, "{url}");
        }
    }
}
