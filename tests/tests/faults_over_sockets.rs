//! Faults that need a real socket, with both native clients.

#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod pair;
mod servers {
    pub(crate) mod h2;
    pub(crate) mod raw;
    pub(crate) mod tls;
}

use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::Ordering;
use std::time::Duration;

use openrouter_keys_core::test_util::samples;
use openrouter_keys_native::error::{Delivery, TimeoutPhase, TransportErrorKind};
use openrouter_keys_native::operation::External;
use openrouter_keys_native::{CallOptions, ErrorKind, List, NativeTransport};
use openrouter_keys_tests::caller::Caller;
use pair::{Connect, KEY, async_client, create, failure, over_both};
use servers::h2::{self, Reply};
use servers::raw;
use servers::tls::TlsServer;

const PARTNER: &str = "partner-key-of-no-known-form-1234567890";

/// HTTP/2 error codes.
const NO_ERROR: u32 = 0;
const REFUSED_STREAM: u32 = 7;

/// Each attempt to create has its own connection, where it is this stream.
const OWN: u32 = 1;
const BEFORE_IT: u32 = 0;
const AFTER_IT: u32 = (1 << 31) - 1;

over_both!(
    a_create_refused_by_http2_is_resent_and_executed_once,
    a_create_above_the_last_stream_of_a_goaway_is_resent,
    a_create_within_the_last_stream_of_a_goaway_is_sent_once,
    a_create_within_the_last_stream_of_a_goaway_may_still_get_its_response,
    a_list_within_the_last_stream_of_a_goaway_is_sent_three_times,
    a_create_whose_response_has_huge_headers_is_sent_once,
    an_untrusted_certificate_ends_a_create_before_anything_is_sent,
    a_connection_that_is_not_accepted_ends_at_the_connect_timeout_with_nothing_sent,
    no_error_shows_a_secret_that_the_server_repeats_from_the_request,
    a_secret_that_came_before_its_response_broke_off_reaches_the_caller,
    the_head_of_a_refusal_counts_even_if_its_body_is_huge,
    a_secret_that_arrives_before_a_time_limit_reaches_the_caller,
    a_secret_within_the_limit_on_a_body_reaches_the_caller,
    a_create_requests_no_coding_and_its_secret_is_read_from_a_compressed_body,
    the_status_of_an_error_decides_whatever_becomes_of_its_body,
);

fn plain() -> NativeTransport {
    NativeTransport::new().unwrap()
}

fn changed(
    change: impl Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + Sync + 'static,
) -> NativeTransport {
    NativeTransport::builder().reqwest(change).build().unwrap()
}

fn over_http2() -> NativeTransport {
    changed(reqwest::ClientBuilder::http2_prior_knowledge)
}

async fn a_create_refused_by_http2_is_resent_and_executed_once<C: Caller>(connect: Connect<C>) {
    let (address, requests) =
        h2::serve(&[Reply::Reset(REFUSED_STREAM), Reply::Created(samples::CREATED)]);
    let made = connect(over_http2(), &address).send(create(), CallOptions::new()).await.unwrap();
    assert_eq!((made.meta.attempts, requests.load(Ordering::SeqCst)), (2, 2));
}

async fn a_create_above_the_last_stream_of_a_goaway_is_resent<C: Caller>(connect: Connect<C>) {
    for going in [Reply::GoAway(BEFORE_IT, NO_ERROR), Reply::GoAwayAndClose(BEFORE_IT, NO_ERROR)] {
        let replies = Box::leak(Box::new([going, Reply::Created(samples::CREATED)]));
        let (address, requests) = h2::serve(replies);
        let client = connect(over_http2(), &address);
        let made = client.send(create(), CallOptions::new()).await.unwrap();
        assert_eq!((made.meta.attempts, requests.load(Ordering::SeqCst)), (2, 2), "{going:?}");
    }
}

async fn a_create_within_the_last_stream_of_a_goaway_is_sent_once<C: Caller>(connect: Connect<C>) {
    const AT: &[Reply] = &[Reply::GoAwayAndClose(OWN, NO_ERROR)];
    const ABOVE: &[Reply] = &[Reply::GoAwayAndClose(AFTER_IT, NO_ERROR)];
    for replies in [AT, ABOVE] {
        let (address, requests) = h2::serve(replies);
        let error = connect(over_http2(), &address).call(create()).await.unwrap_err();
        assert_eq!(failure(&error), (Delivery::Unknown, TransportErrorKind::Disconnected));
        assert_eq!((error.attempts(), error.may_have_been_created()), (1, true));
        assert_eq!(requests.load(Ordering::SeqCst), 1, "{replies:?}");
    }
}

