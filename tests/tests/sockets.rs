//! Tests of the native transport that need real sockets.

#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod servers {
    pub(crate) mod h2;
    pub(crate) mod raw;
    pub(crate) mod tls;
}

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Version};
use openrouter_keys_emulator::{Emulator, Fault};
use openrouter_keys_native::blocking::{self, BlockingNativeTransport};
use openrouter_keys_native::config::Jitter;
use openrouter_keys_native::error::{Delivery, TimeoutPhase, TransportError, TransportErrorKind};
use openrouter_keys_native::transport::{SendContext, Transport};
use openrouter_keys_native::{
    ApiKey, BaseUrl, Client, Config, Create, Effect, Error, ErrorKind, Headers, Limit, List,
    NativeTransport, RetryPolicy, Update, client_with,
};
use servers::h2::{self, Reply};
use servers::raw;
use servers::tls::TlsServer;

fn key() -> ApiKey {
    ApiKey::new("sk-or-v1-test").unwrap()
}

fn config(base_url: &str) -> Config {
    Config::new().base_url(BaseUrl::new(base_url).unwrap())
}

fn client(emulator: &Emulator) -> Client {
    client_with(ApiKey::new(emulator.management_key()).unwrap(), config(&emulator.base_url()))
        .unwrap()
}

fn client_over(transport: NativeTransport, emulator: &Emulator) -> Client {
    let key = ApiKey::new(emulator.management_key()).unwrap();
    Client::with_config(transport, key, config(&emulator.base_url())).unwrap()
}

fn create(name: &str) -> Create {
    Create::new(name, Limit::usd(1.0))
}

fn kind(error: &Error) -> (Delivery, TransportErrorKind) {
    match error.kind() {
        ErrorKind::Transport(error) => (error.delivery(), error.kind()),
        other => panic!("{other:?}"),
    }
}

/// An address without a listener.
fn unused() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn a_refused_connection_certainly_sent_nothing() {
    let client = client_with(key(), config(&format!("http://{}", unused()))).unwrap();
    let error = client.create(create("x")).await.unwrap_err();
    assert_eq!(kind(&error), (Delivery::NotSent, TransportErrorKind::Connect));
    assert_eq!(
        (error.attempts(), error.effect(), error.is_retryable()),
        (3, &Effect::Nothing, true)
    );
    assert!(error.to_string().contains("nothing was created"), "{error}");
}

#[tokio::test]
async fn a_name_that_does_not_resolve_certainly_sent_nothing() {
    let client = client_with(key(), config("https://no-such-host.invalid/api/v1")).unwrap();
    let error = client.create(create("x")).retry(RetryPolicy::none()).await.unwrap_err();
    assert_eq!(kind(&error), (Delivery::NotSent, TransportErrorKind::Dns), "{error:?}");
}

#[tokio::test]
async fn a_server_that_comes_up_before_the_second_attempt_sees_one_create() {
    let address = unused();
    let emulator = Arc::new(std::sync::Mutex::new(None::<Emulator>));
    // The key is requested before each attempt, which needs no timer.
    let (asked, late) = (AtomicUsize::new(0), emulator.clone());
    let keys = openrouter_keys_native::KeySource::provider(move || {
        let mut slot = late.lock().unwrap();
        if asked.fetch_add(1, Ordering::SeqCst) == 1 {
            *slot = Some(Emulator::builder().port(address.port()).secrets_seed(7).start().unwrap());
        }
        let key = slot
            .as_ref()
            .map_or("sk-or-v1-not-yet".to_owned(), |emulator| emulator.management_key().to_owned());
        async move { Ok(ApiKey::new(key)?) }
    });
    let client = client_with(keys, config(&format!("http://{address}/api/v1"))).unwrap();
    let response = client.create(create("late")).with_response().await.unwrap();
    assert_eq!(response.meta.attempts, 2);
    let emulator = emulator.lock().unwrap().take().unwrap();
    assert_eq!((emulator.requests().len(), emulator.key_count()), (1, 1));
}

#[tokio::test]
async fn only_the_requested_bytes_are_on_the_wire() {
    let emulator = Emulator::start().unwrap();
    let headers =
        Headers::new().title("Shop").unwrap().http_referer("https://shop.example").unwrap();
    client(&emulator).create(create("x")).headers(headers).await.unwrap();
    let request = &emulator.requests()[0];
    let mut names: Vec<&str> = request.headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "accept",
            "accept-encoding",
            "authorization",
            "content-length",
            "content-type",
            "host",
            "http-referer",
            "user-agent",
            "x-openrouter-title"
        ]
    );
    assert_eq!(request.headers["accept"], "application/json");
    assert_eq!(request.headers["accept-encoding"], "identity");
    assert_eq!(request.body, r#"{"name":"x","limit":1}"#);
    assert_eq!(request.path_and_query, "/api/v1/keys");
}

