//! A create under every schedule of three faults, with this library's retry rule and with
//! that of the official SDKs.

mod official;
mod table;
mod tally;

pub use official::OfficialSdk;
pub use table::table;
pub use tally::Tally;
