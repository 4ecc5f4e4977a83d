//! Servers on this machine, which end with the test.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, Stdio};

/// A server's process.
pub(crate) struct Server {
    child: Child,
    /// Such as `http://127.0.0.1:8200`.
    pub(crate) address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) const ROOT_TOKEN: &str = "root";

/// `OpenBao` in memory, whose mount `secret` is of the engine KV version 2.
pub(crate) fn openbao() -> Server {
    // It cannot say which port the system chose.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = Command::new("bao");
    command.args(["server", "-dev", "-dev-no-store-token"]);
    command.arg(format!("-dev-root-token-id={ROOT_TOKEN}"));
    command.arg(format!("-dev-listen-address=127.0.0.1:{port}"));
    let mut child = start(&mut command);
    let stdout = child.stdout.take().unwrap();
    wait_for(stdout, "Root Token:");
    Server { child, address: format!("http://127.0.0.1:{port}") }
}

/// The services of AWS, in memory.
pub(crate) fn moto() -> Server {
    let mut command = Command::new("moto_server");
    command.args(["-H", "127.0.0.1", "-p", "0"]).env("PYTHONUNBUFFERED", "1");
    let mut child = start(&mut command);
    let stderr = child.stderr.take().unwrap();
    let line = wait_for(stderr, "Running on http://");
    let address = line.split_whitespace().find(|word| word.starts_with("http://")).unwrap();
    Server { child, address: address.to_owned() }
}

fn start(command: &mut Command) -> Child {
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let started = command.spawn();
    started.expect("the server is installed by `cargo xtask test --step services`")
}

/// The line with this text. Later ones are read too: a full pipe would stop the server.
fn wait_for(output: impl Read + Send + 'static, text: &str) -> String {
    let mut lines = BufReader::new(output).lines();
    let line = lines.find_map(|line| line.ok().filter(|line| line.contains(text)));
    std::thread::spawn(move || lines.for_each(drop));
    line.expect("the server starts")
}
