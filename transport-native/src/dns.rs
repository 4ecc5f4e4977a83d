//! Name resolution by the system, with its own error type.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Asks the system, as reqwest does by default.
pub(crate) struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            if is_this_machine(name.as_str()) {
                let addresses: Addrs =
                    Box::new(THIS_MACHINE.map(|ip| SocketAddr::new(ip, 0)).into_iter());
                return Ok(addresses);
            }
            // The port is filled in later.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await.map_err(DnsError)?;
            let addresses: Vec<SocketAddr> = found.collect();
            let addresses: Addrs = Box::new(addresses.into_iter());
            Ok(addresses)
        })
    }
}

const THIS_MACHINE: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

/// RFC 6761, section 6.3: `localhost` and names below it are this machine and are not looked up.
/// A resolver's response could send an API key elsewhere, without TLS.
fn is_this_machine(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// The name has no address, or the lookup failed.
#[derive(Debug)]
pub(crate) struct DnsError(io::Error);

impl fmt::Display for DnsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl std::error::Error for DnsError {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use reqwest::dns::Resolve;

    use super::{SystemResolver, THIS_MACHINE, is_this_machine};

    #[tokio::test]
    async fn localhost_and_names_below_it_are_this_machine_without_a_lookup() {
        for name in ["localhost", "keys.localhost", "LOCALHOST", "a.b.LocalHost."] {
            assert!(is_this_machine(name));
            let found = SystemResolver.resolve(name.parse().unwrap()).await.unwrap();
            assert!(found.map(|address| address.ip()).eq(THIS_MACHINE), "{name}");
        }
        for name in ["localhost.example", "notlocalhost", "localhost.localdomain", ""] {
            assert!(!is_this_machine(name), "{name}");
        }
    }
}
