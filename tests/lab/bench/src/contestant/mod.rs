//! A contestant: a process that carries out requests, line by line, with one client on a
//! single-threaded runtime.

mod build;
mod calls;
mod clocks;
mod clones;
mod construct;
mod heap;
mod hold;

use std::collections::BTreeMap;
use std::io::{BufRead, Write};

use crate::clients::{Client, OpenrouterRs, Ours, Raw, Roots};
use crate::failure::Failure;
use crate::machine;
use crate::protocol::{Measurement, Ready, Reply, Request, Task};
use crate::versions;

/// Runs the contestant of this name until its input ends.
pub(crate) fn play(name: &str) -> Result<(), Failure> {
    match name {
        Ours::NAME => play_with::<Ours>(),
        Raw::NAME => play_with::<Raw>(),
        OpenrouterRs::NAME => play_with::<OpenrouterRs>(),
        _ => Err(Failure::new(format!("unknown contestant {name}"))),
    }
}

fn play_with<C: Client>() -> Result<(), Failure> {
    machine::allow_many_connections();
    // One thread, so that one clock has the whole cost and the server has its own core.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut clients = Clients::<C>::default();
    say(&Ready { ready: true, versions: versions::of(C::PACKAGES) })?;
    for line in std::io::stdin().lock().lines() {
        let outcome = serde_json::from_str(&line?)
            .map_err(Failure::from)
            .and_then(|request| runtime.block_on(respond(&mut clients, &request)));
        say(&match outcome {
            Ok(measurement) => Reply::Done(measurement),
            Err(failure) => Reply::Failed { error: failure.to_string() },
        })?;
    }
    Ok(())
}

fn say(line: &impl serde::Serialize) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    serde_json::to_writer(&mut stdout, line)?;
    writeln!(stdout)?;
    Ok(stdout.flush()?)
}

async fn respond<C: Client>(
    clients: &mut Clients<C>,
    request: &Request,
) -> Result<Measurement, Failure> {
    match request.task {
        Task::Get | Task::List | Task::ListAll => calls::run(clients.of(request)?, request).await,
        Task::Hold => hold::run(clients.of(request)?, request).await,
        Task::Construct | Task::ConstructWithoutRoots | Task::ConstructOverReqwest => {
            construct::run::<C>(request)
        }
        Task::Clones => clones::run(&clients.of(request)?, request.calls),
        Task::Build => build::run(),
        Task::Decode => Err(Failure::new("this contestant cannot decode without a call")),
    }
}

/// One client per base URL, reused by later requests.
struct Clients<C>(BTreeMap<String, C>);

impl<C> Default for Clients<C> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<C: Client> Clients<C> {
    fn of(&mut self, request: &Request) -> Result<C, Failure> {
        if let Some(client) = self.0.get(&request.base) {
            return Ok(client.clone());
        }
        let roots = trusted(request)?.map_or(Roots::System, Roots::And);
        let client = C::connect(&request.base, roots)?;
        self.0.insert(request.base.clone(), client.clone());
        Ok(client)
    }
}

fn trusted(request: &Request) -> Result<Option<reqwest::Certificate>, Failure> {
    let certificate = request.certificate.as_ref();
    Ok(certificate.map(|pem| reqwest::Certificate::from_pem(pem.as_bytes())).transpose()?)
}
