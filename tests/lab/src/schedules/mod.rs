//! What becomes of a create under every schedule of three faults, by this library's retry
//! rule and by the official SDKs'.

mod official;
mod table;
mod tally;

pub use official::OfficialSdk;
pub use table::table;
pub use tally::Tally;
