//! Settings from the environment: the API key, the base URL and the proxy. A process has one
//! environment, so each case runs this program again as a child.

#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;

use openrouter_keys_native::error::TransportErrorKind;
use openrouter_keys_native::{Create, ErrorKind, Limit, RetryPolicy};

/// Runs one of the children below and returns its output.
fn child(name: &str, environment: &[(&str, &str)]) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env_remove("OPENROUTER_API_KEY")
        .env_remove("OPENROUTER_MANAGEMENT_KEY")
        .env_remove("OPENROUTER_PROVISIONING_KEY")
        .env_remove("OPENROUTER_BASE_URL")
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

/// A child: prints the result of `from_env`.
#[test]
fn child_from_env() {
    if is_child() {
        match (openrouter_keys_native::from_env(), openrouter_keys_native::blocking::from_env()) {
            (Ok(client), Ok(_)) => println!("{client:?}"),
            (Err(error), Err(other)) => {
                assert_eq!(error, other);
                println!("refused: {error}");
            }
            (one, other) => panic!("{one:?} {other:?}"),
        }
    }
}

/// A child: creates a key through the environment's proxy.
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
        missing.contains("refused: the environment has no API key; set OPENROUTER_MANAGEMENT_KEY"),
        "{missing}"
    );
    let bad = child("child_from_env", &[("OPENROUTER_API_KEY", "sk-or-v1-s3cr3t ")]);
    let problem = "refused: the environment variable OPENROUTER_API_KEY is refused: the API key";
    assert!(bad.contains(problem), "{bad}");
    assert!(!bad.contains("s3cr3t"), "{bad}");
}

/// A child: prints the end of the key that `key_from_env` returns.
#[test]
fn child_which_key() {
    if is_child() {
        let key = openrouter_keys_native::key_from_env().unwrap();
        println!("the key of {}", key.reveal().split('-').next_back().unwrap());
    }
}

#[test]
fn the_first_variable_with_a_key_is_used_and_an_empty_one_is_not() {
    let management = ("OPENROUTER_MANAGEMENT_KEY", "sk-or-mgmt-management");
    let provisioning = ("OPENROUTER_PROVISIONING_KEY", "sk-or-v1-provisioning");
    let ordinary = ("OPENROUTER_API_KEY", "sk-or-v1-ordinary");
    let empty = ("OPENROUTER_MANAGEMENT_KEY", "");
    for (environment, used) in [
        (vec![ordinary, provisioning, management], "management"),
        (vec![ordinary, provisioning], "provisioning"),
        (vec![ordinary], "ordinary"),
        (vec![empty, ordinary, provisioning], "provisioning"),
    ] {
        let text = child("child_which_key", &environment);
        assert!(text.contains(&format!("the key of {used}")), "{environment:?}: {text}");
    }
    // An invalid key is not skipped in favour of another variable.
    let bad = ("OPENROUTER_MANAGEMENT_KEY", "sk-or-mgmt-s3cr3t\n");
    let text = child("child_from_env", &[bad, ordinary]);
    assert!(text.contains("variable OPENROUTER_MANAGEMENT_KEY is refused"), "{text}");
    assert!(!text.contains("s3cr3t"), "{text}");
}

#[test]
fn the_base_url_of_the_environment_is_used_or_refused_with_its_variables_name() {
    let key = ("OPENROUTER_API_KEY", "sk-or-v1-s3cr3t");
    let url = |url| child("child_from_env", &[key, ("OPENROUTER_BASE_URL", url)]);
    let text = url("https://gateway.example/v1");
    assert!(text.contains("https://gateway.example/v1"), "{text}");
    assert!(url("").contains("https://openrouter.ai/api/v1"));
    for bad in ["http://gateway.example/v1", "https://user:pa55word@gateway.example", "gateway"] {
        let text = url(bad);
        assert!(text.contains("variable OPENROUTER_BASE_URL is refused: the base URL"), "{text}");
        assert!(!text.contains("pa55word"), "{text}");
    }
}

/// A child: prints the base URLs of clients with and without their own settings.
#[test]
fn child_own_base_url() {
    if is_child() {
        use openrouter_keys_native::{BaseUrl, Config, from_env_with};
        let own = Config::new().base_url(BaseUrl::new("https://own.example").unwrap());
        println!("{:?}", from_env_with(own).unwrap());
        let apis_own = Config::new().base_url(BaseUrl::default());
        println!("{:?}", from_env_with(apis_own).unwrap());
        println!("{:?}", from_env_with(Config::new().timeout(std::time::Duration::MAX)).unwrap());
    }
}

#[test]
fn a_base_url_in_the_settings_overrides_the_environments() {
    let text = child(
        "child_own_base_url",
        &[("OPENROUTER_API_KEY", "sk-or-v1-x"), ("OPENROUTER_BASE_URL", "https://env.example")],
    );
    let at = |url| text.find(url).unwrap();
    assert!(at("https://own.example") < at("https://openrouter.ai"), "{text}");
    assert!(at("https://openrouter.ai") < at("https://env.example"), "{text}");
}

