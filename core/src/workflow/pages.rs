//! All pages of a listing, each key once.
//!
//! ```text
//!  next_request ─▶ a page ─▶ accept ─┬─ it overlaps, and has more ───▶ one step on
//!       ▲                            ├─ it does not overlap ─────────▶ one step back
//!       └────────────────────────────┼─ it overlaps, and has no more ▶ the next workspace,
//!                                    │                                or the end
//!                                    └─ it brings nothing new ───────▶ PaginationStalled
//! ```
//!
//! The API pages by offset, newest first, so a key that is created or deleted meanwhile shifts
//! every later offset. Pages therefore overlap by one key: if nothing on a further page was
//! seen before, something may have slipped past, and the listing steps back. Keys are
//! identified by their hash.
//!
//! That is enough, because the order never changes: every key before one that was seen was seen
//! too, or is new. This holds whenever a page is read, so also for pages requested ahead.
//!
//! According to the documentation a short page is the last one. But a server or gateway that
//! filters its pages sends short ones anywhere, so the listing continues until a page has
//! nothing new.
//!
//! A row is remembered as 16 bytes, whatever its size.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::hash::{DefaultHasher, Hasher};

use crate::call::{Error, ErrorKind};
use crate::operation::{List, Operation, PAGE_SIZE, Page};
use crate::types::{Json, Key, fingerprint};

/// The length of a step: a page without the overlapping key.
const STEP: u64 = 99;
/// After this many pages in a row without a new key, the listing counts as stalled.
const FRUITLESS: u32 = 32;
/// This many filtered pages in a row without a new key count as the end.
const BARREN: u32 = 3;
/// A server would have to refuse a larger burst.
const MAX_PREFETCH: usize = 64;
/// Some 990,000 keys.
const MAX_REQUESTS: u64 = 10_000;
/// Some 400,000 keys of the usual size.
const MAX_BYTES: u64 = 256 << 20;
/// What a listing may contain: this many rows and bytes per allowed request, plus a base.
const ROWS_PER_REQUEST: u64 = 100;
const ROWS_BESIDE: u64 = 10_000;
const BYTES_PER_REQUEST: u64 = 128 << 10;
const BYTES_BESIDE: u64 = 8 << 20;

/// A listing, and the machine that turns its pages into keys, each once. It does no I/O.
///
/// **Guaranteed:** a key that exists from the first request to the last is returned exactly once,
/// whatever is created and deleted meanwhile. Any other key is returned once or not at all. A key
/// that moves from one workspace to another meanwhile may be missed.
///
/// ```
/// use openrouter_keys_core::operation::Operation;
/// use openrouter_keys_core::workflow::Pages;
/// use openrouter_keys_core::List;
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
#[must_use = "a listing does nothing until its pages are requested"]
pub struct Pages {
    list: List,
    first: u64,
    until_empty: bool,
    prefetch: usize,
    max_requests: u64,
    max_bytes: u64,
    /// The workspaces that are still to be listed.
    workspaces: VecDeque<String>,
    /// Where the next page to accept begins; `None` at the end.
    offset: Option<u64>,
    /// The offsets of the pages that were requested and have not arrived.
    asked: VecDeque<u64>,
    /// The furthest offset that was read.
    furthest: Option<u64>,
    /// Where the last page ended, if it was short.
    rest: Option<u64>,
    /// The rows of the last page, sorted.
    last: Vec<u128>,
    /// How many pages in a row had the same rows as the one before.
    repeated: u32,
    /// Whether offsets count rows that a filter removed from the pages.
    is_filtered: bool,
    /// Pages in a row with nothing new.
    fruitless: u32,
    seen: BTreeSet<u128>,
    /// The rows of other workspaces.
    elsewhere: BTreeSet<u128>,
    keys: VecDeque<Key>,
    rows: u64,
    bytes: u64,
    unexpected_rows: u64,
    progress: Progress,
}

/// The progress of a listing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Pages requested.
    pub requests: u64,
    /// Pages received.
    pub pages: u64,
    /// Keys found.
    pub keys: u64,
}

