//! `whose`: the key that a secret belongs to.

use clap::Args;
use openrouter_keys_native::workflow::{FindBySecret, FoundBySecret};
use openrouter_keys_native::{Client, Key, Secret};

use crate::app::App;
use crate::failure::{Exit, Failure, Result};
use crate::keys::State;
use crate::{keys, secret_input, signal, units};

/// Find the key that a secret belongs to
///
/// The secret is read from standard input. It is sent only in the header of one request, and
/// appears in no argument, file or message.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  openrouter-keys whose < found.txt
  pbpaste | openrouter-keys whose --json name,hash,disabled")]
pub(crate) struct Options {
    /// Search this workspace; may be given more than once [default: the secret's own]
    #[arg(long, value_name = "ID")]
    workspace: Vec<String>,
}

impl Options {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        app.output.check(&keys::SHAPE)?;
        let secret = secret_input::read(app)?;
        let (key, proof) = find(&app.client()?, secret, &self.workspace).await?;
        if proof == Proof::Ends {
            app.waiting.say(GUESS);
        }
        app.output.one(&keys::SHAPE, &keys::row(&key, units::now()))?;
        Ok(Exit::Done)
    }
}

/// What is said about a key that was found by the two ends of a refused secret.
pub(crate) const GUESS: &str = "note: the server refuses this secret, so the key was found by \
    the visible ends of the secret only; a deleted key could have had the same";

/// How surely the key is the secret's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// The server named it.
    Server,
    /// The server refuses the secret; its first and last characters are the key's.
    Ends,
}

pub(crate) async fn find(
    client: &Client,
    secret: Secret,
    workspaces: &[String],
) -> Result<(Key, Proof)> {
    let mut find = FindBySecret::new(secret);
    if !workspaces.is_empty() {
        find = find.workspaces(workspaces.to_vec());
    }
    let found = client.find_by_secret(find).cancel_on(signal::stopped()).await?;
    decide(found)
}

fn decide(found: FoundBySecret) -> Result<(Key, Proof)> {
    let FoundBySecret { key, current, .. } = found;
    let absent = |message: &str| Failure::new(Exit::NotFound, message);
    match (key, current) {
        (Some(key), Some(_)) => Ok((key, Proof::Server)),
        // The secret of a key that works would not be refused.
        (Some(key), None) if State::of(&key, units::now()) != State::Active => {
            Ok((key, Proof::Ends))
        }
        (_, None) => Err(absent(
            "the server refuses this secret, and no disabled or expired key has its ends: it was \
             deleted, or belongs to another account; nothing was changed; to search another \
             workspace, pass --workspace ID",
        )),
        (None, Some(current)) if current.manages_keys() == Some(true) => Err(absent(
            "this is the secret of a management key, which works and is in no listing; nothing \
             was changed; revoke it at https://openrouter.ai/settings/management-keys",
        )),
        (None, Some(_)) => Err(absent(
            "this secret works, but no key that this management key may list has it: it belongs \
             to another account or workspace; nothing was changed; to search another workspace, \
             pass --workspace ID",
        )),
    }
}
