//! Any other request to the API, as data.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use http::Method;
use serde::Serialize;

use super::definition::{Idempotency, Operation};
use super::parsed::{Envelope, Parsed, check_no_error, parse_into};
use super::parts::{Parts, check_path, push_parameter};
use crate::json::text_of;
use crate::redact::{MASK, Masked};
use crate::types::{BuildError, BuildErrorKind, DecodeError, Extra, Field, Json};

/// A request to an endpoint that this crate has no type for, with the client's
/// retries, limits, masking and errors.
///
/// The output is the whole body unchanged, `None` if it is empty. Nothing in a response is
/// masked: an endpoint that returns a secret returns it to you.
///
/// ```
/// use openrouter_keys_core::test_util::{FakeTransport, Reply};
/// use openrouter_keys_core::operation::ApiRequest;
/// use openrouter_keys_core::{ApiKey, Client};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let fake = FakeTransport::scripted([Reply::status(200).json(r#"{"data":{"total_credits":10}}"#)]);
/// let client = Client::new(fake, ApiKey::new("sk-or-v1-0123456789abcdef")?);
/// let credits = client.call(ApiRequest::get("/credits")).await?;
/// assert_eq!(credits.unwrap().as_str(), r#"{"data":{"total_credits":10}}"#);
/// # Ok(()) }
/// ```
#[derive(Clone)]
#[must_use = "an operation does nothing until it is sent"]
pub struct ApiRequest {
    method: Method,
    path: Cow<'static, str>,
    /// Encoded, with its question mark; empty without parameters.
    query: String,
    /// In JSON.
    body: Option<Result<Bytes, BuildError>>,
    is_idempotent: Option<bool>,
}

/// The body may contain a secret.
impl fmt::Debug for ApiRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiRequest")
            .field("method", &self.method)
            .field("path", &Masked(&self.path))
            .field("query", &Masked(&self.query))
            .field("body", &self.body.as_ref().map(|_| MASK))
            .field("is_idempotent", &self.is_idempotent)
            .finish()
    }
}

impl ApiRequest {
    /// Creates a request to a path below the base URL. The path is checked when the request is
    /// built, as by [`Parts::new`].
    pub fn new(method: Method, path: impl Into<Cow<'static, str>>) -> Self {
        Self { method, path: path.into(), query: String::new(), body: None, is_idempotent: None }
    }

    /// Creates a GET request.
    pub fn get(path: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Method::GET, path)
    }

    /// Adds a query parameter.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        push_parameter(&mut self.query, name, value);
        self
    }

    /// Sets the JSON body.
    pub fn json<T: Serialize + ?Sized>(mut self, body: &T) -> Self {
        let json = serde_json::to_vec(body).map_err(|_| refused("the body is not valid JSON"));
        self.body = Some(json.map(Bytes::from));
        self
    }

    /// Sets the body to a JSON string.
    pub fn json_text(mut self, body: impl Into<String>) -> Self {
        self.body = Some(Ok(body.into().into()));
        self
    }

    /// Sets whether repeating the request changes nothing more, so that it may be resent if its
    /// outcome is unknown.
    ///
    /// By default, GET, PUT and DELETE are idempotent; POST and PATCH are not, and are resent
    /// only if the server definitely did not process them.
    pub fn idempotent(mut self, is_idempotent: bool) -> Self {
        self.is_idempotent = Some(is_idempotent);
        self
    }
}

fn refused(problem: &'static str) -> BuildError {
    BuildError::new(BuildErrorKind::Other, problem)
}

impl Operation for ApiRequest {
    type Output = Option<Json>;

    fn name(&self) -> &'static str {
        "request"
    }

    fn idempotency(&self) -> Idempotency {
        let is_read = self.method == Method::GET;
        let by_method = is_read || self.method == Method::PUT || self.method == Method::DELETE;
        match self.is_idempotent {
            None | Some(true) if is_read => Idempotency::Safe,
            given if given.unwrap_or(by_method) => Idempotency::Idempotent,
            _ => Idempotency::NotIdempotent,
        }
    }

    fn parts(&self) -> Result<Parts, BuildError> {
        const METHODS: [Method; 5] =
            [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        if !METHODS.contains(&self.method) {
            return Err(refused("the method is not GET, POST, PUT, PATCH or DELETE"));
        }
        check_path(&self.path)?;
        let path = [&*self.path, &*self.query].concat();
        let parts = Parts::checked(self.method.clone(), path);
        match &self.body {
            Some(_) if self.method == Method::GET => {
                Err(refused("a GET request cannot have a body"))
            }
            Some(body) => Ok(parts.with_body(body.clone()?)),
            None => Ok(parts),
        }
    }

    fn parse(&self, body: &[u8]) -> Result<Parsed<Option<Json>>, DecodeError> {
        let envelope = Extra::default();
        if body.trim_ascii().is_empty() {
            return Ok(Parsed { output: None, envelope });
        }
        let text = text_of(body);
        let json = Json::whole(&text)?;
        if text.contains("\"error\"") {
            let mut envelope = Envelope { data: Field::<Json>::Absent, extra: Extra::default() };
            if parse_into(&mut envelope, body).is_ok() {
                check_no_error(&envelope.extra)?;
            }
        }
        Ok(Parsed { output: Some(json), envelope })
    }

    /// The whole body, which may contain a secret, unless more of it could follow.
    fn created_secret<'a>(&self, output: &'a Option<Json>) -> Option<&'a str> {
        output.as_ref().map(Json::as_str).filter(|json| json.starts_with(['{', '[', '"']))
    }
}
