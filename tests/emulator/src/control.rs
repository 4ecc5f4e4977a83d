//! `/_emulator`: the methods of `Emulator` over HTTP, for tests in other languages.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderName, StatusCode};
use serde_json::{Value, json};

use crate::api_error::ApiError;
use crate::fault::Fault;
use crate::fault_text::ParseFaultError;
use crate::input::{self, Body};
use crate::key::{Key, shown};
use crate::record::Funds;
use crate::seen::SeenRequest;
use crate::server::Server;

/// The control API's path. Web pages cannot reach it unless their origin is allowed explicitly.
pub(crate) const PATH: &str = "/_emulator";

pub(crate) fn routes() -> Router<Arc<Server>> {
    Router::new()
        .route("/requests", get(requests).delete(clear_requests))
        .route("/faults", post(add_fault).delete(clear_faults))
        .route("/clock", get(clock).post(advance_clock))
        .route("/spend", post(spend))
        .route("/keys", get(keys))
        .route("/health", get(health))
        .route("/reset", post(reset))
        .fallback(async || ApiError::of(StatusCode::NOT_FOUND))
        .method_not_allowed_fallback(async || ApiError::of(StatusCode::METHOD_NOT_ALLOWED))
}

/// A header counts the older requests that the log dropped.
async fn requests(State(server): State<Arc<Server>>) -> ([(HeaderName, String); 1], Json<Value>) {
    let log = server.log();
    let dropped = (HeaderName::from_static("x-emulator-dropped"), log.dropped().to_string());
    ([dropped], Json(log.requests().iter().map(described).collect()))
}

async fn health() -> Json<Value> {
    Json(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}))
}

async fn reset(State(server): State<Arc<Server>>) -> Result<StatusCode, ApiError> {
    server.reset()?;
    Ok(StatusCode::NO_CONTENT)
}

fn described(request: &SeenRequest) -> Value {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let header = |(name, value): (&HeaderName, &http::HeaderValue)| {
        json!([name.as_str(), text(value.as_bytes())])
    };
    json!({
        "method": request.method.as_str(),
        "path_and_query": request.path_and_query,
        "headers": request.headers.iter().map(header).collect::<Vec<_>>(),
        "body": text(&request.body),
        "committed": request.committed,
        "connection": request.connection,
        "version": format!("{:?}", request.version),
    })
}

async fn clear_requests(State(server): State<Arc<Server>>) -> StatusCode {
    server.log().clear();
    StatusCode::NO_CONTENT
}

async fn add_fault(
    State(server): State<Arc<Server>>,
    text: String,
) -> Result<StatusCode, ApiError> {
    let fault: Result<Fault, ParseFaultError> = text.trim().parse();
    let fault = fault.map_err(|error| ApiError::bad_request(error.to_string()))?;
    server.script().next(fault);
    Ok(StatusCode::NO_CONTENT)
}

async fn clear_faults(State(server): State<Arc<Server>>) -> StatusCode {
    server.script().clear();
    StatusCode::NO_CONTENT
}

async fn clock(State(server): State<Arc<Server>>) -> Json<Value> {
    Json(json!({"now": shown(server.clock.now())}))
}

async fn advance_clock(
    State(server): State<Arc<Server>>,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let seconds = body.required("advance_seconds", input::amount)?;
    let by = Duration::try_from_secs_f64(seconds).map_err(|_| input::invalid("advance_seconds"))?;
    server.clock.advance(by);
    Ok(clock(State(server)).await)
}

async fn spend(State(server): State<Arc<Server>>, body: Body) -> Result<StatusCode, ApiError> {
    let hash = body.required("hash", input::filled_text)?;
    let usd = body.required("usd", input::amount)?;
    let is_byok = body.optional("byok", input::boolean)?.unwrap_or(false);
    let funds = if is_byok { Funds::Byok } else { Funds::Credit };
    server.spend(&hash, usd, funds)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn keys(State(server): State<Arc<Server>>) -> Json<Vec<Key>> {
    Json(server.keys())
}
