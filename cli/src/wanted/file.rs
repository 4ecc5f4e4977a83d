//! The TOML file of wanted keys: read, checked, and written from existing keys.

use std::collections::BTreeSet;
use std::path::Path;

use openrouter_keys_native::{Create, Field, Key, Limit, LimitReset, Timestamp};
use serde::Deserialize;

use crate::failure::{Failure, Result};
use crate::new_key::NewKey;
use crate::select;
use crate::sink::Sink;
use crate::{keys, settings, text, units};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedFile {
    /// The keys that must exist.
    #[serde(default, rename = "key")]
    pub(crate) keys: Vec<Wanted>,
    /// The keys that must not exist. No other key is ever deleted.
    #[serde(default, rename = "delete")]
    pub(crate) deleted: Vec<Unwanted>,
}

/// A key and its settings. A setting that is left out is left as it is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    pub(crate) name: String,
    /// US dollars, or "none".
    limit: LimitText,
    /// "daily", "weekly", "monthly" or "never".
    reset: Option<String>,
    /// A TOML date or time, or the same in quotes.
    expires: Option<TimeText>,
    pub(crate) include_byok: Option<bool>,
    pub(crate) disabled: Option<bool>,
    pub(crate) workspace: Option<String>,
    pub(crate) external_user: Option<String>,
    /// Where the secret goes when the key is created, as in `--secret-to`.
    secret_to: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unwanted {
    pub(crate) name: String,
    pub(crate) workspace: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "the limit must be US dollars like 25, or \"none\"")]
enum LimitText {
    Number(f64),
    Text(String),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "the expiry must be a date or a time like 2027-01-31")]
enum TimeText {
    Native(toml::value::Datetime),
    Text(String),
}

impl WantedFile {
    /// Reads and checks the whole text, so that nothing is sent for a file with a mistake.
    pub(crate) fn parse(path: &Path, content: &str) -> Result<Self> {
        let wrong = |problem: String| {
            Failure::usage(format!("{}: {problem}; nothing was sent", path.display()))
        };
        let file: Self =
            toml::from_str(content).map_err(|error| wrong(settings::mistake(content, &error)))?;
        let mut seen = BTreeSet::new();
        let unwanted = file.deleted.iter().map(|key| (&key.name, &key.workspace));
        for key in file.keys.iter().map(|key| (&key.name, &key.workspace)).chain(unwanted) {
            select::new_name(key.0).map_err(|problem| wrong(format!("a key's name: {problem}")))?;
            if !seen.insert(key) {
                return Err(wrong(format!("\"{}\" appears twice", text::visible(key.0))));
            }
        }
        for key in &file.keys {
            key.check().map_err(|problem| {
                wrong(format!("the key \"{}\": {problem}", text::visible(&key.name)))
            })?;
        }
        Ok(file)
    }

    /// The workspaces that the file names.
    pub(crate) fn workspaces(&self) -> Vec<String> {
        let named = self.keys.iter().map(|key| &key.workspace);
        let named = named.chain(self.deleted.iter().map(|key| &key.workspace));
        named.flatten().cloned().collect::<BTreeSet<_>>().into_iter().collect()
    }
}

impl Wanted {
    fn check(&self) -> Result<(), String> {
        self.limit()?;
        self.reset()?;
        self.expires()?;
        self.sink()?;
        Ok(())
    }

    fn limit(&self) -> Result<Limit, String> {
        Ok(self.amount()?.map_or_else(Limit::unlimited, Limit::usd))
    }

    /// The limit; `None` is no limit.
    pub(crate) fn amount(&self) -> Result<Option<f64>, String> {
        match &self.limit {
            LimitText::Text(text) if text == "none" => Ok(None),
            LimitText::Text(text) => units::amount(text).map(Some),
            LimitText::Number(number) if number.is_finite() && *number >= 0.0 => Ok(Some(*number)),
            LimitText::Number(number) => {
                Err(format!("{number} is not a limit; write US dollars like 25, or \"none\""))
            }
        }
    }

    /// Absent leaves it as it is; null is "never".
    pub(crate) fn reset(&self) -> Result<Field<LimitReset>, String> {
        match self.reset.as_deref() {
            None => Ok(Field::Absent),
            Some("never") => Ok(Field::Null),
            Some(text) => units::reset(text).map(Field::Value),
        }
    }

    pub(crate) fn expires(&self) -> Result<Option<Timestamp>, String> {
        // A time from now would be another time in each run.
        let text = self.expires.as_ref().map(|time| match time {
            TimeText::Native(time) => time.to_string(),
            TimeText::Text(text) => text.clone(),
        });
        match text.as_deref() {
            None => Ok(None),
            Some(text)
                if text.starts_with(|char: char| char.is_ascii_digit()) && text.len() >= 10 =>
            {
                units::instant(text).map(Some)
            }
            Some(text) => Err(format!("\"{text}\" is not a date or a time; write 2027-01-31")),
        }
    }

