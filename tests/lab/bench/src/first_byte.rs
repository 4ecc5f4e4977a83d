//! The time from the start of a program to the first byte of its request.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use openrouter_keys_native::test_util::samples;

use crate::failure::Failure;

/// A server that responds to each request with one key, and notes when it began.
pub(crate) struct Listener {
    /// Its URL, without a path.
    pub(crate) url: String,
    begun: Receiver<Instant>,
}

/// No program takes longer.
const PATIENCE: Duration = Duration::from_secs(10);

impl Listener {
    pub(crate) fn start() -> Result<Self, Failure> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let url = format!("http://{}", listener.local_addr()?);
        let (sender, begun) = channel();
        // One connection after another: the programs take turns.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let respond = |at| sender.send(at).map_err(Failure::from);
                // A connection without a request is missed by the program that waits for it.
                let _ = stream.map_err(Failure::from).and_then(|stream| serve(stream, respond));
            }
        });
        Ok(Self { url, begun })
    }

    /// Starts a program that gets one key.
    pub(crate) fn time(&self, mut command: Command) -> Result<Duration, Failure> {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let started = Instant::now();
        let mut child = command.spawn()?;
        let begun = self.begun.recv_timeout(PATIENCE);
        if begun.is_err() {
            // It may have ended by itself.
            let _ = child.kill();
        }
        let status = child.wait()?;
        let begun = begun.map_err(|_| Failure::new("it sent no request"))?;
        if !status.success() {
            return Err(Failure::new(status.to_string()));
        }
        Ok(begun.saturating_duration_since(started))
    }
}

fn serve(
    mut stream: TcpStream,
    begin: impl FnOnce(Instant) -> Result<(), Failure>,
) -> Result<(), Failure> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut request = Vec::new();
    let mut bytes = [0; 4096];
    let first = stream.read(&mut bytes)?;
    begin(Instant::now())?;
    request.extend(bytes.iter().take(first));
    while !request.ends_with(b"\r\n\r\n") {
        let count = stream.read(&mut bytes)?;
        if count == 0 {
            return Err(Failure::new("the request broke off"));
        }
        request.extend(bytes.iter().take(count));
    }
    let (body, length) = (samples::KEY, samples::KEY.len());
    Ok(write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{body}"
    )?)
}
