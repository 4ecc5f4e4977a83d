//! An independent check: the vendor's own Python client against the emulator.
//!
//! It is installed once, into the target directory, and runs `official_python_sdk.py`.
//! Without Python the test is skipped with a message; in CI (`CI` is set) it fails.

use std::env;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output};

use openrouter_keys_emulator::Emulator;

/// Exact, because a newer version may expect a newer API.
const PACKAGE: &str = "openrouter==1.3.84";

#[test]
fn the_official_python_client_accepts_every_response() {
    let python = match python_with_client() {
        Ok(python) => python,
        Err(reason) if env::var_os("CI").is_none() => return skip(&reason),
        Err(reason) => panic!("{reason}"),
    };
    let emulator = Emulator::start().unwrap();
    emulator.seed_keys(250);
    let (ordinary_key, _) = emulator.create_ordinary_key("ordinary");
    // At run time, so that a copied checkout uses its own files.
    let folder = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap());
    let script = folder.join("tests/official_python_sdk.py");
    let judge = Command::new(python)
        .arg(script)
        .args([&emulator.base_url(), emulator.management_key(), &ordinary_key])
        .output()
        .unwrap();
    assert!(judge.status.success(), "{}", text(&judge));
    let title = emulator.requests()[0].headers["x-openrouter-title"].clone();
    assert_eq!(title, "Emulator test");
}

/// Creates a virtual environment, or reuses the complete one of an earlier run.
fn python_with_client() -> Result<PathBuf, String> {
    let test = env::current_exe().map_err(|error| error.to_string())?;
    let target = test.ancestors().nth(3).ok_or("the test is not in a target directory")?;
    let home = target.join("tmp").join(PACKAGE.replace("==", "-"));
    let python = home.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    if succeeds(Command::new(&python).args(["-c", "import openrouter"])).is_ok() {
        return Ok(python);
    }
    succeeds(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home))?;
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", PACKAGE];
    succeeds(Command::new(&python).args(install))?;
    Ok(python)
}

fn succeeds(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(format!("{command:?}: {}", text(&output))) }
}

fn text(output: &Output) -> String {
    let Output { stdout, stderr, .. } = output;
    [stdout, stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat()
}

/// Writes past the test runner, which captures output.
fn skip(reason: &str) {
    let reason = reason.replace('\n', " ");
    let _ = writeln!(std::io::stderr(), "SKIPPED: the official Python client: {reason}");
}
