//! The Rust clients that are measured, behind one trait.

mod openrouter_rs;
mod ours;
mod raw;

pub(crate) use self::openrouter_rs::OpenrouterRs;
pub(crate) use self::ours::Ours;
pub(crate) use self::raw::Raw;

use crate::failure::Failure;

/// Under which names they are started.
pub(crate) const NAMES: [&str; 3] = [Ours::NAME, Raw::NAME, OpenrouterRs::NAME];

/// As many keys are on a page, unless it is the last one.
const PAGE: usize = 100;

/// Which certificates a client trusts.
#[derive(Clone, Debug)]
pub(crate) enum Roots {
    System,
    /// The system's and this one.
    And(reqwest::Certificate),
    /// This one alone, so that the system's are not read.
    Only(reqwest::Certificate),
}

impl Roots {
    fn set(self, client: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        match self {
            Self::System => client,
            Self::And(certificate) => client.tls_certs_merge([certificate]),
            Self::Only(certificate) => client.tls_certs_only([certificate]),
        }
    }
}

/// A client as a program has it: with its defaults, and used as its
/// documentation shows. Each call tells how many keys it received.
pub(crate) trait Client: Clone + Send + Sync + Sized + 'static {
    const NAME: &str;
    /// Whose versions tell what was measured.
    const PACKAGES: &[&str];

    /// What a program clones.
    type Handle: Clone;

    fn handle(&self) -> &Self::Handle;

    /// A client of its own.
    fn connect(base: &str, roots: Roots) -> Result<Self, Failure>;

    /// A client over a reqwest client that is there.
    fn over(client: reqwest::Client, base: &str) -> Result<Self, Failure>;

    fn get(&self) -> impl Future<Output = Result<usize, Failure>> + Send;

    fn list(&self) -> impl Future<Output = Result<usize, Failure>> + Send;

    /// Every key once, with so many pages under way at once.
    fn list_all(&self, prefetch: u32) -> impl Future<Output = Result<usize, Failure>> + Send;
}

/// Reads what nobody may leave for later, and counts.
fn counted<K, T>(keys: &[K], first: impl FnOnce(&K) -> T) -> usize {
    if let Some(key) = keys.first() {
        std::hint::black_box(first(key));
    }
    keys.len()
}
