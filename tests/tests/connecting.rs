//! Failures while connecting, as both native clients report them: nothing was sent, and a
//! create created nothing. The outcome of a request that was sent but got no response is unknown.

#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod pair;
mod servers {
    pub(crate) mod raw;
    pub(crate) mod tls;
}

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use openrouter_keys_native::error::{Delivery, TimeoutPhase, TransportErrorKind};
use openrouter_keys_native::{
    CallOptions, Effect, Error, ErrorKind, List, NativeTransport, NativeTransportBuilder,
    RetryPolicy,
};
use openrouter_keys_tests::caller::Caller;
use pair::{Connect, async_client, create, failure, over_both};
use servers::raw;

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(300);
/// Long enough to connect and send a request, even on a busy machine.
const ENOUGH: Duration = Duration::from_secs(3);

over_both!(
    a_create_that_times_out_in_the_tls_handshake_created_nothing,
    a_create_that_times_out_before_its_connection_is_accepted_created_nothing,
    a_create_over_https_to_a_plain_http_port_created_nothing,
    a_create_whose_server_closes_during_the_handshake_created_nothing,
    a_create_that_was_sent_but_got_no_response_may_have_created,
    a_create_over_negotiated_http2_that_got_no_response_may_have_created,
    a_handshake_timeout_of_a_given_client_created_nothing,
    credentials_that_an_http_proxy_rejects_are_sent_once,
    credentials_that_a_socks_proxy_rejects_are_sent_once,
);

/// A transport whose connect timeout never applies.
fn patient() -> NativeTransportBuilder {
    NativeTransport::builder().connect_timeout(LONG)
}

fn assert_nothing_sent(error: &Error, kind: TransportErrorKind, attempts: u32) {
    assert_eq!(failure(error), (Delivery::NotSent, kind), "{error:?}");
    assert_eq!((error.effect(), error.attempts()), (&Effect::Nothing, attempts), "{error:?}");
}

/// Accepts connections, reads and never responds. The channel gets what it reads, and an empty
/// piece for each connection.
fn silent() -> (String, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, sender) = (stream.unwrap(), sender.clone());
            std::thread::spawn(move || {
                let _ = sender.send(Vec::new());
                let mut piece = [0_u8; 4096];
                while let Ok(read @ 1..) = stream.read(&mut piece) {
                    let _ = sender.send(piece.get(..read).unwrap().to_vec());
                }
            });
        }
    });
    (address, receiver)
}

fn limits(time: Duration) -> [(CallOptions, TimeoutPhase); 2] {
    let once = || CallOptions::new().retry(RetryPolicy::none());
    [
        (once().attempt_timeout(time), TimeoutPhase::Attempt),
        (once().timeout(time), TimeoutPhase::Call),
    ]
}

async fn a_create_that_times_out_in_the_tls_handshake_created_nothing<C: Caller>(
    connect: Connect<C>,
) {
    type Change = fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder;
    let changes: [Change; 3] =
        [|client| client, |client| client.http1_only(), |client| client.http2_prior_knowledge()];
    let (address, _pieces) = silent();
    for change in changes {
        let transport = patient().reqwest(change).build().unwrap();
        let client = connect(transport, &format!("https://{address}"));
        for (options, phase) in limits(SHORT) {
            let error = client.send(create(), options).await.unwrap_err();
            assert_nothing_sent(&error, TransportErrorKind::Timeout(phase), 1);
            assert!(error.is_retryable(), "{error}");
        }
    }
}

async fn a_create_that_times_out_before_its_connection_is_accepted_created_nothing<C: Caller>(
    connect: Connect<C>,
) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // Fill the accept queue; the next connection gets no response.
    let waiting: Vec<TcpStream> =
        std::iter::from_fn(|| TcpStream::connect_timeout(&address, SHORT).ok()).collect();
    for scheme in ["http", "https"] {
        let client = connect(patient().build().unwrap(), &format!("{scheme}://{address}"));
        for (options, phase) in limits(SHORT) {
            let error = client.send(create(), options).await.unwrap_err();
            assert_nothing_sent(&error, TransportErrorKind::Timeout(phase), 1);
        }
    }
    drop(waiting);
}

async fn a_create_over_https_to_a_plain_http_port_created_nothing<C: Caller>(connect: Connect<C>) {
    let (address, _) = raw::serve("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
    let client = connect(patient().build().unwrap(), &address.replace("http:", "https:"));
    let error = client.call(create()).await.unwrap_err();
    assert_nothing_sent(&error, TransportErrorKind::Tls, 1);
}

async fn a_create_whose_server_closes_during_the_handshake_created_nothing<C: Caller>(
    connect: Connect<C>,
) {
    // After reading the client's first message, and immediately.
    for reads in [true, false] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                if reads {
                    let _ = stream.read(&mut [0_u8; 4096]);
                }
            }
        });
        let client = connect(patient().build().unwrap(), &format!("https://{address}"));
        let error = client.call(create()).await.unwrap_err();
        assert_nothing_sent(&error, TransportErrorKind::Connect, 3);
    }
}

