//! The program: its help, its errors, and running it.

use std::env::consts::EXE_SUFFIX;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use openrouter_keys_emulator::Emulator;
use serde_json::Value;

use crate::memory::{built, fresh_path};

/// The program, built beside this test.
pub(crate) fn executable() -> PathBuf {
    built().join(format!("openrouter-keys-emulator{EXE_SUFFIX}"))
}

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(executable());
    command.args(arguments);
    command
}

fn run(arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = program(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

#[test]
fn help_and_version_are_printed_with_code_0() {
    let (code, stdout, stderr) = run(&["--help"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(stdout.contains("Examples:"));
    let version = format!("openrouter-keys-emulator {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(run(&["--version"]), (0, version, String::new()));
}

#[test]
fn wrong_arguments_give_a_clear_first_line_the_usage_and_code_2() {
    for (arguments, mistake) in [
        (&["--nonsense"][..], "--nonsense"),
        (&["--prot", "1"], "--prot"),
        (&["word"], "word"),
        (&["--port", "x"], "--port"),
        (&["--port", "65536"], "--port"),
        (&["--port", "-1"], "-1"),
        (&["--keys"], "--keys"),
        (&["--keys", "1.5"], "--keys"),
        (&["--port", "1", "--port", "2"], "--port"),
        (&["--host", "somewhere"], "--host"),
        (&["--host", "0.0.0.0"], "--allow-remote"),
        (&["--host", "::"], "--allow-remote"),
        (&["--allow-origin", "null"], "`null`"),
        (&["--allow-host", "a:80"], "`a:80`"),
        (&["--workspace", "x"], "`x`"),
        (&["--management-key", ""], "management key"),
    ] {
        let (code, stdout, stderr) = run(arguments);
        assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}: {stderr}");
        let first = stderr.lines().next().unwrap();
        assert!(first.starts_with("error: ") && first.contains(mistake), "{stderr}");
        assert!(stderr.contains("Usage: openrouter-keys-emulator"), "{stderr}");
    }
}

#[test]
fn a_bad_seed_file_is_reported_in_one_line_with_code_1() {
    let path = fresh_path("program-bad-seeds.json");
    std::fs::write(&path, "{\"keys\": [{\"name\": \"a\",\n\"limt\": 5}]}").unwrap();
    let (code, stdout, stderr) = run(&["--seed", path.to_str().unwrap()]);
    assert_eq!((code, stdout.as_str(), stderr.lines().count()), (1, "", 1));
    assert!(stderr.contains("program-bad-seeds.json: unknown field `limt`"), "{stderr}");
    assert!(stderr.contains("line 2"), "{stderr}");
}

#[test]
fn a_taken_port_is_reported_in_one_line_with_code_1() {
    let emulator = Emulator::start().unwrap();
    let port = emulator.address().port().to_string();
    let (code, _, stderr) = run(&["--port", &port]);
    assert_eq!((code, stderr.lines().count()), (1, 1));
    assert!(stderr.contains(&format!("port {port} is taken")));
}

#[test]
fn an_address_this_machine_lacks_is_reported_in_one_line_with_code_1() {
    let (code, stdout, stderr) = run(&["--host", "192.0.2.1", "--allow-remote", "--port", "7"]);
    assert_eq!((code, stdout.as_str(), stderr.lines().count()), (1, "", 1));
    assert!(stderr.starts_with("error: cannot listen on 192.0.2.1:7: "), "{stderr}");
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
fn it_prints_its_url_and_working_keys() {
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
        "GET /api/v1/keys HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         authorization: Bearer {management_key}\r\n\r\n"
    )
    .unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 200"));
    assert_eq!(response.matches("\"hash\"").count(), 4);
}

/// A running program that has printed its line of JSON.
fn started(arguments: &[&str]) -> (Running, Value) {
    started_by(program(arguments))
}

fn started_by(mut command: Command) -> (Running, Value) {
    command.arg("--json").stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = Running(command.spawn().unwrap());
    let mut line = String::new();
    BufReader::new(running.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let line = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
    (running, line)
}

fn send(started: &Value, method: &str, path: &str, body: &str) -> String {
    let url = started["url"].as_str().unwrap();
    let address = url.strip_prefix("http://").unwrap().strip_suffix("/api/v1").unwrap();
    let key = started["management_key"].as_str().unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         authorization: Bearer {key}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response
}

/// Sends a body one byte longer than the limit.
fn too_large(started: &Value) {
    assert!(send(started, "POST", "/api/v1/keys", &" ".repeat((1 << 20) + 1)).contains(" 413 "));
}

#[test]
fn one_line_of_json_has_everything_a_script_needs() {
    let seeds = fresh_path("program-seeds.json");
    std::fs::write(&seeds, r#"{"keys": [{"name": "a", "limit": 5}]}"#).unwrap();
    let given = "sk-or-v1-of-my-script";
    let seeds = seeds.to_str().unwrap();
    let (_running, line) = started(&["--seed", seeds, "--management-key", given]);
    assert_eq!(line["management_key"], given);
    assert_eq!(line["keys"][0]["name"], "a");
    assert!(line["ordinary_key"].as_str().unwrap().starts_with("sk-or-v1-"));
    let base = line["url"].as_str().unwrap().strip_suffix("/api/v1").unwrap();
    assert_eq!(line["control_url"], format!("{base}/_emulator"));
    let listed = send(&line, "GET", "/api/v1/keys", "");
    assert!(listed.contains(r#""name":"a""#) && listed.contains(r#""name":"ordinary key""#));
}

#[test]
fn the_management_key_can_come_from_the_environment_where_ps_does_not_show_it() {
    let in_environment = |key: &str, arguments: &[&str]| {
        let mut command = program(arguments);
        command.env("OPENROUTER_EMULATOR_MANAGEMENT_KEY", key);
        command
    };
    let given = "sk-or-v1-of-my-environment";
    for (key, arguments, expected) in [
        (given, &[][..], Some(given)),
        (given, &["--management-key", "sk-or-v1-of-my-script"], Some("sk-or-v1-of-my-script")),
        ("", &[], None),
    ] {
        let (_running, line) = started_by(in_environment(key, arguments));
        let used = line["management_key"].as_str().unwrap();
        assert!(expected.map_or(used.len() > 40, |expected| used == expected), "{line}");
        assert!(send(&line, "GET", "/api/v1/keys", "").contains(" 200 "));
    }
    let Output { status, stdout, stderr } = in_environment("two words", &[]).output().unwrap();
    let stderr = String::from_utf8(stderr).unwrap();
    assert_eq!((status.code(), stdout.is_empty()), (Some(2), true), "{stderr}");
    assert!(stderr.contains("management key") && !stderr.contains("two words"), "{stderr}");
}

#[test]
fn the_request_log_goes_to_standard_error_and_shows_no_secret() {
    let (mut running, line) = started(&["--log"]);
    send(&line, "POST", "/api/v1/keys", r#"{"name": "a"}"#);
    send(&line, "GET", "/api/v1/keys?offset=x", "");
    too_large(&line);
    let mut stderr = BufReader::new(running.0.stderr.take().unwrap());
    let mut lines = String::new();
    for _ in 0..3 {
        stderr.read_line(&mut lines).unwrap();
    }
    assert_eq!(
        lines,
        "POST /api/v1/keys 201, changed something\nGET /api/v1/keys?offset=x 400\n\
         POST /api/v1/keys 413\n"
    );
}

#[cfg(unix)]
#[test]
fn a_signal_stops_it_cleanly_with_the_state_written() {
    for signal in ["TERM", "INT"] {
        let path = fresh_path(&format!("stopped-by-{signal}.json"));
        let (mut running, line) = started(&["--state", path.to_str().unwrap()]);
        assert!(send(&line, "POST", "/api/v1/keys", r#"{"name": "kept"}"#).contains(" 201 "));
        // Neither an idle connection nor an endless response delays it.
        let address = line["url"].as_str().unwrap()[7..].strip_suffix("/api/v1").unwrap();
        let mut open = TcpStream::connect(address).unwrap();
        write!(
            open,
            "GET /api/v1/keys HTTP/1.1\r\nhost: localhost\r\nx-emulator-fault: endless-body\r\n\r\n"
        )
        .unwrap();
        open.read_exact(&mut [0; 1000]).unwrap();
        kill(signal, &running.0);
        assert_eq!(running.0.wait().unwrap().code(), Some(0), "{signal}");
        let state = std::fs::read_to_string(&path).unwrap();
        assert!(state.contains("\"kept\""));
        let mut stderr = String::new();
        running.0.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!(stderr, "");
    }
}

#[cfg(unix)]
#[test]
fn a_second_process_on_a_state_file_is_refused_until_the_first_ends() {
    let path = fresh_path("fought-over.json");
    let path = path.to_str().unwrap();
    for signal in ["KILL", "TERM"] {
        let (mut running, first) = started(&["--state", path]);
        let (code, stdout, stderr) = run(&["--state", path]);
        assert_eq!((code, stdout.as_str(), stderr.lines().count()), (1, "", 1));
        assert!(stderr.contains("another emulator is using it"), "{stderr}");
        kill(signal, &running.0);
        running.0.wait().unwrap();
        let (_running, second) = started(&["--state", path]);
        assert_eq!(second["management_key"], first["management_key"]);
    }
}

#[cfg(unix)]
fn kill(signal: &str, child: &Child) {
    let sent = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}
