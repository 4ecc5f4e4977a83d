//! Features of reqwest that other crates enable change nothing, nor do client settings that the
//! library can override; other settings are refused.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use openrouter_keys_native::error::{Delivery, TransportErrorKind};
use openrouter_keys_native::{ApiKey, BaseUrl, Client, Config, Create, Effect, Error, ErrorKind, Limit, List, NativeTransport, NativeTransportBuilder};
use reqwest::redirect::Policy;

const KEY: &str = "sk-or-v1-c0ffee00c0ffee00c0ffee00c0ffee00";

fn client(transport: NativeTransport, base_url: &str) -> Client {
    let config = Config::new().base_url(BaseUrl::new(base_url).unwrap());
    Client::with_config(transport, ApiKey::new(KEY).unwrap(), config).unwrap()
}

fn own(base_url: &str) -> Client {
    client(NativeTransport::new().unwrap(), base_url)
}

/// Serves one connection after another; the bytes each read first are sent to the channel.
fn serve(attend: impl Fn(&mut TcpStream) -> Vec<u8> + Send + 'static) -> (String, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = sender.send(attend(&mut stream.unwrap()));
        }
    });
    (address, receiver)
}

fn answering(response: &'static [u8]) -> (String, Receiver<Vec<u8>>) {
    let (address, requests) = serve(move |stream| {
        let mut request = vec![0_u8; 4096];
        let read = stream.read(&mut request).unwrap_or_default();
        request.truncate(read);
        let _ = stream.write_all(response);
        request
    });
    (format!("http://{address}"), requests)
}

/// A server with an untrusted certificate. The channel shows whether a request arrived.
fn untrusted() -> (String, Receiver<Vec<u8>>) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.key_pair.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(
        rustls::crypto::ring::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_no_client_auth()
    .with_single_cert(vec![made.cert.der().clone()], key)
    .unwrap();
    let config = Arc::new(config);
    let (address, requests) = serve(move |stream| {
        let mut tls = rustls::ServerConnection::new(config.clone()).unwrap();
        let mut request = vec![0_u8; 4096];
        let read = rustls::Stream::new(&mut tls, stream).read(&mut request).unwrap_or_default();
        request.truncate(read);
        request
    });
    (format!("https://{address}"), requests)
}

fn assert_tls(error: &Error, connections: &Receiver<Vec<u8>>) {
    let ErrorKind::Transport(transport) = error.kind() else { panic!("{error:?}") };
    let expected = (Delivery::NotSent, TransportErrorKind::Tls);
    assert_eq!((transport.delivery(), transport.kind()), expected, "{error:?}");
    assert_eq!((error.attempts(), error.effect()), (1, &Effect::Nothing), "{error:?}");
    // One connection, without a request.
    assert_eq!(connections.recv().unwrap(), b"");
    assert!(connections.try_recv().is_err());
}

fn create() -> Create {
    Create::new("x", Limit::usd(1.0))
}

fn unfollowing() -> reqwest::ClientBuilder {
    let plain = reqwest::Client::builder().no_gzip().no_brotli().no_deflate();
    plain.redirect(Policy::none())
}

#[tokio::test]
async fn an_untrusted_certificate_is_tls_and_one_attempt_with_any_tls_backend() {
    let native = || unfollowing().tls_backend_native().build().unwrap();
    for transport in [
        NativeTransport::new().unwrap(),
        NativeTransport::from_client(native()).unwrap(),
        NativeTransport::from_client(unfollowing().build().unwrap()).unwrap(),
    ] {
        let (address, connections) = untrusted();
        let error = client(transport, &address).create(create()).await.unwrap_err();
        assert_tls(&error, &connections);
    }
}

#[tokio::test]
async fn our_own_clients_use_rustls() {
    let (address, _connections) = untrusted();
    let error = own(&address).list(List::new()).await.unwrap_err();
    // rustls's wording; OpenSSL's is "certificate verify failed".
    assert!(format!("{error:?}").contains("invalid peer certificate"), "{error:?}");
}

