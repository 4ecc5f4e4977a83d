//! The system's keyring, where there is one.

use zeroize::Zeroizing;

use crate::failure::{Exit, Failure, Result};
use crate::text;

/// What the entries are filed under.
const SERVICE: &str = "openrouter-keys";

#[cfg(feature = "keyring")]
mod store {
    use keyring::v1::{Entry, Error};

    fn said(error: &Error) -> String {
        match error {
            Error::NoDefaultStore => "this system has none that works".to_owned(),
            error => error.to_string(),
        }
    }

    pub(super) fn read(service: &str, name: &str) -> Result<String, String> {
        Entry::new(service, name)
            .and_then(|entry| entry.get_password())
            .map_err(|error| said(&error))
    }

    pub(super) fn find(service: &str, name: &str) -> Result<Option<String>, String> {
        match Entry::new(service, name).and_then(|entry| entry.get_password()) {
            Ok(secret) => Ok(Some(secret)),
            Err(keyring::v1::Error::NoEntry) => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }

    pub(super) fn write(service: &str, name: &str, secret: &str) -> Result<(), String> {
        Entry::new(service, name)
            .and_then(|entry| entry.set_password(secret))
            .map_err(|error| said(&error))
    }

    pub(super) fn remove(service: &str, name: &str) -> Result<(), String> {
        Entry::new(service, name)
            .and_then(|entry| entry.delete_credential())
            .map_err(|error| said(&error))
    }
}

#[cfg(not(feature = "keyring"))]
mod store {
    const ABSENT: &str = "this program was built without the feature `keyring`";

    pub(super) fn read(_: &str, _: &str) -> Result<String, String> {
        Err(ABSENT.to_owned())
    }

    pub(super) fn find(_: &str, _: &str) -> Result<Option<String>, String> {
        Err(ABSENT.to_owned())
    }

    pub(super) fn write(_: &str, _: &str, _: &str) -> Result<(), String> {
        Err(ABSENT.to_owned())
    }

    pub(super) fn remove(_: &str, _: &str) -> Result<(), String> {
        Err(ABSENT.to_owned())
    }
}

/// How the entries of management keys begin.
pub(crate) const MANAGEMENT: &str = "management-key:";

pub(crate) fn read(name: &str) -> Result<Zeroizing<String>> {
    store::read(SERVICE, name).map(Zeroizing::new).map_err(|problem| {
        Failure::new(
            Exit::NotAuthorized,
            format!(
                "the keyring has no readable entry {}: {problem}; nothing was sent; store the key:",
                text::visible(name)
            ),
        )
        .next("openrouter-keys auth login")
    })
}

/// The entry, if there is one.
pub(crate) fn find(name: &str) -> Result<Option<Zeroizing<String>>> {
    store::find(SERVICE, name).map(|found| found.map(Zeroizing::new)).map_err(|problem| {
        Failure::failed(format!("the keyring entry {name} cannot be read: {problem}"))
    })
}

pub(crate) fn write(name: &str, secret: &str) -> Result<()> {
    store::write(SERVICE, name, secret).map_err(|problem| {
        Failure::failed(format!("the keyring did not take the entry {name}: {problem}"))
    })
}

pub(crate) fn remove(name: &str) -> Result<()> {
    store::remove(SERVICE, name).map_err(|problem| {
        Failure::failed(format!("the keyring did not remove the entry {name}: {problem}"))
    })
}
