//! What calls a call off.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::transport::{BoxFuture, MaybeSend};

/// A future that calls a call off as soon as it is ready.
#[derive(Default)]
pub(crate) struct Cancel(Option<BoxFuture<'static, ()>>);

impl Cancel {
    pub(crate) fn new(future: impl Future<Output = ()> + MaybeSend + 'static) -> Self {
        Self(Some(Box::pin(future)))
    }
}

/// The default never is ready.
impl Future for Cancel {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().map_or(Poll::Pending, |future| future.as_mut().poll(context))
    }
}

impl fmt::Debug for Cancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cancel")
    }
}
