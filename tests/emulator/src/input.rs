//! Reads JSON bodies field by field; absent, null and a value are three cases.

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::api_error::ApiError;
use crate::reset::Reset;

type Read<T> = Result<T, ApiError>;

/// A request body, which must be an object.
pub(crate) struct Body(Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = ApiError;

    /// Other content types are refused, to catch clients that forget the header.
    async fn from_request(request: Request, state: &S) -> Read<Self> {
        let content_type = request.headers().get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            return Err(ApiError::bad_request("The body must be sent as `application/json`."));
        }
        let bytes = Bytes::from_request(request, state).await;
        Self::parse(&bytes.map_err(|_| ApiError::bad_request("The body is incomplete."))?)
    }
}

impl Body {
    fn parse(bytes: &[u8]) -> Read<Self> {
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err(ApiError::bad_request("The body must be a JSON object.")),
            Err(_) => Err(ApiError::bad_request("The body is not valid JSON.")),
        }
    }

    /// A field that may be absent but not null.
    pub(crate) fn optional<T>(
        &self,
        field: &str,
        read: fn(&Value) -> Option<T>,
    ) -> Read<Option<T>> {
        self.0.get(field).map(|value| read(value).ok_or_else(|| invalid(field))).transpose()
    }

    /// A field that may be absent or null.
    pub(crate) fn nullable<T>(
        &self,
        field: &str,
        read: fn(&Value) -> Option<T>,
    ) -> Read<Nullable<T>> {
        match self.0.get(field) {
            None => Ok(Nullable::Absent),
            Some(Value::Null) => Ok(Nullable::Null),
            Some(value) => read(value).map(Nullable::Value).ok_or_else(|| invalid(field)),
        }
    }

    pub(crate) fn required<T>(&self, field: &str, read: fn(&Value) -> Option<T>) -> Read<T> {
        self.optional(field, read)?.ok_or_else(|| invalid(field))
    }
}

/// The value of a nullable field.
#[derive(Debug, PartialEq)]
pub(crate) enum Nullable<T> {
    Absent,
    Null,
    Value(T),
}

impl<T> Nullable<T> {
    /// For a new key, absent and null are the same.
    pub(crate) fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// Applies the field to an existing setting.
    pub(crate) fn change(self, setting: &mut Option<T>) {
        match self {
            Self::Absent => {}
            Self::Null => *setting = None,
            Self::Value(value) => *setting = Some(value),
        }
    }
}

pub(crate) fn invalid(field: &str) -> ApiError {
    ApiError::bad_request(format!("`{field}` is missing or not valid."))
}

pub(crate) fn boolean(value: &Value) -> Option<bool> {
    value.as_bool()
}

pub(crate) fn filled_text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

pub(crate) fn amount(value: &Value) -> Option<f64> {
    value.as_f64().filter(|usd| usd.is_finite() && *usd >= 0.0)
}

pub(crate) fn reset(value: &Value) -> Option<Reset> {
    value.as_str().and_then(Reset::from_name)
}

pub(crate) fn uuid(value: &Value) -> Option<String> {
    value.as_str().and_then(uuid_text)
}

/// A UUID in its hyphenated form, in lower case.
pub(crate) fn uuid_text(text: &str) -> Option<String> {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let is_hex = text.chars().all(|c| c == '-' || c.is_ascii_hexdigit());
    (lengths == [8, 4, 4, 4, 12] && is_hex).then(|| text.to_ascii_lowercase())
}

pub(crate) fn timestamp(value: &Value) -> Option<Timestamp> {
    value.as_str().and_then(utc_timestamp)
}

/// RFC 3339 in UTC with seconds. The parser alone is too lenient: it accepts other offsets,
/// times without seconds and a space instead of the `T`.
fn utc_timestamp(text: &str) -> Option<Timestamp> {
    let local = text.strip_suffix('Z').or_else(|| text.strip_suffix("+00:00"))?;
    let (seconds, fraction) = local.split_once('.').unwrap_or((local, "0"));
    let is_fraction = !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit());
    let shape: String = seconds.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    if !is_fraction || shape != "9999-99-99T99:99:99" {
        return None;
    }
    text.parse().ok()
}

