//! From a vector to a call: settings, arguments, canned replies, a driver.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request};
use openrouter_keys_core::test_util::{FakeTransport, Reply, samples};
use openrouter_keys_core::{
    ApiKey, BaseUrl, BuildError, BuildErrorKind, CallOptions, Client, Config, Create, Delete,
    ErrorKind, External, Get, GetCurrentKeyMetadata, Headers, Jitter, Limit, LimitReset, List,
    Operation, Reach, RetryPolicy, TimeoutPhase, Timestamp, TransportErrorKind, Update, blocking,
};
use openrouter_keys_tests::vectors::{
    Amount, Answer, CreateArguments, DEFAULT_API_KEY, FailureName, HashArguments, ListArguments,
    NoArguments, OperationName, Retry, Settings, UpdateArguments, Vector,
};

use crate::seen::{Output, SeenError, SeenValue};

/// What makes the call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Driver {
    Async,
    Blocking,
}

/// What came of a call, and what left meanwhile.
pub(crate) struct Came {
    pub(crate) outcome: Outcome,
    pub(crate) requests: Vec<Request<Bytes>>,
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
    /// The library refuses it.
    Refused(BuildError),
    /// The vector is not of the format.
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

/// Makes the vector's call. The error says what is wrong with the vector.
pub(crate) fn make(vector: &Vector, driver: Driver) -> Result<Came, String> {
    let transport = transport(vector)?;
    let outcome = match dispatch(vector, driver, &transport) {
        Ok(outcome) => outcome,
        Err(Stop::Refused(error)) => {
            Outcome::Refused { kind: error.kind(), text: format!("{error} {error:?} {error:#?}") }
        }
        Err(Stop::Wrong(problem)) => return Err(problem),
    };
    Ok(Came { outcome, requests: transport.requests(), pauses: transport.pauses() })
}

fn dispatch(vector: &Vector, driver: Driver, transport: &FakeTransport) -> Result<Outcome, Stop> {
    let make = Make { vector, driver, transport };
    match vector.operation {
        OperationName::List => make.call(list(vector.arguments()?)),
        OperationName::Create => make.call(create(vector.arguments()?)?),
        OperationName::Update => make.call(update(vector.arguments()?)),
        OperationName::Get => {
            let HashArguments { hash } = vector.arguments()?;
            make.call(Get::new(hash))
        }
        OperationName::Delete => {
            let HashArguments { hash } = vector.arguments()?;
            make.call(Delete::new(hash))
        }
        OperationName::GetCurrentKeyMetadata => {
            let NoArguments {} = vector.arguments()?;
            make.call(GetCurrentKeyMetadata::new())
        }
    }
}

struct Make<'a> {
    vector: &'a Vector,
    driver: Driver,
    transport: &'a FakeTransport,
}

