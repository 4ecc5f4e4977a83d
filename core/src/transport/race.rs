//! Races between two futures.
//!
//! They are passed pinned: an async function that takes a future by value stores it twice, once
//! as its argument and once where it is polled.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// The output of `work`, or `None` if `limit` is ready first. When both are
/// ready, the work counts.
///
/// ```
/// use std::future::{pending, ready};
/// use std::pin::pin;
///
/// use openrouter_keys_core::internal::race;
///
/// # futures_util::FutureExt::now_or_never(async {
/// let work = pin!(async { 7 });
/// assert_eq!(race(work, pending::<()>()).await, Some(7));
/// assert_eq!(race(pending::<u8>(), ready(())).await, None);
/// # }).unwrap();
/// ```
pub fn race<W: Future + Unpin, L: Future + Unpin>(
    mut work: W,
    mut limit: L,
) -> impl Future<Output = Option<W::Output>> {
    poll_fn(move |context| match Pin::new(&mut work).poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Pin::new(&mut limit).poll(context).map(|_| None),
    })
}

/// The output of `work`, or `None` as soon as `cancel` is ready. If `cancel` is ready at once,
/// the work is never polled.
pub(crate) fn or_cancelled<W: Future + Unpin>(
    cancel: &mut (impl Future<Output = ()> + Unpin),
    mut work: W,
) -> impl Future<Output = Option<W::Output>> {
    poll_fn(move |context| match Pin::new(&mut *cancel).poll(context) {
        Poll::Ready(()) => Poll::Ready(None),
        Poll::Pending => Pin::new(&mut work).poll(context).map(Some),
    })
}

/// Like [`or_cancelled`], but work that has begun is polled once more: what has arrived by the
/// time of the cancellation counts.
pub(crate) fn or_cancelled_late<W: Future + Unpin>(
    cancel: &mut (impl Future<Output = ()> + Unpin),
    mut work: W,
) -> impl Future<Output = Option<W::Output>> {
    let mut has_begun = false;
    poll_fn(move |context| {
        let is_cancelled = Pin::new(&mut *cancel).poll(context).is_ready();
        if is_cancelled && !has_begun {
            return Poll::Ready(None);
        }
        has_begun = true;
        match Pin::new(&mut work).poll(context) {
            Poll::Pending if is_cancelled => Poll::Ready(None),
            polled => polled.map(Some),
        }
    })
}
