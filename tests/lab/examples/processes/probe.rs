//! Uses each secret all the time, as the services do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::{Client, StatusCode};
use tokio::task::JoinHandle;

use crate::servers::{Emulator, Reader, Vault, client};

/// How often a secret is read again if it was replaced meanwhile.
const READS: usize = 5;

pub(crate) struct Probe {
    is_over: Arc<AtomicBool>,
    task: JoinHandle<Probed>,
}

#[derive(Default)]
pub(crate) struct Probed {
    pub(crate) probes: usize,
    /// Moments at which a secret did not work.
    pub(crate) problems: Vec<String>,
}

impl Probe {
    pub(crate) fn start(emulator: &Emulator, vault: &Vault) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let names: Vec<String> = emulator.secrets.keys().cloned().collect();
        let (reader, http) = (vault.reader(), client());
        let url = format!("{}/api/v1/key", emulator.origin);
        let over = Arc::clone(&is_over);
        let task = tokio::spawn(async move {
            let mut probed = Probed::default();
            while !over.load(Ordering::Relaxed) {
                for name in &names {
                    probed.probes += 1;
                    if let Some(problem) = probe(&reader, &http, &url, name).await {
                        probed.problems.push(problem);
                    }
                }
            }
            probed
        });
        Self { is_over, task }
    }

    pub(crate) async fn stop(self) -> Probed {
        self.is_over.store(true, Ordering::Relaxed);
        self.task.await.unwrap()
    }
}

/// What is wrong with this secret. One that is replaced while it is tried is read again.
async fn probe(reader: &Reader, http: &Client, url: &str, name: &str) -> Option<String> {
    let mut secret = reader.secret(name).await;
    for _ in 0..READS {
        let Some(tried) = secret else { return Some(format!("{name} has no secret")) };
        let Ok(response) = http.get(url).bearer_auth(&tried).send().await else {
            return Some(format!("{name} could not be tried"));
        };
        let status = response.status();
        if status == StatusCode::OK {
            return None;
        }
        secret = reader.secret(name).await;
        if secret.as_ref() == Some(&tried) {
            return Some(format!("outage: {name}: {status}"));
        }
    }
    Some(format!("{name} is replaced all the time"))
}
