//! The fleet's sinks, which are asynchronous, for code that is not.

use std::future::Future;

use openrouter_keys_fleet::sink::Target;
use openrouter_keys_native::Secret;
use openrouter_keys_native::error::BoxError;
use openrouter_keys_native::workflow::{Delivery, PutError, SecretSink};

use super::Stored;
use crate::failure::Failure;

/// Fails if the sink could not store the secret of this key, as far as that shows before the key
/// exists.
pub(super) fn check(target: &Target, key: &Delivery) -> Result<(), BoxError> {
    finish(async { open(target)?.check(key).await })
}

/// Stores the secret.
pub(super) fn store(target: &Target, secret: &Secret, key: &Delivery) -> Stored {
    let refused = |cause: &BoxError| Failure::failed(cause.to_string());
    let put = finish(async {
        let mut sink = open(target).map_err(PutError::NotStored)?;
        match sink.put(secret, key).await {
            // The response may be lost, and the secret stored.
            Err(PutError::Unknown(cause)) => match sink.was_put(key).await {
                Ok(Some(true)) => Ok(()),
                _ => Err(PutError::Unknown(cause)),
            },
            put => put,
        }
    });
    match put {
        Ok(()) => Stored::Yes,
        Err(PutError::NotStored(cause)) => Stored::No(refused(&cause)),
        Err(PutError::Unknown(cause)) => Stored::Unknown(refused(&cause)),
        Err(_) => Stored::Unknown(Failure::failed("the sink refused the secret")),
    }
}

/// Whether the sink has the secret of this key; `None` if it cannot be asked.
pub(super) fn was_put(target: &Target, key: &Delivery) -> Result<Option<bool>, BoxError> {
    finish(async { open(target)?.was_put(key).await })
}

/// A command may ask its user something, such as a passphrase.
fn open(target: &Target) -> Result<Box<dyn SecretSink>, BoxError> {
    target.clone().attended().open()
}

/// Runs this to its end, even if the caller is cancelled: a secret must not be stored halfway.
fn finish<T, E>(work: impl Future<Output = Result<T, E>> + Send) -> Result<T, E>
where
    T: Send,
    E: From<BoxError> + Send,
{
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(|error| E::from(error.into()))?.block_on(work)
    };
    let ended = std::thread::scope(|scope| scope.spawn(run).join());
    ended.unwrap_or_else(|_| Err(E::from("the sink failed".into())))
}