    pub(crate) fn sink(&self) -> Result<Option<Sink>, String> {
        self.secret_to.as_deref().map(Sink::parse).transpose()
    }

    pub(crate) fn create(&self) -> Result<Create, String> {
        let key = NewKey {
            limit: self.limit()?,
            reset: self.reset()?.into_option(),
            expires: self.expires()?,
            include_byok: self.include_byok,
            workspace: self.workspace.clone(),
            external_user: self.external_user.clone(),
        };
        Ok(key.create(&self.name))
    }
}

/// The TOML of existing keys. The second value has the names that could not be written.
pub(crate) fn render(existing: &[Key]) -> (String, Vec<String>) {
    let (mut entries, mut left_out) = (Vec::new(), Vec::new());
    for key in existing {
        match entry(key) {
            Some(entry) => entries.push(entry),
            None => left_out.push(keys::name_of(key).to_owned()),
        }
    }
    (entries.join("\n"), left_out)
}

/// An existing key with its settings; a limit that the response lacks is not guessed.
fn entry(key: &Key) -> Option<String> {
    let quoted = |text: &str| text::toml_string(text);
    let limit = match &key.limit {
        Field::Null => quoted("none"),
        // With a fraction or an exponent, as TOML wants a float.
        limit => format!("{:?}", limit.copied()?),
    };
    let reset = match &key.limit_reset {
        Field::Value(reset) => Some(reset.as_str()),
        Field::Null => Some("never"),
        _ => None,
    };
    let settings = [
        ("name", Some(quoted(keys::name_of(key)))),
        ("limit", Some(limit)),
        ("reset", reset.map(quoted)),
        ("expires", key.expires_at.get().map(|at| quoted(at.as_str()))),
        ("include_byok", key.include_byok_in_limit.copied().map(|is| is.to_string())),
        ("disabled", key.disabled.copied().map(|is| is.to_string())),
        ("workspace", key.workspace_id.as_deref().map(quoted)),
        ("external_user", key.external_user.as_deref().map(quoted)),
    ];
    let lines =
        settings.into_iter().filter_map(|(name, value)| Some(format!("{name} = {}\n", value?)));
    Some(format!("[[key]]\n{}", lines.collect::<String>()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::WantedFile;

    fn parse(content: &str) -> Result<WantedFile, String> {
        WantedFile::parse(Path::new("keys.toml"), content).map_err(|failure| failure.message)
    }

    #[test]
    fn a_file_with_a_mistake_is_refused_as_a_whole() {
        for (wrong, said) in [
            ("[[key]]\nname = \"a\"", "limit"),
            ("[[key]]\nname = \"a\"\nlimit = true", "US dollars"),
            ("[[key]]\nname = \"a\"\nlimit = 1\nexpires = 12:00:00", "2027-01-31"),
            ("[[key]]\nname = \"a\"\nlimit = nan", "NaN"),
            ("[[key]]\nname = \"a\"\nlimit = -1", "-1"),
            ("[[key]]\nname = \"a\"\nlimit = \"NaN\"", "NaN"),
            ("[[key]]\nname = \" \"\nlimit = 1", "empty"),
            ("[[key]]\nname = \"a\"\nlimit = 1\nreset = \"yearly\"", "yearly"),
            ("[[key]]\nname = \"a\"\nlimit = 1\nexpires = \"30d\"", "30d"),
            ("[[key]]\nname = \"a\"\nlimit = 1\nsecret_to = \"a.key\"", "a.key"),
            ("[[key]]\nname = \"a\"\nlimit = 1\ncolour = \"red\"", "colour"),
            ("[[key]]\nname = \"a\"\nlimit = 1\n[[delete]]\nname = \"a\"", "twice"),
        ] {
            let message = parse(wrong).unwrap_err();
            assert!(message.contains(said) && message.contains("nothing was sent"), "{message}");
        }
        assert!(parse("[[key]]\nname = \"a\"\nlimit = \"none\"\nreset = \"never\"").is_ok());
        assert!(parse("").is_ok());
        assert!(parse("[[key]]\nname = \"a\"\nlimit = 1\nexpires = 2027-01-31").is_ok());
    }

    #[test]
    fn a_name_with_any_characters_is_read_as_it_was_written() {
        let name = "q\"u\\o\u{1b}[31m\u{202e}";
        let key = serde_json::json!({"name": name, "limit": 1e300, "expires_at": null});
        let (toml, left_out) = super::render(&[serde_json::from_value(key).unwrap()]);
        assert!(left_out.is_empty() && !toml.contains('\u{202e}'), "{toml}");
        assert_eq!(parse(&toml).unwrap().keys[0].name, name);
    }
}
