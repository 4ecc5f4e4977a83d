//! A hand-written HTTP/2 server that can break off in ways a library's server would not.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const GOAWAY: u8 = 7;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// The reaction to a request that has been read in full.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reply {
    /// `RST_STREAM` with this code.
    Reset(u32),
    /// GOAWAY with this last stream and this code.
    GoAway(u32, u32),
    /// The same, then the connection closes.
    GoAwayAndClose(u32, u32),
    /// The same, then a 201 with this body.
    GoAwayAndCreated(u32, u32, &'static str),
    /// A 201 with this body.
    Created(&'static str),
}

/// Returns its address and the number of requests it has read. They get the replies in turn, and
/// all further ones the last.
pub(crate) fn serve(replies: &'static [Reply]) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = requests.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, counter) = (stream.unwrap(), counter.clone());
            std::thread::spawn(move || {
                // An error means that the client disconnected.
                let _ = attend(&mut stream, replies, &counter);
            });
        }
    });
    (format!("http://{address}"), requests)
}

fn attend(
    stream: &mut TcpStream,
    replies: &[Reply],
    requests: &AtomicUsize,
) -> std::io::Result<()> {
    let mut preface = [0_u8; 24];
    stream.read_exact(&mut preface)?;
    stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0])?; // SETTINGS, empty
    loop {
        let mut head = [0_u8; 9];
        stream.read_exact(&mut head)?;
        let [a, b, c, kind, flags, id @ ..] = head;
        let length = u32::from_be_bytes([0, a, b, c]);
        let mut payload = vec![0_u8; usize::try_from(length).unwrap()];
        stream.read_exact(&mut payload)?;
        if matches!(kind, HEADERS | DATA) && flags & END_STREAM != 0 {
            let number = requests.fetch_add(1, Ordering::SeqCst);
            let reply = replies.get(number).or(replies.last()).unwrap();
            respond(stream, u32::from_be_bytes(id), *reply)?;
        }
    }
}

fn respond(stream: &mut TcpStream, id: u32, reply: Reply) -> std::io::Result<()> {
    let mut frame = |kind, flags, id: u32, payload: &[u8]| {
        let [_, length @ ..] = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let mut frame = [&length[..], &[kind, flags], &id.to_be_bytes()].concat();
        frame.extend(payload);
        stream.write_all(&frame)
    };
    match reply {
        Reply::Reset(code) => frame(RST_STREAM, 0, id, &code.to_be_bytes()),
        Reply::GoAway(last, code) => {
            frame(GOAWAY, 0, 0, &[last.to_be_bytes(), code.to_be_bytes()].concat())
        }
        Reply::GoAwayAndClose(last, code) => {
            respond(stream, id, Reply::GoAway(last, code))?;
            // Keep reading what the client still sends: closing would reset the connection.
            stream.shutdown(Shutdown::Write)
        }
        Reply::GoAwayAndCreated(last, code, body) => {
            respond(stream, id, Reply::GoAway(last, code))?;
            respond(stream, id, Reply::Created(body))
        }
        Reply::Created(body) => {
            // HPACK: index 8 of the static table, `:status`, with a string of 3 bytes.
            frame(HEADERS, END_HEADERS, id, b"\x08\x03201")?;
            frame(DATA, END_STREAM, id, body.as_bytes())
        }
    }
}
