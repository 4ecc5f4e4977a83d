//! The canary test: secrets planted in every wire vector never appear in anything printed or
//! serialised, except through their accessors.
//!
//! A successful response is the server's content: a read returns it unchanged, and its `Debug`
//! masks anything that looks like a key. The output of a create repeats neither the created key
//! nor the secrets in the request's body.

#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#![allow(clippy::panic, reason = "a test fails with a panic")]
#![allow(dead_code, reason = "only the strings of an outcome are checked")]

#[path = "vectors/call.rs"]
mod call;
#[path = "vectors/fake.rs"]
mod fake;
#[path = "canary/plant.rs"]
mod plant;
#[path = "vectors/seen.rs"]
mod seen;
#[path = "canary/texts.rs"]
mod texts;

use call::Outcome;
use openrouter_keys_core::{ApiKey, Client, Config, blocking};
use openrouter_keys_tests::vector_files::FILES;
use openrouter_keys_tests::vectors::{OperationName, Vector};
use plant::{CREATED, GATEWAY, PARTNER, SIGNING, Server};
use seen::{SeenError, SeenValue};
use texts::{Texts, Watched};

/// The client that makes the call.
#[derive(Clone, Copy, Debug)]
enum Driver {
    Async,
    Blocking,
}

/// A string with its description and the secrets it must not show.
type Shown = (&'static str, String, Vec<String>);

/// Makes the call and collects every string with the secrets it must not show.
fn shown(
    vector: &Vector,
    server: Server,
    driver: Driver,
    texts: &Texts,
) -> Result<Vec<Shown>, String> {
    let carrier = fake::transport(vector)?;
    let note = |key: &ApiKey, config: &Config| {
        texts.debug("the key", key);
        texts.debug("the configuration", config);
    };
    let outcome = pollster::block_on(async {
        match driver {
            Driver::Async => {
                let client = |key, config| {
                    note(&key, &config);
                    let client = Client::with_config(carrier, key, config)?;
                    Ok(Watched { client, texts: texts.clone() })
                };
                call::make(vector, client).await
            }
            Driver::Blocking => {
                let client = |key, config| {
                    note(&key, &config);
                    let client = blocking::Client::with_config(carrier, key, config)?;
                    Ok(Watched { client, texts: texts.clone() })
                };
                call::make(vector, client).await
            }
        }
    })?;
    let all: Vec<String> =
        plant::known_to(vector.operation).into_iter().map(str::to_owned).collect();
    let mut shown: Vec<_> =
        texts.take().into_iter().map(|(what, text)| (what, text, all.clone())).collect();
    match outcome {
        Outcome::Refused { text, .. } => shown.push(("the refusal", text, all)),
        Outcome::Error(error) => {
            shown.extend(parts(&error).map(|(what, text)| (what, text, all.clone())));
        }
        Outcome::Value(value) => shown.extend(texts_of(*value, vector.operation, server, &all)),
    }
    Ok(shown)
}

/// The strings an error shows, and the values of its accessors.
fn parts(error: &SeenError) -> impl Iterator<Item = (&'static str, String)> {
    [
        ("the error and its causes", error.everything.join("\n")),
        ("the message", format!("{:?}", error.message)),
        ("the metadata", format!("{:?}", error.metadata)),
        ("openrouter_metadata", format!("{:?}", error.openrouter_metadata)),
        ("the user's id", format!("{:?}", error.user_id)),
        ("the request's id", format!("{:?}", error.request_id)),
        ("the redirect's origin", format!("{:?}", error.origin)),
    ]
    .into_iter()
}

fn texts_of(
    value: SeenValue,
    operation: OperationName,
    server: Server,
    all: &[String],
) -> Vec<Shown> {
    let mut printed = all.to_vec();
    if server != Server::Discreet {
        printed.retain(|secret| secret != GATEWAY);
    }
    let mut serialised = printed.clone();
    if server != Server::Discreet && operation != OperationName::Create {
        serialised.clear();
    }
    if let Some(secret) = value.details.secret.filter(|secret| secret.len() >= 16) {
        printed.push(secret.clone());
        serialised.push(secret);
    }
    vec![
        ("the value's debug text", value.debug, printed),
        ("the serialised value", value.text, serialised),
        ("the request's id", format!("{:?}", value.request_id), all.to_vec()),
    ]
}

/// Whether the secret appears, plain or as JSON and `Debug` escape it.
fn shows(text: &str, secret: &str) -> bool {
    let plain = text.replace("\\\\", "\\").replace("\\u0073", "s").replace("\\u0061", "a");
    text.contains(secret) || plain.contains(secret)
}

#[test]
fn no_planted_secret_appears_in_any_string_of_any_vector() {
    let texts = Texts::default();
    let writer = texts.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_writer(move || writer.clone())
        .finish();
    let (mut findings, mut searched) = (Vec::new(), 0_usize);
    tracing::subscriber::with_default(subscriber, || {
        for file in FILES {
            for server in Server::ALL {
                let vectors = file.vectors().unwrap_or_else(|problem| panic!("{problem}"));
                for mut vector in vectors {
                    plant::plant(&mut vector, server);
                    for driver in [Driver::Async, Driver::Blocking] {
                        let shown = shown(&vector, server, driver, &texts)
                            .unwrap_or_else(|problem| panic!("{}: {problem}", vector.name));
                        searched = searched.saturating_add(shown.len());
                        for (what, text, secrets) in shown {
                            for secret in secrets.iter().filter(|secret| shows(&text, secret)) {
                                let (file, name, operation) =
                                    (file.name, &vector.name, vector.operation);
                                findings.push(format!(
                                    "{file}: {name} ({operation:?}, {server:?}, {driver:?}): {what} shows {secret}"
                                ));
                            }
                        }
                    }
                }
            }
        }
    });
    let (count, findings) = (findings.len(), findings.join("\n"));
    assert!(findings.is_empty(), "{count} findings:\n{findings}");
    assert!(searched > 40_000, "only {searched} texts were searched");
}

#[test]
fn the_search_finds_each_canary_plain_and_escaped() {
    for secret in [SIGNING, CREATED, GATEWAY, PARTNER] {
        assert!(shows(&format!("x {secret} y"), secret));
        let escaped = secret.replace("sk-", "\\u0073k-").replace("canary", "c\\u0061nary");
        assert!(shows(&escaped, secret) && shows(&format!("{escaped:?}"), secret));
    }
}