async fn a_create_within_the_last_stream_of_a_goaway_may_still_get_its_response<C: Caller>(
    connect: Connect<C>,
) {
    let (address, requests) =
        h2::serve(&[Reply::GoAwayAndCreated(OWN, NO_ERROR, samples::CREATED)]);
    let made = connect(over_http2(), &address).send(create(), CallOptions::new()).await.unwrap();
    assert_eq!((made.meta.attempts, requests.load(Ordering::SeqCst)), (1, 1));
}

async fn a_list_within_the_last_stream_of_a_goaway_is_sent_three_times<C: Caller>(
    connect: Connect<C>,
) {
    let (address, requests) = h2::serve(&[Reply::GoAwayAndClose(AFTER_IT, NO_ERROR)]);
    let error = connect(over_http2(), &address).call(List::new()).await.unwrap_err();
    assert_eq!(failure(&error), (Delivery::Unknown, TransportErrorKind::Disconnected));
    assert_eq!((error.attempts(), requests.load(Ordering::SeqCst)), (3, 3));
}

async fn a_create_whose_response_has_huge_headers_is_sent_once<C: Caller>(connect: Connect<C>) {
    for response in [raw::one_huge_header(), raw::many_headers()] {
        let (address, requests) = raw::serve(response);
        let error = connect(plain(), &address).call(create()).await.unwrap_err();
        assert_eq!(failure(&error), (Delivery::Unknown, TransportErrorKind::Protocol), "{error:?}");
        assert_eq!((error.attempts(), error.may_have_been_created()), (1, true));
        assert_eq!(requests.load(Ordering::SeqCst), 1);
    }
}

async fn an_untrusted_certificate_ends_a_create_before_anything_is_sent<C: Caller>(
    connect: Connect<C>,
) {
    let trusting = |server: &TlsServer| {
        let certificate = reqwest::Certificate::from_der(&server.certificate).unwrap();
        changed(move |client| client.add_root_certificate(certificate.clone()))
    };
    let url = |server: &TlsServer| format!("https://{}", server.address);

    // A valid certificate first, to show that the setup works.
    let good = TlsServer::start();
    connect(trusting(&good), &url(&good)).call(create()).await.unwrap_err();
    assert!(good.requests.load(Ordering::SeqCst) > 0);

    let anothers = TlsServer::with("another.example", |_| {});
    let expired = TlsServer::with("127.0.0.1", |certificate| {
        certificate.not_after = rcgen::date_time_ymd(2001, 1, 1);
    });
    let own = TlsServer::start();
    for (server, transport, why) in [
        (&anothers, trusting(&anothers), "it is another server's"),
        (&expired, trusting(&expired), "it has expired"),
        (&own, plain(), "its issuer is not trusted"),
    ] {
        let error = connect(transport, &url(server)).call(create()).await.unwrap_err();
        assert_eq!(
            failure(&error),
            (Delivery::NotSent, TransportErrorKind::Tls),
            "{why}: {error:?}"
        );
        assert_eq!((error.attempts(), error.may_have_been_created()), (1, false), "{why}");
        assert_eq!(server.requests.load(Ordering::SeqCst), 0, "{why}");
    }
}

async fn a_connection_that_is_not_accepted_ends_at_the_connect_timeout_with_nothing_sent<
    C: Caller,
>(
    connect: Connect<C>,
) {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    // Fill the accept queue until no further connection fits.
    let waiting: Vec<TcpStream> = std::iter::from_fn(|| {
        TcpStream::connect_timeout(&address, Duration::from_millis(200)).ok()
    })
    .collect();

    let transport = NativeTransport::builder().connect_timeout(Duration::from_millis(100));
    let client = connect(transport.build().unwrap(), &format!("http://{address}"));
    let error = client.call(create()).await.unwrap_err();
    let too_late = TransportErrorKind::Timeout(TimeoutPhase::Connect);
    assert_eq!(failure(&error), (Delivery::NotSent, too_late), "{error:?}");
    assert_eq!((error.attempts(), error.may_have_been_created()), (3, false));
    drop(waiting);
}

/// The request as a JSON string.
fn repeated(request: &[u8]) -> String {
    let lines = String::from_utf8_lossy(request).replace("\r\n", " ");
    serde_json::to_string(&lines).unwrap()
}

