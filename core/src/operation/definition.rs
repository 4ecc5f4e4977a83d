//! The trait of operations: data that builds a request and reads its response.

use super::parsed::Parsed;
use super::parts::Parts;
use crate::types::{BuildError, DecodeError};

/// One operation of the API with its arguments.
///
/// It is only data, without a base URL, headers or authorization, so that no operation can
/// forget or override them. The API's six are [`List`](crate::List), [`Create`](crate::Create),
/// [`Get`](super::Get), [`Update`](crate::Update), [`Delete`](super::Delete) and
/// [`GetCurrentKeyMetadata`](super::GetCurrentKeyMetadata). [`ApiRequest`](super::ApiRequest)
/// is any other request, and your own type works like the built-in ones:
///
/// ```
/// use openrouter_keys_core::test_util::{FakeTransport, Reply};
/// use openrouter_keys_core::operation::{Operation, Parsed, Parts, Idempotency};
/// use openrouter_keys_core::{ApiKey, Client};
/// use openrouter_keys_core::error::{BuildError, DecodeError};
///
/// struct GetCredits;
///
/// #[derive(serde::Deserialize)]
/// struct Credits {
///     total_credits: f64,
///     total_usage: f64,
/// }
///
/// impl Operation for GetCredits {
///     type Output = Credits;
///
///     fn name(&self) -> &'static str {
///         "get_credits"
///     }
///
///     fn idempotency(&self) -> Idempotency {
///         Idempotency::Safe
///     }
///
///     fn parts(&self) -> Result<Parts, BuildError> {
///         Parts::get("/credits")
///     }
///
///     fn parse(&self, body: &[u8]) -> Result<Parsed<Credits>, DecodeError> {
///         Parsed::from_data(body)
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let fake = FakeTransport::scripted([Reply::status(200).json(r#"{"data":{"total_credits":10,"total_usage":2.5}}"#)]);
/// let client = Client::new(fake, ApiKey::new("sk-or-v1-0123456789abcdef")?);
/// let credits = client.call(GetCredits).await?;
/// assert_eq!(credits.total_credits - credits.total_usage, 7.5);
/// # Ok(()) }
/// ```
pub trait Operation {
    /// The value of a successful response.
    type Output;

    /// The operation's name in errors and traces.
    fn name(&self) -> &'static str;

    /// The effect of sending the request twice.
    fn idempotency(&self) -> Idempotency;

    /// Checks the arguments and turns them into a request.
    fn parts(&self) -> Result<Parts, BuildError>;

    /// Reads the body of a 2xx response.
    fn parse(&self, body: &[u8]) -> Result<Parsed<Self::Output>, DecodeError>;

    /// Like `parse`, for a response to a request that contained these secrets, none of which
    /// the server generated.
    fn parse_excluding(
        &self,
        body: &[u8],
        own: &[&str],
    ) -> Result<Parsed<Self::Output>, DecodeError> {
        let _ = own;
        self.parse(body)
    }

    /// The secret the server generated, or anything else that must not be lost if the response
    /// breaks off. Echoing a secret from the request does not count; such a response is an
    /// error.
    fn created_secret<'a>(&self, output: &'a Self::Output) -> Option<&'a str> {
        let _ = output;
        None
    }

    /// The key to look for if a request was sent and its outcome is unknown.
    fn may_leave(&self) -> Option<Orphan<'_>> {
        None
    }

    /// A secret among the arguments, which must never be shown.
    fn request_secret(&self) -> Option<&str> {
        None
    }

    /// The output if the server returns 404 after an earlier attempt of the same call may have
    /// been processed.
    fn on_not_found(&self) -> Option<Self::Output> {
        None
    }
}

/// The effect of sending the same request twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idempotency {
    /// The request only reads.
    Safe,
    /// The second changes nothing that the first did not: its body is absolute.
    Idempotent,
    /// The second request creates another object.
    NotIdempotent,
}

impl Idempotency {
    /// Whether a request whose outcome is unknown may be resent.
    pub fn may_resend(self) -> bool {
        match self {
            Self::Safe | Self::Idempotent => true,
            Self::NotIdempotent => false,
        }
    }
}

/// The key that a create whose outcome is unknown may have left behind.
#[derive(Clone, Copy, Debug)]
pub struct Orphan<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its workspace; `None` means the default one.
    pub workspace_id: Option<&'a str>,
}
