//! All pages of a listing, each key once.
//!
//! The API pages by offset, newest first, so that a key that is made or deleted
//! meanwhile shifts every later offset. Pages therefore overlap by one key: if
//! nothing on a further page was seen yet, something may have slipped past, and
//! the listing steps back. Keys are told apart by their hash.
//!
//! Why that is enough: the order never changes, so that every key before one
//! that was seen was seen too, or is new.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use crate::client::Client;
use crate::config::CallOptions;
use crate::error::{Error, ErrorKind};
use crate::hash::KeyHash;
use crate::json::Json;
use crate::key::Key;
use crate::operation::{List, Operation, PAGE_SIZE, Page};
use crate::transport::BoxFuture;
use crate::view::fingerprint;

/// How far a step goes: a page without the key of the overlap.
const STEP: u64 = 99;
/// So many pages in a row without a new key mean that stepping back and forth
/// leads nowhere.
const FRUITLESS: u32 = 32;

/// The machine that turns pages into keys, each once. It does no I/O.
///
/// ```
/// use openrouter_keys_core::{List, Operation, Pages};
///
/// let mut pages = Pages::new(List::new());
/// while let Some(list) = pages.next_request() {
///     let page = list.parse(br#"{"data":[{"hash":"0e6","name":"ci"}]}"#)?; // send it instead
///     pages.accept(Ok(page.output))?;
///     while let Some(key) = pages.next_key() {
///         assert_eq!(key.name.as_deref(), Some("ci"));
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Pages {
    list: List,
    first: u64,
    /// Where the next request begins; `None` at the end.
    offset: Option<u64>,
    /// The furthest page that was read so far.
    furthest: Option<u64>,
    /// Pages in a row that brought nothing new.
    fruitless: u32,
    seen: BTreeSet<Identity>,
    keys: VecDeque<Key>,
    until_empty: bool,
}

impl Pages {
    /// All keys of this listing.
    pub fn new(list: List) -> Self {
        let first = list.starts_at();
        Self {
            list,
            first,
            offset: Some(first),
            furthest: None,
            fruitless: 0,
            seen: BTreeSet::new(),
            keys: VecDeque::new(),
            until_empty: false,
        }
    }

    /// Goes on until a page is empty; see [`KeyStream::exhaustive`].
    #[must_use]
    pub fn exhaustive(mut self) -> Self {
        self.until_empty = true;
        self
    }

    /// The next key that is already here.
    pub fn next_key(&mut self) -> Option<Key> {
        self.keys.pop_front()
    }

    /// The page to ask for; `None` if the listing has ended.
    pub fn next_request(&self) -> Option<List> {
        self.offset.map(|offset| {
            // The first page of all is asked for without an offset.
            if offset == 0 { self.list.clone() } else { self.list.clone().offset(offset) }
        })
    }

    /// Takes the page that was asked for. An error ends the listing.
    pub fn accept(&mut self, page: Result<Page, Error>) -> Result<(), Error> {
        let Some(offset) = self.offset.take() else {
            return Ok(());
        };
        let page = page?;
        let rows = page.rows();
        let is_first = offset == self.first;
        let has_seen = page.data.iter().any(|key| self.seen.contains(&Identity::of(key)))
            || page.odd.iter().any(|row| self.seen.contains(&Identity::of_odd(row)));
        let overlaps = is_first || has_seen;
        // The keys of a page that does not overlap are not kept: a later page
        // could overlap with them, and the gap before them would go unnoticed.
        let found = if overlaps { self.keep_new(page) } else { 0 };
        let is_second = self.furthest == Some(self.first) && offset > self.first;
        self.furthest = self.furthest.max(Some(offset));
        self.fruitless = if found > 0 { 0 } else { self.fruitless.saturating_add(1) };

        if !overlaps {
            // Keys before this page were deleted: others took their places.
            self.offset = Some(offset.saturating_sub(STEP).max(self.first));
        } else if rows >= if self.until_empty { 2 } else { PAGE_SIZE } {
            let rows = u64::try_from(rows).unwrap_or(STEP);
            self.offset = Some(offset.saturating_add(rows.saturating_sub(1)));
        }
        // Further on, keys that are made meanwhile push whole pages back.
        let repeats = is_second && overlaps && found == 0 && rows >= PAGE_SIZE;
        let stalled = repeats || self.fruitless >= FRUITLESS;
        if self.offset.is_some() && stalled {
            self.offset = None;
            return Err(Error::unsent(self.list.name(), ErrorKind::PaginationStalled { offset }));
        }
        Ok(())
    }

