//! The format of the wire vectors, `tests/vectors/*.json`: one Rust type for
//! each object that their README explains. An unknown name in a file is an
//! error, so that a slip of the pen cannot switch an assertion off.

use http::{HeaderName, HeaderValue};
use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_json::Value;

/// The key that signs where a vector names none.
pub const DEFAULT_API_KEY: &str = "sk-or-v1-the-key-that-signs-every-vector";

/// A call with its arguments, and what comes of it.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    /// The sentence that the vector proves.
    pub name: String,
    /// The client's settings.
    #[serde(default)]
    pub settings: Settings,
    /// What the call sets in their place.
    #[serde(default)]
    pub call: Settings,
    /// Which of the six it is.
    pub operation: OperationName,
    /// Its arguments, by the API's names.
    #[serde(default)]
    pub arguments: serde_json::Map<String, Value>,
    /// The canned answers, in their order.
    #[serde(default)]
    pub responses: Vec<ScriptedResponse>,
    /// How many requests leave.
    pub requests_seen: Option<usize>,
    /// The pauses between them, in milliseconds.
    pub pauses_ms: Option<Vec<Pause>>,
    /// What comes of it; exactly one of the four is given.
    pub request: Option<WireRequest>,
    /// The arguments or the settings are refused.
    pub refusal: Option<Refusal>,
    /// The call returns a value.
    pub success: Option<Success>,
    /// The call fails after a request.
    pub error: Option<Failure>,
}

/// The operations by their names in the API's description.
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
    /// The key that signs; for a client only.
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
    /// The retry policy, in place of the default one.
    pub retry: Option<Retry>,
    /// The time for the whole call.
    pub timeout_ms: Option<u64>,
    /// The time for one attempt.
    pub attempt_timeout_ms: Option<u64>,
    /// The longest body of a success; for a client only.
    pub max_success_body: Option<usize>,
    /// The longest body of an error; for a client only.
    pub max_error_body: Option<usize>,
}

/// A retry policy: the default one but for what is named.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// How many requests a call may send.
    pub max_attempts: Option<u32>,
    /// Whether chance shortens the pauses; it does by default.
    pub jitter: Option<bool>,
    /// Whether a create is never sent again after a 503.
    pub strict: Option<bool>,
    /// The longest `Retry-After` that is waited for.
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

/// Arguments of create. `limit` must be there, `null` for no limit.
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

/// Arguments of update. For `limit` and `limit_reset`, left out, `null` and a
/// value are three different things.
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

/// What is there, `null` included, in contrast to what is left out.
fn named<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A limit: a number, or the name of what JSON cannot say.
#[derive(serde::Deserialize)]
#[serde(untagged)]
pub enum Amount {
    /// US dollars.
    Number(f64),
    /// `"NaN"`, `"Infinity"` or `"-Infinity"`.
    Name(NotFinite),
}

/// The numbers that JSON cannot say.
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

/// A canned answer, or a failure in its place.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptedResponse {
    /// The status; with a `failure`, of the head that came before it.
    pub status: Option<u16>,
    /// Lines of the head, `name: value`.
    #[serde(default)]
    pub headers: Vec<String>,
    /// The body as text.
    pub body: Option<String>,
    /// The body as JSON.
    pub body_json: Option<Value>,
    /// The body as hexadecimal digits, for bytes that are no text.
    pub body_hex: Option<String>,
    /// The body as a text and how often it is repeated.
    pub body_repeat: Option<(String, usize)>,
    /// What fails below HTTP.
    pub failure: Option<FailureName>,
    /// How long it takes.
    pub after_ms: Option<u64>,
    /// How many requests in a row are answered so; 1 by default.
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

/// A pause: exactly, or from and to.
#[derive(Debug, serde::Deserialize)]
#[serde(untagged)]
pub enum Pause {
    /// This long.
    Exactly(u64),
    /// From the one to the other.
    Between(u64, u64),
}

/// The one request that leaves, to the letter.
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
    /// The request, as vectors write it.
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

