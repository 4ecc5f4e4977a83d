//! Metrics over HTTP, on this machine only.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::Mutex;

use super::{Source, text};
use crate::app::App;
use crate::failure::{Failure, Result};
use crate::signal;

/// An address that only this machine can reach.
pub(super) fn loopback(text: &str) -> Result<SocketAddr, String> {
    let text = text.replacen("localhost:", "127.0.0.1:", 1);
    match text.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_loopback() => Ok(address),
        Ok(_) => Err("only this machine may read the metrics: write 127.0.0.1:PORT".to_owned()),
        Err(_) => Err(format!("\"{text}\" is not an address; write 127.0.0.1:PORT")),
    }
}

struct Shared {
    source: Source,
    /// The names under which this server may be called. A page of another site that has its
    /// name point here sends that name.
    hosts: Vec<String>,
    fresh_for: Duration,
    /// Held while keys are listed, so that scrapes at the same time list them once.
    last: Mutex<Option<(Instant, String)>>,
}

/// Serves `/metrics` until stopped.
pub(super) async fn serve(
    app: &App,
    source: Source,
    address: SocketAddr,
    fresh_for: Duration,
) -> Result<()> {
    let stopped = signal::stopped();
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| Failure::usage(format!("{address} cannot be listened on: {error}")))?;
    let address = listener.local_addr()?;
    let shared =
        Arc::new(Shared { source, hosts: hosts(address), fresh_for, last: Mutex::default() });
    let router = Router::new().route("/metrics", get(metrics)).with_state(shared);
    app.waiting.say(&format!("serving http://{address}/metrics"));
    let served = axum::serve(listener, router).with_graceful_shutdown(stopped).await;
    Ok(served?)
}

/// The names of this machine that reach the address, as a client sends them.
fn hosts(address: SocketAddr) -> Vec<String> {
    const HTTP: u16 = 80;
    let port = address.port();
    let own = match address {
        SocketAddr::V4(address) => address.ip().to_string(),
        SocketAddr::V6(address) => format!("[{}]", address.ip()),
    };
    let names = [own.as_str(), "127.0.0.1", "localhost", "[::1]"];
    let mut hosts: Vec<_> = names.iter().map(|name| format!("{name}:{port}")).collect();
    if port == HTTP {
        hosts.extend(names.map(str::to_owned));
    }
    hosts
}

async fn metrics(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    if !host.is_some_and(|host| shared.hosts.iter().any(|allowed| allowed == host)) {
        return (StatusCode::FORBIDDEN, "this Host is not served\n").into_response();
    }
    let mut last = shared.last.lock().await;
    if let Some((at, text)) = last.as_ref()
        && at.elapsed() < shared.fresh_for
    {
        return shown(text.clone());
    }
    match shared.source.read().await {
        Ok(text) => {
            *last = Some((Instant::now(), text.clone()));
            shown(text)
        }
        Err(failure) => (StatusCode::SERVICE_UNAVAILABLE, failure.shown()).into_response(),
    }
}

fn shown(text: String) -> Response {
    let headers = [(header::CONTENT_TYPE, text::MEDIA_TYPE), (header::CACHE_CONTROL, "no-store")];
    (headers, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::{hosts, loopback};

    #[test]
    fn the_names_of_the_address_are_served() {
        let is_served = |address: &str, host: &str| {
            hosts(loopback(address).unwrap()).iter().any(|allowed| allowed == host)
        };
        for (address, host, expected) in [
            ("127.0.0.2:9464", "127.0.0.2:9464", true),
            ("127.0.0.1:9464", "localhost:9464", true),
            ("127.0.0.1:9464", "127.0.0.1", false),
            ("127.0.0.1:80", "127.0.0.1", true),
            ("[::1]:9464", "[::1]:9464", true),
            ("127.0.0.1:9464", "evil.example:9464", false),
        ] {
            assert_eq!(is_served(address, host), expected, "{address} {host}");
        }
    }

    #[test]
    fn only_this_machine_can_be_listened_on() {
        for right in ["127.0.0.1:9100", "localhost:9100", "[::1]:0"] {
            assert!(loopback(right).is_ok(), "{right}");
        }
        for wrong in ["0.0.0.0:9100", "[::]:9100", "10.0.0.1:9100", "example.org:80", "9100", ""] {
            assert!(loopback(wrong).is_err(), "{wrong}");
        }
    }
}
