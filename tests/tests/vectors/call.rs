//! Makes a vector's call: settings, arguments, and the outcome.

use std::time::Duration;

use openrouter_keys_core::config::Jitter;
use openrouter_keys_core::error::{BuildError, BuildErrorKind};
use openrouter_keys_core::operation::{Delete, External, Get, GetCurrentKeyMetadata, Operation};
use openrouter_keys_core::test_util::samples;
use openrouter_keys_core::transport::{MaybeSend, MaybeSendSync};
use openrouter_keys_core::{
    ApiKey, BaseUrl, CallOptions, Config, Create, ErrorKind, Headers, Limit, LimitReset, List,
    RetryPolicy, Timestamp, Update,
};
use openrouter_keys_tests::caller::Caller;
use openrouter_keys_tests::vectors::{
    Amount, CreateArguments, DEFAULT_API_KEY, HashArguments, ListArguments, NoArguments,
    OperationName, Retry, Settings, UpdateArguments, Vector, WireRequest,
};

use crate::seen::{Output, SeenError, SeenValue};

/// The outcome of a call, and the requests it sent.
pub(crate) struct Came {
    pub(crate) outcome: Outcome,
    pub(crate) requests: Vec<WireRequest>,
    pub(crate) pauses: Vec<Duration>,
}

/// How a call ended.
pub(crate) enum Outcome {
    Refused { kind: BuildErrorKind, text: String },
    Value(Box<SeenValue>),
    Error(Box<SeenError>),
}

/// Why a call was not made.
enum Stop {
    /// The library refused it.
    Refused(BuildError),
    /// The vector does not follow the format.
    Wrong(String),
}

impl From<BuildError> for Stop {
    fn from(error: BuildError) -> Self {
        Self::Refused(error)
    }
}

impl From<String> for Stop {
    fn from(problem: String) -> Self {
        Self::Wrong(problem)
    }
}

/// Makes the vector's call. The error describes a problem with the vector.
pub(crate) async fn make<C: Caller>(
    vector: &Vector,
    client: impl FnOnce(ApiKey, Config) -> Result<C, BuildError>,
) -> Result<Outcome, String> {
    match dispatch(vector, client).await {
        Ok(outcome) => Ok(outcome),
        Err(Stop::Refused(error)) => Ok(Outcome::Refused {
            kind: error.kind(),
            text: format!("{error} {error:?} {error:#?}"),
        }),
        Err(Stop::Wrong(problem)) => Err(problem),
    }
}

async fn dispatch<C: Caller>(
    vector: &Vector,
    client: impl FnOnce(ApiKey, Config) -> Result<C, BuildError>,
) -> Result<Outcome, Stop> {
    match vector.operation {
        OperationName::List => call(vector, client, list(vector.arguments()?)).await,
        OperationName::Create => call(vector, client, create(vector.arguments()?)?).await,
        OperationName::Update => call(vector, client, update(vector.arguments()?)).await,
        OperationName::Get => {
            let HashArguments { hash } = vector.arguments()?;
            call(vector, client, Get::new(hash)).await
        }
        OperationName::Delete => {
            let HashArguments { hash } = vector.arguments()?;
            call(vector, client, Delete::new(hash)).await
        }
        OperationName::GetCurrentKeyMetadata => {
            let NoArguments {} = vector.arguments()?;
            call(vector, client, GetCurrentKeyMetadata::new()).await
        }
    }
}

async fn call<C: Caller, O>(
    vector: &Vector,
    client: impl FnOnce(ApiKey, Config) -> Result<C, BuildError>,
    operation: O,
) -> Result<Outcome, Stop>
where
    O: Operation + MaybeSendSync + 'static,
    O::Output: Output + MaybeSend,
{
    let key = ApiKey::new(vector.settings.api_key.as_deref().unwrap_or(DEFAULT_API_KEY))?;
    let config = config(&vector.settings)?;
    let options = options(&vector.call)?;
    Ok(match client(key, config)?.send(operation, options).await {
        Ok(response) => Outcome::Value(Box::new(SeenValue::of(&response))),
        Err(error) => match error.kind() {
            ErrorKind::Build(refused) => Outcome::Refused {
                kind: refused.kind(),
                text: format!("{error} {error:?} {error:#?}"),
            },
            _ => Outcome::Error(Box::new(SeenError::of(&error))),
        },
    })
}

/// The response for a vector that is only about a request.
pub(crate) fn valid_response(operation: OperationName) -> &'static str {
    match operation {
        OperationName::List => r#"{"data":[]}"#,
        OperationName::Create => samples::CREATED,
        OperationName::Get | OperationName::Update => samples::KEY,
        OperationName::Delete => samples::DELETED,
        OperationName::GetCurrentKeyMetadata => samples::CURRENT_KEY,
    }
}