/// The `user` of `external`. Its `api_key` is checked and discarded.
pub(crate) fn external_user(value: &Value) -> Option<String> {
    let external = value.as_object()?;
    if let Some(api_key) = external.get("api_key") {
        api_key.as_str().filter(|key| key.chars().count() >= 32)?;
    }
    external.get("user").and_then(partner_user)
}

/// 1 to 512 characters, no NUL, no surrounding white space.
pub(crate) fn partner_user(value: &Value) -> Option<String> {
    let user = value.as_str()?;
    let is_space = |c: char| c.is_whitespace() || c == '\u{feff}';
    let is_valid = (1..=512).contains(&user.chars().count())
        && !user.contains('\0')
        && !user.starts_with(is_space)
        && !user.ends_with(is_space);
    is_valid.then(|| user.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn absent_null_and_a_value_are_three_things() {
        let body = Body::parse(br#"{"limit":null,"other":2}"#).unwrap();
        assert_eq!(body.nullable("absent", amount), Ok(Nullable::Absent));
        assert_eq!(body.nullable("limit", amount), Ok(Nullable::Null));
        assert_eq!(body.nullable("other", amount), Ok(Nullable::Value(2.0)));
        assert!(body.optional("limit", amount).is_err());
        assert!(body.required("absent", amount).is_err());
    }

    #[test]
    fn only_utc_timestamps_with_seconds_are_accepted() {
        for good in [
            "2027-12-31T23:59:59Z",
            "2027-12-31T23:59:59.5Z",
            "2027-12-31T23:59:59.123456789Z",
            "2027-12-31T23:59:59+00:00",
            "2001-01-01T00:00:00Z",
        ] {
            assert!(utc_timestamp(good).is_some(), "{good}");
        }
        for bad in [
            "2027-12-31T23:59Z",
            "2027-12-31T23:59:59+01:00",
            "2027-12-31T23:59:59-00:00",
            "2027-12-31T23:59:59.Z",
            "2027-12-31 23:59:59Z",
            "2027-02-30T00:00:00Z",
            "2027-12-31T23:59:59",
            "2027-12-31",
            "tomorrow",
            "",
        ] {
            assert!(utc_timestamp(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn only_hyphenated_uuids_are_accepted() {
        let uuid = "0A1B2C3D-0000-4000-8000-00000000000f";
        assert_eq!(uuid_text(uuid), Some(uuid.to_lowercase()));
        for bad in ["", "0a1b2c3d", "0a1b2c3d000040008000000000000001", &uuid.replace('0', "g")] {
            assert_eq!(uuid_text(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_partners_key_is_at_least_32_characters_long() {
        let external = |length| json!({"user": "u", "api_key": "k".repeat(length)});
        assert_eq!(external_user(&external(31)), None);
        assert_eq!(external_user(&external(32)), Some("u".to_owned()));
        assert_eq!(external_user(&json!({"user": "u"})), Some("u".to_owned()));
        assert_eq!(external_user(&json!({})), None);
    }

    #[test]
    fn a_partners_user_has_1_to_512_characters_no_nul_and_no_white_space_around() {
        for good in ["u", "two words", &"é".repeat(512)] {
            assert_eq!(partner_user(&json!(good)), Some(good.to_owned()));
        }
        let long = "é".repeat(513);
        for bad in
            ["", &long, "a\0b", " u", "u ", "\tu", "u\n", "\u{a0}u", "u\u{3000}", "\u{feff}u"]
        {
            assert_eq!(partner_user(&json!(bad)), None, "{bad:?}");
        }
        assert_eq!(partner_user(&json!(1)), None);
    }
}
