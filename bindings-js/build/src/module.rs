//! The WebAssembly module: cargo, then wasm-bindgen, then wasm-opt.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use wasm_bindgen_cli_support::Bindgen;

use crate::{Folders, Result, run};

const TARGET: &str = "wasm32-unknown-unknown";
/// Features that every recent runtime has, and that rustc assumes.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// Gives the glue text encoders: some platforms have none.
const TEXT: &str = "import { TextDecoder, TextEncoder } from \"./internal/text.js\";\n";

/// Which features the module has.
#[derive(Clone, Copy)]
pub(crate) enum Features {
    All,
    /// The six operations and the listing, without workflows.
    Operations,
}

/// Writes `openrouter_keys_bg.wasm` and `openrouter_keys_bg.js` into the folder, which becomes
/// empty before: files of an earlier build would be packed.
pub(crate) fn build(folders: &Folders, features: Features, output: &Path) -> Result<()> {
    compile(folders, features)?;
    let scratch = folders.target.join("npm");
    bind(folders, &scratch, false)?;
    if output.exists() {
        fs::remove_dir_all(output)?;
    }
    fs::create_dir_all(output)?;
    let module = output.join("openrouter_keys_bg.wasm");
    optimize(folders, &scratch, &module, &["--strip-debug", "--strip-producers"])?;
    let glue = scratch.join("openrouter_keys_bg.js");
    fs::write(&glue, format!("{TEXT}{}", fs::read_to_string(&glue)?))?;
    run(folders
        .node_program("esbuild/bin/esbuild")
        .args(["--minify", "--format=esm", "--log-level=warning", "--allow-overwrite"])
        .arg(glue)
        .arg(format!("--outfile={}", output.join("openrouter_keys_bg.js").display())))
}

/// Prints where the bytes of the module are, built with its names for that.
pub(crate) fn print_parts(folders: &Folders, features: Features, listed: &[&str]) -> Result<()> {
    compile(folders, features)?;
    let scratch = folders.target.join("npm-named");
    bind(folders, &scratch, true)?;
    let module = scratch.join("named.wasm");
    optimize(folders, &scratch, &module, &["--debuginfo"])?;
    run(Command::new("node").arg(folders.tools.join("build/parts.mjs")).arg(module).args(listed))
}

fn compile(folders: &Folders, features: Features) -> Result<()> {
    let line = ["build", "--package", "openrouter-keys-js", "--target", TARGET];
    let features = match features {
        Features::All => "--all-features",
        Features::Operations => "--no-default-features",
    };
    run(Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(line)
        .args(["--profile", "wasm", "--locked", features])
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", remapped(folders))
        .current_dir(&folders.root))
}

fn bind(folders: &Folders, output: &Path, has_names: bool) -> Result<()> {
    Bindgen::new()
        .input_path(folders.target.join(TARGET).join("wasm/openrouter_keys_js.wasm"))
        .out_name("openrouter_keys")
        .bundler(true)?
        .typescript(false)
        .remove_name_section(!has_names)
        .keep_debug(has_names)
        .remove_producers_section(true)
        .generate(output)?;
    Ok(())
}

fn optimize(folders: &Folders, scratch: &Path, output: &Path, names: &[&str]) -> Result<()> {
    run(folders
        .node_program("binaryen/bin/wasm-opt")
        .args(FEATURES)
        // Keep large functions with one caller: similar functions compress better than the
        // same code inlined into others.
        .args(["-Oz", "--converge", "--one-caller-inline-max-function-size", "30"])
        .args(names)
        .arg(scratch.join("openrouter_keys_bg.wasm"))
        .arg("-o")
        .arg(output))
}

/// Panics name source files: the builder's folders must not appear in the module.
fn remapped(folders: &Folders) -> OsString {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let cargo = std::env::var_os("CARGO_HOME").map_or_else(|| home.join(".cargo"), PathBuf::from);
    let mut flags = OsString::new();
    for (folder, name) in
        [(&folders.root, ""), (&cargo.join("registry/src"), ""), (&home.join(".rustup"), "")]
    {
        flags.push(" --remap-path-prefix=");
        flags.push(folder);
        flags.push("=");
        flags.push(name);
    }
    flags
}
