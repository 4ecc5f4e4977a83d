//! The format of the wire vectors, `tests/vectors/*.json`: one Rust type for each object in
//! their README. An unknown name in a file is an error, so that a typo cannot disable an
//! assertion.

use http::{HeaderName, HeaderValue};
use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_json::Value;

/// The API key of requests if a vector sets none.
pub const DEFAULT_API_KEY: &str = "sk-or-v1-the-key-that-signs-every-vector";

/// A call with its arguments and its expected result.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    /// The sentence the vector proves.
    pub name: String,
    /// The client's settings.
    #[serde(default)]
    pub settings: Settings,
    /// Settings of the call, instead of the client's.
    #[serde(default)]
    pub call: Settings,
    /// The operation.
    pub operation: OperationName,
    /// Its arguments, by the API's names.
    #[serde(default)]
    pub arguments: serde_json::Map<String, Value>,
    /// The canned responses, in order.
    #[serde(default)]
    pub responses: Vec<ScriptedResponse>,
    /// How many requests are sent.
    pub requests_seen: Option<usize>,
    /// The pauses between them, in milliseconds.
    pub pauses_ms: Option<Vec<Pause>>,
    /// The expected result; exactly one of the four is given.
    pub request: Option<WireRequest>,
    /// The arguments or the settings are refused.
    pub refusal: Option<Refusal>,
    /// The call returns a value.
    pub success: Option<Success>,
    /// The call fails after a request.
    pub error: Option<Failure>,
}

/// The operations, as the API's description names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationName {
    /// `GET /keys`
    List,
    /// `POST /keys`
    Create,
    /// `GET /keys/{hash}`
    Get,
    /// `PATCH /keys/{hash}`
    Update,
    /// `DELETE /keys/{hash}`
    Delete,
    /// `GET /key`
    GetCurrentKeyMetadata,
}

/// Settings of a client or of a call.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The API key; for a client only.
    pub api_key: Option<String>,
    /// Where the API is.
    pub base_url: Option<String>,
    /// Whether `base_url` may be plain http to another machine.
    pub allow_insecure_http: bool,
    /// Extra headers as pairs of name and value.
    pub headers: Vec<(String, String)>,
    /// `HTTP-Referer`.
    pub http_referer: Option<String>,
    /// `X-OpenRouter-Title`.
    pub title: Option<String>,
    /// `X-OpenRouter-Categories`.
    pub categories: Option<Vec<String>>,
    /// The retry policy, instead of the default.
    pub retry: Option<Retry>,
    /// The time limit of the whole call.
    pub timeout_ms: Option<u64>,
    /// The time limit of one attempt.
    pub attempt_timeout_ms: Option<u64>,
    /// The longest body of a success; for a client only.
    pub max_success_body: Option<usize>,
    /// The longest body of an error; for a client only.
    pub max_error_body: Option<usize>,
}

/// A retry policy: the default except for the given fields.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// How many requests a call may send.
    pub max_attempts: Option<u32>,
    /// Whether jitter shortens the pauses; true by default.
    pub jitter: Option<bool>,
    /// Whether a create is never resent after a 503.
    pub strict: Option<bool>,
    /// The longest `Retry-After` to wait for.
    pub max_retry_after_ms: Option<u64>,
}

/// Arguments of list.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "named and explained by the API")]
pub struct ListArguments {
    pub include_disabled: Option<bool>,
    pub include_expired: Option<bool>,
    pub offset: Option<u64>,
    pub workspace_id: Option<String>,
}

/// Arguments of create. `limit` is required, `null` for no limit.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "named and explained by the API")]
pub struct CreateArguments {
    pub name: String,
    #[serde(deserialize_with = "Option::deserialize")]
    pub limit: Option<Amount>,
    pub limit_reset: Option<String>,
    pub include_byok_in_limit: Option<bool>,
    pub expires_at: Option<String>,
    pub workspace_id: Option<String>,
    pub creator_user_id: Option<String>,
    pub external: Option<ExternalArguments>,
}

/// `external` of create.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "named and explained by the API")]
pub struct ExternalArguments {
    pub user: String,
    pub api_key: Option<String>,
}

/// Arguments of get and delete.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "named and explained by the API")]
pub struct HashArguments {
    pub hash: String,
}

/// Arguments of update. For `limit` and `limit_reset`, absent, `null` and a value are three
/// different things.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "named and explained by the API")]
pub struct UpdateArguments {
    pub hash: String,
    pub name: Option<String>,
    pub disabled: Option<bool>,
    #[serde(default, deserialize_with = "named")]
    pub limit: Option<Option<Amount>>,
    #[serde(default, deserialize_with = "named")]
    pub limit_reset: Option<Option<String>>,
    pub include_byok_in_limit: Option<bool>,
    pub workspace_id: Option<String>,
}

