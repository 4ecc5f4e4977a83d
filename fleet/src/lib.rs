//! Rotates [OpenRouter](https://openrouter.ai) API keys from many machines, which share nothing but
//! an object store: a folder, S3 and what speaks its protocol, Google Cloud Storage or Azure.
//!
//! Each rotation has a [log](Log) of numbered objects, which are created and never changed. Of two
//! machines that write the same number, the store lets one win, so the log is the lock, the journal
//! and the audit trail. Its entries contain no secret. Secrets go into [sinks](sink). Other work on
//! many keys keeps a [`Journal`] there, and sends its requests through [`Leased`].
//!
//! A [`Fleet`] makes one pass: it continues the rotations that are open, begins those of the keys
//! that a [`Rule`] selects, and returns a [`Report`]. Run it from cron, a CI matrix or a Kubernetes
//! Job, on as many machines as you like: each takes its [`Shard`] of the keys, and where two work
//! on the same key, one of them stops.
//!
//! ```no_run
//! # use openrouter_keys_core::{ApiKey, Config};
//! # use openrouter_keys_core::error::BoxError;
//! # use openrouter_keys_core::transport::Transport;
//! # async fn f(transport: impl Transport + 'static, key: ApiKey, vault: impl openrouter_keys_fleet::Sinks + 'static)
//! # -> Result<(), BoxError> {
//! use std::time::Duration;
//! use openrouter_keys_fleet::{Fleet, Rule, Store, Work};
//!
//! let store = Store::folder("/srv/rotations")?;
//! let fleet = Fleet::new(transport, key, Config::new(), store, vault)?;
//! let old = Rule::older_than(Duration::from_secs(30 * 86_400));
//! let report = fleet.run(Work::matching(old).into_sink("vault")).await?;
//! for row in &report.rows {
//!     println!("{}: {}", row.old, row.outcome);
//! }
//! # Ok(()) }
//! ```

mod account;
mod budget;
mod claim;
mod fleet;
mod journal;
mod late;
mod log;
mod machine;
mod objects;
mod open;
mod pass;
mod report;
mod rule;
mod shard;
pub mod sink;
mod sinks;
mod status;
mod stop;
mod store;
mod unsent;
#[cfg(test)]
mod vectors;
mod watched;
mod work;

pub use account::Account;
pub use fleet::Fleet;
pub use journal::{Journal, Leased, OpenJournal};
pub use log::Log;
pub use report::{Outcome, Planned, Report, Row};
pub use rule::Rule;
pub use shard::Shard;
pub use sinks::Sinks;
pub use status::LogStatus;
pub use store::Store;
pub use work::{Event, Work};
