//! The measured Rust clients, behind one trait.

mod openrouter_rs;
mod ours;
mod raw;

pub(crate) use self::openrouter_rs::OpenrouterRs;
pub(crate) use self::ours::Ours;
pub(crate) use self::raw::Raw;

use crate::failure::Failure;

/// The names that the command line knows.
pub(crate) const NAMES: [&str; 3] = [Ours::NAME, Raw::NAME, OpenrouterRs::NAME];

/// The keys on every page but the last.
const PAGE: usize = 100;

/// The certificates that a client trusts.
#[derive(Clone, Debug)]
pub(crate) enum Roots {
    System,
    /// The system's and this one.
    And(reqwest::Certificate),
    /// Only this one, so that the system's are not loaded.
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

/// A client with its defaults, used as its documentation shows. Each call returns how many
/// keys it received.
pub(crate) trait Client: Clone + Send + Sync + Sized + 'static {
    const NAME: &str;
    /// The packages whose versions go into the report.
    const PACKAGES: &[&str];

    /// The value that a program clones.
    type Handle: Clone;

    fn handle(&self) -> &Self::Handle;

    /// Constructs a client from nothing.
    fn connect(base: &str, roots: Roots) -> Result<Self, Failure>;

    /// Constructs a client over an existing reqwest client.
    fn over(client: reqwest::Client, base: &str) -> Result<Self, Failure>;

    fn get(&self) -> impl Future<Output = Result<usize, Failure>> + Send;

    fn list(&self) -> impl Future<Output = Result<usize, Failure>> + Send;

    /// Reads every key once, with `prefetch` pages in flight.
    fn list_all(&self, prefetch: u32) -> impl Future<Output = Result<usize, Failure>> + Send;
}

/// Counts the keys and reads the first, so that no client can put off decoding.
fn counted<K, T>(keys: &[K], first: impl FnOnce(&K) -> T) -> usize {
    if let Some(key) = keys.first() {
        std::hint::black_box(first(key));
    }
    keys.len()
}
