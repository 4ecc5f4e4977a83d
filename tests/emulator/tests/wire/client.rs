//! A minimal client: one request, and every byte of the response.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use openrouter_keys_emulator::Emulator;
use serde_json::Value;

/// Longer than any step takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// For bytes that are not expected to arrive.
const IMPATIENCE: Duration = Duration::from_millis(400);

/// How the connection ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum End {
    Closed,
    Reset,
    Stalled,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
    pub(crate) end: End,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(':'));
        fields.filter(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim()).collect()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).first().copied()
    }

    /// `data` of a successful response.
    pub(crate) fn data(&self) -> Value {
        assert!((200..300).contains(&self.status), "{self:?}");
        self.json()["data"].clone()
    }

    /// The status, after checking that the body is the documented error for it.
    pub(crate) fn refusal(&self) -> u16 {
        let body = self.json();
        assert_eq!(body["error"]["code"], self.status);
        assert!(!body["error"]["message"].as_str().unwrap().is_empty());
        self.status
    }
}

/// A request to send, authorised by the management key.
pub(crate) struct Call {
    address: SocketAddr,
    method: String,
    path: String,
    headers: Vec<String>,
    body: String,
    patience: Duration,
}

pub(crate) fn call(emulator: &Emulator, method: &str, path: &str) -> Call {
    at(emulator, method, &format!("/api/v1{path}"))
        .header("authorization", &format!("Bearer {}", emulator.management_key()))
}

/// A request to any path, without authorisation.
pub(crate) fn at(emulator: &Emulator, method: &str, path: &str) -> Call {
    Call {
        address: emulator.address(),
        method: method.to_owned(),
        path: path.to_owned(),
        headers: vec![format!("host: {}", emulator.address())],
        body: String::new(),
        patience: PATIENCE,
    }
}

impl Call {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|line| !line.starts_with(&format!("{name}:")));
        self.headers.push(format!("{name}: {value}"));
        self
    }

    /// Adds a header without replacing one of the same name.
    pub(crate) fn add(mut self, name: &str, value: &str) -> Self {
        self.headers.push(format!("{name}: {value}"));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|line| !line.starts_with(&format!("{name}:")));
        self
    }

    pub(crate) fn method(self, method: &str) -> Self {
        Self { method: method.to_owned(), ..self }
    }

    pub(crate) fn bearer(self, key: &str) -> Self {
        self.header("authorization", &format!("Bearer {key}"))
    }

    pub(crate) fn fault(self, text: &str) -> Self {
        self.header("x-emulator-fault", text)
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.text("application/json", &body.to_string())
    }

    pub(crate) fn text(mut self, content_type: &str, body: &str) -> Self {
        body.clone_into(&mut self.body);
        self.header("content-type", content_type)
    }

    /// Waits only briefly for a response that is not expected.
    pub(crate) fn impatient(self) -> Self {
        Self { patience: IMPATIENCE, ..self }
    }

    /// Sends the request on a new connection and reads until that ends.
    pub(crate) fn send(self) -> Reply {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(self.patience)).unwrap();
        let call = self.header("connection", "close");
        call.write(&mut stream);
        let (bytes, end) = read_to_end(&mut stream);
        reply(&bytes, end)
    }

    pub(crate) fn write(&self, stream: &mut TcpStream) {
        let Self { method, path, headers, body, .. } = self;
        let headers = headers.join("\r\n");
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\n{headers}\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
    }
}

/// Reads until the peer closes, or stays silent for the stream's timeout.
pub(crate) fn read_to_end(stream: &mut TcpStream) -> (Vec<u8>, End) {
    let mut bytes = Vec::new();
    let end = match stream.read_to_end(&mut bytes) {
        Ok(_) => End::Closed,
        Err(error) => match error.kind() {
            ErrorKind::ConnectionReset => End::Reset,
            ErrorKind::WouldBlock | ErrorKind::TimedOut => End::Stalled,
            _ => panic!("{error}"),
        },
    };
    (bytes, end)
}

/// Status 0 stands for no response at all.
pub(crate) fn reply(bytes: &[u8], end: End) -> Reply {
    let split = bytes.windows(4).position(|window| window == b"\r\n\r\n");
    let Some(split) = split else {
        assert!(bytes.is_empty(), "half a head: {:?}", String::from_utf8_lossy(bytes));
        return Reply { status: 0, head: String::new(), body: Vec::new(), end };
    };
    let head = String::from_utf8(bytes[..split].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Reply { status, head, body: bytes[split + 4..].to_vec(), end }
}
