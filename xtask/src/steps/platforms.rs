//! The command line compiles for the systems that this machine is not.

use anyhow::{Context as _, Result};

use crate::shell::cmd;
use crate::step::{Context, Step};
use crate::wasm::add_target;
use crate::workspace::{CLI, Workspace};

pub(crate) const STEP: Step =
    Step::extra("platforms", "the command line compiles for Windows and macOS", run);

const TARGETS: [&str; 2] = ["x86_64-pc-windows-gnu", "aarch64-apple-darwin"];
/// The only dependency whose build script compiles C.
const WITH_C: &str = "aws-lc-sys";

fn run(context: &Context) -> Result<()> {
    let shell = &context.workspace.shell;
    let links = links(&context.workspace)?;
    for target in TARGETS {
        context.require(add_target(&context.workspace, target))?;
        let settings = without_build_script(target, &links);
        // Some functions can fail on Unix only.
        let denied = ["-D", "warnings", "-A", "clippy::unnecessary-wraps"];
        cmd!(
            shell,
            "cargo clippy -p {CLI} --bins --target {target} --locked {settings...} -- {denied...}"
        )
        .run()?;
    }
    Ok(())
}

/// The name by which cargo knows what the build script is for.
fn links(workspace: &Workspace) -> Result<String> {
    let mut packages = workspace.packages()?.into_iter();
    let package = packages.find(|package| package.name.as_str() == WITH_C);
    package.and_then(|package| package.links).with_context(|| format!("{WITH_C} is not used"))
}

/// Options that stand in for the build script, which would need a C compiler for the target: a
/// check links nothing, so the choice of bindings is enough. The crate above asks for `include`.
fn without_build_script(target: &str, links: &str) -> [String; 4] {
    let of = |what: &str| format!("target.{target}.{links}.{what}");
    let bindings = format!("{}=[\"{}\"]", of("rustc-cfg"), target.replace('-', "_"));
    ["--config".into(), bindings, "--config".into(), format!("{}=\"none\"", of("include"))]
}

#[cfg(test)]
mod tests {
    use super::without_build_script;

    #[test]
    fn the_bindings_are_named_after_the_target() {
        let [_, bindings, _, _] = without_build_script("aarch64-apple-darwin", "aws_lc_1");
        assert_eq!(
            bindings,
            r#"target.aarch64-apple-darwin.aws_lc_1.rustc-cfg=["aarch64_apple_darwin"]"#
        );
    }
}
