//! Times constructing and dropping clients.

use std::hint::black_box;

use super::clocks::Clocks;
use super::trusted;
use crate::clients::{Client, Roots};
use crate::failure::Failure;
use crate::protocol::{Measurement, Request, Task};

pub(super) fn run<C: Client>(request: &Request) -> Result<Measurement, Failure> {
    let certificate = trusted(request)?.ok_or_else(|| Failure::new("no certificate was given"))?;
    let existing = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .tls_certs_only([certificate.clone()])
        .build()?;
    let clocks = Clocks::start()?;
    for _ in 0..request.calls {
        black_box(match request.task {
            Task::ConstructOverReqwest => C::over(existing.clone(), &request.base)?,
            Task::ConstructWithoutRoots => {
                C::connect(&request.base, Roots::Only(certificate.clone()))?
            }
            _ => C::connect(&request.base, Roots::System)?,
        });
    }
    clocks.stop(0)
}
