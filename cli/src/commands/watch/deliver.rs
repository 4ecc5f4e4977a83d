//! Findings to a webhook or a command.

use std::process::Stdio;
use std::time::Duration;

use clap::Args;
use openrouter_keys_core::internal::is_loopback;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use url::Url;

use super::rules::Finding;
use super::undelivered;
use crate::failure::{Failure, Result};
use crate::sink::command;
use crate::waiting::Waiting;
use crate::{settings, text};

/// The environment variable with the webhook's address, which is a secret.
pub(crate) const WEBHOOK_VARIABLE: &str = "OPENROUTER_KEYS_WEBHOOK";
const PATIENCE: Duration = Duration::from_secs(30);
/// Slack cuts longer messages.
const MOST_LINES: usize = 50;

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Where findings go, besides standard output")]
pub(super) struct TargetArgs {
    /// POST Slack-compatible JSON to this URL; without a URL, to the one in the environment
    /// (see the examples), which keeps it out of the process list
    #[arg(long, value_name = "URL", num_args = 0..=1, default_missing_value = "")]
    webhook: Option<String>,
    /// Run this command with a JSON array of the findings on standard input
    #[arg(long, value_name = "COMMAND")]
    command: Option<String>,
}

/// Where findings go.
pub(super) struct Targets {
    webhook: Option<Webhook>,
    command: Option<Vec<String>>,
}

/// No `Debug`: the address is a secret.
struct Webhook {
    url: Url,
    client: reqwest::Client,
}

impl TargetArgs {
    /// Refuses what cannot work before anything is sent.
    pub(super) fn prepare(&self) -> Result<Targets> {
        let webhook = self.webhook.as_deref().map(Webhook::new).transpose()?;
        let command = self.command.as_deref().map(|command| -> Result<_> {
            let words = command::words(command, "--command")?;
            command::require_program(&words, "--command")?;
            Ok(words)
        });
        Ok(Targets { webhook, command: command.transpose()? })
    }
}

impl Targets {
    pub(super) async fn deliver(&self, waiting: &Waiting, findings: &[&Finding]) -> Result<()> {
        if let Some(webhook) = &self.webhook {
            let what = format!("waiting for the webhook at {}", webhook.host());
            waiting.during(&what, webhook.post(findings)).await?;
        }
        if let Some(words) = &self.command {
            let what = format!("waiting for {}", words.first().map_or("", String::as_str));
            let run = tokio::time::timeout(PATIENCE, run(words, findings));
            waiting
                .during(&what, run)
                .await
                .unwrap_or_else(|_| {
                    let seconds = PATIENCE.as_secs();
                    Err(format!("the command did not end within {seconds} seconds and was killed"))
                })
                .map_err(|message| undelivered(&message, findings.len()))?;
        }
        Ok(())
    }
}

impl Webhook {
    fn new(url: &str) -> Result<Self> {
        let url = match url {
            "" => settings::variable(WEBHOOK_VARIABLE).ok_or_else(|| {
                Failure::usage(format!(
                    "--webhook has no URL and {WEBHOOK_VARIABLE} is not set; nothing was sent"
                ))
            })?,
            url => url.to_owned(),
        };
        let wrong = || {
            Failure::usage(
                "the webhook is not a valid https URL (http only on this machine); nothing was sent",
            )
        };
        let url = Url::parse(&url).map_err(|_| wrong())?;
        let is_here = is_loopback(url.host_str().ok_or_else(wrong)?);
        if !(url.scheme() == "https" || (url.scheme() == "http" && is_here)) {
            return Err(wrong());
        }
        let builder = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none());
        // A proxy would take this machine for its own.
        let client = if is_here { builder.no_proxy() } else { builder }
            .build()
            .map_err(|_| Failure::failed("the HTTP client of the webhook cannot be set up"))?;
        Ok(Self { url, client })
    }

    fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    async fn post(&self, findings: &[&Finding]) -> Result<()> {
        let host = self.host();
        let failed =
            |what: String| undelivered(&format!("the webhook at {host} {what}"), findings.len());
        let sent = self
            .client
            .post(self.url.clone())
            .header(reqwest::header::CONTENT_TYPE, "application/json")
            .body(json!({"text": slack_text(findings)}).to_string())
            .send()
            .await;
        match sent {
            Ok(response) if response.status().is_success() => Ok(()),
            Ok(response) => Err(failed(format!("returned status {}", response.status().as_u16()))),
            // Its own words would name the URL.
            Err(error) if error.is_timeout() => Err(failed("did not respond in time".to_owned())),
            Err(error) if error.is_connect() => Err(failed("cannot be reached".to_owned())),
            Err(_) => Err(failed("broke the connection".to_owned())),
        }
    }
}

/// One line for each finding; a name cannot mention anyone or format the text.
fn slack_text(findings: &[&Finding]) -> String {
    let mut lines: Vec<_> = findings
        .iter()
        .take(MOST_LINES)
        .map(|finding| format!("{}: {}", escaped(&finding.name), escaped(&finding.message)))
        .collect();
    let more = findings.len().saturating_sub(MOST_LINES);
    if more > 0 {
        lines.push(format!("and {more} more findings"));
    }
    lines.join("\n")
}

fn escaped(name: &str) -> String {
    const LONGEST: usize = 100;
    let shown = text::visible(&text::cut(name, LONGEST));
    let shown = shown.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    // A zero-width space ends what Slack and others would take for a mention or a format.
    let marks = ['@', '*', '_', '~', '`'];
    shown.chars().fold(String::new(), |mut text, char| {
        text.push(char);
        if marks.contains(&char) {
            text.push('\u{200b}');
        }
        text
    })
}

/// Runs the command with an empty environment but for `PATH` and `HOME`.
async fn run(words: &[String], findings: &[&Finding]) -> Result<(), String> {
    let [program, arguments @ ..] = words else { return Err("the command is empty".to_owned()) };
    let shown = text::visible(program);
    let kept = command::KEPT.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
    let input = serde_json::to_vec(findings).map_err(|error| error.to_string())?;
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(kept)
        .stdin(Stdio::piped())
        // Standard output is for the findings.
        .stdout(std::io::stderr())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("the command {shown} cannot run: {error}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        // Its exit code says whether it needed the input.
        let _ = stdin.write_all(&input).await;
        let _ = stdin.shutdown().await;
    }
    let status = child.wait().await.map_err(|error| format!("the command {shown}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("the command {shown} failed ({status})")) }
}

#[cfg(test)]
mod tests {
    use super::{Webhook, escaped};

    #[test]
    fn a_name_cannot_mention_everyone() {
        assert_eq!(escaped("<!channel> a&b"), "&lt;!channel&gt; a&amp;b");
        assert_eq!(escaped("@all *b*"), "@\u{200b}all *\u{200b}b*\u{200b}");
    }

    #[test]
    fn a_webhook_is_https_or_on_this_machine_and_its_message_does_not_show_it() {
        for wrong in [
            "http://example.org/secret",
            "secret",
            "file:///secret",
            "ftp://localhost/secret",
            "http://localhost.example.org/secret",
        ] {
            let failure = Webhook::new(wrong).err().unwrap();
            assert!(!failure.message.contains("secret"), "{}", failure.message);
        }
        for right in [
            "https://example.org/secret",
            "http://127.0.0.1:1/x",
            "http://[::1]/x",
            "http://localhost/x",
        ] {
            assert!(Webhook::new(right).is_ok(), "{right}");
        }
    }
}
