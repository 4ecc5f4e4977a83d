//! Public signatures may name only those types of other crates that the manifests allow: a new
//! major version of such a crate requires one of ours.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::public_types;
use crate::step::{Context, Step};
use crate::wasm::{WEB, add_target};
use crate::workspace::{CORE, FLEET, JS, NATIVE, TYPES, WASM};

pub(crate) const STEP: Step = Step::extra(
    "external-types",
    "public signatures name other crates' types only where a manifest allows it",
    run,
);

fn run(context: &Context) -> Result<()> {
    context.require(add_target(&context.workspace, WEB))?;
    // The same packages as in the steps `docs` and `wasm`, so that nothing is rebuilt.
    public_types::document(&context.workspace, &["--workspace", "--lib"])?;
    for package in [TYPES, CORE, FLEET, NATIVE] {
        check(context, package, "doc")?;
    }
    let web = ["-p", CORE, "-p", WASM, "-p", JS, "--lib", "--target", WEB];
    public_types::document(&context.workspace, &web)?;
    check(context, WASM, &format!("{WEB}/doc"))?;
    Ok(())
}

fn check(context: &Context, package: &str, folder: &str) -> Result<()> {
    let workspace = &context.workspace;
    let manifest = &workspace.member(package)?.metadata;
    let allowed = manifest.pointer("/cargo_check_external_types/allowed_external_types");
    let allowed: Vec<&str> =
        allowed.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let file = workspace.target(&format!("{folder}/{}.json", package.replace('-', "_")));
    let docs = serde_json::from_str(&workspace.read(&file)?).context(file)?;
    let named = public_types::of_other_crates(&docs)?;
    let is_allowed = |name: &str, pattern: &str| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    };
    let problems: Vec<String> = named
        .iter()
        .filter(|(name, _)| !allowed.iter().any(|pattern| is_allowed(name, pattern)))
        .map(|(name, by)| {
            format!("{package} names {name}, in {by}, which its manifest does not allow")
        })
        .collect();
    ensure!(problems.is_empty(), problems.join("\n"));
    let unused =
        allowed.iter().filter(|pattern| !named.keys().any(|name| is_allowed(name, pattern)));
    let unused: Vec<&str> = unused.copied().collect();
    ensure!(unused.is_empty(), "{package} allows {} but names none of it", unused.join(", "));
    println!("{package} names {} types of other crates, all allowed", named.len());
    Ok(())
}
