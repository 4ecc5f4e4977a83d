//! One TCP connection: serves it, and ends it in the ways faults ask for.

use std::io;
use std::net::TcpStream;
use std::time::Duration;

use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use socket2::SockRef;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// How the server ends a connection early.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ending {
    /// Immediately, with a TCP RST.
    Reset,
    /// Immediately, with a TCP FIN.
    Close,
    /// With a TCP FIN after the current response.
    AfterAnswer,
}

/// The connection that a request came on.
#[derive(Clone)]
pub(crate) struct Connection {
    /// Counted from 0.
    pub(crate) number: u64,
    endings: UnboundedSender<Ending>,
}

impl Connection {
    pub(crate) fn end(&self, ending: Ending) {
        // An error means that the connection has already ended.
        let _ = self.endings.send(ending);
    }
}

/// Accepts connections until it is dropped.
pub(crate) async fn accept(listener: TcpListener, router: Router) {
    for number in 0.. {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, or the client gave up: both pass.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let (endings, ending) = unbounded_channel();
        let router = router.clone().layer(Extension(Connection { number, endings }));
        tokio::spawn(serve(stream, router, ending));
    }
}

async fn serve(
    stream: tokio::net::TcpStream,
    router: Router,
    mut endings: UnboundedReceiver<Ending>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (stream, socket) = with_second_handle(stream)?;
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // Each response sets its own date, or deliberately none.
    builder.http1().auto_date_header(false);
    builder.http2().auto_date_header(false);
    let connection =
        builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::pin!(connection);
    loop {
        tokio::select! {
            biased;
            Some(ending) = endings.recv() => match ending {
                // The socket closes when both handles are dropped, right below.
                Ending::Reset => return SockRef::from(&socket).set_linger(Some(Duration::ZERO)),
                Ending::Close => return Ok(()),
                Ending::AfterAnswer => connection.as_mut().graceful_shutdown(),
            },
            _ = connection.as_mut() => return Ok(()),
        }
    }
}

/// hyper takes ownership of the stream, and `SO_LINGER` must be set when it ends.
fn with_second_handle(
    stream: tokio::net::TcpStream,
) -> io::Result<(tokio::net::TcpStream, TcpStream)> {
    let socket = stream.into_std()?;
    let stream = tokio::net::TcpStream::from_std(socket.try_clone()?)?;
    Ok((stream, socket))
}
