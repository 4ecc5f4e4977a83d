//! What the environment decides: the API key and the proxy. A process has one
//! environment, so that each case runs this program once more as its child.

#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;

use openrouter_keys_native::{Create, ErrorKind, Limit, RetryPolicy, TransportErrorKind};

/// Runs one of the children below and returns what it printed.
fn child(name: &str, environment: &[(&str, &str)]) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env_remove("OPENROUTER_API_KEY")
        .env("IS_CHILD", "yes")
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

fn is_child() -> bool {
    std::env::var_os("IS_CHILD").is_some()
}

/// A child: prints what `from_env` says.
#[test]
fn child_from_env() {
    if is_child() {
        match openrouter_keys_native::from_env() {
            Ok(client) => println!("{client:?}"),
            Err(error) => println!("refused: {error}"),
        }
    }
}

/// A child: makes a key through the proxy of the environment.
#[test]
fn child_create() {
    if is_child() {
        let client = openrouter_keys_native::blocking::from_env().unwrap();
        let create = Create::new("x", Limit::usd(1.0));
        let error = client.create(create).retry(RetryPolicy::none()).send().unwrap_err();
        let ErrorKind::Transport(transport) = error.kind() else { panic!("{error:?}") };
        assert_eq!(transport.kind(), TransportErrorKind::Proxy, "{error:?}");
        println!("{error}");
    }
}

#[test]
fn a_missing_or_bad_key_in_the_environment_gets_a_clear_first_line() {
    let missing = child("child_from_env", &[]);
    assert!(
        missing.contains("refused: the environment variable OPENROUTER_API_KEY is not set"),
        "{missing}"
    );
    let bad = child("child_from_env", &[("OPENROUTER_API_KEY", "sk-or-v1-s3cr3t ")]);
    assert!(bad.contains("refused: the API key has a space"), "{bad}");
    assert!(!bad.contains("s3cr3t"), "{bad}");
}

#[test]
fn a_key_in_the_environment_is_taken_and_not_shown() {
    let text = child("child_from_env", &[("OPENROUTER_API_KEY", "sk-or-v1-s3cr3t")]);
    assert!(text.contains("Client"), "{text}");
    assert!(!text.contains("s3cr3t"), "{text}");
}

#[test]
fn the_proxy_of_the_environment_is_used_and_its_refusal_means_that_nothing_was_sent() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let seen = std::thread::spawn(move || {
        let (mut stream, _) = proxy.accept().unwrap();
        let mut request = vec![0_u8; 4096];
        let length = stream.read(&mut request).unwrap();
        stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").unwrap();
        request.truncate(length);
        String::from_utf8(request).unwrap()
    });
    let text = child(
        "child_create",
        &[("HTTPS_PROXY", &address), ("OPENROUTER_API_KEY", "sk-or-v1-s3cr3t")],
    );
    assert!(text.contains("nothing was created or changed"), "{text}");
    let seen = seen.join().unwrap();
    assert!(seen.starts_with("CONNECT openrouter.ai:443 "), "{seen}");
    assert!(!seen.contains("s3cr3t"), "{seen}");
}

/// A child: lists the keys of an emulator while the environment names a proxy.
#[test]
fn child_loopback() {
    if is_child() {
        let emulator = openrouter_keys_emulator::Emulator::start().unwrap();
        let key = openrouter_keys_native::ApiKey::new(emulator.management_key()).unwrap();
        let url = openrouter_keys_native::BaseUrl::new(emulator.base_url()).unwrap();
        let config = openrouter_keys_native::Config::new().base_url(url);
        let client = openrouter_keys_native::blocking::client_with(key, config).unwrap();
        client.create(Create::new("x", Limit::usd(1.0))).send().unwrap();
        println!(
            "{} key",
            client.list(openrouter_keys_native::List::new()).send().unwrap().data.len()
        );
    }
}

#[test]
fn this_machine_is_not_asked_through_the_proxy_of_the_environment() {
    // Nobody listens there: a request through it would fail.
    let proxy = "http://127.0.0.1:9";
    let text = child(
        "child_loopback",
        &[("HTTP_PROXY", proxy), ("http_proxy", proxy), ("ALL_PROXY", proxy)],
    );
    assert!(text.contains("1 key"), "{text}");
}
