//! Connections: kept alive, closed unannounced, counted, over HTTP/1.1 and HTTP/2.

use std::io::{Read, Write};
use std::net::TcpStream;

use http::{Request, Version};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use openrouter_keys_emulator::Emulator;

use crate::client::{Call, End, call, read_to_end, reply};

fn get(emulator: &Emulator) -> Call {
    call(emulator, "GET", "/keys")
}

/// Reads one response of an empty listing from a connection that stays open.
fn read_response(stream: &mut TcpStream) {
    let mut response = Vec::new();
    while !response.ends_with(br#"{"data":[]}"#) {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        response.push(byte[0]);
    }
}

#[test]
fn a_connection_is_kept_and_its_requests_share_its_number() {
    let emulator = Emulator::start().unwrap();
    let mut stream = TcpStream::connect(emulator.address()).unwrap();
    for _ in 0..2 {
        get(&emulator).write(&mut stream);
        read_response(&mut stream);
    }
    get(&emulator).send();
    let connections: Vec<u64> = emulator.requests().iter().map(|seen| seen.connection).collect();
    assert_eq!(connections, [0, 0, 1]);
    assert_eq!(emulator.requests()[0].version, Version::HTTP_11);
}

#[test]
fn an_idle_connection_can_be_closed_unannounced() {
    let emulator = Emulator::builder().close_idle().start().unwrap();
    for fault in ["status=200", "empty=200", "body-bytes=100000", "status=503"] {
        let mut stream = TcpStream::connect(emulator.address()).unwrap();
        get(&emulator).fault(fault).write(&mut stream);
        let (bytes, end) = read_to_end(&mut stream);
        let reply = reply(&bytes, end);
        assert_eq!(reply.end, End::Closed, "{fault}");
        assert_eq!(reply.header("connection"), None, "{fault}");
        let length: usize = reply.header("content-length").unwrap().parse().unwrap();
        assert_eq!(reply.body.len(), length, "{fault}");
    }
}

#[test]
fn a_closing_server_reads_no_second_request() {
    let emulator = Emulator::builder().close_idle().start().unwrap();
    let mut stream = TcpStream::connect(emulator.address()).unwrap();
    get(&emulator).write(&mut stream);
    read_response(&mut stream);
    // Too late: the close is under way, even if it has not arrived yet.
    let _ = stream.write_all(b"GET /api/v1/keys HTTP/1.1\r\nhost: emulator\r\n\r\n");
    let (bytes, _) = read_to_end(&mut stream);
    assert!(bytes.is_empty());
    assert_eq!(emulator.requests().len(), 1);
}

#[test]
fn http_2_works_on_the_same_port() {
    let emulator = Emulator::start().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(emulator.address()).await.unwrap();
        let handshake =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
        let (mut sender, connection) = handshake.await.unwrap();
        tokio::spawn(connection);
        let mut get = async |fault: &str| {
            let request = Request::get(format!("{}/keys", emulator.base_url()))
                .header("authorization", format!("Bearer {}", emulator.management_key()))
                .header("x-emulator-fault", fault)
                .body(Empty::<bytes::Bytes>::new())
                .unwrap();
            let response = sender.send_request(request).await?;
            let status = response.status();
            response.into_body().collect().await.map(|body| (status, body.to_bytes()))
        };
        let (status, body) = get("status=200").await.unwrap();
        assert_eq!((status.as_u16(), &body[..]), (200, &br#"{"data":[]}"#[..]));
        assert!(get("truncate=5").await.is_err());
    });
    let requests = emulator.requests();
    assert_eq!(requests[0].version, Version::HTTP_2);
    assert_eq!(requests[0].path_and_query, "/api/v1/keys");
    assert_eq!(requests[0].connection, requests[1].connection);
}

#[test]
fn dropping_the_emulator_ends_its_connections_and_frees_its_port() {
    let emulator = Emulator::start().unwrap();
    let address = emulator.address();
    let mut stream = TcpStream::connect(address).unwrap();
    get(&emulator).fault("stall-headers").write(&mut stream);
    while emulator.requests().is_empty() {
        std::thread::yield_now();
    }
    drop(emulator);
    assert_eq!(read_to_end(&mut stream), (Vec::new(), End::Closed));
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn a_taken_port_is_an_error() {
    let emulator = Emulator::start().unwrap();
    let error = Emulator::builder().port(emulator.address().port()).start().unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
}

#[tokio::test]
async fn it_starts_and_stops_within_another_runtime() {
    let emulator = Emulator::start().unwrap();
    tokio::net::TcpStream::connect(emulator.address()).await.unwrap();
}
