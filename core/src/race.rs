//! Two futures of which the first to be ready decides.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

/// The output of `work`, or `None` if `limit` is ready first. When both are
/// ready, the work counts.
pub async fn race<W: Future, L: Future>(work: W, limit: L) -> Option<W::Output> {
    let mut work = pin!(work);
    let mut limit = pin!(limit);
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => limit.as_mut().poll(context).map(|_| None),
    })
    .await
}

/// The output of `work`, or `None` as soon as `cancel` is ready: then the work
/// is not even begun.
pub(crate) async fn unless<W: Future>(
    cancel: &mut (impl Future<Output = ()> + Unpin),
    work: W,
) -> Option<W::Output> {
    let mut work = pin!(work);
    let mut cancel = pin!(cancel);
    poll_fn(|context| match cancel.as_mut().poll(context) {
        Poll::Ready(()) => Poll::Ready(None),
        Poll::Pending => work.as_mut().poll(context).map(Some),
    })
    .await
}
