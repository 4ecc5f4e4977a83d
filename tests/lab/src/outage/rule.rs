//! The retry rules, and the calls of a client that follows one.

use std::time::Duration;

use openrouter_keys_core::ApiKey;
use openrouter_keys_core::error::BoxError;
use openrouter_keys_tests::chance::Chance;

use super::attempts::CoreClient;
use super::sdk::SdkCall;
use super::server::ServerResponse;

/// A retry rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The core's rule, whole or with parts removed.
    Core {
        /// Whether a client's calls share a retry quota.
        quota: bool,
        /// Whether pauses are random.
        jitter: bool,
    },
    /// The default rule of the official SDKs.
    Sdk,
}

impl Rule {
    /// The core's rule by default.
    pub const CORE: Self = Self::Core { quota: true, jitter: true };

    /// Every rule, this library's first.
    pub const ALL: [Self; 5] = [
        Self::CORE,
        Self::Core { quota: false, jitter: true },
        Self::Core { quota: true, jitter: false },
        Self::Core { quota: false, jitter: false },
        Self::Sdk,
    ];

    /// Its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Core { quota: true, jitter: true } => "this library",
            Self::Core { quota: false, jitter: true } => "without its quota",
            Self::Core { quota: true, jitter: false } => "without its jitter",
            Self::Core { quota: false, jitter: false } => "without both",
            Self::Sdk => "official SDKs",
        }
    }

    pub(super) fn client(self, key: &ApiKey) -> Client {
        match self {
            Self::Core { quota, jitter } => {
                Client::Core(Box::new(CoreClient::new(key.clone(), quota, jitter)))
            }
            Self::Sdk => Client::Sdk,
        }
    }
}

/// A client of the fleet.
pub(super) enum Client {
    Core(Box<CoreClient>),
    Sdk,
}

impl Client {
    pub(super) fn begin(&self, chance: &mut Chance) -> Result<Box<dyn Call>, BoxError> {
        let entropy = chance.bits();
        match self {
            Self::Core(client) => client.begin(chance, entropy),
            Self::Sdk => Ok(Box::new(SdkCall::new(entropy))),
        }
    }
}

/// A call in progress.
pub(super) trait Call {
    /// Sends the next request.
    fn send(&mut self);

    /// Handles its response, which arrives `elapsed` after the call began.
    fn hear(self: Box<Self>, response: ServerResponse, elapsed: Duration) -> Next;
}

/// How a call continues after a response.
pub(super) enum Next {
    Succeeded,
    Failed,
    Again { after: Duration, call: Box<dyn Call> },
}
