//! A server of `POST /keys` as a model, in virtual time: every schedule of three
//! faults, and what becomes of a create under one retry rule or another.

mod call;
mod fault;
mod official;
mod server;
mod table;
mod tally;

pub use call::{Call, NAME};
pub use fault::{Fault, Schedule, schedules};
pub use official::OfficialSdk;
pub use server::{Answer, Content, NEVER, Post, Server, ServerKey};
pub use table::table;
pub use tally::Tally;
