//! Handles a request: logs it, finds its fault, responds.

use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::Value;

use crate::api::Committed;
use crate::api_error::ApiError;
use crate::behaviour;
use crate::connection::Connection;
use crate::delivery::deliver;
use crate::fault::{Content, Fault};
use crate::fault_text::ParseFaultError;
use crate::server::Server;
use crate::shape::Shape;

/// The request header with a fault for this request.
pub(crate) const FAULT_HEADER: &str = "x-emulator-fault";

/// Requests of this API are small; a larger one is a mistake.
const LARGEST_BODY: usize = 1024 * 1024;

/// A response before its delivery is decided.
pub(crate) struct WireResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) content: Content,
}

pub(crate) async fn attend(
    State(server): State<Arc<Server>>,
    Extension(connection): Extension<Connection>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let mut response = match to_bytes(body, LARGEST_BODY).await {
        Ok(body) => respond(&server, &connection, parts, body, next).await,
        Err(_) => too_large(&server, &parts),
    };
    if server.behaviour.close_idle {
        let body = std::mem::take(response.body_mut());
        *response.body_mut() = behaviour::closing(body, connection);
    }
    response
}

fn too_large(server: &Server, parts: &Parts) -> Response {
    server.print(|| format!("{} {} 413", parts.method, parts.uri));
    ApiError::of(StatusCode::PAYLOAD_TOO_LARGE).into_response()
}

async fn respond(
    server: &Server,
    connection: &Connection,
    parts: Parts,
    body: Bytes,
    next: Next,
) -> Response {
    let number = server.log().note(&parts, &body, connection.number);
    let mut common = behaviour::common_headers(server, &parts, number);
    let line = format!("{} {}", parts.method, parts.uri);
    if let Some(preflight) = server
        .access
        .has_cors()
        .then(|| behaviour::preflight(&parts.method, &parts.headers))
        .flatten()
    {
        server.print(|| format!("{line} preflight"));
        return (common, preflight).into_response();
    }
    let fault = match fault_of(server, &parts) {
        Ok(fault) => fault,
        Err(error) => {
            server.print(|| format!("{line} {error}"));
            return (common, error).into_response();
        }
    };
    let mut is_committed = false;
    let truth = if fault.lets_through() {
        let response = next.run(Request::from_parts(parts, Body::from(body))).await;
        is_committed = response.extensions().get::<Committed>().is_some();
        if is_committed {
            server.log().note_commit(number);
        }
        Some(response)
    } else {
        None
    };
    tokio::time::sleep(fault.delay).await;
    let mut response = match truth {
        Some(truth) if fault.has_real_body() => real_response(truth, &fault).await,
        _ => fake_response(&fault),
    };
    common.extend(response.headers);
    replace_headers(&mut common, &fault);
    response.headers = common;
    server.print(|| {
        let changed = if is_committed { ", changed something" } else { "" };
        match fault.cuts_off() {
            Some(how) => format!("{line} {how}{changed}"),
            None => format!("{line} {}{changed}", response.status.as_u16()),
        }
    });
    deliver(response, fault.delivery, connection).await
}

/// The request's own fault, or else the next one in the script.
fn fault_of(server: &Server, parts: &Parts) -> Result<Fault, ApiError> {
    let Some(text) = parts.headers.get(FAULT_HEADER) else {
        let scripted = server.script().take(&parts.method, parts.uri.path());
        return Ok(scripted.unwrap_or_else(Fault::none));
    };
    let fault: Result<Fault, ParseFaultError> = String::from_utf8_lossy(text.as_bytes()).parse();
    fault.map_err(|error| ApiError::bad_request(format!("{FAULT_HEADER}: {error}.")))
}

async fn real_response(truth: Response, fault: &Fault) -> WireResponse {
    let (mut parts, body) = truth.into_parts();
    // The delivery announces the length of what is sent, which may differ.
    parts.headers.remove(CONTENT_LENGTH);
    // The API's responses are in memory, so reading them cannot fail.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let body = fault.shape.and_then(|shape| reshaped(&body, shape)).unwrap_or(body);
    let status = fault.status.unwrap_or(parts.status);
    WireResponse { status, headers: parts.headers, content: Content::Bytes(body) }
}

fn reshaped(body: &[u8], shape: Shape) -> Option<Bytes> {
    let mut response: Value = serde_json::from_slice(body).ok()?;
    shape.reshape(&mut response);
    Some(response.to_string().into())
}

fn fake_response(fault: &Fault) -> WireResponse {
    let status = fault.status.unwrap_or(StatusCode::OK);
    let error_body = || Content::Bytes(ApiError::of(status).body().to_string().into());
    let content = fault.body.clone().unwrap_or_else(error_body);
    let mut headers = HeaderMap::new();
    if content != Content::Bytes(Bytes::new()) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    WireResponse { status, headers, content }
}

fn replace_headers(headers: &mut HeaderMap, fault: &Fault) {
    for (name, _) in &fault.headers {
        headers.remove(name);
    }
    for (name, value) in &fault.headers {
        if let Some(value) = value {
            headers.append(name, value.clone());
        }
    }
}