#[tokio::test]
async fn reads_share_a_connection_and_each_create_has_one_of_its_own() {
    let emulator = Emulator::start().unwrap();
    let client = client(&emulator);
    for _ in 0..3 {
        client.list(List::new()).await.unwrap();
        client.create(create("x")).await.unwrap();
    }
    let hash = emulator.keys()[0].hash.clone();
    client.update(Update::new(&hash).disabled(true)).await.unwrap();
    client.delete(&hash).await.unwrap();
    let connections = |method: &str| -> BTreeSet<u64> {
        let requests = emulator.requests();
        requests
            .iter()
            .filter(|request| request.method == method)
            .map(|request| request.connection)
            .collect()
    };
    let (reads, creates) = (connections("GET"), connections("POST"));
    assert_eq!((reads.len(), creates.len()), (1, 3));
    assert!(reads.is_disjoint(&creates));
    assert_eq!((connections("PATCH"), connections("DELETE")), (reads.clone(), reads));
}

#[tokio::test]
async fn a_server_that_closes_idle_connections_loses_and_duplicates_no_create() {
    let emulator = Emulator::builder().close_idle().start().unwrap();
    let client = client(&emulator);
    for number in 0..200 {
        client.create(create(&format!("key {number}"))).await.unwrap();
        client.list(List::new()).await.unwrap();
    }
    let posts = emulator.requests().iter().filter(|request| request.method == "POST").count();
    assert_eq!((posts, emulator.key_count()), (200, 200));
}

#[tokio::test]
async fn http2_is_used_if_the_server_supports_it() {
    let emulator = Emulator::start().unwrap();
    let transport = NativeTransport::builder().reqwest(reqwest_http2).build().unwrap();
    let client = client_over(transport, &emulator);
    client.create(create("x")).await.unwrap();
    assert_eq!(client.list(List::new()).await.unwrap().data.len(), 1);
    assert!(emulator.requests().iter().all(|request| request.version == Version::HTTP_2));

    emulator.fail_next(Fault::reset_after_commit());
    let error = client.create(create("lost")).await.unwrap_err();
    assert_eq!((error.may_have_been_created(), error.attempts()), (true, 1));
}

fn reqwest_http2(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    builder.http2_prior_knowledge()
}

#[tokio::test]
async fn a_redirects_target_receives_nothing() {
    let (origin, target) = (Emulator::start().unwrap(), Emulator::start().unwrap());
    let client = client(&origin);
    for status in [301, 302, 303, 307, 308] {
        origin.fail_next(Fault::redirect(status, &format!("{}/keys", target.base_url())));
        let error = client.create(create("x")).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::UnexpectedRedirect { .. }), "{error:?}");
        assert!(error.may_have_been_created());
    }
    assert_eq!(target.requests().len(), 0);
}

#[tokio::test]
async fn a_given_client_must_not_follow_redirects() {
    assert!(NativeTransport::from_client(reqwest::Client::new()).is_err());
    let limited =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::limited(1)).build().unwrap();
    assert!(NativeTransport::from_client(limited).is_err());

    let emulator = Emulator::start().unwrap();
    let none =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let client = client_over(NativeTransport::from_client(none).unwrap(), &emulator);
    assert!(client.list(List::new()).await.unwrap().data.is_empty());
}

#[tokio::test]
async fn no_client_setting_breaks_a_promise() {
    let (emulator, target) = (Emulator::start().unwrap(), Emulator::start().unwrap());
    let transport = NativeTransport::builder()
        .reqwest(|client| {
            let follow = reqwest::redirect::Policy::limited(5);
            client.redirect(follow).pool_max_idle_per_host(9).referer(true)
        })
        .build()
        .unwrap();
    let client = client_over(transport, &emulator);
    for _ in 0..3 {
        client.create(create("x")).await.unwrap();
    }
    let connections: BTreeSet<u64> =
        emulator.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections.len(), 3);
    emulator.fail_next(Fault::redirect(307, &target.base_url()));
    client.create(create("x")).await.unwrap_err();
    assert_eq!(target.requests().len(), 0);
}

#[test]
fn without_a_runtime_the_async_client_says_so() {
    let emulator = Emulator::start().unwrap();
    let error = pollster::block_on(client(&emulator).list(List::new()).into_future()).unwrap_err();
    assert_eq!(kind(&error), (Delivery::NotSent, TransportErrorKind::Setup));
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("no Tokio runtime"));
}

