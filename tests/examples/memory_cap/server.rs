//! A server whose first answer is sound and whose second one is a flood.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

const MIB: usize = 1 << 20;
const FLOOD: usize = 50 * MIB;

/// What the second request meets. All floods are of white space, which is good
/// JSON so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flood {
    /// Chunks without an end.
    Endless,
    /// 50 MiB, announced.
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

/// A server that is good for one client.
pub(crate) struct Server {
    pub(crate) url: String,
    sent: Arc<AtomicU64>,
}

impl Server {
    pub(crate) fn start(flood: Flood) -> Result<Self, Box<dyn Error>> {
        // The pieces of the flood are made before anybody measures.
        let (piece, pieces) = match flood {
            Flood::Endless => {
                let chunk = [b"10000\r\n".as_slice(), &vec![b' '; MIB / 16], b"\r\n"].concat();
                (chunk, usize::MAX)
            }
            Flood::Large => (vec![b' '; MIB], FLOOD / MIB),
            Flood::Compressed => (compressed(vec![b' '; FLOOD])?, 1),
        };
        let head = flood.head(piece.len().saturating_mul(pieces));
        let flood = Arc::new((head, piece, pieces));
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let (sent, requests) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicUsize::new(0)));
        let counter = sent.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (flood, requests, sent) = (flood.clone(), requests.clone(), counter.clone());
                std::thread::spawn(move || {
                    let (head, piece, pieces) = &*flood;
                    // The error is the client's hanging up.
                    let _ = attend(stream, head, (piece, *pieces), &requests, &sent);
                });
            }
        });
        Ok(Self { url, sent })
    }

    /// How many bytes of the flood the system has taken for the client.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }
}

fn attend(
    mut stream: TcpStream,
    head: &str,
    (piece, pieces): (&[u8], usize),
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
        if requests.fetch_add(1, Ordering::SeqCst) == 0 {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n")?;
            stream.write_all(b"content-length: 11\r\n\r\n{\"data\":[]}")?;
            continue;
        }
        stream.write_all(head.as_bytes())?;
        for _ in 0..pieces {
            let mut left = piece;
            while !left.is_empty() {
                let taken = stream.write(left)?;
                left = left.get(taken..).unwrap_or_default();
                sent.fetch_add(u64::try_from(taken).unwrap_or_default(), Ordering::SeqCst);
            }
        }
    }
    Ok(())
}

fn compressed(bytes: Vec<u8>) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut gzip =
        Command::new("gzip").arg("-9").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let input = gzip.stdin.take();
    let writer = std::thread::spawn(move || input.map(|mut input| input.write_all(&bytes)));
    let output = gzip.wait_with_output()?;
    writer.join().map_err(|_| "gzip was not fed")?.transpose()?;
    Ok(output.stdout)
}
