//! Cancellation of a call.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::transport::{BoxFuture, MaybeSend};

/// Cancels a call once its future completes, and stays complete.
#[derive(Default)]
pub(crate) enum Cancel {
    #[default]
    Never,
    Waiting(BoxFuture<'static, ()>),
    Ready,
}

impl Cancel {
    pub(crate) fn new(future: impl Future<Output = ()> + MaybeSend + 'static) -> Self {
        Self::Waiting(Box::pin(future))
    }
}

impl Future for Cancel {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let is_ready = match &mut *self {
            Self::Never => false,
            Self::Waiting(future) => future.as_mut().poll(context).is_ready(),
            Self::Ready => true,
        };
        if !is_ready {
            return Poll::Pending;
        }
        *self = Self::Ready;
        Poll::Ready(())
    }
}

impl fmt::Debug for Cancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cancel")
    }
}
