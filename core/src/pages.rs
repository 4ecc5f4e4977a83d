//! All pages of a listing, each key once.
//!
//! ```text
//!  next_request ─▶ a page ─▶ accept ─┬─ it overlaps, and is full ──▶ one step on
//!       ▲                            ├─ it does not overlap ───────▶ one step back
//!       └────────────────────────────┼─ it overlaps, and is short ─▶ the next workspace,
//!                                    │                              or the end
//!                                    └─ it brings nothing new ─────▶ PaginationStalled
//! ```
//!
//! The API pages by offset, newest first, so that a key that is made or deleted
//! meanwhile shifts every later offset. Pages therefore overlap by one key: if
//! nothing on a further page was seen yet, something may have slipped past, and
//! the listing steps back. Keys are told apart by their hash.
//!
//! Why that is enough: the order never changes, so that every key before one
//! that was seen was seen too, or is new. It holds whenever a page was read, and
//! so for pages that were asked for ahead of their turn.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;

use crate::error::{Error, ErrorKind};
use crate::hash::KeyHash;
use crate::json::Json;
use crate::key::Key;
use crate::operation::{List, Operation, PAGE_SIZE, Page};
use crate::view::fingerprint;

/// How far a step goes: a page without the key of the overlap.
const STEP: u64 = 99;
/// So many pages in a row without a new key mean that stepping back and forth
/// leads nowhere.
const FRUITLESS: u32 = 32;
/// More would be a burst that a server has to refuse.
const MAX_PREFETCH: usize = 64;
/// Some 990,000 keys.
const MAX_REQUESTS: u64 = 10_000;

/// The machine that turns pages into keys, each once, and what it is to list. It
/// does no I/O.
///
/// **Guaranteed:** a key that exists from the first request to the last is given
/// exactly once, whatever is created and deleted meanwhile. Of the others, each
/// comes once or not at all. A key that moves from one workspace to another
/// meanwhile may be missed.
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
#[must_use = "a listing does nothing until its pages are asked for"]
pub struct Pages {
    list: List,
    first: u64,
    until_empty: bool,
    prefetch: usize,
    max_requests: u64,
    /// The workspaces whose turn is still to come.
    workspaces: VecDeque<String>,
    /// Where the next page to accept begins; `None` at the end.
    offset: Option<u64>,
    /// Where the pages begin that were asked for and are not here yet.
    asked: VecDeque<u64>,
    /// The furthest page that was read so far.
    furthest: Option<u64>,
    /// Pages in a row that brought nothing new.
    fruitless: u32,
    seen: BTreeSet<Identity>,
    /// What was seen in other workspaces.
    elsewhere: BTreeSet<Identity>,
    keys: VecDeque<Key>,
    odd_rows: u64,
    progress: Progress,
}

/// How far a listing has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Pages that were asked for.
    pub requests: u64,
    /// Pages that have come.
    pub pages: u64,
    /// Keys that were found.
    pub keys: u64,
}

impl Pages {
    /// All keys of this listing.
    pub fn new(list: List) -> Self {
        let first = list.starts_at();
        Self {
            list,
            first,
            until_empty: false,
            prefetch: 1,
            max_requests: MAX_REQUESTS,
            workspaces: VecDeque::new(),
            offset: Some(first),
            asked: VecDeque::new(),
            furthest: None,
            fruitless: 0,
            seen: BTreeSet::new(),
            elsewhere: BTreeSet::new(),
            keys: VecDeque::new(),
            odd_rows: 0,
            progress: Progress::default(),
        }
    }

    /// Goes on until a page is empty, in place of until one is not full: one
    /// more request, for a server whose pages are smaller than documented.
    pub fn exhaustive(mut self) -> Self {
        self.until_empty = true;
        self
    }

    /// How many pages are asked for at once: 1 by default, 64 at most. More make a long
    /// listing over a slow link faster, and ask for up to so many pages too many
    /// at its end.
    pub fn prefetch(mut self, pages: usize) -> Self {
        self.prefetch = pages.clamp(1, MAX_PREFETCH);
        self
    }

    /// How many requests the listing may take, at least 1; 10,000 by default, for
    /// some 990,000 keys. One that needs more ends with
    /// [`ErrorKind::TooManyPages`].
    pub fn max_requests(mut self, requests: u64) -> Self {
        self.max_requests = requests.max(1);
        self
    }

    /// The workspaces (UUIDs) to list one after another, in place of the
    /// listing's own.
    pub fn workspaces<T: Into<String>>(mut self, ids: impl IntoIterator<Item = T>) -> Self {
        self.workspaces = ids.into_iter().map(Into::into).collect();
        self.next_workspace();
        self
    }

