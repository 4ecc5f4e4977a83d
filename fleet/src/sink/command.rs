//! A command that takes the secret on standard input, with almost nothing in its environment.

use std::io::Write as _;
use std::path::Path;
use std::process::{self, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use openrouter_keys_core::error::BoxError;
use openrouter_keys_core::types::Secret;
use openrouter_keys_core::workflow::{Delivery, PutError, SecretSink};
use serde::Serialize;
use zeroize::Zeroizing;

/// The variables of the environment that a command keeps: they hold no secret.
pub const COMMAND_ENVIRONMENT: [&str; 3] = ["PATH", "HOME", "SystemRoot"];
/// The exit code of a command that did not store the secret, or does not have it.
const NO: i32 = 10;
/// How long a command may take, unless people may have to type something.
pub(super) const LIMIT: Duration = Duration::from_secs(120);
/// How often to look whether it has ended.
const PAUSE: Duration = Duration::from_millis(10);

/// What a command can be asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Store,
    /// It also says whether it has a secret.
    StoreAndAsk,
}

/// A sink without a fence.
pub(super) struct Command {
    words: Vec<String>,
    protocol: Protocol,
    /// When it is ended.
    limit: Option<Duration>,
}

/// What a command did.
enum Ended {
    Yes,
    No,
    /// It may have done anything; the reason.
    Unknown(String),
}

/// What a command reads: one line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    hash: Option<&'a str>,
    /// The same for the same secret.
    token: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    replaces: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    label: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fence: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    question: Option<&'a str>,
}

impl<'a> Line<'a> {
    fn about(key: &'a Delivery) -> Self {
        let hash = Some(key.hash.as_str()).filter(|hash| !hash.is_empty());
        Self {
            name: &key.name,
            hash,
            token: hash.unwrap_or(&key.name),
            replaces: &key.replaces,
            label: key.label.as_deref().unwrap_or_default(),
            fence: Some(key.fence).filter(|_| !key.replaces.is_empty()),
            key: None,
            question: None,
        }
    }

    fn to_json(&self) -> Result<Zeroizing<Vec<u8>>, BoxError> {
        // Large enough not to be moved, which would leave a copy of the secret.
        let mut line = Zeroizing::new(Vec::with_capacity(16 * 1024));
        serde_json::to_writer(&mut *line, self)?;
        line.push(b'\n');
        Ok(line)
    }
}

impl Command {
    pub(super) fn new(words: Vec<String>, protocol: Protocol, limit: Option<Duration>) -> Self {
        Self { words, protocol, limit }
    }

    fn program(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// Runs the command on a thread of its own. It is not ended if the caller stops waiting: it
    /// may be in the middle of storing the secret.
    async fn run(&self, line: Zeroizing<Vec<u8>>) -> Result<Ended, BoxError> {
        let (words, limit) = (self.words.clone(), self.limit);
        tokio::task::spawn_blocking(move || run(&words, &line, limit)).await?
    }
}

#[async_trait]
impl SecretSink for Command {
    async fn check(&mut self, _: &Delivery) -> Result<(), BoxError> {
        let program = self.program();
        if is_program(program) {
            return Ok(());
        }
        Err(format!("the program {program} was not found").into())
    }

    async fn put(&mut self, secret: &Secret, key: &Delivery) -> Result<(), PutError> {
        let line = Line { key: Some(secret.reveal()), ..Line::about(key) };
        let line = line.to_json().map_err(PutError::NotStored)?;
        let program = self.program();
        match self.run(line).await.map_err(PutError::NotStored)? {
            Ended::Yes => Ok(()),
            Ended::No => {
                let message =
                    format!("the command {program} did not store the secret (exit code {NO})");
                Err(PutError::NotStored(message.into()))
            }
            Ended::Unknown(problem) => {
                let message = format!(
                    "the command {program} failed ({problem}); it may have stored the secret"
                );
                Err(PutError::Unknown(message.into()))
            }
        }
    }

