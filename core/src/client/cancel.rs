//! What calls a call off.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use crate::transport::{BoxFuture, MaybeSend};

/// A future that calls a call off as soon as it is ready. It stays ready.
#[derive(Default)]
pub(crate) enum Cancel {
    #[default]
    Never,
    Waiting(BoxFuture<'static, ()>),
    Ready,
    /// That of a workflow, which its calls share.
    Shared(Arc<Mutex<Self>>),
}

impl Cancel {
    pub(crate) fn new(future: impl Future<Output = ()> + MaybeSend + 'static) -> Self {
        Self::Waiting(Box::pin(future))
    }

    /// The same once more.
    #[cfg_attr(
        all(target_family = "wasm", target_os = "unknown"),
        expect(clippy::arc_with_non_send_sync, reason = "the same type on every platform")
    )]
    pub(crate) fn share(&mut self) -> Self {
        if let Self::Shared(shared) = self {
            return Self::Shared(Arc::clone(shared));
        }
        let shared = Arc::new(Mutex::new(std::mem::take(self)));
        *self = Self::Shared(Arc::clone(&shared));
        Self::Shared(shared)
    }
}

impl Future for Cancel {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let is_ready = match &mut *self {
            Self::Never => false,
            Self::Waiting(future) => future.as_mut().poll(context).is_ready(),
            Self::Ready => true,
            Self::Shared(shared) => {
                let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
                Pin::new(&mut *shared).poll(context).is_ready()
            }
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