impl Pages {
    /// All keys of this listing.
    pub fn new(list: List) -> Self {
        let first = list.starts_at();
        Self {
            list,
            first,
            until_empty: true,
            prefetch: 1,
            max_requests: MAX_REQUESTS,
            max_bytes: MAX_BYTES,
            workspaces: VecDeque::new(),
            offset: Some(first),
            asked: VecDeque::new(),
            furthest: None,
            rest: None,
            last: Vec::new(),
            repeated: 0,
            is_filtered: false,
            fruitless: 0,
            seen: BTreeSet::new(),
            elsewhere: BTreeSet::new(),
            keys: VecDeque::new(),
            rows: 0,
            bytes: 0,
            unexpected_rows: 0,
            progress: Progress::default(),
        }
    }

    /// Reads on until a page has nothing new, which is the default: one request more than the
    /// documented API needs. No key is then lost if a server or gateway filters its pages of 100,
    /// or has smaller pages than documented. Filtering looks like the end only if it leaves
    /// nothing of the first page, or nothing new of the second or of several in a row.
    pub fn exhaustive(mut self) -> Self {
        self.until_empty = true;
        self
    }

    /// Stops at the first page with fewer than 100 rows, which saves the last request.
    /// Keys after a short page are then missed without an error.
    pub fn stop_at_short_page(mut self) -> Self {
        self.until_empty = false;
        self
    }

    /// How many pages are requested at once: 1 by default, at most 64. A higher number speeds up a
    /// long listing over a slow link, but can request up to this many unneeded pages at its end.
    pub fn prefetch(mut self, pages: usize) -> Self {
        self.prefetch = pages.clamp(1, MAX_PREFETCH);
        self
    }

    /// How many requests the listing may take, at least 1; 10,000 by default, enough for some
    /// 990,000 keys. A listing that needs more ends with [`ErrorKind::TooManyPages`], so that an
    /// endless one is stopped. The request after a short page is skipped if none is left for it.
    ///
    /// This also limits what the pages may contain: 10,000 rows plus 100 per request, and 8 MiB
    /// plus 128 KiB per request or, unless this is set, 256 MiB in total.
    pub fn max_requests(mut self, requests: u64) -> Self {
        self.max_requests = requests.max(1);
        self.max_bytes =
            self.max_requests.saturating_mul(BYTES_PER_REQUEST).saturating_add(BYTES_BESIDE);
        self
    }

    /// The workspaces (UUIDs) to list one after another, instead of the listing's own.
    pub fn workspaces<T: Into<String>>(mut self, ids: impl IntoIterator<Item = T>) -> Self {
        self.workspaces = ids.into_iter().map(Into::into).collect();
        self.next_workspace();
        self
    }

    /// Whether several pages may be in flight at once.
    pub(crate) fn reads_ahead(&self) -> bool {
        self.prefetch > 1
    }

    /// The progress so far.
    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// How many rows were not objects. Identical ones can only be counted up to the number on
    /// one page.
    pub(crate) fn unexpected_rows(&self) -> u64 {
        self.unexpected_rows
    }

    /// The next key of the pages received so far.
    pub fn next_key(&mut self) -> Option<Key> {
        self.keys.pop_front()
    }

    /// The next page to request; `None` at the end, and while as many pages are in flight as
    /// [`prefetch`](Self::prefetch) allows.
    pub fn next_request(&mut self) -> Option<List> {
        let next = match self.asked.back() {
            Some(last) => last.checked_add(STEP),
            None => self.offset,
        }?;
        // After a short page there is probably nothing to read ahead.
        let prefetch = if self.rest.is_some() { 1 } else { self.prefetch };
        let may_ask = self.offset.is_some()
            && self.asked.len() < prefetch
            && self.progress.requests < self.max_requests;
        if !may_ask {
            return None;
        }
        self.progress.requests = self.progress.requests.saturating_add(1);
        self.asked.push_back(next);
        // The first page is requested without an offset.
        Some(if next == 0 { self.list.clone() } else { self.list.clone().offset(next) })
    }

    /// How many of the requested pages are still needed, oldest first. Drop the others: the
    /// listing stepped back, or ended.
    pub fn awaited(&self) -> usize {
        self.asked.len()
    }

