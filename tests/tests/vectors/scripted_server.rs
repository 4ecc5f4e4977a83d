//! A server on a real socket with a vector's responses, one connection per request.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};

use openrouter_keys_tests::vectors::{FailureName, ScriptedResponse, Vector};

use crate::call::valid_response;

/// What happens to a request.
#[derive(Clone)]
pub(crate) enum End {
    /// The connection returns these bytes once the request was read, and closes.
    Bytes(Vec<u8>),
    /// Nothing listens there.
    NoServer,
}

/// The reactions to the vector's requests in order, or why they cannot be shown over a socket.
pub(crate) fn script(vector: &Vector) -> Result<VecDeque<End>, String> {
    let mut script = VecDeque::new();
    for response in &vector.responses {
        script.extend(std::iter::repeat_n(end(response)?, response.times.unwrap_or(1)));
    }
    if vector.responses.is_empty() {
        let body = valid_response(vector.operation).as_bytes();
        script.push_back(End::Bytes(written(200, &[("content-type", "application/json")], body)));
    }
    Ok(script)
}

/// Whether the response needs time, has a status that no final response has, or is a failure that
/// other tests cover over a socket: TLS, HTTP/2, a proxy or a name that does not resolve.
pub(crate) fn is_left_out(response: &ScriptedResponse) -> bool {
    use FailureName::{Connect, Disconnected, Protocol};
    let is_shown =
        response.failure.is_none_or(|failure| matches!(failure, Connect | Disconnected | Protocol));
    !is_shown || response.after_ms.is_some() || response.status.is_some_and(|status| status < 200)
}

/// Whether the request reaches no server.
pub(crate) fn never_arrives(response: &ScriptedResponse) -> bool {
    matches!(response.failure, Some(FailureName::Connect))
}

fn end(response: &ScriptedResponse) -> Result<End, String> {
    let headers = response.header_pairs()?;
    let headers = headers.as_slice();
    let body = response.bytes()?.unwrap_or_default();
    Ok(match (response.failure, response.status) {
        (None, Some(status)) => End::Bytes(written(status, headers, &body)),
        (Some(FailureName::Disconnected), Some(status)) => {
            // One byte fewer than announced is sent.
            let mut bytes = written(status, headers, &[&*body, b"{"].concat());
            bytes.pop();
            End::Bytes(bytes)
        }
        (Some(FailureName::Protocol), Some(status)) => {
            // A chunk whose length is not a number.
            let chunk = [format!("{:x}\r\n", body.len()).as_bytes(), &body, b"\r\n"].concat();
            let chunk = if body.is_empty() { Vec::new() } else { chunk };
            let framing = "transfer-encoding: chunked";
            End::Bytes(framed(status, headers, framing, &[&*chunk, b"zzz\r\n"].concat()))
        }
        (Some(FailureName::Disconnected), None) => End::Bytes(Vec::new()),
        (Some(FailureName::Protocol), None) => End::Bytes(b"this is not HTTP\r\n\r\n".into()),
        (Some(FailureName::Connect), None) => End::NoServer,
        (other, status) => return Err(format!("{other:?} with {status:?} is left out")),
    })
}

fn written(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    framed(status, headers, &format!("content-length: {}", body.len()), body)
}

fn framed(status: u16, headers: &[(&str, &str)], framing: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {status} As the vector says\r\n").into_bytes();
    for (name, value) in headers {
        bytes.extend(format!("{name}: {value}\r\n").into_bytes());
    }
    // These have no body and announce none.
    if ![204, 304].contains(&status) {
        bytes.extend(format!("{framing}\r\n").into_bytes());
    }
    bytes.extend(b"connection: close\r\n\r\n");
    bytes.extend(body);
    bytes
}

/// The server, for one vector after another.
pub(crate) struct ScriptedServer {
    pub(crate) address: SocketAddr,
    next: Sender<Vec<u8>>,
    /// How many requests arrived, including unexpected ones.
    requests: Arc<Mutex<usize>>,
}

impl ScriptedServer {
    pub(crate) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (next, responses) = mpsc::channel::<Vec<u8>>();
        let requests = Arc::new(Mutex::new(0));
        let counter = requests.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let Ok(()) = read_request(&stream) else { continue };
                *counter.lock().unwrap_or_else(PoisonError::into_inner) += 1;
                // An unexpected request, such as a followed redirect.
                let response = responses.try_recv().unwrap_or_default();
                let _ = (&stream).write_all(&response);
            }
        });
        Ok(Self { address, next, requests })
    }

    /// Sets the response to the next request.
    pub(crate) fn respond(&self, bytes: Vec<u8>) {
        let _ = self.next.send(bytes);
    }

    pub(crate) fn take_requests(&self) -> usize {
        std::mem::take(&mut *self.requests.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Reads the head and the announced body.
fn read_request(mut stream: &TcpStream) -> io::Result<()> {
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let head = request.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(head) = head {
            let text = String::from_utf8_lossy(&request[..head]).to_ascii_lowercase();
            let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length = length.and_then(|length| length.parse().ok()).unwrap_or(0);
            if request.len() >= head + 4 + length {
                return Ok(());
            }
        }
        match stream.read(&mut piece)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => request.extend_from_slice(&piece[..read]),
        }
    }
}
