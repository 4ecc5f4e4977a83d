//! The emulator over real sockets, byte by byte.

#[cfg(test)]
mod access;
#[cfg(test)]
mod beginnings;
#[cfg(test)]
mod browsers;
#[cfg(test)]
mod budgets;
#[cfg(test)]
mod client;
#[cfg(test)]
mod connections;
#[cfg(test)]
mod control;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod paging;
#[cfg(test)]
mod program;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod shapes;