    /// Whether several pages may be under way at once.
    pub(crate) fn reads_ahead(&self) -> bool {
        self.prefetch > 1
    }

    /// How far the listing has come.
    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// How many rows were no objects. Of those that are alike, only as many as one
    /// page has can be told apart.
    pub(crate) fn odd_rows(&self) -> u64 {
        self.odd_rows
    }

    /// The next key that is already here.
    pub fn next_key(&mut self) -> Option<Key> {
        self.keys.pop_front()
    }

    /// The next page to ask for; `None` at the end and while as many pages are
    /// under way as [`prefetch`](Self::prefetch) allows.
    pub fn next_request(&mut self) -> Option<List> {
        let next = match self.asked.back() {
            Some(last) => last.checked_add(STEP),
            None => self.offset,
        }?;
        let may_ask = self.offset.is_some()
            && self.asked.len() < self.prefetch
            && self.progress.requests < self.max_requests;
        if !may_ask {
            return None;
        }
        self.progress.requests = self.progress.requests.saturating_add(1);
        self.asked.push_back(next);
        // The first page of all is asked for without an offset.
        Some(if next == 0 { self.list.clone() } else { self.list.clone().offset(next) })
    }

    /// How many of the pages that were asked for are still wanted, the oldest
    /// first. Those beyond are not: the listing went elsewhere, or ended.
    pub fn awaited(&self) -> usize {
        self.asked.len()
    }

    /// Takes the oldest page that is still wanted. An error ends the listing.
    pub fn accept(&mut self, page: Result<Page, Error>) -> Result<(), Error> {
        let Some(offset) = self.asked.pop_front() else {
            return Ok(());
        };
        let next = page.and_then(|page| self.follow(offset, page));
        self.offset = *next.as_ref().unwrap_or(&None);
        if self.asked.front() != self.offset.as_ref() {
            self.asked.clear();
        }
        if self.offset.is_none() && next.is_ok() {
            self.next_workspace();
        }
        next?;
        if self.offset.is_some()
            && self.asked.is_empty()
            && self.progress.requests >= self.max_requests
        {
            self.offset = None;
            let requests = self.progress.requests;
            return Err(Error::unsent(self.list.name(), ErrorKind::TooManyPages { requests }));
        }
        Ok(())
    }

    /// Takes the page and tells where the next one begins.
    fn follow(&mut self, offset: u64, page: Page) -> Result<Option<u64>, Error> {
        self.progress.pages = self.progress.pages.saturating_add(1);
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

        let next = if !overlaps {
            // Keys before this page were deleted: others took their places.
            Some(offset.saturating_sub(STEP).max(self.first))
        } else if rows >= if self.until_empty { 2 } else { PAGE_SIZE } {
            let rows = u64::try_from(rows).unwrap_or(STEP);
            Some(offset.saturating_add(rows.saturating_sub(1)))
        } else {
            None
        };
        // Further on, keys that are made meanwhile push whole pages back.
        let repeats = is_second && overlaps && found == 0 && rows >= PAGE_SIZE;
        let stalled = repeats || self.fruitless >= FRUITLESS;
        if next.is_some() && stalled {
            return Err(Error::unsent(self.list.name(), ErrorKind::PaginationStalled { offset }));
        }
        Ok(next)
    }

    fn next_workspace(&mut self) {
        let Some(id) = self.workspaces.pop_front() else {
            return;
        };
        self.list = std::mem::take(&mut self.list).workspace_id(id);
        self.offset = Some(self.first);
        self.furthest = None;
        self.fruitless = 0;
        self.elsewhere.extend(std::mem::take(&mut self.seen));
    }

    /// Keeps what was not seen yet and tells how much that is.
    fn keep_new(&mut self, page: Page) -> usize {
        let mut found: usize = 0;
        let mut unnamed: Vec<Identity> = page.odd.iter().map(Identity::of_odd).collect();
        found = found.saturating_add(unnamed.iter().filter(|row| !self.seen.contains(row)).count());
        self.odd_rows = self.odd_rows.saturating_add(u64::try_from(found).unwrap_or(u64::MAX));
        for key in page.data {
            let identity = Identity::of(&key);
            let is_elsewhere = self.elsewhere.contains(&identity);
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
            }
            if is_new && !is_elsewhere {
                self.progress.keys = self.progress.keys.saturating_add(1);
                self.keys.push_back(key);
            }
        }
        self.seen.extend(unnamed);
        found
    }
}

impl From<List> for Pages {
    fn from(list: List) -> Self {
        Self::new(list)
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
