//! The TOML file of wanted keys: read, checked, and written from existing keys.

use std::collections::BTreeSet;
use std::path::Path;

use openrouter_keys_native::operation::External;
use openrouter_keys_native::{Create, Field, Key, Limit, LimitReset, Timestamp};
use serde::{Deserialize, Serialize};

use crate::failure::{Failure, Result};
use crate::select;
use crate::sink::Sink;
use crate::{keys, settings, text, units};

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedFile {
    /// The keys that must exist.
    #[serde(default, rename = "key", skip_serializing_if = "Vec::is_empty")]
    pub(crate) keys: Vec<Wanted>,
    /// The keys that must not exist. No other key is ever deleted.
    #[serde(default, rename = "delete", skip_serializing_if = "Vec::is_empty")]
    pub(crate) deleted: Vec<Unwanted>,
}

/// A key and its settings. A setting that is left out is left as it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    pub(crate) name: String,
    /// US dollars, or "none".
    limit: LimitText,
    /// "daily", "weekly", "monthly" or "never".
    #[serde(skip_serializing_if = "Option::is_none")]
    reset: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) include_byok: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) disabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) workspace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) external_user: Option<String>,
    /// Where the secret goes when the key is created, as in `--secret-to`.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_to: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unwanted {
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) workspace: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum LimitText {
    Number(f64),
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
        match self.expires.as_deref() {
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
        let mut create = Create::new(&self.name, self.limit()?);
        if let Field::Value(reset) = self.reset()? {
            create = create.limit_reset(reset);
        }
        if let Some(time) = self.expires()? {
            create = create.expires_at(time);
        }
        if let Some(include) = self.include_byok {
            create = create.include_byok_in_limit(include);
        }
        if let Some(workspace) = &self.workspace {
            create = create.workspace_id(workspace);
        }
        if let Some(user) = &self.external_user {
            create = create.external(External::new(user));
        }
        Ok(create)
    }

    /// An existing key with its settings; a limit that the response lacks is not guessed.
    fn of(key: &Key) -> Option<Self> {
        let limit = match &key.limit {
            Field::Null => LimitText::Text("none".to_owned()),
            limit => LimitText::Number(limit.copied()?),
        };
        let reset = match &key.limit_reset {
            Field::Value(reset) => Some(reset.as_str().to_owned()),
            Field::Null => Some("never".to_owned()),
            _ => None,
        };
        Some(Self {
            name: keys::name_of(key).to_owned(),
            limit,
            reset,
            expires: key.expires_at.get().map(|at| at.as_str().to_owned()),
            include_byok: key.include_byok_in_limit.copied(),
            disabled: key.disabled.copied(),
            workspace: key.workspace_id.get().map(ToString::to_string),
            external_user: key.external_user.get().map(ToString::to_string),
            secret_to: None,
        })
    }
}

/// The TOML of existing keys. The second value has the names that could not be written.
pub(crate) fn render(existing: &[Key]) -> Result<(String, Vec<String>)> {
    let mut file = WantedFile::default();
    let mut left_out = Vec::new();
    for key in existing {
        match Wanted::of(key) {
            Some(wanted) => file.keys.push(wanted),
            None => left_out.push(keys::name_of(key).to_owned()),
        }
    }
    let toml = toml::to_string(&file).map_err(|error| Failure::failed(error.to_string()))?;
    Ok((toml, left_out))
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
    }
}
