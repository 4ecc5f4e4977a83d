//! The keys of all pages as a stream: the async driver of [`Pages`].

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::async_client::Client;
use super::cancel::Cancel;
use crate::call::{Error, ErrorKind};
use crate::config::CallOptions;
use crate::operation::Page;
use crate::transport::{BoxFuture, MaybeSend};
use crate::types::Key;
use crate::workflow::{Pages, Progress};

/// The keys of all pages, as a stream. It ends after the first error.
///
/// [`next`](KeyStream::next) and [`collect_all`](KeyStream::collect_all) need no other crate;
/// it is also a [`Stream`] for `futures`.
///
/// ```no_run
/// # async fn f(client: openrouter_keys_core::Client) -> Result<(), openrouter_keys_core::Error> {
/// use openrouter_keys_core::workflow::Pages;
/// use openrouter_keys_core::List;
///
/// let all = List::new().include_disabled(true).include_expired(true);
/// let mut keys = client
///     .list_all(Pages::new(all).prefetch(4))
///     .on_progress(|progress| eprintln!("{} keys so far", progress.keys));
/// while let Some(key) = keys.next().await {
///     println!("{}", key?.name.as_deref().unwrap_or("?"));
/// }
/// # Ok(()) }
/// ```
#[must_use = "a stream does nothing until it is polled"]
pub struct KeyStream {
    client: Client,
    options: CallOptions,
    cancel: Cancel,
    on_progress: Option<Box<dyn Report>>,
    pages: Pages,
    /// The pages being fetched, in listing order.
    pending: VecDeque<Pending>,
    /// The error that ended the listing, returned after the keys before it.
    failed: Option<Error>,
    is_over: bool,
}

/// A progress callback.
trait Report: FnMut(Progress) + MaybeSend {}
impl<F: FnMut(Progress) + MaybeSend> Report for F {}

enum Pending {
    Waiting(BoxFuture<'static, Result<Page, Error>>),
    Here(Result<Page, Error>),
}

impl KeyStream {
    pub(crate) fn new(client: Client, pages: Pages) -> Self {
        Self {
            client,
            options: CallOptions::new(),
            cancel: Cancel::default(),
            on_progress: None,
            pages,
            pending: VecDeque::new(),
            failed: None,
            is_over: false,
        }
    }

    /// Sets the options of each page's call.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }

    /// Sets a callback that is called with the progress after each page.
    pub fn on_progress(mut self, report: impl FnMut(Progress) + MaybeSend + 'static) -> Self {
        self.on_progress = Some(Box::new(report));
        self
    }

    /// Cancels the listing when `cancel` completes, even mid-page, with
    /// [`ErrorKind::Cancelled`]. Dropping the stream ends it too.
    pub fn cancel_on(mut self, cancel: impl Future<Output = ()> + MaybeSend + 'static) -> Self {
        self.cancel = Cancel::new(cancel);
        self
    }

    /// Returns the next key, or `None` after the last.
    pub async fn next(&mut self) -> Option<Result<Key, Error>> {
        poll_fn(|context| self.poll_key(context)).await
    }

    /// Waits for at least one key and returns all that have arrived; empty after the last.
    pub async fn next_keys(&mut self) -> Result<Vec<Key>, Error> {
        let mut keys: Vec<Key> = self.next().await.transpose()?.into_iter().collect();
        keys.extend(std::iter::from_fn(|| self.pages.next_key()));
        Ok(keys)
    }

    /// Collects the remaining keys, or returns the first error.
    pub async fn collect_all(mut self) -> Result<Vec<Key>, Error> {
        let mut keys = Vec::new();
        while let Some(key) = self.next().await {
            keys.push(key?);
        }
        Ok(keys)
    }

    fn poll_key(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Key, Error>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        if Pin::new(&mut self.cancel).poll(context).is_ready() {
            self.end();
            return Poll::Ready(Some(Err(Error::unsent("list", ErrorKind::Cancelled))));
        }
        let key = ready!(self.poll_page_or_key(context));
        if !matches!(key, Some(Ok(_))) {
            self.end();
        }
        Poll::Ready(key)
    }

    /// Ends the listing and abandons the requests in flight.
    fn end(&mut self) {
        self.is_over = true;
        self.pending.clear();
    }

    fn poll_page_or_key(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Key, Error>>> {
        loop {
            if let Some(key) = self.pages.next_key() {
                return Poll::Ready(Some(Ok(key)));
            }
            if let Some(error) = self.failed.take() {
                return Poll::Ready(Some(Err(error)));
            }
            while let Some(list) = self.pages.next_request() {
                let page =
                    self.client.clone().send_any(list.into(), &self.options, Cancel::default());
                let page = async { page.await.map(|response| response.output.into_page()) };
                self.pending.push_back(Pending::Waiting(Box::pin(page)));
            }
            if self.pages.awaited() == 0 {
                return Poll::Ready(None);
            }
            let page = ready!(self.poll_page(context));
            let accepted = self.pages.accept(page);
            self.pending.truncate(self.pages.awaited());
            if let Some(report) = &mut self.on_progress {
                report(self.pages.progress());
            }
            self.failed = accepted.err();
        }
    }

    /// Polls every page being fetched, and returns the one that is next.
    fn poll_page(&mut self, context: &mut Context<'_>) -> Poll<Result<Page, Error>> {
        for pending in &mut self.pending {
            if let Pending::Waiting(future) = pending {
                if let Poll::Ready(page) = future.as_mut().poll(context) {
                    *pending = Pending::Here(page);
                }
            }
        }
        match self.pending.pop_front() {
            Some(Pending::Here(page)) => Poll::Ready(page),
            Some(waiting) => {
                self.pending.push_front(waiting);
                Poll::Pending
            }
            None => Poll::Pending,
        }
    }
}

impl Stream for KeyStream {
    type Item = Result<Key, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_key(context)
    }
}

impl fmt::Debug for KeyStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyStream").field("pages", &self.pages).finish_non_exhaustive()
    }
}