/// Arguments of `get_current_key_metadata`: none.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoArguments {}

/// A present value, even `null`, as opposed to an absent one.
fn named<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A limit: a number, or the name of one that JSON cannot express.
#[derive(serde::Deserialize)]
#[serde(untagged)]
pub enum Amount {
    /// US dollars.
    Number(f64),
    /// `"NaN"`, `"Infinity"` or `"-Infinity"`.
    Name(NotFinite),
}

/// The numbers JSON cannot express.
#[derive(serde::Deserialize)]
#[expect(missing_docs, reason = "named like the numbers")]
pub enum NotFinite {
    NaN,
    Infinity,
    #[serde(rename = "-Infinity")]
    NegativeInfinity,
}

impl Amount {
    /// The number itself.
    pub fn number(&self) -> f64 {
        match self {
            Self::Number(number) => *number,
            Self::Name(NotFinite::NaN) => f64::NAN,
            Self::Name(NotFinite::Infinity) => f64::INFINITY,
            Self::Name(NotFinite::NegativeInfinity) => f64::NEG_INFINITY,
        }
    }
}

/// A canned response, or a failure instead.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptedResponse {
    /// The status; with a `failure`, of the head that arrives before it.
    pub status: Option<u16>,
    /// Lines of the head, `name: value`.
    #[serde(default)]
    pub headers: Vec<String>,
    /// The body as a string.
    pub body: Option<String>,
    /// The body as JSON.
    pub body_json: Option<Value>,
    /// The body as hexadecimal digits, for bytes that are not text.
    pub body_hex: Option<String>,
    /// A string, and how often the body repeats it.
    pub body_repeat: Option<(String, usize)>,
    /// A failure below HTTP instead.
    pub failure: Option<FailureName>,
    /// The delay of the response.
    pub after_ms: Option<u64>,
    /// How many consecutive requests get this response; 1 by default.
    pub times: Option<usize>,
}

/// The failures below HTTP.
#[derive(Clone, Copy, Debug, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "explained in tests/vectors/README.md")]
pub enum FailureName {
    Dns,
    Connect,
    ConnectTimeout,
    Tls,
    Proxy,
    Refused,
    Setup,
    Disconnected,
    IdleTimeout,
    Protocol,
    Never,
    OtherNotSent,
    OtherAmbiguous,
}

/// A pause: exact, or a range.
#[derive(Debug, serde::Deserialize)]
#[serde(untagged)]
pub enum Pause {
    /// This long.
    Exactly(u64),
    /// From the first to the second.
    Between(u64, u64),
}

/// The exact request that is sent.
#[derive(Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WireRequest {
    /// The method.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// Every header as `name: value`, names in lower case, sorted.
    pub headers: Vec<String>,
    /// The body; `null` for none.
    #[serde(deserialize_with = "Option::deserialize")]
    pub body: Option<String>,
}

impl WireRequest {
    /// Converts a request to the format of vectors.
    pub fn of<B: AsRef<[u8]>>(request: &http::Request<B>) -> Self {
        let mut headers: Vec<String> = request
            .headers()
            .iter()
            .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
            .collect();
        headers.sort_unstable();
        let body = request.body().as_ref();
        Self {
            method: request.method().to_string(),
            url: request.uri().to_string(),
            headers,
            body: (!body.is_empty()).then(|| String::from_utf8_lossy(body).into_owned()),
        }
    }
}

/// Arguments or settings are refused, and nothing is sent.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// Which argument or setting is refused.
    pub kind: String,
    /// Strings the message contains.
    #[serde(default)]
    pub says: Vec<String>,
    /// Strings the message does not contain.
    #[serde(default)]
    pub hides: Vec<String>,
}

/// A value is returned.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Success {
    /// The status of the last response.
    pub status: u16,
    /// The value as JSON.
    pub value: Option<Value>,
    /// The value equals what the last response contains, field by field.
    #[serde(default)]
    pub same_as_sent: bool,
    /// JSON pointers of all fields with an undocumented type or value.
    #[serde(default)]
    pub unexpected: Vec<String>,
    /// JSON pointers of all unknown fields.
    #[serde(default)]
    pub extra: Vec<String>,
    /// JSON pointers of fields that are absent.
    #[serde(default)]
    pub absent: Vec<String>,
    /// JSON pointers of fields that are `null`.
    #[serde(default)]
    pub null: Vec<String>,
    /// Names of unknown fields next to `data` or `deleted`.
    #[serde(default)]
    pub envelope: Vec<String>,
    /// The rows of a page that are not objects.
    #[serde(default)]
    pub unexpected_rows: Vec<Value>,
    /// Strings that the serialised value contains exactly.
    #[serde(default)]
    pub text_has: Vec<String>,
    /// The created key's secret.
    pub secret: Option<String>,
    /// The problem with the rest of a create's response.
    pub problem: Option<Unreadable>,
    /// The server's id of the request.
    pub request_id: Option<String>,
    /// `X-RateLimit-*` as limit, remaining and reset.
    #[serde(default)]
    pub rate_limit: (Option<f64>, Option<f64>, Option<f64>),
}