#[tokio::test]
async fn a_client_that_cannot_be_built_ends_a_create_with_nothing_sent() {
    let emulator = Emulator::start().unwrap();
    let made = AtomicUsize::new(0);
    let builder = NativeTransport::builder().reqwest(move |client| {
        // The first two are built with the transport.
        let is_late = made.fetch_add(1, Ordering::Relaxed) >= 2;
        if is_late { client.user_agent("a\nb") } else { client }
    });
    let client = client_over(builder.build().unwrap(), &emulator);
    let error = client.create(create("never")).await.unwrap_err();
    assert_eq!(kind(&error), (Delivery::NotSent, TransportErrorKind::Setup));
    assert_eq!(error.effect(), &Effect::Nothing);
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("the HTTP client could not be built: "), "{source}");
}

#[tokio::test]
async fn a_send_dropped_before_it_is_polled_opens_no_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let transport = NativeTransport::new().unwrap();
    let url = format!("http://{}/keys", listener.local_addr().unwrap());
    let request = || Request::get(&url).body(Bytes::new()).unwrap();
    drop(transport.send(request(), &SendContext::default()));
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(listener.accept().is_err());
    let context = SendContext::default();
    let sending = transport.send(request(), &context);
    let polled = openrouter_keys_native::internal::race(sending, std::future::ready(())).await;
    assert!(polled.is_none());
    assert!(listener.accept().is_ok(), "one that is polled does");
}

#[tokio::test]
async fn a_body_announced_as_too_large_is_not_awaited() {
    let response = b"HTTP/1.1 200 OK\r\ncontent-length: 52428800\r\n\r\n{".as_slice();
    let client = client_with(key(), config(&raw::serve(response).0)).unwrap();
    let error = client.list(List::new()).await.unwrap_err();
    assert_eq!(kind(&error), (Delivery::Unknown, TransportErrorKind::BodyTooLarge(4 << 20)));
}

#[tokio::test]
async fn a_hostile_length_reserves_no_memory() {
    let response = b"HTTP/1.1 200 OK\r\ncontent-length: 4611686018427387904\r\n\r\n{}".as_slice();
    let config = config(&raw::serve(response).0).max_success_body(usize::MAX);
    let error = client_with(key(), config)
        .unwrap()
        .list(List::new())
        .retry(RetryPolicy::none())
        .await
        .unwrap_err();
    assert_eq!(kind(&error), (Delivery::Unknown, TransportErrorKind::Disconnected));
}

#[tokio::test]
async fn a_stream_refused_by_http2_was_certainly_not_processed() {
    // RST_STREAM with REFUSED_STREAM; GOAWAY before any stream with NO_ERROR.
    for replies in [&[Reply::Reset(7)], &[Reply::GoAway(0, 0)]] {
        let (address, requests) = h2::serve(replies);
        let transport = NativeTransport::builder().reqwest(reqwest_http2).build().unwrap();
        let client = Client::with_config(transport, key(), config(&address)).unwrap();
        let error = client.create(create("x")).await.unwrap_err();
        assert_eq!(kind(&error), (Delivery::NotSent, TransportErrorKind::Refused), "{error:?}");
        assert_eq!((error.attempts(), error.may_have_been_created()), (3, false));
        assert_eq!(requests.load(Ordering::SeqCst), 3, "each attempt is one stream");
    }
}