async fn a_create_that_was_sent_but_got_no_response_may_have_created<C: Caller>(
    connect: Connect<C>,
) {
    for is_http2 in [false, true] {
        let (address, pieces) = silent();
        let transport = patient()
            .reqwest(move |client| if is_http2 { client.http2_prior_knowledge() } else { client });
        let client = connect(transport.build().unwrap(), &format!("http://{address}"));
        for (options, phase) in limits(ENOUGH) {
            let error = client.send(create(), options).await.unwrap_err();
            let expected = (Delivery::Unknown, TransportErrorKind::Timeout(phase));
            assert_eq!(failure(&error), expected, "{error:?}");
            assert!(error.may_have_been_created() && !error.is_retryable(), "{error}");
        }
        let sent = pieces.try_iter().flatten().collect::<Vec<u8>>();
        let text = String::from_utf8_lossy(&sent);
        assert_eq!(text.matches(r#"{"name":"x","limit":1}"#).count(), 2, "{text}");
        if !is_http2 {
            // The gate must not change the framing.
            assert_eq!(text.matches("content-length: 22\r\n").count(), 2, "{text}");
            assert!(!text.contains("transfer-encoding"), "{text}");
        }
    }
}

/// Negotiates HTTP/2 in the handshake, reads and never responds.
fn silent_over_tls() -> (String, Vec<u8>) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.key_pair.serialize_der()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let config = std::sync::Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, config) = (stream.unwrap(), config.clone());
            std::thread::spawn(move || {
                let mut tls = rustls::ServerConnection::new(config).unwrap();
                let mut tls = rustls::Stream::new(&mut tls, &mut stream);
                while tls.read(&mut [0_u8; 4096]).is_ok_and(|read| read > 0) {}
            });
        }
    });
    (format!("https://{address}"), made.cert.der().to_vec())
}

async fn a_create_over_negotiated_http2_that_got_no_response_may_have_created<C: Caller>(
    connect: Connect<C>,
) {
    let (address, certificate) = silent_over_tls();
    let certificate = reqwest::Certificate::from_der(&certificate).unwrap();
    let transport = patient().reqwest(move |client| client.tls_certs_only([certificate.clone()]));
    let client = connect(transport.build().unwrap(), &address);
    for (options, phase) in limits(ENOUGH) {
        let error = client.send(create(), options).await.unwrap_err();
        let expected = (Delivery::Unknown, TransportErrorKind::Timeout(phase));
        assert_eq!(failure(&error), expected, "{error:?}");
        assert!(error.may_have_been_created(), "{error}");
    }
}

async fn a_handshake_timeout_of_a_given_client_created_nothing<C: Caller>(connect: Connect<C>) {
    let (address, _pieces) = silent();
    let given = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_millis(100))
        .build()
        .unwrap();
    let transport = NativeTransport::from_client(given).unwrap();
    let error = connect(transport, &format!("https://{address}")).call(create()).await.unwrap_err();
    assert_nothing_sent(&error, TransportErrorKind::Timeout(TimeoutPhase::Connect), 3);
}

/// A client for another machine, through a proxy.
fn behind<C>(connect: Connect<C>, proxy: String) -> C {
    let transport = patient()
        .reqwest(move |client| client.no_proxy().proxy(reqwest::Proxy::all(&proxy).unwrap()));
    connect(transport.build().unwrap(), "https://gateway.invalid/v1")
}

fn assert_credentials_are_rejected(error: &Error) {
    assert_nothing_sent(error, TransportErrorKind::Proxy, 1);
    assert!(!error.is_retryable(), "{error}");
    let text = format!("{error:?}");
    assert!(text.contains("the proxy rejected the credentials"), "{text}");
    assert!(!text.contains("pa55word"), "{text}");
}

async fn credentials_that_an_http_proxy_rejects_are_sent_once<C: Caller>(connect: Connect<C>) {
    let (proxy, requests) =
        raw::serve("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n");
    let client = behind(connect, proxy.replace("http://", "http://user:pa55word@"));
    assert_credentials_are_rejected(&client.call(create()).await.unwrap_err());
    assert_credentials_are_rejected(&client.call(List::new()).await.unwrap_err());
    assert_eq!(requests.load(std::sync::atomic::Ordering::SeqCst), 2);
}

async fn credentials_that_a_socks_proxy_rejects_are_sent_once<C: Caller>(connect: Connect<C>) {
    // It asks for a password and rejects it, or accepts none at all.
    for responses in [[b"\x05\x02".as_slice(), b"\x01\x01"], [b"\x05\xff", b""]] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                for response in responses {
                    let _ = stream.read(&mut [0_u8; 512]);
                    let _ = stream.write_all(response);
                }
            }
        });
        let client = behind(connect, format!("socks5h://user:pa55word@{address}"));
        assert_credentials_are_rejected(&client.call(create()).await.unwrap_err());
    }
}

/// Waits without blocking the runtime.
async fn first(pieces: Receiver<Vec<u8>>, is_meant: fn(&[u8]) -> bool) {
    let waited = tokio::task::spawn_blocking(move || while !is_meant(&pieces.recv().unwrap()) {});
    waited.await.unwrap();
}

#[tokio::test]
async fn a_create_cancelled_in_the_tls_handshake_created_nothing() {
    let moments: [fn(&[u8]) -> bool; 2] = [<[u8]>::is_empty, |piece| !piece.is_empty()];
    for began in moments {
        let (address, pieces) = silent();
        let client = async_client(patient().build().unwrap(), &format!("https://{address}"));
        let error = client.create(create()).cancel_on(first(pieces, began)).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Cancelled), "{error:?}");
        assert_eq!(error.effect(), &Effect::Nothing, "{error}");
    }
}

#[tokio::test]
async fn a_create_cancelled_after_it_was_sent_may_have_created() {
    for is_http2 in [false, true] {
        let (address, pieces) = silent();
        let transport = patient()
            .reqwest(move |client| if is_http2 { client.http2_prior_knowledge() } else { client });
        let client = async_client(transport.build().unwrap(), &format!("http://{address}"));
        let sent = first(pieces, |piece| piece.windows(6).any(|part| part == br#""name""#));
        let error = client.create(create()).cancel_on(sent).await.unwrap_err();
        assert!(error.may_have_been_created(), "{error:?}");
    }
}
