//! `create`: a key whose secret goes into a sink.

use clap::{ArgGroup, Args};
use openrouter_keys_native::operation::Created;
use openrouter_keys_native::{Create, Limit, LimitReset, Timestamp};

use crate::app::App;
use crate::change::ChangeArgs;
use crate::failure::{Exit, Failure, Result};
use crate::new_key::NewKey;
use crate::sink::{self, Ready, SinkArgs};
use crate::{keys, select, signal, suggest, text, units};

/// Create a key
///
/// The secret is shown only once, so its sink is required and checked before the key is
/// created.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// The name of the key
    #[arg(value_name = "NAME", value_parser = select::new_name)]
    name: String,
    #[command(flatten)]
    spending: Spending,
    #[command(flatten)]
    end: End,
    #[command(flatten)]
    sink: SinkArgs,
    /// If the response is lost, find and delete what it created, and create the key again; the
    /// name then ends in a marker by which the key is recognised
    #[arg(long)]
    reconcile: bool,
    #[command(flatten)]
    change: ChangeArgs,
}

const EXAMPLES: &str = r#"Examples:
  openrouter-keys create ada --limit 25 --reset monthly --secret-to file:ada.key
  openrouter-keys create ci --limit 5 --expires 7d --secret-to 'command:sh -c "jq -r .key | gh secret set OPENROUTER_API_KEY"'
  openrouter-keys create demo --no-limit --reveal"#;

/// What a new key may spend, and whose it is.
#[derive(Clone, Debug, Args)]
#[command(group = ArgGroup::new("cap").args(["limit", "no_limit"]).required(true))]
pub(crate) struct Spending {
    /// Limit in US dollars
    #[arg(long, value_name = "USD", value_parser = units::limit, allow_hyphen_values = true)]
    pub(crate) limit: Option<Limit>,
    /// No limit
    #[arg(long)]
    pub(crate) no_limit: bool,
    /// Reset the limit daily, weekly or monthly
    #[arg(long, value_name = "INTERVAL", value_parser = units::reset)]
    pub(crate) reset: Option<LimitReset>,
    /// Count usage of your own provider keys towards the limit
    #[arg(long)]
    pub(crate) include_byok: bool,
    /// The workspace of the key
    #[arg(long, value_name = "ID")]
    pub(crate) workspace: Option<String>,
    /// Your end user the key is for
    #[arg(long, value_name = "USER")]
    pub(crate) external_user: Option<String>,
}

impl Spending {
    pub(crate) fn create(&self, name: &str, expires: Option<Timestamp>) -> Create {
        let key = NewKey {
            limit: self.limit.unwrap_or_else(Limit::unlimited),
            reset: self.reset.clone(),
            expires,
            include_byok: self.include_byok.then_some(true),
            workspace: self.workspace.clone(),
            external_user: self.external_user.clone(),
        };
        key.create(name)
    }
}

/// When a new key stops working.
#[derive(Clone, Debug, Args)]
pub(crate) struct End {
    /// When the key expires: a timestamp, a date, or a duration such as 30d
    #[arg(long, value_name = "TIME", value_parser = units::expiry, allow_hyphen_values = true)]
    pub(crate) expires: Option<Timestamp>,
}

impl Options {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        app.output.check(&keys::SHAPE)?;
        let sink = self.sink.require()?;
        let ready = sink.prepare(&self.name)?;
        let create = self.spending.create(&self.name, self.end.expires.clone());
        let created = self
            .change
            .perform(app, async |client| {
                if self.reconcile {
                    let run = client.create_reconciled(create).cancel_on(signal::stopped());
                    let reconciled = run.await?;
                    warn_of(app, &reconciled.unconfirmed, self.spending.workspace.as_deref());
                    Ok(reconciled.created)
                } else {
                    Ok(client.create(create).cancel_on(signal::stopped()).await?)
                }
            })
            .await?;
        if let Some(created) = created {
            deliver(app, &self.name, &created, ready)?;
        }
        Ok(Exit::Done)
    }
}

/// Hands the secret over and shows the key. A sink that fails leaves a key whose secret is
/// nowhere, so the message says how to delete it.
pub(crate) fn deliver(app: &App, name: &str, created: &Created, ready: Ready) -> Result<()> {
    let key = created.data.get();
    let hash = key.and_then(|key| key.hash.get()).map(openrouter_keys_native::KeyHash::as_str);
    let is_revealed = ready.is_revealed();
    let label = key.and_then(|key| key.label.as_deref());
    let place = ready
        .deliver(created.key(), &sink::delivery(name, hash, label))
        .map_err(|failure| undelivered(&failure, name, hash))?;
    // A reconciled key has a marker at the end of its name.
    let name = key.and_then(|key| key.name.as_deref()).unwrap_or(name);
    app.waiting.say(&format!("created \"{}\"; the secret went to {place}", text::visible(name)));
    // The secret alone, so that a script can read it.
    if is_revealed {
        return Ok(());
    }
    match key {
        Some(key) => {
            let shown = app.output.one(&keys::SHAPE, &keys::row(key, units::now()));
            shown.map_err(|failure| failure.although("the key was created and its secret stored"))
        }
        None => Ok(()),
    }
}

/// Says under which names a key may still appear.
pub(crate) fn warn_of(app: &App, unconfirmed: &[String], workspace: Option<&str>) {
    for name in unconfirmed {
        app.waiting.warn(&format!(
            "warning: a key named {} may still appear; delete it with: {}",
            text::visible(name),
            suggest::sweep([name.as_str()], workspace)
        ));
    }
}

fn undelivered(failure: &Failure, name: &str, hash: Option<&str>) -> Failure {
    let message = format!(
        "the key \"{}\" was created, but its secret was not stored: {}; delete the key, and create it again:",
        text::visible(name),
        failure.message
    );
    let key = text::quoted_for_shell(hash.unwrap_or(name));
    Failure::new(Exit::Failed, message).next(format!("openrouter-keys delete {key} --yes"))
}
