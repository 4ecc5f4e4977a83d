//! The scripts of docs/sinks.md, with stand-ins for the programs that they call.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use openrouter_keys_core::types::Secret;
use openrouter_keys_core::workflow::{Delivery, PutError, SecretSink};
use openrouter_keys_fleet::sink::Target;

const SECRET: &str = "sk-or-v1-0123456789abcdef";

/// A stand-in: notes its arguments and standard input, and prints what a test has prepared.
const STAND_IN: &str = r#"#!/bin/sh
name=$(basename "$0")
printf '%s\n' "$name $*" >> "$FOLDER/arguments"
[ "$1" = "show" ] || [ "$2" = "get" ] || cat >> "$FOLDER/$name.stdin"
cat "$FOLDER/$name.$2" 2>/dev/null || cat "$FOLDER/$name.stdin"
exit "$(cat "$FOLDER/exit" 2>/dev/null || echo 0)"
"#;

struct Recipe {
    folder: tempfile::TempDir,
    sink: Box<dyn SecretSink>,
}

/// The script below this heading, as a command whose programs are stand-ins.
fn recipe(heading: &str, scheme: &str) -> Recipe {
    let root = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    let page = fs::read_to_string(Path::new(&root).join("../docs/sinks.md")).unwrap();
    let section = page.split_once(&format!("\n### {heading}\n")).unwrap().1;
    let script = section.split_once("```sh\n").unwrap().1.split_once("```").unwrap().0;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display();
    fs::write(folder.path().join("recipe"), script).unwrap();
    fs::create_dir(folder.path().join("bin")).unwrap();
    for program in ["gh", "kubectl", "op", "pass"] {
        let file = folder.path().join("bin").join(program);
        fs::write(&file, STAND_IN).unwrap();
        fs::set_permissions(file, fs::Permissions::from_mode(0o700)).unwrap();
    }
    let text = format!(
        "{scheme}:sh -c 'export FOLDER={path} HOME={path} PATH={path}/bin:$PATH; exec sh {path}/recipe'"
    );
    let sink = Target::parse(&text).unwrap().open().unwrap();
    Recipe { folder, sink }
}

fn key() -> Delivery {
    let mut key = Delivery::new("Customer 42/ü");
    "0c5e7a1b".clone_into(&mut key.hash);
    "f01d5260".clone_into(&mut key.replaces);
    key.label = Some("sk-or-v1-012...cdef".to_owned());
    key
}

impl Recipe {
    fn write(&self, file: &str, content: &str) {
        fs::write(self.folder.path().join(file), content).unwrap();
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.folder.path().join(file)).unwrap_or_default()
    }

    async fn put(&mut self) -> Result<(), PutError> {
        self.sink.put(&Secret::new(SECRET), &key()).await
    }

    /// Stores the secret; returns the arguments of the programs, which never contain it. A program
    /// that fails leaves the outcome unknown.
    async fn store(mut self) -> (Self, String) {
        self.put().await.unwrap();
        let arguments = self.read("arguments");
        assert!(!arguments.contains("0123456789"), "{arguments}");
        self.write("exit", "1");
        let failed = self.put().await;
        assert!(matches!(failed, Err(PutError::Unknown(_) | PutError::NotStored(_))), "{failed:?}");
        (self, arguments)
    }
}

#[tokio::test]
async fn gh_gets_the_secret_on_standard_input() {
    let mut gh = recipe("GitHub Actions", "command");
    gh.put().await.unwrap();
    assert_eq!(gh.read("gh.stdin"), SECRET);
    let (_, arguments) = gh.store().await;
    let call = "gh secret set OPENROUTER_API_KEY --repo example/app\n";
    assert_eq!(arguments, call.repeat(2));
}

#[tokio::test]
async fn kubectl_gets_the_secret_on_standard_input() {
    let mut kubectl = recipe("Kubernetes", "command");
    kubectl.write("kubectl.secret", "");
    kubectl.put().await.unwrap();
    assert!(kubectl.read("kubectl.stdin").contains(SECRET));
    let (_, arguments) = kubectl.store().await;
    let create = "kubectl create secret generic openrouter --namespace app \
                  --from-file=api_key=/dev/stdin --dry-run=client -o yaml";
    for call in [create, "kubectl apply -f -"] {
        assert_eq!(arguments.matches(call).count(), 2, "{arguments}");
    }
}

#[tokio::test]
async fn op_gets_the_item_with_the_secret_on_standard_input() {
    let mut op = recipe("1Password", "command");
    let field = |id: &str, value: &str| format!(r#"{{"id":"{id}","value":"{value}"}}"#);
    let item = |value| {
        format!(r#"{{"fields":[{},{}]}}"#, field("username", "ada"), field("credential", value))
    };
    op.write("op.get", &item("old"));
    op.put().await.unwrap();
    let compact: String = op.read("op.stdin").split_whitespace().collect();
    assert_eq!(compact, item(SECRET));
    let (_, arguments) = op.store().await;
    assert_eq!(
        arguments,
        "op item get OpenRouter --format json\nop item edit OpenRouter\n".repeat(2)
    );
}

#[tokio::test]
async fn pass_gets_the_secret_and_is_asked_for_it() {
    let mut pass = recipe("pass", "ask-command");
    let entry = "openrouter/Customer_42___";
    assert_eq!(pass.sink.was_put(&key()).await.unwrap(), Some(false));
    pass.put().await.unwrap();
    assert_eq!(pass.read("pass.stdin"), format!("{SECRET}\n"));
    assert_eq!(pass.read("arguments"), format!("pass insert --force --multiline {entry}\n"));
    // The program would have created this file.
    fs::create_dir_all(pass.folder.path().join(".password-store/openrouter")).unwrap();
    pass.write(&format!(".password-store/{entry}.gpg"), "");
    assert_eq!(pass.sink.was_put(&key()).await.unwrap(), Some(true));
    pass.write("pass.stdin", "sk-or-v1-another");
    assert_eq!(pass.sink.was_put(&key()).await.unwrap(), Some(false));
    pass.write("exit", "1");
    pass.sink.was_put(&key()).await.unwrap_err();
    assert!(matches!(pass.put().await, Err(PutError::Unknown(_))));
    assert!(!pass.read("arguments").contains("0123456789"));
}
