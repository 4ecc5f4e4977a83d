//! The server that all contestants call, over plain HTTP/1.1 and over HTTP/2 with TLS. It
//! builds each body once, so that it costs less than any client.

mod bodies;
mod hold;
mod route;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::PrivateKeyDer;
use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::TlsAcceptor;

use self::bodies::Bodies;
use self::hold::Hold;
use self::route::{Page, Route};
use crate::failure::Failure;
use crate::machine;
use crate::protocol::API_KEY;

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 16_384;
/// Milliseconds to wait when the system allows no more connections until some are closed.
const AFTER_REFUSAL: u64 = 10;
/// Large enough that no stream has to wait for another.
const STREAMS: u32 = 1 << 20;

/// The one line that the server writes: its addresses.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Addresses {
    /// Plain HTTP/1.1, without a path.
    pub(crate) http: String,
    /// HTTP/2 over TLS.
    pub(crate) https: String,
    /// The certificate to trust, in PEM.
    pub(crate) certificate: String,
}

/// Serves until the process is killed.
pub(crate) fn serve() -> Result<(), Failure> {
    machine::allow_many_connections();
    // One thread, which leaves the other cores to the contestants.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (plain, secure) = (listener()?, listener()?);
        let (acceptor, certificate) = tls()?;
        let addresses = Addresses {
            http: format!("http://{}", plain.local_addr()?),
            https: format!("https://{}", secure.local_addr()?),
            certificate,
        };
        println!("{}", serde_json::to_string(&addresses)?);
        let site = Arc::new(Site::new()?);
        loop {
            tokio::select! {
                accepted = plain.accept() => match accepted {
                    Ok((stream, _)) => site.clone().serve_plain(stream),
                    Err(_) => pause(AFTER_REFUSAL).await,
                },
                accepted = secure.accept() => match accepted {
                    Ok((stream, _)) => site.clone().serve_secure(stream, acceptor.clone()),
                    Err(_) => pause(AFTER_REFUSAL).await,
                },
            }
        }
    })
}

fn listener() -> Result<TcpListener, Failure> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, 1], 0).into())?;
    Ok(socket.listen(BACKLOG)?)
}

fn tls() -> Result<(TlsAcceptor, String), Failure> {
    let pair = rcgen::KeyPair::generate()?;
    let certificate = rcgen::CertificateParams::new(["127.0.0.1".into()])?.self_signed(&pair)?;
    let key = PrivateKeyDer::try_from(pair.serialize_der()).map_err(Failure::new)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    config.alpn_protocols = vec![b"h2".into()];
    Ok((TlsAcceptor::from(Arc::new(config)), certificate.pem()))
}

struct Site {
    bodies: Bodies,
    hold: Hold,
    authorization: HeaderValue,
}

impl Site {
    fn new() -> Result<Self, Failure> {
        let authorization = HeaderValue::from_str(&format!("Bearer {API_KEY}"))?;
        Ok(Self { bodies: Bodies::default(), hold: Hold::default(), authorization })
    }

    /// Errors of a connection are ignored here: its client reports them.
    fn serve_plain(self: Arc<Self>, stream: TcpStream) {
        let service = service_fn(move |request| self.clone().respond(request));
        tokio::spawn(async move {
            stream.set_nodelay(true)?;
            http1::Builder::new().serve_connection(TokioIo::new(stream), service).await?;
            Ok::<_, Failure>(())
        });
    }

    fn serve_secure(self: Arc<Self>, stream: TcpStream, acceptor: TlsAcceptor) {
        let service = service_fn(move |request| self.clone().respond(request));
        tokio::spawn(async move {
            stream.set_nodelay(true)?;
            let stream = TokioIo::new(acceptor.accept(stream).await?);
            let mut server = http2::Builder::new(TokioExecutor::new());
            server.max_concurrent_streams(STREAMS).serve_connection(stream, service).await?;
            Ok::<_, Failure>(())
        });
    }

    async fn respond(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        let route = Route::of(request.uri());
        let is_api = matches!(route, Some(Route::Key { .. } | Route::Page { .. } | Route::Hold));
        if is_api && request.headers().get(AUTHORIZATION) != Some(&self.authorization) {
            return Ok(response(StatusCode::UNAUTHORIZED, r#"{"error":{"code":401}}"#));
        }
        Ok(match route {
            Some(Route::Key { delay }) => {
                pause(delay).await;
                response(StatusCode::OK, bodies::KEY)
            }
            Some(Route::Page { page: Page { keys, total, delay }, offset }) => {
                pause(delay).await;
                response(StatusCode::OK, self.bodies.page(keys, total, offset))
            }
            Some(Route::Hold) => {
                self.hold.wait().await;
                response(StatusCode::OK, bodies::KEY)
            }
            Some(Route::Held(requests)) => {
                self.hold.until(requests).await;
                response(StatusCode::OK, "{}")
            }
            Some(Route::Release) => {
                self.hold.release();
                response(StatusCode::OK, "{}")
            }
            None => response(StatusCode::NOT_FOUND, r#"{"error":{"code":404}}"#),
        })
    }
}

async fn pause(milliseconds: u64) {
    if milliseconds > 0 {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    }
}

fn response(status: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