#[tokio::test]
async fn a_stream_aborted_by_http2_may_have_been_processed() {
    // RST_STREAM with CANCEL; GOAWAY before any stream, but for an error.
    for replies in [&[Reply::Reset(8)], &[Reply::GoAway(0, 2)]] {
        let (address, requests) = h2::serve(replies);
        let transport = NativeTransport::builder().reqwest(reqwest_http2).build().unwrap();
        let client = Client::with_config(transport, key(), config(&address)).unwrap();
        let error = client.create(create("x")).await.unwrap_err();
        assert!(error.may_have_been_created(), "{error:?}");
        assert_eq!(requests.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn a_body_that_stalls_ends_at_the_idle_timeout_with_its_status() {
    let emulator = Emulator::start().unwrap();
    emulator.fail_always(Fault::stall_body(10));
    let key = ApiKey::new(emulator.management_key()).unwrap();
    let config = config(&emulator.base_url()).idle_timeout(Duration::from_millis(100));
    let error = client_with(key, config).unwrap().create(create("x")).await.unwrap_err();
    assert_eq!(kind(&error), (Delivery::Unknown, TransportErrorKind::Timeout(TimeoutPhase::Idle)));
    assert_eq!(error.status().unwrap(), 201);
}

#[tokio::test]
async fn a_delete_whose_response_was_lost_reports_the_key_already_gone() {
    let emulator = Emulator::start().unwrap();
    let hash = emulator.seed_keys(1).remove(0);
    emulator.fail_next(Fault::reset_after_commit());
    let deleted = client(&emulator).delete(hash).with_response().await.unwrap();
    assert!(deleted.output.already_gone);
    assert_eq!((deleted.meta.attempts, emulator.key_count()), (2, 0));
}

/// Reports when a pause between two attempts begins.
struct Noticing {
    inner: NativeTransport,
    pause: Arc<tokio::sync::Notify>,
}

#[async_trait::async_trait]
impl Transport for Noticing {
    async fn send(
        &self,
        request: Request<Bytes>,
        context: &SendContext,
    ) -> Result<Response<Bytes>, TransportError> {
        self.inner.send(request, context).await
    }

    async fn sleep(&self, duration: Duration) {
        if duration == PAUSE {
            self.pause.notify_one();
        }
        self.inner.sleep(duration).await;
    }

    fn now(&self) -> Duration {
        self.inner.now()
    }

    fn entropy(&self) -> u64 {
        self.inner.entropy()
    }
}

const PAUSE: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn a_call_dropped_during_its_pause_sends_nothing_more() {
    let emulator = Emulator::start().unwrap();
    emulator.fail_always(Fault::status(503));
    let pause = Arc::new(tokio::sync::Notify::new());
    let transport = Noticing { inner: NativeTransport::new().unwrap(), pause: pause.clone() };
    let key = ApiKey::new(emulator.management_key()).unwrap();
    let client = Client::with_config(transport, key, config(&emulator.base_url())).unwrap();
    let policy =
        RetryPolicy::default().jitter(Jitter::None).initial_interval(PAUSE).max_interval(PAUSE);
    let call = client.list(List::new()).retry(policy).timeout(2 * PAUSE);
    tokio::select! {
        result = call.into_future() => panic!("{result:?}"),
        () = pause.notified() => {}
    }
    assert_eq!(emulator.requests().len(), 1);
}

#[test]
fn the_blocking_client_works_on_any_thread() {
    let emulator = Emulator::start().unwrap();
    let transport = BlockingNativeTransport::new(NativeTransport::new().unwrap()).unwrap();
    let key = ApiKey::new(emulator.management_key()).unwrap();
    let client =
        blocking::Client::with_config(transport, key, config(&emulator.base_url())).unwrap();

    assert!(client.list(List::new()).send().unwrap().data.is_empty());
    let threads: Vec<JoinHandle<()>> = (0..8)
        .map(|number| {
            let client = client.clone();
            std::thread::spawn(move || {
                client.create(create(&format!("key {number}"))).send().unwrap();
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(emulator.key_count(), 8);

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let inner = client.clone();
    assert_eq!(
        runtime.block_on(async move { inner.list(List::new()).send().unwrap().data.len() }),
        8
    );
    let task = runtime.spawn_blocking(move || client.list(List::new()).send().unwrap().data.len());
    // The last clone is dropped in async code, which must not panic either.
    assert_eq!(runtime.block_on(task).unwrap(), 8);
}

#[tokio::test]
async fn an_untrusted_certificate_ends_the_call_before_anything_is_sent() {
    let server = TlsServer::start();
    let client = client_with(key(), config(&format!("https://{}/api/v1", server.address))).unwrap();
    let error = client.create(create("x")).await.unwrap_err();
    assert_eq!(kind(&error), (Delivery::NotSent, TransportErrorKind::Tls), "{error:?}");
    assert_eq!((error.attempts(), error.is_retryable()), (1, false));
    assert_eq!(server.requests.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_response_that_violates_http_is_an_error_and_does_not_hang() {
    for response in
        [raw::one_huge_header(), raw::many_headers(), b"SSH-2.0-OpenSSH\r\n\r\n".to_vec()]
    {
        let client = client_with(key(), config(&raw::serve(response).0)).unwrap();
        let error = client.list(List::new()).retry(RetryPolicy::none()).await.unwrap_err();
        assert_eq!(kind(&error), (Delivery::Unknown, TransportErrorKind::Protocol), "{error:?}");
    }
}

#[tokio::test]
async fn no_error_shows_the_path_or_the_key() {
    let hash = "f01d52606dc8f0a8";
    let secret = "sk-or-v1-c0ffee00c0ffee00c0ffee00";
    for base_url in [
        format!("http://{}", unused()),
        raw::serve(*b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{").0,
    ] {
        let client = client_with(ApiKey::new(secret).unwrap(), config(&base_url)).unwrap();
        let error = client.get(hash).retry(RetryPolicy::none()).await.unwrap_err();
        let mut text = format!("{error} {error:?} {error:#?}");
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            write!(text, " {error} {error:?} {error:#?}").unwrap();
            cause = error.source();
        }
        assert!(!text.contains(hash) && !text.contains("c0ffee"), "{text}");
    }
}