/// Arguments or settings are refused, and nothing leaves.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// Which argument or setting.
    pub kind: String,
    /// What the message says.
    #[serde(default)]
    pub says: Vec<String>,
    /// What the message does not say.
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
    /// The value is what the last response holds, to the field.
    #[serde(default)]
    pub same_as_sent: bool,
    /// JSON pointers of all fields of another type than the documented one.
    #[serde(default)]
    pub unexpected: Vec<String>,
    /// JSON pointers of all fields that the library does not know.
    #[serde(default)]
    pub extra: Vec<String>,
    /// JSON pointers of fields that the response does not have.
    #[serde(default)]
    pub absent: Vec<String>,
    /// JSON pointers of fields that are `null`.
    #[serde(default)]
    pub null: Vec<String>,
    /// Names of unknown fields beside `data` or `deleted`.
    #[serde(default)]
    pub envelope: Vec<String>,
    /// The rows of a page that are no objects.
    #[serde(default)]
    pub unexpected_rows: Vec<Value>,
    /// Texts that stand in the serialised value to the letter.
    #[serde(default)]
    pub text_has: Vec<String>,
    /// The created key's secret.
    pub secret: Option<String>,
    /// What was wrong with the rest of a create's answer.
    pub problem: Option<Unreadable>,
    /// The server's name for the request.
    pub request_id: Option<String>,
    /// `X-RateLimit-*` as limit, remaining and reset.
    #[serde(default)]
    pub rate_limit: (Option<f64>, Option<f64>, Option<f64>),
}

/// A call fails. What is not named must not be there.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// What kind of failure it is.
    pub kind: String,
    /// What may be left behind.
    pub effect: String,
    /// Whether the same call may be made again.
    pub retryable: bool,
    /// How many requests left.
    pub attempts: u32,
    /// The status of the last response.
    pub status: Option<u16>,
    /// The API's message.
    pub message: Option<String>,
    /// The API's code.
    pub code: Option<i64>,
    /// The error's metadata.
    pub metadata: Option<Value>,
    /// The user whom the error names.
    pub user_id: Option<String>,
    /// The metadata beside the error.
    pub openrouter_metadata: Option<Value>,
    /// What the error's body was.
    pub body: Option<String>,
    /// How long the server asks to wait.
    pub retry_after_ms: Option<u64>,
    /// The server's name for the request.
    pub request_id: Option<String>,
    /// What failed below HTTP.
    pub transport: Option<String>,
    /// Where and why a success cannot be read.
    pub unreadable: Option<Unreadable>,
    /// Where a redirect leads.
    pub origin: Option<String>,
    /// What to look for after a create of unknown effect.
    pub look_for: Option<LookFor>,
    /// What the message says.
    #[serde(default)]
    pub says: Vec<String>,
    /// What neither the message nor any part of the error says.
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

/// What to look for after a create of unknown effect.
#[derive(Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookFor {
    /// The key's name.
    pub name: String,
    /// The workspace, if not the default one.
    pub workspace_id: Option<String>,
    /// From the call's beginning to its end.
    pub window_ms: u64,
}

impl Vector {
    /// The arguments as those of an operation.
    ///
    /// # Errors
    ///
    /// If one is unknown, is missing, or has another type.
    pub fn arguments<T: DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_value(Value::Object(self.arguments.clone()))
            .map_err(|error| format!("the arguments are not of the format: {error}"))
    }
}

impl ScriptedResponse {
    /// The body, in whichever form it is given.
    ///
    /// # Errors
    ///
    /// If it is given twice, beside a failure without a head, or in digits that
    /// are none.
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

    /// The lines of the head as pairs of name and value.
    ///
    /// # Errors
    ///
    /// If a line is no header.
    pub fn header_pairs(&self) -> Result<Vec<(&str, &str)>, String> {
        self.headers
            .iter()
            .map(|line| {
                let (name, value) =
                    line.split_once(':').ok_or_else(|| format!("{line:?} is no header"))?;
                let value = value.trim();
                let is_sound =
                    HeaderName::try_from(name).is_ok() && HeaderValue::from_str(value).is_ok();
                is_sound
                    .then_some((name, value))
                    .ok_or_else(|| format!("HTTP does not allow the header {line:?}"))
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
                .ok_or_else(|| format!("{digits:?} are no hexadecimal digits"))
        })
        .collect()
}
