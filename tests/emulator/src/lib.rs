#![doc = include_str!("../README.md")]

mod account;
mod api;
mod api_error;
mod attend;
mod builder;
mod clock;
mod connection;
mod control;
mod current_key;
mod delivery;
mod emulator;
mod fault;
mod fault_text;
mod input;
mod key;
mod manners;
mod money;
mod record;
mod reset;
mod script;
mod secret;
mod seen;
mod server;
mod shape;
mod state_file;
mod store;

pub use account::DEFAULT_WORKSPACE;
pub use builder::Builder;
pub use clock::Clock;
pub use emulator::Emulator;
pub use fault::Fault;
pub use fault_text::ParseFaultError;
pub use key::{Key, Usage};
pub use reset::Reset;
pub use seen::SeenRequest;
pub use shape::Shape;
