//! `OpenBao`, which has the interface of `HashiCorp` Vault.

use openrouter_keys_core::workflow::SecretSink;
use openrouter_keys_fleet::sink::Target;
use reqwest::Method;
use serde_json::{Value, json};

use crate::servers::{ROOT_TOKEN, Server, openbao};
use crate::suite::{self, Service, client, delivery, is_not_stored, secret};

struct OpenBao(Server);

fn sink(text: &str, address: &str, token: &str) -> Box<dyn SecretSink> {
    let (address, token) = (address.to_owned(), token.to_owned());
    let variables = move |name: &str| match name {
        "VAULT_ADDR" => Some(address.clone()),
        "BAO_TOKEN" => Some(token.clone()),
        _ => None,
    };
    Target::parse(text).unwrap().open_with(&variables).unwrap()
}

impl Service for OpenBao {
    fn sink(&self, address: &str) -> Box<dyn SecretSink> {
        sink("vault:secret/openrouter/{name}", address, ROOT_TOKEN)
    }

    fn address(&self) -> &str {
        &self.0.address
    }

    fn write(&self) -> &'static str {
        "POST /v1/secret/data/"
    }

    async fn secret(&self, name: &str) -> String {
        let name = name.replace('_', "%20");
        let read = self.call(Method::GET, &format!("secret/data/openrouter/{name}"), None).await;
        read.pointer("/data/data/api_key").unwrap().as_str().unwrap().to_owned()
    }
}

impl OpenBao {
    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let request = client()
            .request(method, format!("{}/v1/{path}", self.0.address))
            .header("x-vault-token", ROOT_TOKEN)
            .body(body.map(|body| body.to_string()).unwrap_or_default());
        let response = request.send().await.unwrap().error_for_status().unwrap();
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default()
    }

    /// A token with these capabilities on every secret.
    async fn token(&self, name: &str, capabilities: &[&str]) -> String {
        let policy = json!({"path": {"secret/data/*": {"capabilities": capabilities}}});
        let body = json!({"policy": policy.to_string()});
        self.call(Method::PUT, &format!("sys/policies/acl/{name}"), Some(body)).await;
        let body = json!({"policies": [name]});
        let created = self.call(Method::POST, "auth/token/create", Some(body)).await;
        created.pointer("/auth/client_token").unwrap().as_str().unwrap().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs OpenBao; run by the step services"]
async fn a_field_of_a_secret_in_openbao() {
    let server = OpenBao(openbao());
    suite::run(&server).await;
    other_fields_are_kept(&server).await;
    a_token_that_cannot_write_is_noticed_before_a_key_is_created(&server).await;
    another_engine_is_refused(&server).await;
    nothing_is_stored_on_a_server_that_is_not_there(&server).await;
    a_deleted_secret_is_a_free_place(&server).await;
}

async fn other_fields_are_kept(server: &OpenBao) {
    let data = json!({"data": {"url": "https://openrouter.ai", "retries": 3}});
    server.call(Method::POST, "secret/data/app", Some(data)).await;
    let mut sink = sink("vault:secret/app#token", server.address(), ROOT_TOKEN);
    sink.put(&secret("aa"), &delivery("ada", "aa", "00", 2)).await.unwrap();
    let read = server.call(Method::GET, "secret/data/app", None).await;
    let data = read.pointer("/data/data").unwrap().as_object().unwrap();
    assert_eq!(data.len(), 4);
    assert_eq!((&data["url"], &data["retries"]), (&json!("https://openrouter.ai"), &json!(3)));
    assert_eq!(data["token"], secret("aa").reveal());
    // Consumers iterate over strings, and the mark contains no secret.
    let mark = data["token_rotation"].as_str().unwrap();
    assert!(mark.contains(r#""fence":2"#) && !mark.contains("sk-or"), "{mark}");
}

async fn a_token_that_cannot_write_is_noticed_before_a_key_is_created(server: &OpenBao) {
    let check = async |token: &str| {
        let mut sink = sink("vault:secret/openrouter/ada", server.address(), token);
        sink.check(&delivery("ada", "", "cc", 1)).await.map_err(|error| error.to_string())
    };
    let wrong = check("s.wrong").await.unwrap_err();
    assert!(wrong.contains("403") && !wrong.contains("s.wrong"), "{wrong}");
    let reader = server.token("reader", &["read"]).await;
    let error = check(&reader).await.unwrap_err();
    assert!(error.contains("capability update on secret/data/openrouter/ada"), "{error}");
    let mut sink = sink("vault:secret/openrouter/ada", server.address(), &reader);
    let put = sink.put(&secret("dd"), &delivery("ada", "dd", "cc", 6)).await;
    assert!(is_not_stored(&put), "{put:?}");
    let writer = server.token("writer", &["read", "update"]).await;
    check(&writer).await.unwrap();
}

async fn nothing_is_stored_on_a_server_that_is_not_there(server: &OpenBao) {
    let mut absent = server.sink("http://127.0.0.1:1");
    let put = absent.put(&secret("dd"), &delivery("ada", "dd", "cc", 6)).await;
    assert!(is_not_stored(&put), "{put:?}");
}

async fn another_engine_is_refused(server: &OpenBao) {
    let body = json!({"type": "kv", "options": {"version": "1"}});
    server.call(Method::POST, "sys/mounts/old", Some(body)).await;
    let mut sink = sink("vault:old/ada", server.address(), ROOT_TOKEN);
    let error = sink.check(&delivery("ada", "", "cc", 1)).await.unwrap_err().to_string();
    assert!(error.contains("needs kv version 2"), "{error}");
    // An engine that is not there is not a free place.
    let mut sink = self::sink("vault:nowhere/ada", server.address(), ROOT_TOKEN);
    let error = sink.check(&delivery("ada", "", "cc", 1)).await.unwrap_err().to_string();
    assert!(error.contains("nowhere/ada: the server responded with 404"), "{error}");
}

async fn a_deleted_secret_is_a_free_place(server: &OpenBao) {
    server.call(Method::DELETE, "secret/data/openrouter/kurt", None).await;
    let mut sink = server.own();
    sink.check(&delivery("kurt", "", "", 0)).await.unwrap();
    sink.put(&secret("ee"), &delivery("kurt", "ee", "", 0)).await.unwrap();
    assert_eq!(server.secret("kurt").await, secret("ee").reveal());
}
