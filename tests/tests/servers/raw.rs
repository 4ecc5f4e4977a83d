//! A server that answers every connection with given bytes, whatever the request.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Returns the address of a server with a constant response, and how many connections brought a
/// request.
pub(crate) fn serve(response: impl Into<Vec<u8>>) -> (String, Arc<AtomicUsize>) {
    let response = response.into();
    answering(move |_| response.clone())
}

/// The same, with a response computed from the request.
pub(crate) fn answering(
    response: impl Fn(&[u8]) -> Vec<u8> + Send + 'static,
) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = requests.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0_u8; 4096];
            let read = stream.read(&mut request).unwrap_or_default();
            counter.fetch_add(usize::from(read > 0), Ordering::SeqCst);
            let _ = stream.write_all(&response(request.get(..read).unwrap_or_default()));
        }
    });
    (format!("http://{address}"), requests)
}

/// Returns the address of a server that sends this and keeps the connection open, and whether it
/// has sent it.
pub(crate) fn holding(response: impl Into<Vec<u8>>) -> (String, Arc<AtomicBool>) {
    let response = response.into();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let is_written = Arc::new(AtomicBool::new(false));
    let written = is_written.clone();
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0_u8; 4096]);
            let _ = stream.write_all(&response);
            written.store(true, Ordering::SeqCst);
            held.push(stream);
        }
    });
    (format!("http://{address}"), is_written)
}

/// A response with a single huge header.
pub(crate) fn one_huge_header() -> Vec<u8> {
    [
        b"HTTP/1.1 200 OK\r\nx-huge: ".as_slice(),
        &vec![b'a'; 2 << 20],
        b"\r\ncontent-length: 2\r\n\r\n{}",
    ]
    .concat()
}

/// A response with a huge number of headers.
pub(crate) fn many_headers() -> Vec<u8> {
    let mut response = b"HTTP/1.1 200 OK\r\n".to_vec();
    response.extend((0..200).flat_map(|number| format!("x-{number}: 1\r\n").into_bytes()));
    response.extend(b"content-length: 2\r\n\r\n{}");
    response
}
