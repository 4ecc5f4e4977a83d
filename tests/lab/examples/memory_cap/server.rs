//! A server that sends valid pages, then an oversized response.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use openrouter_keys_native::test_util::samples;

const MIB: usize = 1 << 20;
const FLOOD: usize = 50 * MIB;

/// The oversized response. Each consists of white space, which is a valid start of JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flood {
    /// Endless chunks.
    Endless,
    /// 50 MiB, announced by `Content-Length`.
    Large,
    /// 50 MiB, compressed to 50 KB.
    Compressed,
}

impl Flood {
    pub(crate) const ALL: [Self; 3] = [Self::Endless, Self::Large, Self::Compressed];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Endless => "endless",
            Self::Large => "50 MiB, announced",
            Self::Compressed => "50 MiB in 50 KB of gzip",
        }
    }

    fn head(self, length: usize) -> String {
        let rest = match self {
            Self::Endless => "transfer-encoding: chunked".to_owned(),
            Self::Large => format!("content-length: {length}"),
            Self::Compressed => format!("content-encoding: gzip\r\ncontent-length: {length}"),
        };
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{rest}\r\n\r\n")
    }
}

/// A server for one client.
pub(crate) struct Server {
    pub(crate) url: String,
    sent: Arc<AtomicU64>,
}

impl Server {
    /// Sends the flood after this many `pages` of 100 keys.
    pub(crate) fn start(flood: Flood, pages: usize) -> Result<Self, Box<dyn Error>> {
        let page = page();
        // Built here, before anything is measured.
        let (piece, pieces) = match flood {
            Flood::Endless => {
                let chunk = [b"10000\r\n".as_slice(), &vec![b' '; MIB / 16], b"\r\n"].concat();
                (chunk, usize::MAX)
            }
            Flood::Large => (vec![b' '; MIB], FLOOD / MIB),
            Flood::Compressed => (compressed(vec![b' '; FLOOD])?, 1),
        };
        let head = flood.head(piece.len().saturating_mul(pieces));
        let responses = Arc::new(Responses { page, pages, head, piece, pieces });
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let (sent, requests) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicUsize::new(0)));
        let counter = sent.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (responses, requests, sent) =
                    (responses.clone(), requests.clone(), counter.clone());
                // It fails when the client hangs up.
                std::thread::spawn(move || drop(attend(stream, &responses, &requests, &sent)));
            }
        });
        Ok(Self { url, sent })
    }

    /// Bytes of the flood that the system has accepted.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }
}

/// The responses that the server sends.
struct Responses {
    /// The response before the flood, and how often it is sent.
    page: String,
    pages: usize,
    /// The flood's head, the repeated piece, and how often it is repeated.
    head: String,
    piece: Vec<u8>,
    pieces: usize,
}

fn attend(
    mut stream: TcpStream,
    responses: &Responses,
    requests: &AtomicUsize,
    sent: &AtomicU64,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    while let Some(request) = lines.next() {
        request?;
        for line in lines.by_ref() {
            if line?.is_empty() {
                break;
            }
        }
        if requests.fetch_add(1, Ordering::SeqCst) < responses.pages {
            // In one write: the system holds back small ones until the last is acknowledged.
            stream.write_all(responses.page.as_bytes())?;
            continue;
        }
        stream.write_all(responses.head.as_bytes())?;
        for _ in 0..responses.pieces {
            let mut left = responses.piece.as_slice();
            while !left.is_empty() {
                let taken = stream.write(left)?;
                left = left.get(taken..).unwrap_or_default();
                sent.fetch_add(u64::try_from(taken).unwrap_or_default(), Ordering::SeqCst);
            }
        }
    }
    Ok(())
}

fn page() -> String {
    let body = samples::page(100);
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length:";
    format!("{head} {}\r\n\r\n{body}", body.len())
}

fn compressed(bytes: Vec<u8>) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut gzip =
        Command::new("gzip").arg("-9").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let input = gzip.stdin.take();
    let writer = std::thread::spawn(move || input.map(|mut input| input.write_all(&bytes)));
    let output = gzip.wait_with_output()?;
    writer.join().map_err(|_| "writing to gzip panicked")?.transpose()?;
    Ok(output.stdout)
}
