//! `import`: a TOML file of wanted keys from the existing ones.

use clap::Args;
use openrouter_keys_native::{Key, KeyHash};

use crate::app::App;
use crate::failure::{Exit, Failure, Result};
use crate::select::{self, Filters};
use crate::{keys, text, units, wanted};

/// Write existing keys as a TOML file of wanted keys
///
/// Expired keys are left out, unless --expired asks for them.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  openrouter-keys import > keys.toml
  openrouter-keys import --name 'team-*' > team.toml")]
pub(crate) struct Options {
    #[command(flatten)]
    filters: Filters,
}

impl Options {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        let mut found = select::matching(&app.client()?, &self.filters).await?;
        let now = units::now();
        found.retain(|key| self.filters.expired || !keys::is_expired(key, now));
        found.sort_by(|one, other| keys::name_of(one).cmp(keys::name_of(other)));
        refuse_same_names(&found)?;
        let (toml, left_out) = wanted::render(&found);
        if !left_out.is_empty() {
            return Err(Failure::failed(format!(
                "the server's response lacks the limit of {}, such as \"{}\"; nothing was written",
                units::counted(left_out.len(), "key"),
                text::visible(left_out.first().map_or("", String::as_str))
            )));
        }
        let lines = toml.split_inclusive('\n').map(text::masked);
        app.output.text(&lines.collect::<String>())?;
        Ok(Exit::Done)
    }
}

/// A file names each key by its name, so that of several keys it could mean none.
fn refuse_same_names(sorted: &[Key]) -> Result<()> {
    let is_same = |one: &Key, other: &Key| {
        keys::name_of(one) == keys::name_of(other) && one.workspace_id == other.workspace_id
    };
    let Some([_, key]) =
        sorted.windows(2).find(|pair| matches!(pair, [one, other] if is_same(one, other)))
    else {
        return Ok(());
    };
    let name = keys::name_of(key);
    let hash = key.hash.get().map(KeyHash::as_str).unwrap_or_default();
    let message = format!(
        "several keys are named \"{}\", and the file tells keys apart by their names; nothing was \
         written; rename one of them, or leave them out with --name:",
        text::visible(name)
    );
    let new = text::quoted_for_shell(&format!("{name} 2"));
    Err(Failure::failed(message).next(format!("openrouter-keys update {hash} --name {new}")))
}
