//! A transport that changes nothing once the journal is another machine's.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use openrouter_keys_core::error::{TransportError, TransportErrorKind};
use openrouter_keys_core::transport::{SendContext, Transport};

use super::writer::Journal;
use crate::unsent;

/// Sends a request that may change something only while the journal is this machine's for at least
/// the request's timeout; otherwise nothing is sent. So a machine that sleeps through its lease
/// changes nothing when it wakes.
#[derive(Debug)]
pub struct Leased<T> {
    transport: T,
    journal: Journal,
}

impl<T> Leased<T> {
    /// The transport, while this journal is held.
    pub fn new(transport: T, journal: Journal) -> Self {
        Self { transport, journal }
    }
}

#[async_trait]
impl<T: Transport> Transport for Leased<T> {
    async fn send(
        &self,
        request: Request<Bytes>,
        context: &SendContext,
    ) -> Result<Response<Bytes>, TransportError> {
        if !request.method().is_safe() {
            let held = self.journal.hold(context.timeout());
            if let Err(cause) = unsent::wait(self, context, held).await? {
                let refused = TransportError::not_sent(TransportErrorKind::Other).lasting();
                return Err(refused.with_source(cause));
            }
        }
        self.transport.send(request, context).await
    }

    async fn sleep(&self, duration: Duration) {
        self.transport.sleep(duration).await;
    }

    fn now(&self) -> Duration {
        self.transport.now()
    }

    fn entropy(&self) -> u64 {
        self.transport.entropy()
    }

    fn wall_clock(&self) -> Option<SystemTime> {
        self.transport.wall_clock()
    }
}
