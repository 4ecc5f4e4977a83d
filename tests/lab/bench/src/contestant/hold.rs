//! Measures the memory of a call in flight: sends many to a server that holds them, and
//! reads the memory once all have arrived.

use tokio::task::JoinSet;

use super::heap::Heap;
use crate::clients::Client;
use crate::failure::Failure;
use crate::machine;
use crate::protocol::{Measurement, Request};
use crate::statistics::float;

pub(super) async fn run<C: Client>(client: C, request: &Request) -> Result<Measurement, Failure> {
    let control = request.control.as_ref().ok_or_else(|| Failure::new("no control was given"))?;
    let control = Control { client: reqwest::Client::new(), url: control.clone() };
    // One call first, for what a client has only once, such as the HTTP/2 connection that
    // all calls share.
    let first = tokio::spawn({
        let client = client.clone();
        async move { client.get().await }
    });
    control.held(1).await?;
    control.release().await?;
    first.await??;

    let (heap, resident) = (Heap::watch()?, machine::resident()?);
    let mut calls = JoinSet::new();
    for _ in 0..request.calls {
        let client = client.clone();
        calls.spawn(async move { client.get().await });
    }
    tokio::select! {
        held = control.held(request.calls) => held?,
        Some(ended) = calls.join_next() => {
            ended??;
            return Err(Failure::new("a call ended while the server held it"));
        }
    }
    let per_call = |bytes: f64| bytes / f64::from(request.calls);
    let figures = [
        ("heap", per_call(heap.change().live)),
        ("resident", per_call(float(machine::resident()?) - float(resident))),
    ];
    control.release().await?;
    let mut checked: u64 = 0;
    while let Some(call) = calls.join_next().await {
        checked = checked.saturating_add(call??.try_into()?);
    }
    let figures = figures.map(|(name, figure)| (name.into(), figure)).into();
    Ok(Measurement { checked, figures, ..Measurement::default() })
}

/// The server's control endpoints.
struct Control {
    client: reqwest::Client,
    url: String,
}

impl Control {
    /// Returns once the server holds this many requests.
    async fn held(&self, requests: u32) -> Result<(), Failure> {
        let url = format!("{}/held/{requests}", self.url);
        self.client.get(url).send().await?.error_for_status()?;
        Ok(())
    }

    async fn release(&self) -> Result<(), Failure> {
        let url = format!("{}/release", self.url);
        self.client.post(url).send().await?.error_for_status()?;
        Ok(())
    }
}
