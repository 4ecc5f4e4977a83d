//! The program: its help, its mistakes, and one short life.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};

use openrouter_keys_emulator::Emulator;

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_openrouter-keys-emulator"));
    command.args(arguments);
    command
}

fn run(arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = program(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

#[test]
fn help_shows_every_option() {
    let (code, stdout, stderr) = run(&["--help"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    for option in
        ["--port", "--state", "--keys", "--seed", "--cors-expose", "--close-idle", "--rate-limit"]
    {
        assert!(stdout.contains(option), "{option}");
    }
}

#[test]
fn a_bad_option_is_told_in_one_line_with_code_2() {
    for arguments in [&["--nonsense"][..], &["--port", "x"], &["--keys"]] {
        let (code, stdout, stderr) = run(arguments);
        assert_eq!((code, stdout.as_str(), stderr.lines().count()), (2, "", 1), "{stderr}");
        assert!(stderr.contains(arguments[0]));
    }
}

#[test]
fn a_taken_port_is_told_in_one_line_with_code_1() {
    let emulator = Emulator::start().unwrap();
    let port = emulator.address().port().to_string();
    let (code, _, stderr) = run(&["--port", &port]);
    assert_eq!((code, stderr.lines().count()), (1, 1));
    assert!(stderr.contains(&format!("port {port} is taken")));
}

/// Ends the program even if the test fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn it_says_where_it_is_and_with_which_keys_it_can_be_used() {
    let mut command = program(&["--keys", "3"]);
    let mut running = Running(command.stdout(Stdio::piped()).spawn().unwrap());
    let stdout = BufReader::new(running.0.stdout.take().unwrap());
    let intro: Vec<String> = stdout.lines().map_while(Result::ok).take(3).collect();
    let value = |index: usize| intro[index].split_whitespace().last().unwrap();
    let (url, management_key, ordinary_key) = (value(0), value(1), value(2));
    assert_ne!(management_key, ordinary_key);

    let address = url.strip_prefix("http://").unwrap().strip_suffix("/api/v1").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET /api/v1/keys HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         authorization: Bearer {management_key}\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"));
    assert_eq!(answer.matches("\"hash\"").count(), 4);
}