fn config(settings: &Settings) -> Result<Config, Stop> {
    let mut config = Config::new().headers(headers(settings)?);
    if let Some(url) = base_url(settings)? {
        config = config.base_url(url);
    }
    if let Some(retry) = &settings.retry {
        config = config.retry(policy(retry));
    }
    if let Some(time) = settings.timeout_ms {
        config = config.timeout(Duration::from_millis(time));
    }
    if let Some(time) = settings.attempt_timeout_ms {
        config = config.attempt_timeout(Duration::from_millis(time));
    }
    if let Some(bytes) = settings.max_success_body {
        config = config.max_success_body(bytes);
    }
    if let Some(bytes) = settings.max_error_body {
        config = config.max_error_body(bytes);
    }
    Ok(config)
}

fn options(call: &Settings) -> Result<CallOptions, Stop> {
    if call.api_key.is_some() || call.max_success_body.is_some() || call.max_error_body.is_some() {
        return Err(Stop::Wrong("`call` has a setting of the client".to_owned()));
    }
    let mut options = CallOptions::new().headers(headers(call)?);
    if let Some(url) = base_url(call)? {
        options = options.base_url(url);
    }
    if let Some(retry) = &call.retry {
        options = options.retry(policy(retry));
    }
    if let Some(time) = call.timeout_ms {
        options = options.timeout(Duration::from_millis(time));
    }
    if let Some(time) = call.attempt_timeout_ms {
        options = options.attempt_timeout(Duration::from_millis(time));
    }
    Ok(options)
}

fn base_url(settings: &Settings) -> Result<Option<BaseUrl>, BuildError> {
    let check =
        if settings.allow_insecure_http { BaseUrl::allow_insecure_http } else { BaseUrl::new };
    settings.base_url.as_deref().map(check).transpose()
}

fn headers(settings: &Settings) -> Result<Headers, BuildError> {
    let mut headers = Headers::new();
    if let Some(url) = &settings.http_referer {
        headers = headers.http_referer(url)?;
    }
    if let Some(title) = &settings.title {
        headers = headers.title(title)?;
    }
    if let Some(categories) = &settings.categories {
        headers = headers.categories(categories)?;
    }
    for (name, value) in &settings.headers {
        headers = headers.header(name, value)?;
    }
    Ok(headers)
}

fn policy(retry: &Retry) -> RetryPolicy {
    let mut policy = RetryPolicy::default();
    if let Some(attempts) = retry.max_attempts {
        policy = policy.max_attempts(attempts);
    }
    if retry.jitter == Some(false) {
        policy = policy.jitter(Jitter::None);
    }
    if let Some(strict) = retry.strict {
        policy = policy.strict(strict);
    }
    if let Some(time) = retry.max_retry_after_ms {
        policy = policy.max_retry_after(Duration::from_millis(time));
    }
    policy
}

fn list(arguments: ListArguments) -> List {
    let mut list = List::new();
    if let Some(include) = arguments.include_disabled {
        list = list.include_disabled(include);
    }
    if let Some(include) = arguments.include_expired {
        list = list.include_expired(include);
    }
    if let Some(offset) = arguments.offset {
        list = list.offset(offset);
    }
    if let Some(id) = arguments.workspace_id {
        list = list.workspace_id(id);
    }
    list
}

fn limit(amount: Option<&Amount>) -> Limit {
    amount.map_or(Limit::unlimited(), |amount| Limit::usd(amount.number()))
}

fn create(arguments: CreateArguments) -> Result<Create, BuildError> {
    let mut create = Create::new(arguments.name, limit(arguments.limit.as_ref()));
    if let Some(reset) = arguments.limit_reset {
        create = create.limit_reset(LimitReset::from(reset.as_str()));
    }
    if let Some(include) = arguments.include_byok_in_limit {
        create = create.include_byok_in_limit(include);
    }
    if let Some(time) = arguments.expires_at {
        create = create.expires_at(Timestamp::parse(&time)?);
    }
    if let Some(id) = arguments.workspace_id {
        create = create.workspace_id(id);
    }
    if let Some(id) = arguments.creator_user_id {
        create = create.creator_user_id(id);
    }
    if let Some(given) = arguments.external {
        let mut external = External::new(given.user);
        if let Some(key) = given.api_key {
            external = external.api_key(key);
        }
        create = create.external(external);
    }
    Ok(create)
}

fn update(arguments: UpdateArguments) -> Update {
    let mut update = Update::new(arguments.hash);
    if let Some(name) = arguments.name {
        update = update.name(name);
    }
    if let Some(disabled) = arguments.disabled {
        update = update.disabled(disabled);
    }
    if let Some(amount) = arguments.limit {
        update = update.limit(limit(amount.as_ref()));
    }
    update = match arguments.limit_reset {
        None => update,
        Some(None) => update.no_limit_reset(),
        Some(Some(reset)) => update.limit_reset(LimitReset::from(reset.as_str())),
    };
    if let Some(include) = arguments.include_byok_in_limit {
        update = update.include_byok_in_limit(include);
    }
    if let Some(id) = arguments.workspace_id {
        update = update.workspace_id(id);
    }
    update
}
