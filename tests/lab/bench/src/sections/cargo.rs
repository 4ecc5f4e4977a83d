//! The cost of the dependency for a Rust program: build time and size.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use super::{Plan, Section};
use crate::failure::Failure;
use crate::files;
use crate::number;
use crate::run::Bench;
use crate::table::Table;

pub(super) const PLAN: Plan =
    Plan { name: "cargo", about: "What the dependency costs a Rust program", measure };

const TEXT: &str = "\
A program that prints the names of the first page of keys, built from scratch by \
`cargo build --release`, with everything already downloaded. Packages are those that `cargo tree` \
lists for it. The versions are those in `tests/lab/bench/Cargo.lock`. Of the two clients, only \
this one supports HTTP/2.";

/// A program that uses one of the clients.
struct Program {
    client: &'static str,
    /// The client's line in the manifest; `{root}` is this checkout.
    dependency: &'static str,
    main: &'static str,
}

const PROGRAMS: [Program; 2] = [
    Program {
        client: "openrouter-keys-native",
        dependency: r#"openrouter-keys-native = { path = "{root}/transport-native" }"#,
        main: r#"
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = openrouter_keys_native::from_env()?;
    for key in client.list(Default::default()).await?.data {
        println!("{:?}", key.name.as_deref());
    }
    Ok(())
}
"#,
    },
    Program {
        client: "openrouter-rs",
        dependency: r#"openrouter-rs = "*""#,
        main: r#"
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let key = std::env::var("OPENROUTER_API_KEY")?;
    let client = openrouter_rs::OpenRouterClient::builder().management_key(key).build()?;
    for key in client.management().list_api_keys(None, None).await? {
        println!("{:?}", key.name);
    }
    Ok(())
}
"#,
    },
];

fn measure(_: &mut Bench) -> Section {
    let heads = ["client", "packages", "cold build, s", "program, bytes", "stripped, bytes"];
    let mut table = Table::new("", &heads);
    for program in PROGRAMS {
        println!("building a program that uses {}", program.client);
        match program.built() {
            Ok(built) => table.row([
                program.client.into(),
                built.packages.to_string(),
                number::short(built.seconds),
                number::whole(built.bytes),
                built.stripped.map_or_else(|_| "no `strip`".into(), number::whole),
            ]),
            Err(why) => table.not_measured(program.client, why),
        }
    }
    Section { tables: vec![table], ..Section::new(TEXT) }
}

struct Built {
    packages: usize,
    seconds: f64,
    bytes: u64,
    stripped: Result<u64, Failure>,
}

impl Program {
    fn built(&self) -> Result<Built, Failure> {
        let folder = tempfile::tempdir()?;
        let folder = folder.path();
        let root = files::root();
        std::fs::write(folder.join("Cargo.toml"), self.manifest(&root))?;
        std::fs::create_dir(folder.join("src"))?;
        std::fs::write(folder.join("src/main.rs"), self.main)?;
        std::fs::copy(root.join("tests/lab/bench/Cargo.lock"), folder.join("Cargo.lock"))?;

        // This also removes what this program does not need from the lock file.
        let tree = run(cargo(folder, "tree --prefix none --edges normal,build"))?;
        run(cargo(folder, "fetch"))?;
        let begun = Instant::now();
        run(cargo(folder, "build --release --offline --locked"))?;
        let seconds = begun.elapsed().as_secs_f64();
        let program = folder.join("target/release/program");
        Ok(Built {
            packages: packages(&tree).saturating_sub(1),
            seconds,
            bytes: std::fs::metadata(&program)?.len(),
            stripped: stripped(&program, &folder.join("stripped")),
        })
    }

    fn manifest(&self, root: &Path) -> String {
        let dependency = self.dependency.replace("{root}", &root.display().to_string());
        format!(
            "[package]\nname = \"program\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [workspace]\n\n\
             [dependencies]\n{dependency}\n\
             tokio = {{ version = \"1\", features = [\"macros\", \"rt\"] }}\n"
        )
    }
}

/// Builds into the program's own folder, whatever `CARGO_TARGET_DIR` says.
fn cargo(folder: &Path, words: &str) -> Command {
    let mut command = Command::new("cargo");
    command.args(words.split_whitespace()).current_dir(folder).env_remove("CARGO_TARGET_DIR");
    command
}

/// The size of the program without symbols and debug information; it is written to `to`.
pub(super) fn stripped(program: &Path, to: &Path) -> Result<u64, Failure> {
    let mut strip = Command::new("strip");
    strip.arg("-o").arg(to).arg(program);
    run(strip)?;
    Ok(std::fs::metadata(to)?.len())
}

fn run(mut command: Command) -> Result<String, Failure> {
    let name = command.get_program().display().to_string();
    let output = command.output().map_err(|error| Failure::from(error).within(&name))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        let first = complaint.lines().find(|line| line.starts_with("error"));
        let words = first.unwrap_or("it failed").to_owned();
        return Err(Failure::new(words).within(name));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The number of distinct packages in the output of `cargo tree --prefix none`.
fn packages(tree: &str) -> usize {
    let package = |line: &str| {
        let mut words = line.split_whitespace().map(str::to_owned);
        Some((words.next()?, words.next()?))
    };
    tree.lines().filter_map(package).collect::<BTreeSet<_>>().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_package_is_counted_once() {
        let tree = "program v0.0.0 (/a/program)\nsyn v2.0.0\n\nsyn v3.0.0 (*)\nsyn v2.0.0 (*)\n";
        assert_eq!(packages(tree), 3);
    }

    #[test]
    fn manifests_name_the_client() {
        let [ours, theirs] = PROGRAMS;
        let manifest = ours.manifest(Path::new("/checkout"));
        assert!(manifest.contains(r#"path = "/checkout/transport-native""#), "{manifest}");
        assert!(theirs.manifest(Path::new("/checkout")).contains("openrouter-rs"));
    }
}