#[test]
fn a_key_in_the_environment_is_used_and_not_shown() {
    let text = child("child_from_env", &[("OPENROUTER_API_KEY", "sk-or-v1-s3cr3t")]);
    assert!(text.contains("Client"), "{text}");
    assert!(!text.contains("s3cr3t"), "{text}");
}

#[test]
fn the_environments_proxy_is_used_and_its_refusal_means_nothing_was_sent() {
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

/// A child: lists an emulator's keys while the environment has a proxy.
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
fn requests_to_this_machine_bypass_the_environments_proxy() {
    // Nothing listens there: a request through the proxy would fail.
    let proxy = "http://127.0.0.1:9";
    let text = child(
        "child_loopback",
        &[("HTTP_PROXY", proxy), ("http_proxy", proxy), ("ALL_PROXY", proxy)],
    );
    assert!(text.contains("1 key"), "{text}");
}

/// A child: creates and lists keys over given reqwest clients while the environment has a proxy.
#[test]
fn child_given_loopback() {
    if is_child() {
        let emulator = openrouter_keys_emulator::Emulator::start().unwrap();
        let unfollowing = || reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        let proxy = std::env::var("OTHER_PROXY").unwrap();
        let url: reqwest::Url = proxy.parse().unwrap();
        for client in [
            unfollowing(),
            unfollowing().proxy(reqwest::Proxy::all(&proxy).unwrap()),
            unfollowing().proxy(reqwest::Proxy::http(&proxy).unwrap()),
            unfollowing().proxy(reqwest::Proxy::custom(move |_| Some(url.clone()))),
            unfollowing().proxy(reqwest::Proxy::all("socks5://127.0.0.1:9").unwrap()),
            unfollowing().no_proxy(),
        ] {
            let client = client.build().unwrap();
            let transport = openrouter_keys_native::NativeTransport::from_client(client).unwrap();
            let transport =
                openrouter_keys_native::blocking::BlockingNativeTransport::new(transport).unwrap();
            let key = openrouter_keys_native::ApiKey::new(emulator.management_key()).unwrap();
            let url = openrouter_keys_native::BaseUrl::new(emulator.base_url()).unwrap();
            let config = openrouter_keys_native::Config::new().base_url(url);
            let client =
                openrouter_keys_native::blocking::Client::with_config(transport, key, config)
                    .unwrap();
            client.create(Create::new("x", Limit::usd(1.0))).send().unwrap();
            client.list(openrouter_keys_native::List::new()).send().unwrap();
        }
        println!("{} requests arrived", emulator.requests().len());
    }
}

#[test]
fn no_given_client_sends_plain_http_to_this_machine_through_a_proxy() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let text = child(
        "child_given_loopback",
        &[
            ("HTTP_PROXY", &address),
            ("http_proxy", &address),
            ("ALL_PROXY", &address),
            ("OTHER_PROXY", &address),
        ],
    );
    assert!(text.contains("12 requests arrived"), "{text}");
    proxy.set_nonblocking(true).unwrap();
    assert!(proxy.accept().is_err(), "the proxy was asked");
}

/// A child: over plain http to this machine, and over TLS to another, without any trusted
/// certificate.
#[test]
fn child_without_certificates() {
    if is_child() {
        let emulator = openrouter_keys_emulator::Emulator::start().unwrap();
        let key = openrouter_keys_native::ApiKey::new(emulator.management_key()).unwrap();
        let url = openrouter_keys_native::BaseUrl::new(emulator.base_url()).unwrap();
        let config = openrouter_keys_native::Config::new().base_url(url);
        let client = openrouter_keys_native::blocking::client_with(key, config).unwrap();
        client.create(Create::new("x", Limit::usd(1.0))).send().unwrap();
        println!("created over plain http");
        let other = openrouter_keys_native::BaseUrl::new("https://gateway.invalid").unwrap();
        let create = client.create(Create::new("x", Limit::usd(1.0)));
        let error = create.base_url(other).send().unwrap_err();
        let ErrorKind::Transport(transport) = error.kind() else { panic!("{error:?}") };
        assert_eq!(transport.kind(), TransportErrorKind::Setup, "{error:?}");
        assert_eq!(error.attempts(), 1);
        println!("{error:?}");
    }
}

#[test]
fn plain_http_to_this_machine_needs_no_trusted_certificates() {
    let nowhere = "/nowhere/to/be/found";
    let text = child(
        "child_without_certificates",
        &[("SSL_CERT_FILE", nowhere), ("SSL_CERT_DIR", nowhere)],
    );
    assert!(text.contains("created over plain http"), "{text}");
    assert!(text.contains("nothing was created or changed"), "{text}");
    assert!(text.contains("SSL_CERT_FILE"), "{text}");
}