impl Make<'_> {
    fn call<O>(&self, operation: O) -> Result<Outcome, Stop>
    where
        O: Operation + Send + Sync + 'static,
        O::Output: Output + Send,
    {
        let Self { vector, driver, transport } = *self;
        let key = ApiKey::new(vector.settings.api_key.as_deref().unwrap_or(DEFAULT_API_KEY))?;
        let config = config(&vector.settings)?;
        let options = options(&vector.call)?;
        let result = match driver {
            Driver::Async => {
                let client = Client::with_config(transport.clone(), key, config)?;
                tokio::runtime::Builder::new_current_thread()
                    .build()
                    .map_err(|error| error.to_string())?
                    .block_on(async {
                        client.call(operation).options(options).with_response().await
                    })
            }
            Driver::Blocking => blocking::Client::with_config(transport.clone(), key, config)?
                .call(operation)
                .options(options)
                .with_response()
                .send(),
        };
        Ok(match result {
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
        return Err(Stop::Wrong("`call` holds a setting of the client".to_owned()));
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

/// A vector about a request alone is answered with a sound answer.
fn transport(vector: &Vector) -> Result<FakeTransport, String> {
    if vector.answers.is_empty() {
        let body = match vector.operation {
            OperationName::List => r#"{"data":[]}"#,
            OperationName::Create => samples::CREATED,
            OperationName::Get | OperationName::Update => samples::KEY,
            OperationName::Delete => samples::DELETED,
            OperationName::GetCurrentKeyMetadata => samples::CURRENT_KEY,
        };
        return Ok(FakeTransport::scripted([Reply::status(200).json(body)]));
    }
    let mut replies = Vec::new();
    for answer in &vector.answers {
        let reply = reply(answer)?;
        replies.extend(std::iter::repeat_n(reply, answer.times.unwrap_or(1)));
    }
    Ok(FakeTransport::scripted(replies))
}

fn reply(answer: &Answer) -> Result<Reply, String> {
    let mut reply = match (answer.failure, answer.status) {
        (Some(failure), status) => failed(failure, status)?,
        (None, Some(status)) => Reply::status(status),
        (None, None) => return Err("an answer has neither a status nor a failure".to_owned()),
    };
    for line in &answer.headers {
        let (name, value) = line.split_once(':').ok_or_else(|| format!("{line:?} is no header"))?;
        let value = value.trim();
        if HeaderName::try_from(name).is_err() || HeaderValue::from_str(value).is_err() {
            return Err(format!("HTTP does not allow the header {line:?}"));
        }
        reply = reply.header(name, value);
    }
    if let Some(body) = body(answer)? {
        reply = reply.body(body);
    }
    Ok(match answer.after_ms {
        Some(time) => reply.after(Duration::from_millis(time)),
        None => reply,
    })
}

fn failed(failure: FailureName, status: Option<u16>) -> Result<Reply, String> {
    use Reach::{Ambiguous, NotSent};
    use TransportErrorKind as Kind;

    let (reach, kind) = match (failure, status) {
        (FailureName::Disconnected, Some(status)) => return Ok(Reply::truncated(status)),
        (FailureName::Never, Some(status)) => return Ok(Reply::stalled(status)),
        (other, Some(_)) => return Err(format!("{other:?} takes no status")),
        (FailureName::Never, None) => return Ok(Reply::never()),
        (FailureName::Dns, _) => (NotSent, Kind::Dns),
        (FailureName::Connect, _) => (NotSent, Kind::Connect),
        (FailureName::ConnectTimeout, _) => (NotSent, Kind::Timeout(TimeoutPhase::Connect)),
        (FailureName::Tls, _) => (NotSent, Kind::Tls),
        (FailureName::Proxy, _) => (NotSent, Kind::Proxy),
        (FailureName::Refused, _) => (NotSent, Kind::Refused),
        (FailureName::Setup, _) => (NotSent, Kind::Setup),
        (FailureName::OtherNotSent, _) => (NotSent, Kind::Other),
        (FailureName::Disconnected, None) => (Ambiguous, Kind::Disconnected),
        (FailureName::IdleTimeout, _) => (Ambiguous, Kind::Timeout(TimeoutPhase::Idle)),
        (FailureName::Protocol, _) => (Ambiguous, Kind::Protocol),
        (FailureName::OtherAmbiguous, _) => (Ambiguous, Kind::Other),
    };
    Ok(Reply::failure(reach, kind))
}

/// The body in whichever form it is given.
pub(crate) fn body(answer: &Answer) -> Result<Option<Vec<u8>>, String> {
    let forms = [
        answer.body.as_ref().map(|text| Ok(text.clone().into_bytes())),
        answer.body_json.as_ref().map(|json| Ok(json.to_string().into_bytes())),
        answer.body_hex.as_deref().map(from_hex),
        answer.body_repeat.as_ref().map(|(text, times)| Ok(text.repeat(*times).into_bytes())),
    ];
    let mut given = forms.into_iter().flatten();
    let body = given.next().transpose()?;
    if given.next().is_some() {
        return Err("an answer has two bodies".to_owned());
    }
    if body.is_some() && answer.failure.is_some() {
        return Err("a failure has no body".to_owned());
    }
    Ok(body)
}

fn from_hex(digits: &str) -> Result<Vec<u8>, String> {
    let digits: String = digits.split_whitespace().collect();
    (0..digits.len())
        .step_by(2)
        .map(|at| {
            digits
                .get(at..at.saturating_add(2))
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
                .ok_or_else(|| format!("{digits:?} are no hexadecimal digits"))
        })
        .collect()
}
