//! A call before it is sent: an operation with options of its own.

use std::future::{Future, IntoFuture};
use std::time::Duration;

use super::async_client::Client;
use super::blocking_client;
use super::cancel::Cancel;
use crate::call::{Error, Response};
use crate::config::{BaseUrl, CallOptions, Headers, RetryPolicy};
use crate::operation::{AnyOperation, AnyOutput, Operation};
use crate::transport::{BoxFuture, MaybeSend, MaybeSendSync};

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

    /// Sets this call's headers, replacing any set earlier. A header here overrides the
    /// client's header of the same name.
    pub fn headers(mut self, headers: Headers) -> Self {
        self.options = self.options.headers(headers);
        self
    }

    /// The base URL of this call.
    pub fn base_url(mut self, url: BaseUrl) -> Self {
        self.options = self.options.base_url(url);
        self
    }

    /// The retry policy of this call, which replaces the client's.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.options = self.options.retry(policy);
        self
    }

    /// Returns the status, request id, rate limit and number of attempts with the output.
    pub fn with_response(self) -> CallWithResponse<O, C> {
        CallWithResponse(self)
    }
}

/// A [`Call`] whose output comes as a [`Response`](crate::Response).
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

/// Dropping the future ends the call: what has not been sent is never sent. A create that
/// was in flight may have created a key, of which the feature `tracing` warns.
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
    /// The same as `with_response().into_future()`, but not generic: every caller shares
    /// this crate's copy of the machine.
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
    /// Sends the call and returns its output with status, request id, rate
    /// limit and number of attempts.
    pub fn send(self) -> Result<Response<O::Output>, Error> {
        let Call { client, operation, options, .. } = self.0;
        client.send(operation, &options)
    }
}
