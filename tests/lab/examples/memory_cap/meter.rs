//! Measures how much one call raises this process's peak resident memory.

use std::error::Error;
use std::fs;

use openrouter_keys_native::{
    ApiKey, BaseUrl, Config, ErrorKind, List, RetryPolicy, blocking, client_with,
};

/// The client that makes the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    Async,
    Blocking,
    /// reqwest with its defaults, which reads everything that is sent.
    Bare,
}

impl Caller {
    pub(crate) const ALL: [Self; 3] = [Self::Async, Self::Blocking, Self::Bare];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Async => "native, async",
            Self::Blocking => "native, blocking",
            Self::Bare => "bare reqwest",
        }
    }
}

/// Returns the growth in KiB and how the call ended. Needs a new process, since memory
/// that an earlier flood left behind would be reused.
pub(crate) fn measure(caller: Caller, url: &str) -> Result<(u64, String), Box<dyn Error>> {
    let runtime = tokio::runtime::Runtime::new()?;
    let key = ApiKey::new("sk-or-v1-test")?;
    let config = Config::new().base_url(BaseUrl::new(url)?).retry(RetryPolicy::none());
    match caller {
        Caller::Async => {
            let client = client_with(key, config)?;
            let call = || runtime.block_on(client.list(List::new()).into_future());
            growth(call, |error| ending(error.kind()))
        }
        Caller::Blocking => {
            let client = blocking::client_with(key, config)?;
            growth(|| client.list(List::new()).send(), |error| ending(error.kind()))
        }
        Caller::Bare => {
            let client = reqwest::Client::builder().no_proxy().build()?;
            let call = || runtime.block_on(async { client.get(url).send().await?.bytes().await });
            growth(call, |error: &reqwest::Error| error.to_string())
        }
    }
}

/// The first call reads a valid page, to warm up; the second is measured.
fn growth<T, E: Error + 'static>(
    call: impl Fn() -> Result<T, E>,
    ending: impl Fn(&E) -> String,
) -> Result<(u64, String), Box<dyn Error>> {
    call()?;
    // Resets the peak to what is resident now.
    fs::write("/proc/self/clear_refs", "5")?;
    let before = peak()?;
    let end = call().map_or_else(|error| ending(&error), |_| "read".to_owned());
    Ok((peak()?.saturating_sub(before), end))
}

fn peak() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB"));
    Ok(peak.ok_or("the system does not report the peak")?.trim().parse()?)
}

fn ending(kind: &ErrorKind) -> String {
    match kind {
        ErrorKind::Transport(error) => format!("{:?}", error.kind()),
        ErrorKind::Decode(_) => "Decode".to_owned(),
        other => format!("{other:?}"),
    }
}
