//! Processes that make passes, one after another, and are killed and stopped while they do.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use openrouter_keys_tests::chance::Chance;
use tokio::process::Command;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::{LEASE, TIMEOUT};

/// How a pass is started.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) program: PathBuf,
    pub(crate) home: PathBuf,
    pub(crate) gate: String,
    pub(crate) vault: String,
    pub(crate) store: String,
    pub(crate) environment: Vec<(&'static str, String)>,
    /// Among how many processes the keys are divided.
    pub(crate) shards: usize,
}

/// Between two passes of one runner.
const PAUSE: Duration = Duration::from_millis(200);
const DONE: i32 = 0;
/// Something failed, or is left for a later pass.
const OPEN: [i32; 3] = [1, 6, 8];
/// The server refused three attempts of a request, such as the listing: the next pass goes on.
const THROTTLED: i32 = 7;
/// A runner that needs more passes than this makes no progress.
const PASSES: usize = 200;

pub(crate) struct Runners {
    shared: Arc<Mutex<Ran>>,
    tasks: JoinSet<()>,
}

/// What happened to the processes.
#[derive(Clone, Default)]
pub(crate) struct Ran {
    /// The processes that run now, by runner.
    running: BTreeMap<usize, u32>,
    /// No more trouble comes: a runner ends once nothing is left.
    is_ending: bool,
    pub(crate) killed: u32,
    pub(crate) stopped: u32,
    pub(crate) passes: u32,
    /// Passes that ended because the server limits the rate.
    pub(crate) throttled: u32,
    pub(crate) output: String,
    pub(crate) problems: Vec<String>,
}

impl Runners {
    pub(crate) fn start(count: usize, settings: &Settings) -> Self {
        let shared = Arc::new(Mutex::new(Ran::default()));
        let mut tasks = JoinSet::new();
        for runner in 0..count {
            tasks.spawn(live(runner, settings.clone(), Arc::clone(&shared)));
        }
        Self { shared, tasks }
    }

    /// Kills or stops processes at moments of chance, this many times.
    pub(crate) async fn trouble(&self, times: u32, mut chance: Chance) {
        let mut draw = move |from: u64, to: u64| from + chance.bits() % (to - from);
        let mut stopped = JoinSet::new();
        let mut done = 0;
        while done < times {
            sleep(Duration::from_millis(draw(20, 1200))).await;
            let running: Vec<u32> = self.shared.lock().unwrap().running.values().copied().collect();
            if running.is_empty() {
                continue;
            }
            let which = usize::try_from(draw(0, 1000)).unwrap() % running.len();
            let Some(process) = running.get(which).copied() else { continue };
            let is_kill = draw(0, 2) == 0;
            if !signal(if is_kill { "KILL" } else { "STOP" }, process).await {
                continue;
            }
            done += 1;
            let mut ran = self.shared.lock().unwrap();
            if is_kill {
                ran.killed += 1;
                continue;
            }
            ran.stopped += 1;
            let longest = (LEASE + TIMEOUT) * 2;
            let time = draw(100, u64::try_from(longest.as_millis()).unwrap());
            stopped.spawn(async move {
                sleep(Duration::from_millis(time)).await;
                signal("CONT", process).await;
            });
        }
        while stopped.join_next().await.is_some() {}
    }

    /// Waits until nothing is left to do.
    pub(crate) async fn finish(mut self) -> Ran {
        self.shared.lock().unwrap().is_ending = true;
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
        self.shared.lock().unwrap().clone()
    }
}

async fn signal(name: &str, process: u32) -> bool {
    let mut kill = Command::new("kill");
    kill.args([format!("-{name}"), process.to_string()]).stderr(Stdio::null());
    kill.status().await.unwrap().success()
}

/// Passes, as cron would start them.
async fn live(runner: usize, settings: Settings, shared: Arc<Mutex<Ran>>) {
    for pass in 0.. {
        let is_last = shared.lock().unwrap().is_ending;
        let name = format!("runner-{runner}-pass-{pass}");
        let mut command = settings.command(runner, &name);
        let child = command.spawn().unwrap();
        shared.lock().unwrap().running.insert(runner, child.id().unwrap());
        let output = child.wait_with_output().await.unwrap();
        {
            let mut ran = shared.lock().unwrap();
            ran.running.remove(&runner);
            ran.passes += 1;
            ran.note(&name, &output);
        }
        if is_last && output.status.code() == Some(DONE) {
            break;
        }
        if pass == PASSES {
            let stderr = String::from_utf8_lossy(&output.stderr);
            let problem = format!("runner {runner} makes no progress: {stderr}");
            shared.lock().unwrap().problems.push(problem);
            break;
        }
        sleep(PAUSE).await;
    }
}

impl Ran {
    fn note(&mut self, name: &str, output: &Output) {
        for text in [&output.stdout, &output.stderr] {
            self.output.push_str(&String::from_utf8_lossy(text));
        }
        match output.status.code() {
            Some(THROTTLED) => self.throttled += 1,
            Some(code) if code != DONE && !OPEN.contains(&code) => {
                let stderr = String::from_utf8_lossy(&output.stderr);
                self.problems.push(format!("{name} ended with {code}: {stderr}"));
            }
            // Killed, done, or left for a later pass.
            _ => {}
        }
    }
}

impl Settings {
    fn command(&self, runner: usize, name: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["fleet", "run", "--created-before", "2025-06-01", "--json"]);
        command.args(["--secret-to", "vault:secret/fleet/{name}", "--store", &self.store]);
        command.args(["--grace", "0s", "--unused", "0s", "--watch", "0s", "--at-once", "4"]);
        command.args(["--requests-per-minute", "600", "--owner", name]);
        let seconds = |time: Duration| format!("{}s", time.as_secs());
        command.args(["--lease", &seconds(LEASE), "--timeout", &seconds(TIMEOUT)]);
        command.args(["--patience", &seconds(LEASE + TIMEOUT)]);
        if self.shards > 1 {
            command.arg("--shard").arg(format!("{}/{}", runner + 1, self.shards));
        }
        command.env_clear().current_dir(&self.home).env("HOME", &self.home);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.env("OPENROUTER_BASE_URL", format!("{}/api/v1", self.gate));
        command.env("OPENROUTER_MANAGEMENT_KEY", format!("sk-or-v1-process-{name}"));
        command.env("BAO_ADDR", &self.vault).env("BAO_TOKEN", "root");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.kill_on_drop(true);
        command
    }
}