#[test]
fn settings_that_cannot_be_overridden_are_refused_when_the_client_is_built() {
    let refused = |builder: NativeTransportBuilder| builder.build().unwrap_err().to_string();
    let native = refused(NativeTransport::builder().reqwest(|client| client.tls_backend_native()));
    assert!(native.contains("a TLS backend other than rustls"), "{native}");
    let cookies = refused(NativeTransport::builder().reqwest(|client| client.cookie_store(true)));
    assert!(cookies.contains("keeps cookies"), "{cookies}");

    let given = |client: reqwest::ClientBuilder| NativeTransport::from_client(client.build().unwrap());
    given(unfollowing()).unwrap();
    let gzip = given(reqwest::Client::builder().redirect(Policy::none())).unwrap_err();
    assert!(gzip.to_string().contains("decompresses"), "{gzip}");
    for one in [
        unfollowing().gzip(true),
        unfollowing().brotli(true),
        unfollowing().deflate(true),
        unfollowing().cookie_store(true),
    ] {
        given(one).unwrap_err();
    }
}

#[tokio::test]
async fn the_feature_hickory_dns_affects_name_resolution_of_given_clients_only() {
    let response = b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{\"data\":[]}";
    let (address, _requests) = answering(response);
    let localhost = address.replace("127.0.0.1", "localhost");
    let given = || NativeTransport::from_client(unfollowing().no_proxy().build().unwrap()).unwrap();
    for client in [own(&localhost), client(given(), &localhost)] {
        client.list(List::new()).await.unwrap();
    }
    // RFC 6761, section 6.4: no server is queried for names below `invalid`.
    let error = client(given(), "https://keys.invalid").create(create()).await.unwrap_err();
    let ErrorKind::Transport(transport) = error.kind() else { panic!("{error:?}") };
    let expected = (Delivery::NotSent, TransportErrorKind::Dns);
    assert_eq!((transport.delivery(), transport.kind()), expected, "{error:?}");
    assert_eq!(error.effect(), &Effect::Nothing);
}

#[tokio::test]
async fn the_features_add_no_decompression_and_no_cookies() {
    let response = b"HTTP/1.1 200 OK\r\nset-cookie: session=1\r\ncontent-length: 11\r\n\r\n{\"data\":[]}";
    let (address, requests) = answering(response);
    let transport = NativeTransport::builder()
        .reqwest(|client| client.gzip(true).brotli(true).deflate(true).pool_max_idle_per_host(0));
    let client = client(transport.build().unwrap(), &address);
    for _ in 0..2 {
        client.list(List::new()).await.unwrap();
        let request = String::from_utf8(requests.recv().unwrap()).unwrap().to_ascii_lowercase();
        for coding in ["gzip", "br,", "deflate", "cookie"] {
            assert!(!request.contains(coding), "{request}");
        }
    }
}

#[tokio::test]
async fn default_headers_of_a_given_client_replace_nothing_in_a_request() {
    let (address, requests) =
        answering(b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{\"data\":[]}");
    let transport = NativeTransport::builder().reqwest(|client| {
        let mut headers = reqwest::header::HeaderMap::new();
        for (name, value) in [("authorization", "Bearer other"), ("accept", "text/html")] {
            headers.insert(name, value.parse().unwrap());
        }
        client.default_headers(headers)
    });
    client(transport.build().unwrap(), &address).list(List::new()).await.unwrap();
    let request = String::from_utf8(requests.recv().unwrap()).unwrap();
    assert_eq!(request.matches("authorization: ").count(), 1, "{request}");
    assert!(request.contains(KEY) && !request.contains("other"), "{request}");
    assert!(request.contains("accept: application/json"), "{request}");
}

/// What any crate logs, at every level.
struct Log(Mutex<String>);

impl log::Log for Log {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        *self.0.lock().unwrap() += &format!("{} {}\n", record.target(), record.args());
    }

    fn flush(&self) {}
}

static LOG: Log = Log(Mutex::new(String::new()));

#[tokio::test]
async fn verbose_connections_log_no_key() {
    log::set_logger(&LOG).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let (address, requests) =
        answering(b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{\"data\":[]}");
    let transport = NativeTransport::builder().reqwest(|client| client.connection_verbose(true));
    client(transport.build().unwrap(), &address).list(List::new()).await.unwrap();
    assert!(String::from_utf8(requests.recv().unwrap()).unwrap().contains(KEY));
    let logged = LOG.0.lock().unwrap();
    assert!(logged.contains("starting new connection"), "{logged}");
    assert!(!logged.contains("c0ffee00"), "{logged}");
}
