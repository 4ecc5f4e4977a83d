//! An emulator in a process of its own, which keeps its keys in a file.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::support;

pub(crate) struct Server {
    folder: PathBuf,
    process: Child,
    /// What it printed: its URLs and keys.
    about: Value,
    http: reqwest::Client,
}

impl Server {
    /// Starts one that keeps its keys in this folder, with those of `seeds.json` in the beginning.
    pub(crate) async fn start(folder: &Path) -> Self {
        let (process, about) = spawn(folder).await;
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { folder: folder.to_owned(), process, about, http }
    }

    /// Kills the emulator and starts it again: what it has is what its file has.
    pub(crate) async fn restart(&mut self) {
        self.process.kill().await.unwrap();
        (self.process, self.about) = spawn(&self.folder).await;
    }

    /// Its URL without a path.
    pub(crate) fn origin(&self) -> &str {
        self.text("url").strip_suffix("/api/v1").unwrap()
    }

    pub(crate) fn management_key(&self) -> &str {
        self.text("management_key")
    }

    /// The secret of the seeded key with this name.
    pub(crate) fn seeded_secret(&self, name: &str) -> Option<&str> {
        let keys = self.about["keys"].as_array().unwrap();
        keys.iter().find(|key| key["name"] == name)?["key"].as_str()
    }

    /// Every key that exists, also if it is disabled or has expired.
    pub(crate) async fn keys(&self) -> Vec<Value> {
        let url = format!("{}/keys", self.text("control_url"));
        let keys = self.http.get(url).send().await.unwrap().bytes().await.unwrap();
        serde_json::from_slice(&keys).unwrap()
    }

    /// Moves the clock forward.
    pub(crate) async fn advance(&self, seconds: u64) {
        let url = format!("{}/clock", self.text("control_url"));
        let body = serde_json::json!({"advance_seconds": seconds}).to_string();
        let request = self.http.post(url).header("content-type", "application/json").body(body);
        assert!(request.send().await.unwrap().status().is_success());
    }

    /// The label of the key that this secret opens.
    pub(crate) async fn opened_by(&self, secret: &str) -> Option<String> {
        let url = format!("{}/key", self.text("url"));
        let response = self.http.get(url).bearer_auth(secret).send().await.unwrap();
        let current: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        current["data"]["label"].as_str().map(str::to_owned)
    }

    fn text(&self, field: &str) -> &str {
        self.about[field].as_str().unwrap()
    }
}

async fn spawn(folder: &Path) -> (Child, Value) {
    let words = ["emulator", "--state", "emulator.json", "--seed", "seeds.json", "--json"];
    let mut command = Command::from(support::program(folder, &words));
    let mut process = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut about = String::new();
    let stdout = process.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut about).await.unwrap();
    (process, serde_json::from_str(&about).unwrap())
}
