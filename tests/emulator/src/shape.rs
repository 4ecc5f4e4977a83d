//! The API's history: responses before fields were added, and possible future ones.

use std::str::FromStr;

use serde_json::{Map, Value, json};

/// The shape of a response at some point in the API's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// As at one of the steps 1 to 8; later numbers are as today.
    Step(u8),
    /// A possible future: unknown fields, unknown enum values, and timestamps of another
    /// precision.
    Newer,
}

/// The step that added each field of `Key`.
const KEY_FIELDS: [(&str, u8); 4] =
    [("creator_user_id", 3), ("workspace_id", 4), ("external_user", 5), ("last_used_at", 8)];

/// The step that added each field of `CurrentKey`.
const CURRENT_KEY_FIELDS: [(&str, u8); 8] = [
    ("is_management_key", 2),
    ("creator_user_id", 3),
    ("allowed_data_regions", 6),
    ("free_model_daily_requests", 6),
    ("organization_id", 7),
    ("workspace_id", 7),
    ("budgets", 8),
    ("effective_budget", 8),
];

/// From this step on, the legacy rate limit is a whole number.
const WHOLE_RATE_LIMIT: u8 = 4;

impl FromStr for Shape {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(step @ 1..=8) => Ok(Self::Step(step)),
            Err(_) if text == "newer" => Ok(Self::Newer),
            _ => Err(()),
        }
    }
}

impl Shape {
    /// Converts a whole response to this shape. Bodies that are not the API's stay unchanged.
    pub(crate) fn reshape(self, response: &mut Value) {
        match response.get_mut("data") {
            Some(Value::Array(keys)) => {
                keys.iter_mut().filter_map(Value::as_object_mut).for_each(|key| self.key(key));
            }
            Some(Value::Object(key)) if key.contains_key("hash") => self.key(key),
            Some(Value::Object(current_key)) if current_key.contains_key("label") => {
                self.current_key(current_key);
            }
            _ => {}
        }
        if let (Self::Newer, Some(response)) = (self, response.as_object_mut()) {
            response.insert("emulator_page".to_owned(), json!({"of": "the future"}));
        }
    }

    fn key(self, key: &mut Map<String, Value>) {
        match self {
            Self::Step(step) => remove_later_than(step, &KEY_FIELDS, key),
            Self::Newer => {
                key.insert("limit_reset".to_owned(), json!("fortnightly"));
                key.insert("created_at".to_owned(), json!("2031-01-01T00:00:00.123456789Z"));
                key.insert("updated_at".to_owned(), json!("2031-01-01T00:00:00Z"));
                add_unknown_field(key);
            }
        }
    }

    fn current_key(self, current_key: &mut Map<String, Value>) {
        match self {
            Self::Step(step) => {
                remove_later_than(step, &CURRENT_KEY_FIELDS, current_key);
                if step < WHOLE_RATE_LIMIT {
                    if let Some(rate_limit) = current_key.get_mut("rate_limit") {
                        *rate_limit = json!({"requests": 10.5, "interval": "10s", "note": ""});
                    }
                }
            }
            Self::Newer => {
                let budget = json!({
                    "scope": "continent", "limit_usd": 10, "spend_usd": 2.5, "remaining_usd": 7.5,
                    "reset_interval": "fortnightly", "resets_at": "2031-01-01T00:00:00Z",
                    "include_byok": true, "budget_id": "budget_1", "guardrail_id": "guardrail_1",
                    "emulator_mood": "sunny",
                });
                current_key.insert("limit_reset".to_owned(), json!("fortnightly"));
                current_key.insert("allowed_data_regions".to_owned(), json!(["global", "moon"]));
                current_key.insert("budgets".to_owned(), json!([budget]));
                current_key.insert("effective_budget".to_owned(), budget);
                add_unknown_field(current_key);
            }
        }
    }
}

fn remove_later_than(step: u8, fields: &[(&str, u8)], object: &mut Map<String, Value>) {
    for (field, _) in fields.iter().filter(|(_, since)| *since > step) {
        object.remove(*field);
    }
}

fn add_unknown_field(object: &mut Map<String, Value>) {
    object.insert("emulator_mood".to_owned(), json!({"today": ["sunny", null, 1e300]}));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields_at(step: u8, table: &[(&str, u8)], extra: &str) -> Vec<String> {
        let mut data = Map::new();
        for (field, _) in table.iter().chain(&[(extra, 0)]) {
            data.insert((*field).to_owned(), json!("x"));
        }
        let mut response = json!({"data": data});
        Shape::Step(step).reshape(&mut response);
        response["data"].as_object().unwrap().keys().cloned().collect()
    }

    #[test]
    fn a_step_lacks_exactly_the_fields_added_later() {
        for step in 1..=8 {
            for (table, extra) in [(&KEY_FIELDS[..], "hash"), (&CURRENT_KEY_FIELDS[..], "label")] {
                let fields = fields_at(step, table, extra);
                assert!(fields.iter().any(|field| field == extra));
                for (field, since) in table {
                    assert_eq!(fields.iter().any(|f| f == field), *since <= step, "{field} {step}");
                }
            }
        }
    }

    #[test]
    fn other_responses_keep_their_shape() {
        let totals = json!({"data": {"total_credits": 1, "workspace_id": "not a key's"}});
        for other in
            [json!({"deleted": true}), json!({"error": {"code": 400}}), json!("text"), totals]
        {
            let mut reshaped = other.clone();
            Shape::Step(1).reshape(&mut reshaped);
            assert_eq!(reshaped, other);
        }
    }
}