    /// Keeps what was not seen yet and tells how much that is.
    fn keep_new(&mut self, page: Page) -> usize {
        let mut found: usize = 0;
        let mut unnamed: Vec<Identity> = page.odd.iter().map(Identity::of_odd).collect();
        found = found.saturating_add(unnamed.iter().filter(|row| !self.seen.contains(row)).count());
        for key in page.data {
            let identity = Identity::of(&key);
            let is_new = match identity {
                Identity::Hash(_) => self.seen.insert(identity),
                // Two rows of one page may be alike without being the same key.
                Identity::Text(_) => {
                    let is_new = !self.seen.contains(&identity);
                    unnamed.push(identity);
                    is_new
                }
            };
            if is_new {
                found = found.saturating_add(1);
                self.keys.push_back(key);
            }
        }
        self.seen.extend(unnamed);
        found
    }
}

/// What a row without a hash says may be a secret.
impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("list", &self.list)
            .field("offset", &self.offset)
            .field("seen", &self.seen.len())
            .field("waiting", &self.keys.len())
            .finish_non_exhaustive()
    }
}

/// By what a row is recognised on another page: its hash, or all that it says
/// where the server sent none.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Identity {
    Hash(KeyHash),
    Text(String),
}

impl Identity {
    fn of(key: &Key) -> Self {
        match key.hash.get() {
            Some(hash) => Self::Hash(hash.clone()),
            None => Self::Text(fingerprint(key)),
        }
    }

    fn of_odd(row: &Json) -> Self {
        Self::Text(row.as_str().to_owned())
    }
}

/// The keys of all pages, as a stream. It ends after the first error.
///
/// [`next`](KeyStream::next) and [`collect_all`](KeyStream::collect_all) need
/// no further crate; with `futures`, it is a [`Stream`].
///
/// ```no_run
/// # async fn f(client: openrouter_keys_core::Client) -> Result<(), openrouter_keys_core::Error> {
/// use openrouter_keys_core::List;
///
/// let mut keys = client.list_all(List::new().include_disabled(true));
/// while let Some(key) = keys.next().await {
///     println!("{}", key?.name.as_deref().unwrap_or("?"));
/// }
/// # Ok(()) }
/// ```
#[must_use = "a stream does nothing until it is asked for its items"]
pub struct KeyStream {
    client: Client,
    options: CallOptions,
    pages: Pages,
    pending: Option<BoxFuture<'static, Result<Page, Error>>>,
}

impl KeyStream {
    pub(crate) fn new(client: Client, pages: Pages) -> Self {
        Self { client, options: CallOptions::new(), pages, pending: None }
    }

    /// Goes on until a page is empty, in place of until one is not full: one
    /// more request, for a server whose pages are smaller than documented.
    pub fn exhaustive(mut self) -> Self {
        self.pages = self.pages.exhaustive();
        self
    }

    /// Options of the call for each page.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }

    /// The next key; `None` after the last.
    pub async fn next(&mut self) -> Option<Result<Key, Error>> {
        std::future::poll_fn(|context| self.poll_key(context)).await
    }

    /// All keys that are left, or the first error.
    pub async fn collect_all(mut self) -> Result<Vec<Key>, Error> {
        let mut keys = Vec::new();
        while let Some(key) = self.next().await {
            keys.push(key?);
        }
        Ok(keys)
    }

    fn poll_key(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Key, Error>>> {
        loop {
            if let Some(pending) = &mut self.pending {
                let page = ready!(pending.as_mut().poll(context));
                self.pending = None;
                if let Err(error) = self.pages.accept(page) {
                    return Poll::Ready(Some(Err(error)));
                }
            }
            if let Some(key) = self.pages.next_key() {
                return Poll::Ready(Some(Ok(key)));
            }
            let Some(list) = self.pages.next_request() else {
                return Poll::Ready(None);
            };
            self.pending = Some(self.client.list(list).options(self.options.clone()).into_future());
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
