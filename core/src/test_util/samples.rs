//! Bodies of responses with every documented field, for scripts and benchmarks.

use std::fmt;
use std::fmt::Display;
use std::sync::atomic::{AtomicU64, Ordering};

// `concat!` takes literals and macros, not constants.
macro_rules! key_object {
    () => {
        r#"{"hash":"f01d52606dc8f0a8303a7b5cc3fa07109c2e346cec7c0a16b40de462992ce943","name":"Customer 42","label":"sk-or-v1-0e6...1c96","disabled":false,"limit":25,"limit_remaining":21.5,"limit_reset":"monthly","include_byok_in_limit":false,"usage":3.5,"usage_daily":0.5,"usage_weekly":1.25,"usage_monthly":3.5,"byok_usage":0,"byok_usage_daily":0,"byok_usage_weekly":0,"byok_usage_monthly":0,"created_at":"2026-10-01T09:30:00.000Z","updated_at":null,"expires_at":null,"last_used_at":"2026-11-20T17:45:12.250Z","creator_user_id":"user_2abcDEF","workspace_id":"0df9e665-d932-5740-b2c7-b52af166bc11","external_user":null}"#
    };
}

/// A key, as in `data`.
pub const KEY_OBJECT: &str = key_object!();

/// The body of a successful get or update.
pub const KEY: &str = concat!(r#"{"data":"#, key_object!(), "}");

/// The body of a successful create.
pub const CREATED: &str = concat!(
    r#"{"key":"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","data":"#,
    key_object!(),
    "}"
);

/// The body of a successful delete.
pub const DELETED: &str = r#"{"deleted":true}"#;

/// The body of the response about the current key.
pub const CURRENT_KEY: &str = concat!(
    r#"{"data":"#,
    r#"{"label":"sk-or-v1-0e6...1c96","limit":25,"limit_remaining":21.5,"limit_reset":"monthly","include_byok_in_limit":false,"usage":3.5,"usage_daily":0.5,"usage_weekly":1.25,"usage_monthly":3.5,"byok_usage":0,"byok_usage_daily":0,"byok_usage_weekly":0,"byok_usage_monthly":0,"expires_at":null,"is_free_tier":false,"is_management_key":false,"is_provisioning_key":false,"creator_user_id":"user_2abcDEF","organization_id":null,"workspace_id":"0df9e665-d932-5740-b2c7-b52af166bc11","rate_limit":{"requests":-1,"interval":"10s","note":"This field is no longer used."},"allowed_data_regions":["global"],"free_model_daily_requests":{"limit":1000,"remaining":990,"used":10},"budgets":[{"scope":"key_limit","limit_usd":25,"spend_usd":3.5,"remaining_usd":21.5,"reset_interval":"monthly","resets_at":"2026-12-01T00:00:00Z","include_byok":false,"budget_id":null,"guardrail_id":null}],"effective_budget":null}"#,
    "}"
);

/// The body of a page with this many keys, which differ in name and hash.
pub fn page(keys: usize) -> String {
    let mut body = String::from(r#"{"data":["#);
    for number in 0..keys {
        if number > 0 {
            body.push(',');
        }
        let hash = format!("{number:064x}");
        body.push_str(
            &KEY_OBJECT
                .replace("f01d52606dc8f0a8303a7b5cc3fa07109c2e346cec7c0a16b40de462992ce943", &hash)
                .replace("Customer 42", &format!("Customer {number}")),
        );
    }
    body.push_str("]}");
    body
}

/// A key for the body of a response, to be changed field by field. Every field is valid, and the
/// hash and label are unique.
///
/// ```
/// use openrouter_keys_core::test_util::{Reply, samples};
///
/// let stale = samples::key().name("old").limit(None).last_used_at(None);
/// let reply = Reply::listed([stale, samples::key().disabled(true)]);
/// # assert_ne!(samples::key().to_string(), samples::key().to_string());
/// ```
pub fn key() -> KeySample {
    static WRITTEN: AtomicU64 = AtomicU64::new(1);
    let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let label = format!("{:04x}", number & 0xffff);
    KeySample { fields: FIELDS.map(|(name, json)| (name.to_owned(), json.to_owned())).to_vec() }
        .hash(&format!("f01d52606dc8f0a8303a7b5cc3fa07109c2e346cec7c0a16b40d{number:012x}"))
        .label(&format!("sk-or-v1-0e6...{label}"))
}

/// The fields of [`key`] as JSON.
const FIELDS: [(&str, &str); 23] = [
    ("hash", ""),
    ("name", "\"Customer 42\""),
    ("label", ""),
    ("disabled", "false"),
    ("limit", "25"),
    ("limit_remaining", "25"),
    ("limit_reset", "\"monthly\""),
    ("include_byok_in_limit", "false"),
    ("usage", "0"),
    ("usage_daily", "0"),
    ("usage_weekly", "0"),
    ("usage_monthly", "0"),
    ("byok_usage", "0"),
    ("byok_usage_daily", "0"),
    ("byok_usage_weekly", "0"),
    ("byok_usage_monthly", "0"),
    ("created_at", "\"2026-10-01T09:30:00.000Z\""),
    ("updated_at", "null"),
    ("expires_at", "null"),
    ("last_used_at", "null"),
    ("creator_user_id", "null"),
    ("workspace_id", "\"0df9e665-d932-5740-b2c7-b52af166bc11\""),
    ("external_user", "null"),
];

/// A key as the API writes it. `Display` writes the JSON object.
#[derive(Clone, Debug)]
#[must_use]
pub struct KeySample {
    fields: Vec<(String, String)>,
}

/// A setter for each field, by how its value is written in JSON.
macro_rules! setters {
    (texts: $($text:ident)*; nullable texts: $($nullable:ident)*; plain: $($plain:ident: $type:ty)*;
     amounts: $($amount:ident)*) => {
        impl KeySample {
            $(
                #[doc = concat!("Sets `", stringify!($text), "`.")]
                pub fn $text(self, value: &str) -> Self {
                    self.field(stringify!($text), json(value))
                }
            )*
            $(
                #[doc = concat!("Sets `", stringify!($nullable), "`; `None` is `null`.")]
                pub fn $nullable<'a>(self, value: impl Into<Option<&'a str>>) -> Self {
                    self.field(stringify!($nullable), value.into().map_or("null".to_owned(), json))
                }
            )*
            $(
                #[doc = concat!("Sets `", stringify!($plain), "`.")]
                pub fn $plain(self, value: $type) -> Self {
                    self.field(stringify!($plain), value.to_string())
                }
            )*
            $(
                #[doc = concat!("Sets `", stringify!($amount), "` in US dollars; `None` is `null`.")]
                pub fn $amount(self, usd: impl Into<Option<f64>>) -> Self {
                    let usd = usd.into().map_or("null".to_owned(), |usd| usd.to_string());
                    self.field(stringify!($amount), usd)
                }
            )*
        }
    };
}

setters! {
    texts: hash name label workspace_id created_at;
    nullable texts: limit_reset updated_at expires_at last_used_at creator_user_id external_user;
    plain: disabled: bool include_byok_in_limit: bool usage: f64 usage_daily: f64
        usage_weekly: f64 usage_monthly: f64 byok_usage: f64 byok_usage_daily: f64
        byok_usage_weekly: f64 byok_usage_monthly: f64;
    amounts: limit limit_remaining
}

impl KeySample {
    /// Sets any field to any JSON: a value of the wrong type, or a field of a newer API.
    pub fn field(mut self, name: &str, json: impl Into<String>) -> Self {
        let json = json.into();
        match self.fields.iter_mut().find(|(own, _)| own == name) {
            Some((_, value)) => *value = json,
            None => self.fields.push((name.to_owned(), json)),
        }
        self
    }

    /// Leaves a field out.
    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(own, _)| own != name);
        self
    }
}

impl Display for KeySample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (place, (name, value)) in self.fields.iter().enumerate() {
            write!(f, "{}{}:{value}", if place > 0 { "," } else { "" }, json(name))?;
        }
        f.write_str("}")
    }
}

/// The body of a page of these keys.
pub fn page_of<K: Display>(keys: impl IntoIterator<Item = K>) -> String {
    let keys: Vec<String> = keys.into_iter().map(|key| key.to_string()).collect();
    data(format_args!("[{}]", keys.join(",")))
}

/// The body of a successful create.
pub fn created(secret: &str, key: impl Display) -> String {
    format!(r#"{{"key":{},"data":{key}}}"#, json(secret))
}

/// The body of a response with this in `data`.
pub fn data(content: impl Display) -> String {
    format!(r#"{{"data":{content}}}"#)
}

/// The body of an error of the API.
pub fn api_error(code: u16, message: &str) -> String {
    format!(r#"{{"error":{{"code":{code},"message":{}}}}}"#, json(message))
}

/// The string as JSON writes it.
fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
