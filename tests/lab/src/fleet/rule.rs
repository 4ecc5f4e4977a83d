//! By which rule a client sends again, and the calls of such a client.

use std::time::Duration;

use openrouter_keys_core::ApiKey;
use openrouter_keys_core::error::BoxError;

use super::attempts::CoreClient;
use super::sdk::SdkCall;
use super::server::ServerResponse;
use openrouter_keys_tests::chance::Chance;

/// A rule of sending again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The core's, as it is or with a part of it taken away.
    Core {
        /// Whether a client's calls share a retry quota.
        quota: bool,
        /// Whether there is chance in the pauses.
        jitter: bool,
    },
    /// What the official SDKs do by default.
    Sdk,
}

impl Rule {
    /// The core's rule as its users have it.
    pub const CORE: Self = Self::Core { quota: true, jitter: true };

    /// Every rule, the library's own first.
    pub const ALL: [Self; 5] = [
        Self::CORE,
        Self::Core { quota: false, jitter: true },
        Self::Core { quota: true, jitter: false },
        Self::Core { quota: false, jitter: false },
        Self::Sdk,
    ];

    /// What the table calls it.
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

/// One of the fleet.
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

/// A call that is under way.
pub(super) trait Call {
    /// Sends the next request.
    fn send(&mut self);

    /// Hears its response, `elapsed` after the call's beginning.
    fn hear(self: Box<Self>, response: ServerResponse, elapsed: Duration) -> Next;
}

/// What follows a response.
pub(super) enum Next {
    Succeeded,
    Failed,
    Again { after: Duration, call: Box<dyn Call> },
}
