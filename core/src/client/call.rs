//! A call before it is sent: an operation with options of its own.

use std::time::Duration;

use super::async_client::Client;
use super::cancel::Cancel;
use crate::config::{BaseUrl, CallOptions, Headers, RetryPolicy};

/// A call that is sent when it is awaited or, of a blocking client, when
/// [`send`](super::blocking::Call::send) is called.
#[derive(Debug)]
#[must_use = "a call does nothing until it is awaited or sent"]
pub struct Call<O, C = Client> {
    pub(crate) client: C,
    pub(crate) operation: O,
    pub(crate) options: CallOptions,
    pub(crate) cancel: Cancel,
}

impl<O, C> Call<O, C> {
    pub(crate) fn new(client: C, operation: O) -> Self {
        Self { client, operation, options: CallOptions::new(), cancel: Cancel::default() }
    }

    /// Replaces every option that was set so far.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }

    /// How long this call may take with all its attempts and pauses.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.options = self.options.timeout(time);
        self
    }

    /// How long one attempt of this call may take.
    pub fn attempt_timeout(mut self, time: Duration) -> Self {
        self.options = self.options.attempt_timeout(time);
        self
    }

    /// The headers of this call, in place of those given before; each stands in
    /// the place of the client's of its name.
    pub fn headers(mut self, headers: Headers) -> Self {
        self.options = self.options.headers(headers);
        self
    }

    /// Where the API is for this call.
    pub fn base_url(mut self, url: BaseUrl) -> Self {
        self.options = self.options.base_url(url);
        self
    }

    /// What is tried again in this call.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.options = self.options.retry(policy);
        self
    }

    /// The same call, whose output comes with status, request id, rate limit
    /// and number of attempts.
    pub fn with_response(self) -> CallWithResponse<O, C> {
        CallWithResponse(self)
    }
}

/// A [`Call`] whose output comes as a [`Response`](crate::Response).
#[derive(Debug)]
#[must_use = "a call does nothing until it is awaited or sent"]
pub struct CallWithResponse<O, C = Client>(pub(crate) Call<O, C>);
