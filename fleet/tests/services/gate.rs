//! A connection to a server that can be held up: the machine behind it sleeps.

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// A way to a server on which requests with some text are held.
pub(crate) struct Gate {
    /// The address that leads to the server.
    pub(crate) address: String,
    held: Arc<Notify>,
    open: Arc<Notify>,
}

/// What happens to a request that is held.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// It goes on once the gate is opened.
    Passes,
    /// It reaches the server, and the response is lost.
    LosesResponse,
}

impl Gate {
    /// A gate before the server for requests with this text.
    pub(crate) async fn before(address: &str, text: &'static str, then: Then) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = address.trim_start_matches("http://").to_owned();
        let (held, open) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let gate = Self {
            address: format!("http://{}", listener.local_addr().unwrap()),
            held: Arc::clone(&held),
            open: Arc::clone(&open),
        };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(forward(client, server, text, then, held.clone(), open.clone()));
            }
        });
        gate
    }

    /// Until a request is held.
    pub(crate) async fn held(&self) {
        self.held.notified().await;
    }

    pub(crate) fn open(&self) {
        self.open.notify_one();
    }
}

async fn forward(
    mut client: TcpStream,
    mut server: TcpStream,
    text: &str,
    then: Then,
    held: Arc<Notify>,
    open: Arc<Notify>,
) {
    let (mut request, mut response) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            read = client.read(&mut request) => {
                let (Ok(count @ 1..), text) = (read, text.as_bytes()) else { return };
                let bytes = request.get(..count).unwrap();
                let is_held = bytes.windows(text.len()).any(|window| window == text);
                if is_held && then == Then::Passes {
                    held.notify_one();
                    open.notified().await;
                }
                if server.write_all(bytes).await.is_err() {
                    return;
                }
                if is_held && then == Then::LosesResponse {
                    // The server has processed it once it responds.
                    let _ = server.read(&mut response).await;
                    return;
                }
            }
            read = server.read(&mut response) => {
                let Ok(count @ 1..) = read else { return };
                if client.write_all(response.get(..count).unwrap()).await.is_err() {
                    return;
                }
            }
        }
    }
}
