//! A gateway between a program and an emulator: it delays the responses, limits the rate, and
//! notes when the requests came.

mod bucket;

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST, RETRY_AFTER, TRANSFER_ENCODING};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use self::bucket::Bucket;
use crate::failure::Failure;

/// How a gateway behaves.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Manner {
    pub(crate) delay: Duration,
    /// Requests per second, and how many may come at once.
    pub(crate) rate: Option<u32>,
}

/// A request that came through the gateway.
#[derive(Clone, Debug)]
pub(crate) struct Passed {
    pub(crate) method: Method,
    pub(crate) arrived: Instant,
    pub(crate) responded: Instant,
    pub(crate) status: StatusCode,
}

/// A running gateway, which stops when this is dropped.
pub(crate) struct Gate {
    /// Its URL, without a path.
    pub(crate) url: String,
    log: Log,
    _stop: oneshot::Sender<()>,
}

type Log = Arc<Mutex<Vec<Passed>>>;

impl Gate {
    /// Starts a gateway to the server of this URL, which has no path.
    pub(crate) fn start(server: &str, manner: Manner) -> Result<Self, Failure> {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}", listener.local_addr()?);
        let log = Log::default();
        let (stop, stopped) = oneshot::channel();
        let gateway = Gateway {
            server: server.to_owned(),
            client: reqwest::Client::builder().no_proxy().build()?,
            delay: manner.delay,
            bucket: manner.rate.map(|rate| Mutex::new(Bucket::full(rate, Instant::now()))),
            log: log.clone(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => Ok(()),
                    end = Arc::new(gateway).serve(listener) => end,
                }
            })
        });
        Ok(Self { url, log, _stop: stop })
    }

    /// Every request so far, in the order of the responses.
    pub(crate) fn passed(&self) -> Vec<Passed> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

struct Gateway {
    server: String,
    client: reqwest::Client,
    delay: Duration,
    bucket: Option<Mutex<Bucket>>,
    log: Log,
}

impl Gateway {
    async fn serve(self: Arc<Self>, listener: std::net::TcpListener) -> Result<(), Failure> {
        let listener = TcpListener::from_std(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let gateway = self.clone();
            let service = service_fn(move |request| gateway.clone().respond(request));
            // Errors of a connection are reported by its client.
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    }

    async fn respond(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        let (method, arrived) = (request.method().clone(), Instant::now());
        let wait = self.bucket.as_ref().and_then(|bucket| {
            bucket.lock().unwrap_or_else(PoisonError::into_inner).take(arrived).err()
        });
        let response = match wait {
            Some(seconds) => Ok(refused(seconds)),
            None => self.forward(request).await,
        };
        let response = response.unwrap_or_else(|failure| {
            let mut response = Response::new(Full::from(failure.to_string()));
            *response.status_mut() = StatusCode::BAD_GATEWAY;
            response
        });
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
        let (responded, status) = (Instant::now(), response.status());
        let passed = Passed { method, arrived, responded, status };
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push(passed);
        Ok(response)
    }

    async fn forward(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Failure> {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().map(http::uri::PathAndQuery::as_str);
        let url = format!("{}{}", self.server, path.unwrap_or("/"));
        let mut headers = parts.headers;
        headers.remove(HOST);
        let sent = self.client.request(parts.method, url).headers(headers);
        let mut got = sent.body(body.collect().await?.to_bytes()).send().await?;
        let (status, mut headers) = (got.status(), std::mem::take(got.headers_mut()));
        // The body is sent whole, with its own length.
        headers.remove(TRANSFER_ENCODING);
        headers.remove(CONTENT_LENGTH);
        let mut response = Response::new(Full::new(got.bytes().await?));
        (*response.status_mut(), *response.headers_mut()) = (status, headers);
        Ok(response)
    }
}

fn refused(seconds: u32) -> Response<Full<Bytes>> {
    let body = r#"{"error":{"code":429,"message":"Rate limit exceeded"}}"#;
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    response.headers_mut().insert(RETRY_AFTER, seconds.into());
    response
}
