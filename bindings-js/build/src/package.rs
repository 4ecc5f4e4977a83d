//! The package's other files: facade, entries, declarations, CommonJS, README, licences.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zopfli::Format;

use crate::{Folders, Result, run};

/// The CommonJS files, each from its module. The error classes are a separate file, so that
/// all entries share them.
const COMMON_JS: [&str; 5] = ["errors", "index", "helpers", "fleet", "testing"];
/// Those that programs import.
const ENTRIES: [&str; 4] = ["index", "helpers", "fleet", "testing"];

/// Names stay as they are: they appear in stack traces.
const SHORTER: [&str; 2] = ["--minify-syntax", "--minify-whitespace"];

/// What the licence of the decompressor asks for.
const FFLATE: &str = "/*! Contains fflate, (c) 2023 Arjun Barrett, MIT License */";

/// The folder of the modules that no program imports.
const INTERNAL: &str = "internal";
/// The folder of the entry `fleet`'s parts.
const FLEET: &str = "fleet";

/// Adds all other files to the module.
pub(crate) fn assemble(folders: &Folders) -> Result<()> {
    let Folders { root, tools, package, .. } = folders;
    copy_files(&tools.join("js"), package)?;
    for folder in [INTERNAL, FLEET] {
        fs::create_dir_all(package.join(folder))?;
        copy_files(&tools.join("js").join(folder), &package.join(folder))?;
    }
    shorten_files(folders)?;
    inline_module(package)?;
    bundle_inflate(folders)?;
    let external = format!("--external:{}", package.join(INTERNAL).join("errors.js").display());
    for name in COMMON_JS {
        let output = package.join(name).with_extension("cjs");
        let (folder, shared) =
            if name == "errors" { (INTERNAL, None) } else { ("", Some(&external)) };
        run(folders
            .node_program("esbuild/bin/esbuild")
            .args(["--bundle", "--format=cjs", "--target=es2022", "--log-level=warning"])
            .args(SHORTER)
            .args(shared)
            .arg(package.join(folder).join(name).with_extension("js"))
            .arg(format!("--outfile={}", output.display())))?;
        let bundle = fs::read_to_string(&output)?;
        fs::write(&output, bundle.replace("\"./internal/errors.js\"", "\"./errors.cjs\""))?;
    }
    for name in ENTRIES {
        let types = fs::read_to_string(package.join(format!("{name}.d.ts")))?;
        let types = types.replace("\"./index.js\"", "\"./index.cjs\"");
        fs::write(package.join(format!("{name}.d.cts")), types)?;
    }
    fs::copy(tools.join("README.md"), package.join("README.md"))?;
    for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
        fs::copy(root.join(licence), package.join(licence))?;
    }
    set_version(&package.join("package.json"))
}

/// Removes the comments from the modules: pages without a bundler load them as they are.
fn shorten_files(folders: &Folders) -> Result<()> {
    let package = &folders.package;
    let mut files = Vec::new();
    for folder in ["", INTERNAL, FLEET] {
        for file in fs::read_dir(package.join(folder))? {
            let path = file?.path();
            if path.extension().is_some_and(|extension| extension == "js") {
                files.push(path);
            }
        }
    }
    run(folders
        .node_program("esbuild/bin/esbuild")
        .args(["--format=esm", "--log-level=warning", "--allow-overwrite"])
        .args(SHORTER)
        .args(files)
        .arg(format!("--outbase={}", package.display()))
        .arg(format!("--outdir={}", package.display())))
}

/// Writes the module as text that an entry can contain.
fn inline_module(package: &Path) -> Result<()> {
    let module = fs::read(package.join("openrouter_keys_bg.wasm"))?;
    let mut compressed = Vec::new();
    zopfli::compress(zopfli::Options::default(), Format::Deflate, &module[..], &mut compressed)?;
    let (size, text) = (module.len(), STANDARD.encode(compressed));
    let inline = format!("export const size = {size};\nexport const wasm = \"{text}\";\n");
    Ok(fs::write(package.join("wasm-inline.js"), inline)?)
}

/// Makes the decompressor a part of the package, which has no dependencies.
fn bundle_inflate(folders: &Folders) -> Result<()> {
    let file = folders.package.join(INTERNAL).join("inflate.js");
    run(folders
        .node_program("esbuild/bin/esbuild")
        .args(["--bundle", "--minify", "--format=esm", "--target=es2022", "--log-level=warning"])
        .arg(format!("--banner:js={FFLATE}"))
        .arg("--allow-overwrite")
        .arg(&file)
        .arg(format!("--outfile={}", file.display())))
}

/// Copies the folder's files, but not its folders.
fn copy_files(from: &Path, to: &Path) -> Result<()> {
    for file in fs::read_dir(from)? {
        let file = file?;
        if file.file_type()?.is_file() {
            fs::copy(file.path(), to.join(file.file_name()))?;
        }
    }
    Ok(())
}

/// Gives the package the version of the workspace.
fn set_version(manifest: &Path) -> Result<()> {
    let text = fs::read_to_string(manifest)?;
    let version = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
    if !text.contains("\"version\": \"0.0.0\"") {
        return Err("js/package.json has no \"version\": \"0.0.0\" to replace".into());
    }
    fs::write(manifest, text.replace("\"version\": \"0.0.0\"", &version))?;
    Ok(())
}
