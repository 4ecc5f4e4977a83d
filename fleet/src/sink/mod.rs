//! Where the secrets of new keys go: files, commands and secret managers.
//!
//! A [`Target`] is a sink as text, such as `file:/run/keys/{name}`; [`Targets`] opens the sinks
//! that the logs of rotations name.
//!
//! Files, Vault and AWS Secrets Manager have conditional writes, so a machine that slept through
//! its lease cannot replace a newer secret there: beside each secret is the number of the log entry
//! under which it was written, its fence. A command has no fence.

#[cfg(feature = "aws")]
mod aws;
#[cfg(feature = "aws")]
mod aws_client;
mod command;
mod fence;
#[cfg(any(feature = "vault", feature = "aws"))]
mod fields;
mod file;
#[cfg(any(feature = "vault", feature = "aws"))]
mod http;
mod mark;
mod name;
mod target;
#[cfg(test)]
mod test_delivery;
#[cfg(feature = "vault")]
mod vault;
#[cfg(feature = "vault")]
mod vault_client;

pub use command::{COMMAND_ENVIRONMENT, is_program};
pub use target::{Target, Targets};
