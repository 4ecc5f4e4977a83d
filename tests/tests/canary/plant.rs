//! Plants the canaries in a vector's settings, arguments and responses.

use openrouter_keys_tests::vectors::{DEFAULT_API_KEY, OperationName, ScriptedResponse, Vector};
use serde_json::{Value, json};

/// The API key of the requests.
pub(crate) const SIGNING: &str = "sk-or-v1-canary-of-the-key-that-signs-0123456789";
/// The key that a create returns.
pub(crate) const CREATED: &str = "sk-or-v1-canary-of-the-created-key-0123456789abc";
/// A custom header.
pub(crate) const GATEWAY: &str = "canary-of-the-gateway-token-0123456789";
/// `external.api_key` of a create.
pub(crate) const PARTNER: &str = "canary-of-the-partners-own-key-0123456789";

/// What the server repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    /// Only what the vector contains.
    Discreet,
    /// Every secret, in every place it can write to.
    Repeating,
    /// The same, with JSON escapes.
    Escaping,
}

impl Server {
    /// All variants.
    pub(crate) const ALL: [Self; 3] = [Self::Discreet, Self::Repeating, Self::Escaping];
}

/// The secrets a call of the operation sends or receives.
pub(crate) fn known_to(operation: OperationName) -> Vec<&'static str> {
    let mut secrets = vec![SIGNING, CREATED, GATEWAY];
    match operation {
        OperationName::Create => secrets.push(PARTNER),
        OperationName::List
        | OperationName::Get
        | OperationName::Update
        | OperationName::Delete
        | OperationName::GetCurrentKeyMetadata => {}
    }
    secrets
}

/// Plants the canaries instead of the vector's secrets.
pub(crate) fn plant(vector: &mut Vector, server: Server) {
    if vector.settings.api_key.is_none() {
        vector.settings.api_key = Some(SIGNING.to_owned());
    }
    vector.settings.headers.push(("x-gateway-token".to_owned(), GATEWAY.to_owned()));
    let is_create = vector.operation == OperationName::Create;
    if is_create {
        let external = vector.arguments.entry("external").or_insert(json!({"user": "partner"}));
        if let Value::Object(external) = external {
            external.insert("api_key".to_owned(), PARTNER.into());
        }
    }
    let secret = vector.success.as_ref().and_then(|success| success.secret.clone());
    let all = known_to(vector.operation).join(" and ");
    for response in &mut vector.responses {
        replace(response, DEFAULT_API_KEY, SIGNING);
        if let Some(secret) = &secret {
            replace(response, secret, CREATED);
        }
        if server != Server::Discreet && response.failure.is_none() {
            repeat(response, &all, server == Server::Escaping);
        }
    }
}

fn replace(response: &mut ScriptedResponse, secret: &str, canary: &str) {
    if let Some(body) = &mut response.body {
        *body = body.replace(secret, canary);
    }
    if let Some(json) = &mut response.body_json {
        if let Ok(planted) = serde_json::from_str(&json.to_string().replace(secret, canary)) {
            *json = planted;
        }
    }
}

/// Writes the text into the head and into the body, whatever its form.
fn repeat(response: &mut ScriptedResponse, all: &str, escapes: bool) {
    let one_word = all.replace(" and ", ".");
    response.headers.retain(|line| {
        !line.to_ascii_lowercase().starts_with("x-request-id:")
            && !line.to_ascii_lowercase().starts_with("location:")
    });
    response.headers.push(format!("x-request-id: {all}"));
    response.headers.push(format!("set-cookie: {one_word}"));
    response.headers.push(format!("location: https://{one_word}.example/{one_word}?{one_word}"));
    let parsed =
        response.body_json.take().or_else(|| serde_json::from_str(response.body.as_deref()?).ok());
    match parsed {
        Some(mut json) => {
            speak(&mut json, all, true);
            let text = json.to_string();
            response.body = Some(if escapes { escaped(&text) } else { text });
        }
        // A page, or text that only looks like JSON.
        None => {
            if let Some(body) = &mut response.body {
                let spoken = if escapes { escaped(all) } else { all.to_owned() };
                *body = format!("{body}{spoken}");
            }
        }
    }
}

/// The canaries with one letter of each escaped.
fn escaped(text: &str) -> String {
    text.replace("sk-or-v1-canary", "\\u0073k-or-v1-c\\u0061nary")
        .replace("canary-of", "c\\u0061nary-of")
}

/// Makes every object repeat the text in a name and in values of unexpected types, and an error
/// also in its documented fields.
fn speak(json: &mut Value, all: &str, is_outermost: bool) {
    match json {
        Value::Object(object) => {
            for value in object.values_mut() {
                speak(value, all, false);
            }
            if let Some(Value::Object(error)) = object.get_mut("error") {
                error.insert("message".to_owned(), all.into());
                error.insert("metadata".to_owned(), json!({ all: [all, { "raw": all }] }));
                object.insert("user_id".to_owned(), all.into());
                object.insert("openrouter_metadata".to_owned(), json!({ "deep": { all: all } }));
            }
            object.insert("echo".to_owned(), json!([all, { all: all }]));
            object.insert(all.to_owned(), all.into());
        }
        Value::Array(items) => items.iter_mut().for_each(|item| speak(item, all, false)),
        Value::String(text) if is_outermost => all.clone_into(text),
        _ => {}
    }
}
