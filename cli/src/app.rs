//! What every command works with: the account, the client, the output and the terminal.

use std::ffi::OsString;
use std::sync::{Mutex, OnceLock};

use openrouter_keys_fleet::{Fleet, Sinks, Store};
use openrouter_keys_native::transport::Transport;
use openrouter_keys_native::{
    API_KEY_VARIABLES, ApiKey, BaseUrl, Client, Config, NativeTransport, RetryPolicy,
};

use crate::args::Global;
use crate::bulk::journal::Account;
use crate::commands::WEBHOOK_VARIABLE;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::settings::{self, Configuration, Source};
use crate::signal;
use crate::transport::{CliTransport, DryRun};
use crate::waiting::Waiting;

/// How often a pass of a fleet sends a request that is refused for now.
const PASS_ATTEMPTS: u32 = 6;

pub(crate) struct App {
    pub(crate) global: Global,
    pub(crate) output: Output,
    pub(crate) waiting: Waiting,
    /// The management key, once it was read: standard input has it only once.
    key: OnceLock<ApiKey>,
}

impl App {
    pub(crate) fn new(global: Global) -> Result<Self> {
        let output = Output::new(&global)?;
        let waiting = Waiting::new(global.quiet);
        Ok(Self { global, output, waiting, key: OnceLock::new() })
    }

    /// The client of the account that the user chose.
    pub(crate) fn client(&self) -> Result<Client> {
        self.client_with(None)
    }

    /// A client that records requests which would change something, and sends the others.
    pub(crate) fn dry_client(&self) -> Result<(Client, DryRun)> {
        let dry_run = DryRun::default();
        Ok((self.client_with(Some(dry_run.clone()))?, dry_run))
    }

    /// The server and the profile, for journals: what one account did is nothing to another.
    pub(crate) fn account(&self) -> Result<(String, String)> {
        let account = &self.global.account;
        let (name, profile, is_named) = Configuration::read()?.profile(account)?;
        let url = settings::base_url(account, &profile, is_named)?.unwrap_or_default();
        Ok((url.to_string(), name))
    }

    /// Whose management key this is: one account must not continue what another began, even if
    /// its key is found in the same place.
    pub(crate) async fn owned_account(&self, client: &Client) -> Result<Account> {
        let (server, profile) = self.account()?;
        let current = client.get_current_key_metadata().cancel_on(signal::stopped()).await?;
        let owner = current.creator_user_id.as_deref().or(current.label.as_deref());
        Ok(Account { server, profile, owner: owner.unwrap_or_default().to_owned() })
    }

    /// The environment variables with secrets of this program.
    pub(crate) fn key_variables(&self) -> Result<Vec<String>> {
        let known = API_KEY_VARIABLES.into_iter().chain([WEBHOOK_VARIABLE]);
        let mut names: Vec<_> = known.map(str::to_owned).collect();
        let (_, profile, _) = Configuration::read()?.profile(&self.global.account)?;
        if let Some(Source::Env(name)) = profile.key {
            names.push(name);
        }
        // Any others that have it, such as one that a key command reads.
        if let Some(key) = self.key.get() {
            let has_key = |(name, value): (OsString, OsString)| {
                value.to_string_lossy().contains(key.reveal()).then_some(name.into_string().ok()?)
            };
            names.extend(std::env::vars_os().filter_map(has_key));
        }
        Ok(names)
    }

    /// The client of the account, whose requests go through what is made of its transport.
    pub(crate) fn client_through<T: Transport + 'static>(
        &self,
        wrap: impl FnOnce(CliTransport) -> T,
    ) -> Result<Client> {
        let (key, config) = self.connection()?;
        Ok(Client::with_config(wrap(self.transport(None)?), key, config)?)
    }

    /// A machine that rotates keys of the account that the user chose.
    pub(crate) fn fleet(&self, store: Store, sinks: impl Sinks + 'static) -> Result<Fleet> {
        let (key, config) = self.connection()?;
        // Nobody runs a pass again soon, and other machines use the same rate limit.
        let config = config.retry(RetryPolicy::default().max_attempts(PASS_ATTEMPTS));
        let fleet = Fleet::new(self.transport(None)?, key, config, store, sinks);
        fleet.map_err(|error| Failure::failed(error.to_string()))
    }

    fn client_with(&self, dry_run: Option<DryRun>) -> Result<Client> {
        let (key, config) = self.connection()?;
        self.built(key, config, dry_run)
    }

    /// The management key, and the server's settings.
    fn connection(&self) -> Result<(ApiKey, Config)> {
        let account = &self.global.account;
        let (_, profile, is_named) = Configuration::read()?.profile(account)?;
        let mut config = Config::new();
        if let Some(url) = settings::base_url(account, &profile, is_named)? {
            config = config.base_url(url);
        }
        if let Some(time) = account.timeout {
            config = config.timeout(time);
        }
        let key = if let Some(key) = self.key.get() {
            key.clone()
        } else {
            let found = settings::find(account, &profile, is_named)?;
            self.key.get_or_init(|| found.key).clone()
        };
        Ok((key, config))
    }

    /// A client with this key, which may not be the account's.
    pub(crate) fn client_of(&self, key: ApiKey, url: Option<BaseUrl>) -> Result<Client> {
        let mut config = Config::new();
        if let Some(url) = url {
            config = config.base_url(url);
        }
        if let Some(time) = self.global.account.timeout {
            config = config.timeout(time);
        }
        self.built(key, config, None)
    }

    fn built(&self, key: ApiKey, config: Config, dry_run: Option<DryRun>) -> Result<Client> {
        Ok(Client::with_config(self.transport(dry_run)?, key, config)?)
    }

    fn transport(&self, dry_run: Option<DryRun>) -> Result<CliTransport> {
        Ok(CliTransport {
            native: NativeTransport::new()?,
            waiting: self.waiting.clone(),
            dry_run,
            reason: Mutex::default(),
        })
    }
}
