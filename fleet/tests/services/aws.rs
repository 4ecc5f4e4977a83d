//! AWS Secrets Manager, as moto has it.

use openrouter_keys_core::workflow::SecretSink;
use openrouter_keys_fleet::sink::Target;
use serde_json::{Value, json};

use crate::servers::{Server, moto};
use crate::suite::{self, Service, client, delivery, secret};

struct SecretsManager<'a> {
    server: &'a Server,
    /// The sink as text.
    text: &'a str,
}

fn sink(text: &str, address: &str) -> Box<dyn SecretSink> {
    let address = address.to_owned();
    let variables = move |name: &str| match name {
        "AWS_ENDPOINT_URL" => Some(address.clone()),
        "AWS_REGION" => Some("eu-central-1".to_owned()),
        "AWS_ACCESS_KEY_ID" => Some("test".to_owned()),
        "AWS_SECRET_ACCESS_KEY" => Some("test-secret".to_owned()),
        _ => None,
    };
    Target::parse(text).unwrap().open_with(&variables).unwrap()
}

impl Service for SecretsManager<'_> {
    fn sink(&self, address: &str) -> Box<dyn SecretSink> {
        sink(self.text, address)
    }

    fn address(&self) -> &str {
        &self.server.address
    }

    fn write(&self) -> &'static str {
        "secretsmanager.UpdateSecretVersionStage"
    }

    async fn secret(&self, name: &str) -> String {
        let text = self.text.strip_prefix("aws:").unwrap();
        let (template, field) = text.split_once('#').unwrap_or((text, ""));
        let id = template.replace("{name}", name);
        let body = json!({"SecretId": id, "VersionStage": "AWSCURRENT"});
        let read = call(&self.server.address, "GetSecretValue", &body).await;
        let content = read["SecretString"].as_str().unwrap();
        if field.is_empty() {
            return content.to_owned();
        }
        let fields: Value = serde_json::from_str(content).unwrap();
        fields[field].as_str().unwrap().to_owned()
    }
}

async fn call(address: &str, operation: &str, body: &Value) -> Value {
    let signature = "AWS4-HMAC-SHA256 Credential=test/20260101/eu-central-1/secretsmanager/aws4_request, SignedHeaders=host, Signature=0";
    let request = client()
        .post(address)
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", format!("secretsmanager.{operation}"))
        .header("authorization", signature)
        .body(body.to_string());
    let response = request.send().await.unwrap().error_for_status().unwrap();
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs moto; run by the step services"]
async fn a_secret_or_a_field_of_one_in_aws_secrets_manager() {
    let server = moto();
    suite::run(&SecretsManager { server: &server, text: "aws:openrouter/{name}" }).await;
    suite::run(&SecretsManager { server: &server, text: "aws:app/{name}#token" }).await;
    other_fields_are_kept(&server).await;
    what_is_not_a_secret_of_ours_is_refused(&server).await;
}

async fn other_fields_are_kept(server: &Server) {
    let content = json!({"url": "https://openrouter.ai", "retries": 3}).to_string();
    let body = json!({"Name": "service", "SecretString": content});
    call(&server.address, "CreateSecret", &body).await;
    let mut sink = sink("aws:service#token", &server.address);
    sink.put(&secret("aa"), &delivery("ada", "aa", "00", 2)).await.unwrap();
    sink.put(&secret("bb"), &delivery("ada", "bb", "aa", 2)).await.unwrap();
    let body = json!({"SecretId": "service", "VersionStage": "AWSCURRENT"});
    let read = call(&server.address, "GetSecretValue", &body).await;
    let fields: Value = serde_json::from_str(read["SecretString"].as_str().unwrap()).unwrap();
    assert_eq!((&fields["url"], &fields["retries"]), (&json!("https://openrouter.ai"), &json!(3)));
    assert_eq!(fields["token"], secret("bb").reveal());
    let mark = fields["token_rotation"].as_str().unwrap();
    assert!(mark.contains(r#""fence":2"#) && !mark.contains("sk-or"), "{mark}");
}

async fn what_is_not_a_secret_of_ours_is_refused(server: &Server) {
    let check = async |text| {
        let mut sink = sink(text, &server.address);
        sink.check(&delivery("ada", "", "00", 1)).await.map_err(|error| error.to_string())
    };
    let body = json!({"Name": "plain", "SecretString": "a password"});
    call(&server.address, "CreateSecret", &body).await;
    let error = check("aws:plain").await.unwrap_err();
    assert!(error.contains("has another secret"), "{error}");
    let error = check("aws:plain#token").await.unwrap_err();
    assert!(error.contains("is not a JSON object"), "{error}");
    assert!(!error.contains("a password"));
    check("aws:absent").await.unwrap();
}
