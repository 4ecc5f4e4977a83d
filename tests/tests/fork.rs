//! Clients from before a fork, in the parent and in the child.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use fork::Fork;
use openrouter_keys_emulator::Emulator;
use openrouter_keys_native::error::TransportErrorKind;
use openrouter_keys_native::transport::Transport;
use openrouter_keys_native::{
    ApiKey, BaseUrl, Client, Config, Create, Effect, Error, ErrorKind, Limit, List,
    NativeTransport, blocking, client_with,
};
use tokio::runtime::Runtime;

/// Longer than all calls of a program take; a program that runs longer hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs one of the programs below in its own process and returns the output of both processes.
fn printed_by(program: &str) -> String {
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .args([program, "--exact", "--nocapture"])
        .env("IS_PROGRAM", "yes")
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap();
    let mut stdout = parent.stdout.take().unwrap();
    let (sender, receiver) = channel();
    // Ends when both processes have ended.
    std::thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).unwrap();
        let _ = sender.send(text);
    });
    let Ok(text) = receiver.recv_timeout(PATIENCE) else {
        let group = format!("-{}", parent.id());
        Command::new("kill").args(["-KILL", "--", &group]).status().unwrap();
        panic!("{program} hangs");
    };
    assert!(parent.wait().unwrap().success(), "{text}");
    text
}

fn is_program() -> bool {
    std::env::var_os("IS_PROGRAM").is_some()
}

/// Forks, runs the work in the child, and returns in the parent once that has succeeded.
fn in_child(work: impl FnOnce()) {
    match fork::fork().unwrap() {
        Fork::Parent(child) => assert_eq!(fork::waitpid(child).unwrap(), 0),
        Fork::Child => {
            let outcome = catch_unwind(AssertUnwindSafe(work));
            std::process::exit(i32::from(outcome.is_err()));
        }
    }
}

fn settings(emulator: &Emulator) -> (ApiKey, Config) {
    let url = BaseUrl::new(emulator.base_url()).unwrap();
    (ApiKey::new(emulator.management_key()).unwrap(), Config::new().base_url(url))
}

fn async_client(emulator: &Emulator) -> Client {
    let (key, config) = settings(emulator);
    client_with(key, config).unwrap()
}

fn blocking_client(emulator: &Emulator) -> blocking::Client {
    let (key, config) = settings(emulator);
    blocking::client_with(key, config).unwrap()
}

fn create() -> Create {
    Create::new("x", Limit::usd(1.0))
}

fn assert_refused(error: &Error) {
    let ErrorKind::Transport(transport) = error.kind() else { panic!("{error:?}") };
    assert_eq!(transport.kind(), TransportErrorKind::Setup, "{error:?}");
    assert_eq!((error.attempts(), error.effect()), (1, &Effect::Nothing), "{error:?}");
    assert!(format!("{error:?}").contains("before a fork"), "{error:?}");
}

#[test]
fn program_with_a_used_blocking_client() {
    if !is_program() {
        return;
    }
    let emulator = Emulator::start().unwrap();
    let mut client = Some(blocking_client(&emulator));
    let used = client.clone().unwrap();
    used.list(List::new()).send().unwrap();
    used.create(create()).send().unwrap();
    drop(used);
    in_child(|| {
        let inherited = client.take().unwrap();
        assert_refused(&inherited.list(List::new()).send().unwrap_err());
        assert_refused(&inherited.create(create()).send().unwrap_err());
        blocking_client(&emulator).create(create()).send().unwrap();
        drop(inherited);
        println!("the child is done");
    });
    let client = client.unwrap();
    client.create(create()).send().unwrap();
    println!("{} keys", client.list(List::new()).send().unwrap().data.len());
}

#[test]
fn a_blocking_client_used_before_a_fork_is_refused_in_the_child_and_works_in_the_parent() {
    let text = printed_by("program_with_a_used_blocking_client");
    assert!(text.contains("the child is done") && text.contains("3 keys"), "{text}");
}

#[test]
fn program_with_unused_clients() {
    if !is_program() {
        return;
    }
    let emulator = Emulator::start().unwrap();
    let blocking = blocking_client(&emulator);
    let (key, config) = settings(&emulator);
    let transport = NativeTransport::new().unwrap().on_background_thread();
    let anywhere = Client::with_config(transport, key, config).unwrap();
    let bound = async_client(&emulator);
    let all = || {
        blocking.create(create()).send().unwrap();
        pollster::block_on(async { anywhere.create(create()).await }).unwrap();
        Runtime::new().unwrap().block_on(async { bound.create(create()).await }).unwrap();
    };
    in_child(all);
    all();
    println!("{} keys", blocking.list(List::new()).send().unwrap().data.len());
}

#[test]
fn a_client_not_used_before_a_fork_works_in_both_processes() {
    let text = printed_by("program_with_unused_clients");
    assert!(text.contains("6 keys"), "{text}");
}

#[test]
fn program_with_used_async_clients() {
    if !is_program() {
        return;
    }
    let emulator = Emulator::start().unwrap();
    let (key, config) = settings(&emulator);
    let transport = NativeTransport::new().unwrap().on_background_thread();
    let anywhere = Client::with_config(transport, key, config).unwrap();
    let bound = async_client(&emulator);
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        bound.create(create()).await.unwrap();
        anywhere.create(create()).await.unwrap();
    });
    in_child(|| {
        Runtime::new().unwrap().block_on(async {
            for inherited in [&bound, &anywhere] {
                assert_refused(&inherited.list(List::new()).await.unwrap_err());
                assert_refused(&inherited.create(create()).await.unwrap_err());
            }
            async_client(&emulator).create(create()).await.unwrap();
        });
        println!("the child is done");
    });
    let keys = runtime.block_on(async {
        bound.create(create()).await.unwrap();
        anywhere.list(List::new()).await.unwrap().data.len()
    });
    println!("{keys} keys");
}

#[test]
fn an_async_client_used_before_a_fork_is_refused_in_the_child_and_works_in_the_parent() {
    let text = printed_by("program_with_used_async_clients");
    assert!(text.contains("the child is done") && text.contains("4 keys"), "{text}");
}

#[test]
fn program_that_prints_its_entropy() {
    if !is_program() {
        return;
    }
    let transport = NativeTransport::new().unwrap();
    let show = || println!("entropy={:016x}", transport.entropy());
    show();
    in_child(show);
    show();
}

/// It marks the names of keys, and two processes must not use the same markers.
#[test]
fn entropy_differs_between_the_processes_of_a_fork() {
    let text = printed_by("program_that_prints_its_entropy");
    let values =
        text.lines().filter_map(|line| line.split_once("entropy=").map(|(_, value)| value));
    let mut values: Vec<&str> = values.collect();
    assert_eq!(values.len(), 3, "{text}");
    values.sort_unstable();
    values.dedup();
    assert_eq!(values.len(), 3, "{text}");
}