    /// Takes the oldest page that is still needed. An error ends the listing.
    pub fn accept(&mut self, page: Result<Page, Error>) -> Result<(), Error> {
        let Some(offset) = self.asked.pop_front() else {
            return Ok(());
        };
        let next = match page {
            Err(refused) if self.rest.is_some() && refused.refuses_page() => Ok(None),
            page => page.and_then(|page| self.follow(offset, page)),
        };
        let is_last = self.asked.is_empty() && self.progress.requests >= self.max_requests;
        // Reading past a short page is optional: without a request left for it, the listing ends.
        let next = if is_last && self.rest.is_some() { next.map(|_| None) } else { next };
        self.offset = *next.as_ref().unwrap_or(&None);
        if self.asked.front() != self.offset.as_ref() {
            self.asked.clear();
        }
        if self.offset.is_none() && next.is_ok() {
            self.next_workspace();
        }
        next?;
        let is_last = self.asked.is_empty() && self.progress.requests >= self.max_requests;
        if self.offset.is_some() && (is_last || self.is_too_large()) {
            self.offset = None;
            self.asked.clear();
            let requests = self.max_requests;
            return Err(Error::unsent(self.list.name(), ErrorKind::TooManyPages { requests }));
        }
        Ok(())
    }

    /// Whether the pages contain more than allowed.
    fn is_too_large(&self) -> bool {
        let max_rows = self.max_requests.saturating_mul(ROWS_PER_REQUEST);
        self.rows > max_rows.saturating_add(ROWS_BESIDE) || self.bytes > self.max_bytes
    }

    /// Takes the page and returns where the next one begins.
    fn follow(&mut self, offset: u64, mut page: Page) -> Result<Option<u64>, Error> {
        self.progress.pages = self.progress.pages.saturating_add(1);
        let keys = page.data.iter().map(identity);
        let mut ids: Vec<u128> =
            keys.chain(page.unexpected.iter().map(identity_of_unexpected)).collect();
        let rows = ids.len();
        let sorted = without_repeats(&mut page, &mut ids);
        self.rows = self.rows.saturating_add(u64::try_from(rows).unwrap_or(u64::MAX));
        self.bytes = self.bytes.saturating_add(page.size());
        let is_first = offset == self.first;
        let seen = sorted.iter().filter(|id| self.seen.contains(id)).count();
        let seen = u64::try_from(seen).unwrap_or(u64::MAX);
        // After a page of one row, the next begins where that one ended.
        let follows = self.rest == Some(offset);
        let overlaps = is_first || seen > 0 || follows || self.is_filtered;
        // Keys of a page that does not overlap are not kept: if a later page overlapped with them,
        // the gap before them would go unnoticed.
        let found = if overlaps { self.keep_new(page, &ids) } else { 0 };
        let is_second = self.furthest == Some(self.first) && offset > self.first;
        self.furthest = self.furthest.max(Some(offset));
        self.fruitless = if found > 0 { 0 } else { self.fruitless.saturating_add(1) };

        let is_short = rows < PAGE_SIZE;
        let count = u64::try_from(sorted.len()).unwrap_or(STEP);
        let next = if !overlaps {
            // Keys before this page were deleted, so later ones moved up.
            Some(offset.saturating_sub(STEP).max(self.first))
        } else if !is_short && !self.is_filtered {
            Some(offset.saturating_add(count.saturating_sub(1).max(1)))
        } else if self.until_empty {
            self.beyond(offset, &sorted, seen)
        } else {
            None
        };
        self.rest = (overlaps && is_short).then(|| offset.saturating_add(count));
        self.last = sorted;
        // Only for the second page: later, new keys can push whole pages back.
        let repeats = is_second && overlaps && found == 0 && rows >= PAGE_SIZE;
        let stalled = repeats || self.fruitless >= FRUITLESS;
        if next.is_some() && stalled {
            return Err(Error::unsent(self.list.name(), ErrorKind::PaginationStalled { offset }));
        }
        Ok(next)
    }

