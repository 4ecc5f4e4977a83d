//! The keys of all pages as an iterator: the blocking driver of [`Pages`].

use std::collections::VecDeque;
use std::fmt;
use std::panic::resume_unwind;
use std::thread::{Builder, JoinHandle};

use super::blocking_client::Client;
use crate::call::{Error, Response};
use crate::config::CallOptions;
use crate::operation::Page;
use crate::types::Key;
use crate::workflow::{Pages, Progress};

/// The keys of all pages. It ends after the first error.
///
/// With a [`prefetch`](Pages::prefetch) of more than 1, each page in flight has its own thread,
/// which ends with its call even if the page is no longer needed.
#[must_use = "an iterator does nothing until it is consumed"]
pub struct Keys {
    client: Client,
    options: CallOptions,
    on_progress: Option<Box<dyn FnMut(Progress) + Send>>,
    pages: Pages,
    /// The pages being fetched, in listing order.
    pending: VecDeque<Pending>,
    /// The error that ended the listing, returned after the keys before it.
    failed: Option<Error>,
}

type Sent = Result<Response<Page>, Error>;

enum Pending {
    Thread(JoinHandle<Sent>),
    Here(Sent),
}

impl Keys {
    pub(super) fn new(client: Client, pages: Pages) -> Self {
        Self {
            client,
            options: CallOptions::new(),
            on_progress: None,
            pages,
            pending: VecDeque::new(),
            failed: None,
        }
    }

    /// Sets the options of each page's call.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }

    /// Sets a callback that is called with the progress after each page.
    pub fn on_progress(mut self, report: impl FnMut(Progress) + Send + 'static) -> Self {
        self.on_progress = Some(Box::new(report));
        self
    }

    /// The next page of the listing, if there is one.
    fn next_page(&mut self) -> Option<Result<Page, Error>> {
        while let Some(list) = self.pages.next_request() {
            let (client, options, page) = (self.client.clone(), self.options.clone(), list.clone());
            let thread = self
                .pages
                .reads_ahead()
                .then(|| Builder::new().spawn(move || client.send(page, &options)));
            self.pending.push_back(match thread {
                Some(Ok(thread)) => Pending::Thread(thread),
                // One page at a time, or no thread could be started: fetch it here.
                _ => Pending::Here(self.client.send(list, &self.options)),
            });
        }
        let page = match self.pending.pop_front()? {
            Pending::Here(page) => page,
            Pending::Thread(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
        };
        Some(page.map(|response| response.output))
    }
}

impl Iterator for Keys {
    type Item = Result<Key, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(key) = self.pages.next_key() {
                return Some(Ok(key));
            }
            if let Some(error) = self.failed.take() {
                return Some(Err(error));
            }
            let page = self.next_page()?;
            let accepted = self.pages.accept(page);
            self.pending.truncate(self.pages.awaited());
            if let Some(report) = &mut self.on_progress {
                report(self.pages.progress());
            }
            self.failed = accepted.err();
        }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("pages", &self.pages).finish_non_exhaustive()
    }
}
