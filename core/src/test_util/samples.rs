//! Bodies of answers with every documented field, for scripts and benchmarks.

// `concat!` takes literals and macros, not constants.
macro_rules! key_object {
    () => {
        r#"{"hash":"f01d52606dc8f0a8303a7b5cc3fa07109c2e346cec7c0a16b40de462992ce943","name":"Customer 42","label":"sk-or-v1-0e6...1c96","disabled":false,"limit":25,"limit_remaining":21.5,"limit_reset":"monthly","include_byok_in_limit":false,"usage":3.5,"usage_daily":0.5,"usage_weekly":1.25,"usage_monthly":3.5,"byok_usage":0,"byok_usage_daily":0,"byok_usage_weekly":0,"byok_usage_monthly":0,"created_at":"2026-10-01T09:30:00.000Z","updated_at":null,"expires_at":null,"last_used_at":"2026-11-20T17:45:12.250Z","creator_user_id":"user_2abcDEF","workspace_id":"0df9e665-d932-5740-b2c7-b52af166bc11","external_user":null}"#
    };
}

/// A key, as it stands in `data`.
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

/// The body of the answer about the current key.
pub const CURRENT_KEY: &str = concat!(
    r#"{"data":"#,
    r#"{"label":"sk-or-v1-0e6...1c96","limit":25,"limit_remaining":21.5,"limit_reset":"monthly","include_byok_in_limit":false,"usage":3.5,"usage_daily":0.5,"usage_weekly":1.25,"usage_monthly":3.5,"byok_usage":0,"byok_usage_daily":0,"byok_usage_weekly":0,"byok_usage_monthly":0,"expires_at":null,"is_free_tier":false,"is_management_key":false,"is_provisioning_key":false,"creator_user_id":"user_2abcDEF","organization_id":null,"workspace_id":"0df9e665-d932-5740-b2c7-b52af166bc11","rate_limit":{"requests":-1,"interval":"10s","note":"This field is no longer used."},"allowed_data_regions":["global"],"free_model_daily_requests":{"limit":1000,"remaining":990,"used":10},"budgets":[{"scope":"key_limit","limit_usd":25,"spend_usd":3.5,"remaining_usd":21.5,"reset_interval":"monthly","resets_at":"2026-12-01T00:00:00Z","include_byok":false,"budget_id":null,"guardrail_id":null}],"effective_budget":null}"#,
    "}"
);

/// The body of a page of so many keys, told apart by name and hash.
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