    async fn was_put(&mut self, key: &Delivery) -> Result<Option<bool>, BoxError> {
        if self.protocol == Protocol::Store {
            return Ok(None);
        }
        let question = Line { question: Some("was_put"), ..Line::about(key) };
        match self.run(question.to_json()?).await? {
            Ended::Yes => Ok(Some(true)),
            Ended::No => Ok(Some(false)),
            Ended::Unknown(problem) => {
                let program = self.program();
                let message = format!(
                    "the command {program} failed ({problem}) when it was asked for the secret"
                );
                Err(message.into())
            }
        }
    }
}

/// Whether the program is a file: by its path, or in a folder of `PATH`.
pub fn is_program(program: &str) -> bool {
    if program.contains(std::path::is_separator) {
        return Path::new(program).is_file();
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let file = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&folders)
        .any(|folder| folder.join(program).is_file() || folder.join(&file).is_file())
}

/// Fails only if the command was not started.
fn run(words: &[String], line: &[u8], limit: Option<Duration>) -> Result<Ended, BoxError> {
    let [program, arguments @ ..] = words else { return Err("the command is empty".into()) };
    let kept =
        COMMAND_ENVIRONMENT.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
    let mut child = process::Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(kept)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(|error| format!("the command {program} cannot run: {error}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A command that does not read its input says by its exit code what it did.
        let _ = stdin.write_all(line);
    }
    Ok(match wait(&mut child, limit) {
        Ok(Some(status)) if status.success() => Ended::Yes,
        Ok(Some(status)) if status.code() == Some(NO) => Ended::No,
        Ok(Some(status)) => Ended::Unknown(status.to_string()),
        Ok(None) => Ended::Unknown("it took too long and was killed".to_owned()),
        Err(error) => Ended::Unknown(error.to_string()),
    })
}

/// Waits for the command; kills it and returns `None` at the limit.
fn wait(
    child: &mut process::Child,
    limit: Option<Duration>,
) -> std::io::Result<Option<ExitStatus>> {
    let Some(limit) = limit else { return child.wait().map(Some) };
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if began.elapsed() >= limit {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(PAUSE);
    }
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::time::Duration;

    use openrouter_keys_core::types::Secret;
    use openrouter_keys_core::workflow::{PutError, SecretSink as _};

    use super::super::test_delivery::test_delivery;
    use super::{Command, Protocol};

    const SECRET: &str = "sk-or-v1-0123456789";

    fn command(script: &str, protocol: Protocol) -> Command {
        let words = ["sh", "-c", script].map(str::to_owned).to_vec();
        Command::new(words, protocol, Some(Duration::from_millis(200)))
    }

    #[tokio::test]
    async fn a_command_says_by_its_exit_code_whether_it_stored_the_secret() {
        let put = async |script| {
            let mut sink = command(script, Protocol::Store);
            sink.put(&Secret::new(SECRET), &test_delivery("aa", "bb", 3)).await
        };
        put("exit 0").await.unwrap();
        assert!(matches!(put("exit 10").await, Err(PutError::NotStored(_))));
        assert!(matches!(put("exit 1").await, Err(PutError::Unknown(_))));
        assert!(matches!(put("kill -9 $$").await, Err(PutError::Unknown(_))));
        let hung = put("exec sleep 600").await.unwrap_err();
        assert!(matches!(hung, PutError::Unknown(_)) && format!("{hung:?}").contains("too long"));
    }

    #[tokio::test]
    async fn the_secret_is_on_standard_input_only() {
        let folder = tempfile::tempdir().unwrap();
        let (stdin, env) = (folder.path().join("stdin"), folder.path().join("env"));
        let script = format!("cat > {}; env > {}", stdin.display(), env.display());
        let mut sink = command(&script, Protocol::Store);
        sink.put(&Secret::new(SECRET), &test_delivery("aa", "bb", 3)).await.unwrap();
        let line = std::fs::read_to_string(stdin).unwrap();
        assert_eq!(
            line,
            format!(
                r#"{{"name":"ada","hash":"aa","token":"aa","replaces":"bb","fence":3,"key":"{SECRET}"}}"#
            ) + "\n"
        );
        let env = std::fs::read_to_string(env).unwrap();
        let is_kept = |line: &str| {
            ["PATH=", "HOME=", "PWD=", "SHLVL=", "_="].iter().any(|it| line.starts_with(it))
        };
        assert!(env.lines().all(is_kept), "{env}");
    }

    #[tokio::test]
    async fn only_a_command_that_knows_the_question_is_asked() {
        let key = test_delivery("aa", "bb", 3);
        let asked = async |script, protocol| command(script, protocol).was_put(&key).await;
        assert_eq!(asked("exit 0", Protocol::Store).await.unwrap(), None);
        let script = r#"read line; case "$line" in
            *'"key"'*) exit 1;; *'"hash":"aa"'*'"question":"was_put"'*) exit 0;; esac; exit 1"#;
        assert_eq!(asked(script, Protocol::StoreAndAsk).await.unwrap(), Some(true));
        assert_eq!(asked("exit 10", Protocol::StoreAndAsk).await.unwrap(), Some(false));
        asked("exit 2", Protocol::StoreAndAsk).await.unwrap_err();
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_noticed_before_a_key_is_created() {
        let mut absent = Command::new(vec!["/no/such/program".to_owned()], Protocol::Store, None);
        absent.check(&test_delivery("", "bb", 1)).await.unwrap_err();
        let put = absent.put(&Secret::new(SECRET), &test_delivery("aa", "bb", 1)).await;
        assert!(matches!(put, Err(PutError::NotStored(_))));
        command("", Protocol::Store).check(&test_delivery("", "bb", 1)).await.unwrap();
    }
}
