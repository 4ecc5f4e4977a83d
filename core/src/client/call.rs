//! A call that has not been sent: an operation and its options.

use std::future::{Future, IntoFuture};
use std::time::Duration;

use super::async_client::Client;
use super::blocking_client;
use super::cancel::Cancel;
use crate::call::{Error, Response};
use crate::config::{BaseUrl, CallOptions, Headers, RetryPolicy};
use crate::operation::{AnyOperation, AnyOutput, Operation};
use crate::transport::{BoxFuture, MaybeSend, MaybeSendSync};

/// A call, sent when it is awaited or, with a blocking client, when
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

    /// Replaces all options set so far.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }

    /// Sets the time limit for the whole call, including its attempts and pauses.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.options = self.options.timeout(time);
        self
    }

    /// Sets the time limit for each attempt of this call.
    pub fn attempt_timeout(mut self, time: Duration) -> Self {
        self.options = self.options.attempt_timeout(time);
        self
    }

    /// Sets this call's headers, replacing any set earlier. A header here overrides the
    /// client's header of the same name.
    pub fn headers(mut self, headers: Headers) -> Self {
        self.options = self.options.headers(headers);
        self
    }

    /// Sets the base URL for this call.
    pub fn base_url(mut self, url: BaseUrl) -> Self {
        self.options = self.options.base_url(url);
        self
    }

    /// Sets the retry policy for this call, replacing the client's.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.options = self.options.retry(policy);
        self
    }

    /// Also returns the status, request ID, rate limit and number of attempts.
    pub fn with_response(self) -> CallWithResponse<O, C> {
        CallWithResponse(self)
    }
}

/// A [`Call`] that returns its output in a [`Response`](crate::Response).
#[derive(Debug)]
#[must_use = "a call does nothing until it is awaited or sent"]
pub struct CallWithResponse<O, C = Client>(pub(crate) Call<O, C>);

impl<O> Call<O> {
    /// Cancels the call when `cancel` completes, mid-request or during a pause. Unlike
    /// dropping the future, this returns an error that says what may have been created:
    /// [`ErrorKind::Cancelled`].
    ///
    /// [`ErrorKind::Cancelled`]: crate::ErrorKind::Cancelled
    pub fn cancel_on(mut self, cancel: impl Future<Output = ()> + MaybeSend + 'static) -> Self {
        self.cancel = Cancel::new(cancel);
        self
    }
}

/// Dropping the future ends the call: a request not yet sent never will be. A create in flight
/// may have created a key; the feature `tracing` logs a warning.
impl<O> IntoFuture for CallWithResponse<O>
where
    O: Operation + MaybeSendSync + 'static,
    O::Output: MaybeSend,
{
    type Output = Result<Response<O::Output>, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let Call { client, operation, options, cancel } = self.0;
        client.send(operation, &options, cancel, |response| response)
    }
}

impl Call<AnyOperation> {
    /// Like `with_response().into_future()`, but not generic: all callers share one compiled
    /// machine.
    pub fn boxed(self) -> BoxFuture<'static, Result<Response<AnyOutput>, Error>> {
        self.client.send_any(self.operation, &self.options, self.cancel)
    }
}

impl<O> IntoFuture for Call<O>
where
    O: Operation + MaybeSendSync + 'static,
    O::Output: MaybeSend,
{
    type Output = Result<O::Output, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { client, operation, options, cancel } = self;
        client.send(operation, &options, cancel, |response| response.output)
    }
}

impl<O: Operation> Call<O, blocking_client::Client> {
    /// Sends the call and returns its output.
    pub fn send(self) -> Result<O::Output, Error> {
        self.with_response().send().map(|response| response.output)
    }
}

impl<O: Operation> CallWithResponse<O, blocking_client::Client> {
    /// Sends the call and returns its output with its [`Meta`](crate::Meta).
    pub fn send(self) -> Result<Response<O::Output>, Error> {
        let Call { client, operation, options, .. } = self.0;
        client.send(operation, &options)
    }
}
