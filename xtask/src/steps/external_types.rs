//! Of other crates' types, the public signatures name only those that the
//! manifests allow: another major version of one of these is one of ours.

use std::borrow::Cow;

use crate::failure::Failure;
use crate::step::{Context, Outcome, Step};
use crate::tool::Tool;
use crate::wasm_target::{WEB, ensure};
use crate::workspace::{CORE, NATIVE, WASM};

pub(crate) const STEP: Step = Step {
    name: "external-types",
    about: "public signatures name other crates' types only where a manifest allows it",
    sets_up: true,
    run,
};

const CHECK: Tool = Tool {
    package: "cargo-check-external-types",
    version: Cow::Borrowed("^0.5"),
    call: "cargo check-external-types",
    install: "--locked",
};

/// What the tool says of a rustdoc whose JSON it does not know.
const OTHER_FORM: &str = "JSON format version";

fn run(context: &Context) -> Result<Outcome, Failure> {
    if let Err(failure) = ensure(&context.workspace.root, WEB) {
        return context.cannot_look(format!("{WEB} cannot be added: {failure}"));
    }
    CHECK.with(context, || {
        for (package, target) in [(CORE, None), (NATIVE, None), (WASM, Some(WEB))] {
            match check(context, package, target) {
                Err(failure) if failure.to_string().contains(OTHER_FORM) => {
                    return Ok(Outcome::Skipped(format!(
                        "{} does not know the JSON of this rustdoc",
                        CHECK.package
                    )));
                }
                other => other?,
            }
        }
        Ok(Outcome::Passed)
    })
}

fn check(context: &Context, package: &str, target: Option<&str>) -> Result<(), Failure> {
    let mut members = context.workspace.members.iter();
    let member = members.find(|member| member.name == package);
    let member = member.ok_or_else(|| Failure::new(format!("there is no crate {package}")))?;
    let command = CHECK.command(&context.workspace, "--all-features --manifest-path");
    let command = command.argument(member.manifest.display().to_string());
    let command = match target {
        Some(target) => command.words("--target").argument(target),
        None => command,
    };
    // rustdoc's JSON is not stable yet. What is built so goes to a folder of its
    // own, or all else would be built again.
    let folder = context.workspace.target.join("external-types");
    let command = command.set("RUSTC_BOOTSTRAP", "1");
    command
        .set("CARGO_TARGET_DIR", &folder.display().to_string())
        .output(&context.workspace.root)?;
    println!("{package} names no other type than its manifest allows");
    Ok(())
}
