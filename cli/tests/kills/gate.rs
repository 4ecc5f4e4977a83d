//! A gate between the program and the server. It counts the requests of a run and says when the
//! run is to be killed. What has passed it reaches the server even if the program is dead by then.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use http::Method;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// A kill at the request with this number, counted from 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kill {
    pub(crate) request: usize,
    pub(crate) moment: Moment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// The request has arrived, and the server does not see it.
    BeforeTheServer,
    /// The server has acted, and its response is lost.
    AfterTheServer,
    /// So long after the response, or when the next request arrives.
    AfterTheResponse(Duration),
}

pub(crate) struct Gate {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    http: reqwest::Client,
    /// Without a path.
    server: Mutex<String>,
    run: Mutex<Run>,
}

enum Next {
    /// Its run ends here.
    Hold,
    /// The server gets it; the run may be killed after that.
    Pass(Option<Moment>),
}

#[derive(Default)]
struct Run {
    requests: usize,
    /// Which of them create a key.
    creates: Vec<usize>,
    kill: Option<Kill>,
    is_responded: bool,
    due: Option<oneshot::Sender<()>>,
    held: Option<(Parts, Bytes)>,
}

impl Gate {
    pub(crate) async fn open(server: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/api/v1", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            server: Mutex::new(server.to_owned()),
            run: Mutex::default(),
        });
        let router = Router::new().fallback(pass).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, shared }
    }

    /// Where the server is after a restart.
    pub(crate) fn lead_to(&self, server: &str) {
        server.clone_into(&mut self.shared.server.lock().unwrap());
    }

    /// Begins to count anew. The result is ready when the run is to be killed.
    pub(crate) fn begin(&self, kill: Option<Kill>) -> oneshot::Receiver<()> {
        let (due, is_due) = oneshot::channel();
        let mut run = self.shared.run.lock().unwrap();
        let held = run.held.take();
        *run = Run { kill, due: Some(due), held, ..Run::default() };
        is_due
    }

    /// How many requests have arrived since the run began.
    pub(crate) fn requests(&self) -> usize {
        self.shared.run.lock().unwrap().requests
    }

    /// Which of them create a key.
    pub(crate) fn creates(&self) -> Vec<usize> {
        self.shared.run.lock().unwrap().creates.clone()
    }

    /// Lets the request through that was held before the server.
    pub(crate) async fn release(&self) {
        let held = self.shared.run.lock().unwrap().held.take();
        let (parts, body) = held.unwrap();
        self.shared.clone().forward(parts, body).await.unwrap();
    }
}

async fn pass(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let moment = match shared.arrived(&parts, &body) {
        Next::Hold => return pending().await,
        Next::Pass(moment) => moment,
    };
    // In a task of its own: this one ends with its connection.
    let forwarded = tokio::spawn(shared.clone().forward(parts, body)).await.unwrap();
    match moment {
        Some(Moment::AfterTheServer) => {
            shared.kill();
            return pending().await;
        }
        Some(Moment::AfterTheResponse(delay)) => {
            shared.run.lock().unwrap().is_responded = true;
            tokio::spawn(async move {
                tokio::time::sleep(delay).await;
                shared.kill();
            });
        }
        _ => {}
    }
    // The server may be killed as well.
    forwarded.unwrap_or_else(|_| Response::builder().status(502).body(Body::empty()).unwrap())
}

impl Shared {
    /// Counts the request, and says what becomes of it.
    fn arrived(&self, parts: &Parts, body: &Bytes) -> Next {
        let mut run = self.run.lock().unwrap();
        run.requests += 1;
        if parts.method == Method::POST {
            let number = run.requests;
            run.creates.push(number);
        }
        let moment = run.kill.filter(|kill| kill.request == run.requests).map(|kill| kill.moment);
        if run.is_responded || moment == Some(Moment::BeforeTheServer) {
            run.held = Some((parts.clone(), body.clone()));
            drop(run);
            self.kill();
            return Next::Hold;
        }
        Next::Pass(moment)
    }

    fn kill(&self) {
        if let Some(due) = self.run.lock().unwrap().due.take() {
            let _ = due.send(());
        }
    }

    async fn forward(self: Arc<Self>, parts: Parts, body: Bytes) -> reqwest::Result<Response> {
        let url = format!("{}{}", self.server.lock().unwrap(), parts.uri);
        let mut headers = parts.headers;
        for name in [HOST, CONNECTION, CONTENT_LENGTH] {
            headers.remove(name);
        }
        let request = self.http.request(parts.method, url).headers(headers).body(body);
        let response = request.send().await?;
        let mut passed = Response::builder().status(response.status());
        for (name, value) in response.headers() {
            if ![CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING].contains(name) {
                passed = passed.header(name, value);
            }
        }
        let body = response.bytes().await?;
        Ok(passed.body(Body::from(body)).unwrap())
    }
}
