//! The text form of faults, for the request header and the control API.
//!
//! The README has the grammar. Add a new word here, there and in `fault.rs`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::fault::{Fault, checked_header, checked_status};

/// A part of a fault's text that is not a known fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseFaultError {
    part: String,
}

impl fmt::Display for ParseFaultError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` is not a fault", self.part)
    }
}

impl std::error::Error for ParseFaultError {}

impl FromStr for Fault {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parts(text).iter().try_fold(Self::none(), |fault, part| {
            let part = part.trim();
            let read = read_part(part).ok_or_else(|| ParseFaultError { part: part.to_owned() })?;
            Ok(fault.and(read))
        })
    }
}

/// Splits at commas; `\,` is a comma within a part.
fn parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut pieces = text.split(',').peekable();
    while let Some(piece) = pieces.next() {
        let Some(part) = parts.last_mut() else { break };
        match piece.strip_suffix('\\') {
            Some(piece) if pieces.peek().is_some() => part.extend([piece, ","]),
            _ => {
                part.push_str(piece);
                if pieces.peek().is_some() {
                    parts.push(String::new());
                }
            }
        }
    }
    parts
}

fn read_part(part: &str) -> Option<Fault> {
    let (word, value) = match part.split_once('=') {
        Some((word, value)) => (word.trim_end(), Some(value.trim_start())),
        None => (part, None),
    };
    match value {
        Some(value) => read_pair(word, value),
        None => read_word(word),
    }
}

fn read_word(word: &str) -> Option<Fault> {
    match word {
        "commit" => Some(Fault::none().committing()),
        "conflict" => Some(Fault::conflict()),
        "endless-body" => Some(Fault::endless_body()),
        "stall-headers" | "never" => Some(Fault::stall_headers()),
        "disconnected" => Some(Fault::disconnected()),
        "reset-before-commit" => Some(Fault::reset_before_commit()),
        "reset-after-commit" => Some(Fault::reset_after_commit()),
        "close-before-commit" => Some(Fault::close_before_commit()),
        "close-after-commit" => Some(Fault::close_after_commit()),
        _ => None,
    }
}

fn read_pair(word: &str, value: &str) -> Option<Fault> {
    match word {
        "method" => Some(Fault::none().on_method(value.parse().ok()?)),
        "path" => Some(Fault::none().on_path(value)),
        "delay" => Some(Fault::delay(duration(value)?)),
        "status" => Some(Fault::status(status(value)?)),
        "html" => Some(Fault::html(status(value)?)),
        "empty" => Some(Fault::empty(status(value)?)),
        "body" => {
            let (status, body) = status_and_rest(value)?;
            Some(Fault::body(status, body.to_owned()))
        }
        "redirect" => {
            let (status, location) = status_and_rest(value)?;
            checked_header("location", location)?;
            Some(Fault::redirect(status, location))
        }
        "body-bytes" => Some(Fault::body_bytes(value.parse().ok()?)),
        "shape" => Some(Fault::shape(value.parse().ok()?)),
        "truncate" | "truncated" => Some(Fault::truncate(value.parse().ok()?)),
        "truncate-chunked" => Some(Fault::truncate_chunked(value.parse().ok()?)),
        "stall-body" | "stalled" => Some(Fault::stall_body(value.parse().ok()?)),
        "retry-after" => with_header("retry-after", value),
        "header" => {
            let (name, value) = value.split_once(':')?;
            with_header(name, value)
        }
        "no-header" => {
            checked_header(value, "")?;
            Some(Fault::none().without_header(value))
        }
        _ => None,
    }
}

fn with_header(name: &str, value: &str) -> Option<Fault> {
    checked_header(name, value)?;
    Some(Fault::none().with_header(name, value))
}

fn status(text: &str) -> Option<u16> {
    Some(checked_status(text.parse().ok()?)?.as_u16())
}

fn status_and_rest(text: &str) -> Option<(u16, &str)> {
    let (code, rest) = text.split_once(' ')?;
    Some((status(code)?, rest))
}

fn duration(text: &str) -> Option<Duration> {
    if let Some(milliseconds) = text.strip_suffix("ms") {
        return milliseconds.parse().ok().map(Duration::from_millis);
    }
    text.strip_suffix('s')?.parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;
    use crate::shape::Shape;

    #[test]
    fn every_word_of_the_grammar_is_parsed() {
        let expected = [
            ("method=POST", Fault::none().on_method(Method::POST)),
            ("path=/keys/*", Fault::none().on_path("/keys/*")),
            ("commit", Fault::none().committing()),
            ("delay=250ms", Fault::delay(Duration::from_millis(250))),
            ("delay=2s", Fault::delay(Duration::from_secs(2))),
            ("status=503", Fault::status(503)),
            ("conflict", Fault::status(409)),
            ("html=502", Fault::html(502)),
            ("empty=200", Fault::empty(200)),
            ("body=200 {\"deleted\":false}", Fault::body(200, "{\"deleted\":false}")),
            ("body-bytes=52428800", Fault::body_bytes(52_428_800)),
            ("endless-body", Fault::endless_body()),
            ("redirect=302 http://127.0.0.1:1/x", Fault::redirect(302, "http://127.0.0.1:1/x")),
            ("shape=3", Fault::shape(Shape::Step(3))),
            ("shape=newer", Fault::shape(Shape::Newer)),
            ("header=X-A: b", Fault::none().with_header("x-a", "b")),
            ("header=X-A:", Fault::none().with_header("x-a", "")),
            ("no-header=date", Fault::none().without_header("date")),
            ("retry-after=2", Fault::none().with_header("retry-after", "2")),
            ("truncate=10", Fault::truncate(10)),
            ("truncate-chunked=10", Fault::truncate_chunked(10)),
            ("stall-body=10", Fault::stall_body(10)),
            ("stall-headers", Fault::stall_headers()),
            ("never", Fault::stall_headers()),
            ("stalled=10", Fault::stall_body(10)),
            ("truncated=10", Fault::truncate(10)),
            ("disconnected", Fault::reset_before_commit()),
            ("commit,disconnected", Fault::reset_after_commit()),
            ("reset-before-commit", Fault::reset_before_commit()),
            ("reset-after-commit", Fault::reset_after_commit()),
            ("close-before-commit", Fault::close_before_commit()),
            ("close-after-commit", Fault::close_after_commit()),
        ];
        for (text, fault) in expected {
            assert_eq!(text.parse(), Ok(fault), "{text}");
        }
    }

    #[test]
    fn parts_combine() {
        let fault = Fault::status(503).with_header("retry-after", "2").and(Fault::truncate(3));
        assert_eq!("status=503, retry-after=2, truncate=3".parse(), Ok(fault));
    }

    #[test]
    fn a_comma_within_a_part_is_escaped() {
        let fault = Fault::body(200, r#"{"a":1,"b":"\\"}"#);
        assert_eq!(r#"body=200 {"a":1\,"b":"\\"}"#.parse(), Ok(fault));
        let date = "Wed, 21 Oct 2026 07:28:00 GMT";
        let fault = Fault::none().with_header("retry-after", date);
        assert_eq!(r"retry-after=Wed\, 21 Oct 2026 07:28:00 GMT".parse(), Ok(fault));
    }

    #[test]
    fn an_unknown_part_is_named() {
        for bad in [
            "",
            "nonsense",
            "status",
            "status=99",
            "status=600",
            "status=abc",
            "delay=1",
            "delay=-1s",
            "body=200",
            "redirect=302 a\nb",
            "header=no colon",
            "header=a b: c",
            "no-header=a b",
            "shape=0",
            "shape=9",
            "truncate=-1",
            "method=",
        ] {
            let text = format!("status=500,{bad}");
            let error = text.parse::<Fault>().unwrap_err();
            assert_eq!(error.to_string(), format!("`{bad}` is not a fault"));
        }
    }
}