/// A call fails. Fields that are not given must be absent.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// The kind of failure.
    pub kind: String,
    /// What may have been created or changed.
    pub effect: String,
    /// Whether the same call may be made again.
    pub retryable: bool,
    /// How many requests were sent.
    pub attempts: u32,
    /// The status of the last response.
    pub status: Option<u16>,
    /// The API's message.
    pub message: Option<String>,
    /// The API's code.
    pub code: Option<i64>,
    /// The error's metadata.
    pub metadata: Option<Value>,
    /// The user the error names.
    pub user_id: Option<String>,
    /// The metadata next to the error.
    pub openrouter_metadata: Option<Value>,
    /// What kind of body the error had.
    pub body: Option<String>,
    /// How long the server asks to wait.
    pub retry_after_ms: Option<u64>,
    /// The server's id of the request.
    pub request_id: Option<String>,
    /// The failure below HTTP.
    pub transport: Option<String>,
    /// Where and why the body of a success cannot be read.
    pub unreadable: Option<Unreadable>,
    /// Where a redirect leads.
    pub origin: Option<String>,
    /// What to look for after a create whose outcome is unknown.
    pub look_for: Option<LookFor>,
    /// Strings the message contains.
    #[serde(default)]
    pub says: Vec<String>,
    /// Strings that no part of the error contains.
    #[serde(default)]
    pub hides: Vec<String>,
}

/// Where and why a body cannot be read.
#[derive(Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unreadable {
    /// Where, as a path such as `$.data`.
    pub path: String,
    /// Why.
    pub kind: String,
}

/// What to look for after a create whose outcome is unknown.
#[derive(Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookFor {
    /// The key's name.
    pub name: String,
    /// The workspace, if not the default one.
    pub workspace_id: Option<String>,
    /// From the beginning of the call to its end.
    pub window_ms: u64,
}

impl Vector {
    /// Parses the arguments of an operation.
    ///
    /// # Errors
    ///
    /// If an argument is unknown, missing or of another type.
    pub fn arguments<T: DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_value(Value::Object(self.arguments.clone()))
            .map_err(|error| format!("the arguments do not follow the format: {error}"))
    }
}

impl ScriptedResponse {
    /// The body, in whichever form it is given.
    ///
    /// # Errors
    ///
    /// If it is given twice, with a failure without a head, or in digits that are not hexadecimal.
    pub fn bytes(&self) -> Result<Option<Vec<u8>>, String> {
        let forms = [
            self.body.as_ref().map(|text| Ok(text.clone().into_bytes())),
            self.body_json.as_ref().map(|json| Ok(json.to_string().into_bytes())),
            self.body_hex.as_deref().map(from_hex),
            self.body_repeat.as_ref().map(|(text, times)| Ok(text.repeat(*times).into_bytes())),
        ];
        let mut given = forms.into_iter().flatten();
        let body = given.next().transpose()?;
        if given.next().is_some() {
            return Err("a response has two bodies".to_owned());
        }
        if body.is_some() && self.failure.is_some() && self.status.is_none() {
            return Err("a failure without a head has no body".to_owned());
        }
        Ok(body)
    }

    /// The header lines as pairs of name and value.
    ///
    /// # Errors
    ///
    /// If a line is not a header.
    pub fn header_pairs(&self) -> Result<Vec<(&str, &str)>, String> {
        self.headers
            .iter()
            .map(|line| {
                let (name, value) =
                    line.split_once(':').ok_or_else(|| format!("{line:?} is not a header"))?;
                let value = value.trim();
                let is_sound =
                    HeaderName::try_from(name).is_ok() && HeaderValue::from_str(value).is_ok();
                is_sound.then_some((name, value)).ok_or_else(|| format!("invalid header {line:?}"))
            })
            .collect()
    }
}

fn from_hex(digits: &str) -> Result<Vec<u8>, String> {
    let digits: String = digits.split_whitespace().collect();
    (0..digits.len())
        .step_by(2)
        .map(|at| {
            digits
                .get(at..at.saturating_add(2))
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
                .ok_or_else(|| format!("{digits:?} are not hexadecimal digits"))
        })
        .collect()
}