    /// The offset at which a server may have more, although this page is short.
    ///
    /// If pages are merely small, each begins with the last row of the one before, and all but the
    /// last have the same size. If a filter removes rows, offsets count the removed rows too, and
    /// each page stands for 100 rows: then several in a row may have nothing new.
    fn beyond(&mut self, offset: u64, ids: &[u128], seen: u64) -> Option<u64> {
        let count = u64::try_from(ids.len()).unwrap_or(STEP);
        let is_first = offset == self.first;
        let overlap = self.rest.map_or(1, |rest| rest.saturating_sub(offset));
        let is_same = !is_first && self.last == ids;
        self.repeated = if is_same { self.repeated.saturating_add(1) } else { 0 };
        if !self.is_filtered {
            if count == 0 || (!is_first && count == seen && count <= overlap) {
                return None;
            }
            let differs = self.rest.is_some() && self.last.len() != ids.len() && seen > overlap;
            self.is_filtered = !is_first && (differs || self.repeated >= 2);
        } else if is_same && count > 0 {
            // The server ignores the offset and always sends everything.
            return None;
        }
        if self.is_filtered {
            return (self.fruitless <= BARREN).then(|| offset.saturating_add(STEP));
        }
        Some(offset.saturating_add(count.saturating_sub(1).max(1)))
    }

    fn next_workspace(&mut self) {
        let Some(id) = self.workspaces.pop_front() else {
            return;
        };
        self.list = std::mem::take(&mut self.list).workspace_id(id);
        self.offset = Some(self.first);
        self.furthest = None;
        self.rest = None;
        self.last.clear();
        self.repeated = 0;
        self.is_filtered = false;
        self.fruitless = 0;
        self.elsewhere.extend(std::mem::take(&mut self.seen));
    }

    /// Keeps the rows that were not seen yet and returns their number.
    fn keep_new(&mut self, page: Page, ids: &[u128]) -> usize {
        let odd = ids.get(page.data.len()..).unwrap_or_default();
        let mut found = odd.iter().filter(|id| !self.seen.contains(id)).count();
        self.unexpected_rows =
            self.unexpected_rows.saturating_add(u64::try_from(found).unwrap_or(u64::MAX));
        for (key, id) in page.data.into_iter().zip(ids) {
            // Equal rows without a hash may be different keys, so a page's own rows are added to
            // `seen` only after the loop.
            let has_hash = key.hash.get().is_some();
            let is_new = if has_hash { self.seen.insert(*id) } else { !self.seen.contains(id) };
            if !is_new {
                continue;
            }
            found = found.saturating_add(1);
            if !self.elsewhere.contains(id) {
                self.progress.keys = self.progress.keys.saturating_add(1);
                self.keys.push_back(key);
            }
        }
        self.seen.extend(ids);
        found
    }
}

impl From<List> for Pages {
    fn from(list: List) -> Self {
        Self::new(list)
    }
}

/// A row without a hash may contain a secret.
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

/// Keeps one of several rows with the same hash, and returns the distinct rows, sorted: offsets
/// count those, since some servers repeat rows.
fn without_repeats(page: &mut Page, ids: &mut Vec<u128>) -> Vec<u128> {
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    if sorted.is_sorted_by(|one, other| one < other) {
        return sorted;
    }
    let mut known = BTreeSet::new();
    let rows = page.data.iter().zip(&*ids);
    let is_kept: Vec<bool> =
        rows.map(|(key, id)| key.hash.get().is_none() || known.insert(*id)).collect();
    let mut kept = is_kept.iter();
    page.data.retain(|_| kept.next() != Some(&false));
    let mut kept = is_kept.iter();
    ids.retain(|_| kept.next() != Some(&false));
    sorted.dedup();
    sorted
}

/// Identifies a row across pages: by its hash, or by its whole content if it has none.
fn identity(key: &Key) -> u128 {
    match key.hash.get() {
        Some(hash) => digest(0, hash.as_str()),
        None => digest(1, &fingerprint(key)),
    }
}

fn identity_of_unexpected(row: &Json) -> u128 {
    digest(1, row.as_str())
}

/// 128 bits of a digest. Only the server could search for a collision, and it can leave rows
/// out anyway.
fn digest(kind: u8, text: &str) -> u128 {
    let mut hasher = DefaultHasher::new();
    hasher.write_u8(kind);
    hasher.write(text.as_bytes());
    let low = hasher.finish();
    hasher.write_u8(kind);
    u128::from(hasher.finish()).rotate_left(64) | u128::from(low)
}
