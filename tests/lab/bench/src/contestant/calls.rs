//! Times calls, one after another or many at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::task::JoinSet;

use super::clocks::Clocks;
use crate::clients::Client;
use crate::failure::Failure;
use crate::protocol::{Measurement, Request, Task};

pub(super) async fn run<C: Client>(client: C, request: &Request) -> Result<Measurement, Failure> {
    let (task, prefetch) = (request.task, request.prefetch.unwrap_or(1));
    let clocks = Clocks::start()?;
    let mut checked: usize = 0;
    if request.at_once <= 1 {
        for _ in 0..request.calls {
            checked = checked.saturating_add(call(&client, task, prefetch).await?);
        }
    } else {
        let left = Arc::new(AtomicU32::new(request.calls));
        let mut workers = JoinSet::new();
        for _ in 0..request.at_once.min(request.calls) {
            workers.spawn(work(client.clone(), task, prefetch, left.clone()));
        }
        while let Some(worker) = workers.join_next().await {
            checked = checked.saturating_add(worker??);
        }
    }
    clocks.stop(checked.try_into()?)
}

/// Makes one call after another until the workers have made all of them.
async fn work<C: Client>(
    client: C,
    task: Task,
    prefetch: u32,
    left: Arc<AtomicU32>,
) -> Result<usize, Failure> {
    let one_less = |left: u32| left.checked_sub(1);
    let mut checked: usize = 0;
    while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok() {
        checked = checked.saturating_add(call(&client, task, prefetch).await?);
    }
    Ok(checked)
}

async fn call<C: Client>(client: &C, task: Task, prefetch: u32) -> Result<usize, Failure> {
    match task {
        Task::List => client.list().await,
        Task::ListAll => client.list_all(prefetch).await,
        _ => client.get().await,
    }
}