/// Responses that repeat the request: in an error, in a page, in invalid JSON, in a body that
/// breaks off, in a redirect, and in the headers.
fn repeating(which: usize, request: &[u8]) -> Vec<u8> {
    let repeated = repeated(request);
    let (status, headers, body, missing) = match which {
        0 => (400, String::new(), format!(r#"{{"error":{{"code":400,"message":{repeated}}}}}"#), 0),
        1 => (502, String::new(), format!("<html>{repeated}</html>"), 0),
        2 => (200, String::new(), format!(r#"{{"data":{repeated}"#), 0),
        3 => (200, String::new(), format!(r#"{{"data":{repeated}}}"#), 9),
        4 => (307, format!("location: https://{KEY}:{PARTNER}@example.com/{KEY}\r\n"), repeated, 0),
        _ => (500, format!("x-request-id: {KEY} {PARTNER}\r\n"), repeated, 0),
    };
    let length = body.len() + missing;
    format!("HTTP/1.1 {status} \r\n{headers}content-length: {length}\r\n\r\n{body}").into_bytes()
}

async fn no_error_shows_a_secret_that_the_server_repeats_from_the_request<C: Caller>(
    connect: Connect<C>,
) {
    for which in 0..6 {
        let (address, requests) = raw::answering(move |request| repeating(which, request));
        let create = create().external(External::new("customer").api_key(PARTNER));
        let error = connect(plain(), &address).call(create).await.unwrap_err();
        assert!(requests.load(Ordering::SeqCst) > 0);
        let texts = format!("{error} {error:?} {error:#?} {} {:?}", error.kind(), error.kind());
        // The first error shows the response, so both secrets had to be masked.
        assert!(which > 0 || error.to_string().matches("[redacted]").count() == 2, "{error}");
        for secret in [KEY, PARTNER] {
            assert!(!texts.contains(secret), "{which}: {texts}");
        }
    }
}

async fn a_secret_that_came_before_its_response_broke_off_reaches_the_caller<C: Caller>(
    connect: Connect<C>,
) {
    let secret = "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";
    let whole = samples::CREATED.replace("sk-or-v1-0e6...1c96", secret);
    let behind_the_key = whole.find(secret).unwrap() + secret.len() + 1;
    let head = "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\n";
    let cut = whole.split_at(behind_the_key).0;
    for response in [
        format!("{head}content-length: 5000\r\n\r\n{whole}"),
        format!("{head}content-length: {}\r\n\r\n{cut}", whole.len()),
        // The last chunk, which is empty, is missing.
        format!("{head}transfer-encoding: chunked\r\n\r\n{:x}\r\n{whole}\r\n", whole.len()),
        // An invalid chunk follows instead.
        format!("{head}transfer-encoding: chunked\r\n\r\n{:x}\r\n{whole}\r\nzzz\r\n", whole.len()),
        format!("{head}content-length: {}\r\n\r\n{whole}", behind_the_key + 3),
        format!("{head}content-length: {}\r\n\r\n{whole}HTTP/1.1 400 x\r\n\r\n", whole.len()),
    ] {
        let (address, requests) = raw::serve(response);
        let created = connect(plain(), &address).call(create()).await.unwrap();
        assert_eq!(created.key().reveal(), secret);
        assert_eq!(requests.load(Ordering::SeqCst), 1);
    }
    let cut = whole.split_at(behind_the_key - 1).0;
    let (address, requests) = raw::serve(format!("{head}content-length: 5000\r\n\r\n{cut}"));
    let error = connect(plain(), &address).call(create()).await.unwrap_err();
    assert!(error.may_have_been_created(), "{error}");
    assert!(!format!("{error} {error:?} {error:#?}").contains("0e6f44a47a05f1da"));
    assert_eq!(requests.load(Ordering::SeqCst), 1);
}

async fn the_head_of_a_refusal_counts_even_if_its_body_is_huge<C: Caller>(connect: Connect<C>) {
    let flood = "x".repeat(70_000);
    let head = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 3600\r\n";
    let (address, requests) =
        raw::serve(format!("{head}content-length: {}\r\n\r\n{flood}", flood.len()));
    let error = connect(plain(), &address).call(create()).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)), "{error}");
    assert_eq!(requests.load(Ordering::SeqCst), 1);
}

const SECRET: &str = "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";
const CREATED: &str = "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\n";

/// The body of a created key with this secret.
fn whole() -> String {
    samples::CREATED.replace("sk-or-v1-0e6...1c96", SECRET)
}

async fn a_secret_that_arrives_before_a_time_limit_reaches_the_caller<C: Caller>(
    connect: Connect<C>,
) {
    let whole = whole();
    let cut = whole.split_at(whole.find(SECRET).unwrap() + SECRET.len() + 1).0;
    let chunk = format!("transfer-encoding: chunked\r\n\r\n{:x}\r\n{whole}\r\n", whole.len());
    let second = Duration::from_secs(1);
    let options = [CallOptions::new().timeout(second), CallOptions::new().attempt_timeout(second)];
    for rest in [format!("content-length: 5000\r\n\r\n{cut}"), chunk] {
        for options in &options {
            let (address, _) = raw::holding(format!("{CREATED}{rest}"));
            let client = connect(plain(), &address);
            let made = client.send(create(), options.clone()).await.unwrap();
            assert_eq!(made.output.key().reveal(), SECRET);
        }
    }
}

async fn a_secret_within_the_limit_on_a_body_reaches_the_caller<C: Caller>(connect: Connect<C>) {
    let padding = " ".repeat(5 << 20);
    let whole = whole();
    let length = whole.len() + padding.len();
    for rest in [
        format!("content-length: {length}\r\n\r\n{whole}{padding}"),
        format!("\r\n{whole}{padding}"),
        // This much is announced but does not arrive.
        format!("content-length: {length}\r\n\r\n{whole}"),
    ] {
        let (address, requests) = raw::serve(format!("{CREATED}{rest}"));
        let made = connect(plain(), &address).call(create()).await.unwrap();
        assert_eq!(made.key().reveal(), SECRET);
        assert_eq!(requests.load(Ordering::SeqCst), 1);
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.flush().unwrap();
    encoder.finish().unwrap()
}

async fn a_create_requests_no_coding_and_its_secret_is_read_from_a_compressed_body<C: Caller>(
    connect: Connect<C>,
) {
    let body = gzip(&whole());
    let head = |coding: &str, body: &[u8]| {
        let length = body.len();
        format!("{CREATED}content-encoding: {coding}\r\ncontent-length: {length}\r\n\r\n")
    };
    // The last eight bytes are a checksum and a length.
    for sent in [body.as_slice(), body.split_at(body.len() - 8).0] {
        let sent = [head("gzip", &body).as_bytes(), sent].concat();
        let (address, requests) = raw::answering(move |request| {
            let request = String::from_utf8_lossy(request).to_ascii_lowercase();
            assert!(request.contains("\r\naccept-encoding: identity\r\n"), "{request}");
            sent.clone()
        });
        let made = connect(plain(), &address).call(create()).await.unwrap();
        assert_eq!(made.key().reveal(), SECRET);
        assert_eq!(requests.load(Ordering::SeqCst), 1);
    }
    let (address, _) = raw::serve([head("br", b"\x8b\x80").as_bytes(), b"\x8b\x80"].concat());
    let error = connect(plain(), &address).call(create()).await.unwrap_err();
    assert!(error.may_have_been_created());
    assert!(error.to_string().contains("compressed with br"), "{error}");
}

async fn the_status_of_an_error_decides_whatever_becomes_of_its_body<C: Caller>(
    connect: Connect<C>,
) {
    let said = r#"{"error":{"code":400,"message":"no such thing","metadata":{"raw":""#;
    let flood = "x".repeat(70_000);
    for (rest, is_read) in [
        (format!("content-length: 70000\r\n\r\n{said}"), true),
        (format!("content-length: 9000000\r\n\r\n{said}{flood}"), true),
        (format!("\r\n{said}{flood}"), true),
        (format!("transfer-encoding: chunked\r\n\r\n{:x}\r\n{said}\r\nzzz\r\n", said.len()), true),
        (format!("content-encoding: gzip\r\ncontent-length: 9000\r\n\r\n{said}"), true),
        ("content-length: 9\r\n\r\n".to_owned(), false),
        ("transfer-encoding: chunked\r\n\r\nzzz\r\n".to_owned(), false),
    ] {
        for (status, expected) in [(400, 1), (500, 3), (503, 3), (429, 3)] {
            let (address, requests) = raw::serve(format!("HTTP/1.1 {status} x\r\n{rest}"));
            let error = connect(plain(), &address).call(List::new()).await.unwrap_err();
            let ErrorKind::Api(api) = error.kind() else { panic!("{status} {rest:?}: {error:?}") };
            assert_eq!(api.status.as_u16(), status);
            assert_eq!(api.message.as_deref(), is_read.then_some("no such thing"), "{rest}");
            assert_eq!(requests.load(Ordering::SeqCst), expected, "{status} {rest}");
        }
    }
    // Reading stops at the limit, whether or not more follows.
    let (address, _) =
        raw::holding(format!("HTTP/1.1 400 x\r\ncontent-length: 90000\r\n\r\n{flood}"));
    let error = connect(plain(), &address).call(List::new()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Api(_)), "{error:?}");
}

#[tokio::test]
async fn a_create_that_is_cancelled_behind_its_secret_returns_it() {
    let whole = whole();
    for rest in [
        format!("content-length: 5000\r\n\r\n{whole}"),
        format!("transfer-encoding: chunked\r\n\r\n{:x}\r\n{whole}\r\n", whole.len()),
    ] {
        let (address, is_written) = raw::holding(format!("{CREATED}{rest}"));
        // Reading what was written takes far fewer turns of the runtime.
        let cancel = async move {
            while !is_written.load(Ordering::SeqCst) {
                tokio::task::yield_now().await;
            }
            for _ in 0..10_000 {
                tokio::task::yield_now().await;
            }
        };
        let made = async_client(plain(), &address).create(create()).cancel_on(cancel).await;
        assert_eq!(made.unwrap().key().reveal(), SECRET);
    }
}
