//! The servers of a story, each in a process of its own, which end with it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use openrouter_keys_core::error::BoxError;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};

const TOKEN: &str = "root";

/// A client that uses no proxy.
pub(crate) fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

pub(crate) async fn json_of(request: reqwest::RequestBuilder) -> Result<Value, BoxError> {
    let body = request.send().await?.error_for_status()?.bytes().await?;
    Ok(serde_json::from_slice(&body)?)
}

fn spawn(command: &mut Command) -> Child {
    let command = command.stdin(Stdio::null()).kill_on_drop(true);
    command.spawn().expect("the program is in the path")
}

/// The first line with this text. Later ones are read too: a full pipe would stop the server.
async fn line(output: impl AsyncRead + Send + Unpin + 'static, text: &str) -> String {
    let mut lines = BufReader::new(output).lines();
    loop {
        let line = lines.next_line().await.unwrap().expect("the server starts");
        if line.contains(text) {
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return line;
        }
    }
}

/// The API.
pub(crate) struct Emulator {
    _process: Child,
    pub(crate) origin: String,
    pub(crate) management_key: String,
    /// The secrets of the keys that it begins with, by name.
    pub(crate) secrets: BTreeMap<String, String>,
}

impl Emulator {
    pub(crate) async fn start(program: &Path, home: &Path, keys: usize) -> Self {
        let key = |number| json!({"name": format!("customer-{number:03}"), "created_at": "2025-01-01T00:00:00Z"});
        let keys: Vec<Value> = (0..keys).map(key).collect();
        let seeds = home.join("seeds.json");
        std::fs::write(&seeds, json!({"keys": keys}).to_string()).unwrap();
        let mut command = Command::new(program);
        command.args(["emulator", "--json", "--seed"]).arg(&seeds).stdout(Stdio::piped());
        let mut process = spawn(&mut command);
        let about = line(process.stdout.take().unwrap(), "{").await;
        let about: Value = serde_json::from_str(&about).unwrap();
        let text = |value: &Value, field: &str| {
            value.get(field).and_then(Value::as_str).unwrap().to_owned()
        };
        let seeded = about.get("keys").and_then(Value::as_array).unwrap();
        Self {
            _process: process,
            origin: text(&about, "url").trim_end_matches("/api/v1").to_owned(),
            management_key: text(&about, "management_key"),
            secrets: seeded.iter().map(|key| (text(key, "name"), text(key, "key"))).collect(),
        }
    }

    /// Every key that exists.
    pub(crate) async fn keys(&self) -> Vec<Value> {
        let url = format!("{}/_emulator/keys", self.origin);
        let keys = json_of(client().get(url)).await.unwrap();
        keys.as_array().unwrap().clone()
    }
}

/// `OpenBao` in memory, with the engine KV version 2.
pub(crate) struct Vault {
    _process: Child,
    pub(crate) address: String,
    http: Client,
}

impl Vault {
    pub(crate) async fn start() -> Self {
        // It cannot say which port the system chose.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("bao");
        command.args(["server", "-dev", "-dev-no-store-token"]);
        command.arg(format!("-dev-root-token-id={TOKEN}"));
        command.arg(format!("-dev-listen-address=127.0.0.1:{port}"));
        let mut process = spawn(command.stdout(Stdio::piped()).stderr(Stdio::null()));
        line(process.stdout.take().unwrap(), "Root Token:").await;
        Self { _process: process, address: format!("http://127.0.0.1:{port}"), http: client() }
    }

    fn url(&self, name: &str) -> String {
        format!("{}/v1/secret/data/fleet/{name}", self.address)
    }

    pub(crate) async fn write(&self, name: &str, secret: &str) {
        let body = json!({"data": {"api_key": secret}}).to_string();
        let request = self.http.post(self.url(name)).header("x-vault-token", TOKEN).body(body);
        request.send().await.unwrap().error_for_status().unwrap();
    }

    pub(crate) fn reader(&self) -> Reader {
        Reader { url: self.url(""), http: self.http.clone() }
    }
}

/// Reads secrets as the services do.
pub(crate) struct Reader {
    url: String,
    http: Client,
}

impl Reader {
    pub(crate) async fn secret(&self, name: &str) -> Option<String> {
        let request = self.http.get(format!("{}{name}", self.url)).header("x-vault-token", TOKEN);
        let read = json_of(request).await.ok()?;
        read.pointer("/data/data/api_key").and_then(Value::as_str).map(str::to_owned)
    }
}

/// Where the logs are.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    Folder,
    S3,
}

impl Place {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Folder => "a folder",
            Self::S3 => "moto's S3",
        }
    }
}

/// The store of logs.
pub(crate) struct Store {
    _process: Option<Child>,
    pub(crate) url: String,
    pub(crate) environment: Vec<(&'static str, String)>,
}

impl Store {
    pub(crate) async fn start(place: Place, home: &Path) -> Self {
        if matches!(place, Place::Folder) {
            let folder = home.join("store");
            std::fs::create_dir(&folder).unwrap();
            let url = folder.display().to_string();
            return Self { _process: None, url, environment: Vec::new() };
        }
        let mut command = Command::new("moto_server");
        command.args(["-H", "127.0.0.1", "-p", "0"]).env("PYTHONUNBUFFERED", "1");
        let mut process = spawn(command.stdout(Stdio::null()).stderr(Stdio::piped()));
        let line = line(process.stderr.take().unwrap(), "Running on http://").await;
        let address = line.split_whitespace().find(|word| word.starts_with("http://")).unwrap();
        let signed = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
        let bucket = client().put(format!("{address}/fleet")).header("authorization", signed);
        bucket.send().await.unwrap().error_for_status().unwrap();
        let environment = vec![
            ("AWS_ENDPOINT", address.to_owned()),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test-secret".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
        ];
        Self { _process: Some(process), url: "s3://fleet/team".to_owned(), environment }
    }

    /// The content of every object, by its path.
    pub(crate) async fn objects(&self) -> BTreeMap<String, String> {
        use futures_util::TryStreamExt as _;
        use object_store::ObjectStoreExt as _;
        let scheme = if self.url.contains("://") { "" } else { "file://" };
        let url = format!("{scheme}{}", self.url);
        // Its options have the variables' names, in small letters.
        let options = self.environment.iter();
        let options = options.map(|(name, value)| (name.to_lowercase(), value.clone()));
        let (objects, prefix) =
            object_store::parse_url_opts(&url.parse().unwrap(), options).unwrap();
        let listed: Vec<_> = objects.list(Some(&prefix)).try_collect().await.unwrap();
        let mut contents = BTreeMap::new();
        for object in listed {
            let content = objects.get(&object.location).await.unwrap().bytes().await.unwrap();
            let content = String::from_utf8_lossy(&content).into_owned();
            contents.insert(object.location.to_string(), content);
        }
        contents
    }
}
