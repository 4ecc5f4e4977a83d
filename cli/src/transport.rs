//! The native transport with what a command adds: it says what it waits for, and in a dry
//! run it shows a request that would change something instead of sending it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use openrouter_keys_native::error::{TransportError, TransportErrorKind};
use openrouter_keys_native::transport::{SendContext, Transport};
use openrouter_keys_native::workflow::CreateReconciled;
use openrouter_keys_native::{Create, NativeTransport};

use crate::text;
use crate::waiting::Waiting;

/// A create with random markers, whose names are known before anything is sent.
pub(crate) fn seeded(create: Create, random: &NativeTransport) -> CreateReconciled {
    let seed = (u128::from(random.entropy()) << 64) | u128::from(random.entropy());
    CreateReconciled::new(create).seed(seed)
}

/// What a dry run would have sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct DryRun(Arc<Mutex<Vec<Shown>>>);

/// A request as it is shown: without its API key.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) body: String,
}

impl DryRun {
    /// Takes what was recorded since the last time.
    pub(crate) fn take(&self) -> Vec<Shown> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn record(&self, request: &Request<Bytes>) {
        let shown = Shown {
            method: request.method().to_string(),
            url: request.uri().to_string(),
            body: String::from_utf8_lossy(request.body()).into_owned(),
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(shown);
    }
}

pub(crate) struct CliTransport {
    pub(crate) native: NativeTransport,
    pub(crate) waiting: Waiting,
    pub(crate) dry_run: Option<DryRun>,
    /// Why the last request was not a success, for the pause that may follow.
    pub(crate) reason: Mutex<Option<String>>,
}

impl CliTransport {
    fn set_reason(&self, reason: Option<String>) {
        *self.reason.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    }
}

#[async_trait]
impl Transport for CliTransport {
    async fn send(
        &self,
        request: Request<Bytes>,
        context: &SendContext,
    ) -> Result<Response<Bytes>, TransportError> {
        if let Some(dry_run) = self.dry_run.as_ref().filter(|_| !request.method().is_safe()) {
            dry_run.record(&request);
            return Err(TransportError::not_sent(TransportErrorKind::Other)
                .lasting()
                .with_source("dry run: the request was not sent"));
        }
        let what = format!("{} {}", request.method(), text::visible(request.uri().path()));
        self.set_reason(None);
        let waiting = format!("waiting for {what}");
        let outcome = self.waiting.during(&waiting, self.native.send(request, context)).await;
        let reason = match &outcome {
            Ok(response) if response.status().is_success() => None,
            Ok(response) => Some(format!("{what} got status {}", response.status().as_u16())),
            Err(error) => Some(format!("{what} failed: {error}")),
        };
        self.set_reason(reason);
        outcome
    }

    async fn sleep(&self, time: Duration) {
        // Time limits sleep too: only a pause after a failure is worth a word.
        let reason = self.reason.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(reason) = reason {
            self.waiting.pause(time, &reason);
        }
        self.native.sleep(time).await;
    }

    fn now(&self) -> Duration {
        self.native.now()
    }

    fn entropy(&self) -> u64 {
        self.native.entropy()
    }

    fn wall_clock(&self) -> Option<SystemTime> {
        self.native.wall_clock()
    }
}
