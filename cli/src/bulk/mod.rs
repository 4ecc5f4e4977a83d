//! Many keys at once: the rows of a CSV file, the journal that lets a killed run go on, and how
//! many requests are in flight.

pub(crate) mod journal;
pub(crate) mod pace;
pub(crate) mod rows;
pub(crate) mod which;
