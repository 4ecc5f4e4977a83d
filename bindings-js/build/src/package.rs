//! The package: modules, facade, entries, declarations, CommonJS, README, licences.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zopfli::Format;

use crate::module::{self, Features};
use crate::{Folders, Result, run};

/// The CommonJS files, each from its module. The error classes are a separate file, so that
/// all entries share them.
const COMMON_JS: [&str; 5] = ["errors", "index", "helpers", "fleet", "testing"];
/// Those that programs import.
const ENTRIES: [&str; 5] = ["index", "helpers", "operations", "fleet", "testing"];

/// The folder of the modules that no program imports.
const INTERNAL: &str = "internal";
/// The folder of the entry `fleet`'s parts.
const FLEET: &str = "fleet";

/// Names stay as they are: they appear in stack traces.
const SHORTER: [&str; 2] = ["--minify-syntax", "--minify-whitespace"];

/// What the licence of the decompressor asks for.
const FFLATE: &str = "/*! Contains fflate, (c) 2023 Arjun Barrett, MIT License */";

pub(crate) fn assemble(folders: &Folders) -> Result<()> {
    let Folders { root, tools, package, .. } = folders;
    lay_out(folders, Features::All, package)?;
    for name in COMMON_JS {
        let folder = if name == "errors" { INTERNAL } else { "" };
        let source = package.join(folder).join(name).with_extension("js");
        let shared: &[&str] = if name == "errors" { &[] } else { &["internal/errors.js"] };
        bundle_common_js(folders, &source, shared, name)?;
    }
    operations(folders)?;
    for name in ENTRIES {
        let types = fs::read_to_string(package.join(format!("{name}.d.ts")))?;
        let types = types.replace("\"./index.js\"", "\"./index.cjs\"");
        let types = types.replace("\"./helpers.js\"", "\"./helpers.cjs\"");
        fs::write(package.join(format!("{name}.d.cts")), types)?;
    }
    fs::copy(tools.join("README.md"), package.join("README.md"))?;
    for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
        fs::copy(root.join(licence), package.join(licence))?;
    }
    set_version(&package.join("package.json"))
}

/// Writes a module with these features and the package's JavaScript into the folder.
fn lay_out(folders: &Folders, features: Features, output: &Path) -> Result<()> {
    module::build(folders, features, output)?;
    let sources = folders.tools.join("js");
    for folder in ["", INTERNAL, FLEET] {
        fs::create_dir_all(output.join(folder))?;
        copy_files(&sources.join(folder), &output.join(folder))?;
    }
    shorten_files(folders, output)?;
    inline_module(output)?;
    bundle_inflate(folders, output)
}

/// Adds the entry `operations`: its own module, and one file with the part of the JavaScript that
/// it needs. The error classes are the package's.
fn operations(folders: &Folders) -> Result<()> {
    let package = &folders.package;
    let scratch = folders.target.join("npm-operations");
    lay_out(folders, Features::Operations, &scratch)?;
    let shared = ["internal/errors.js", "helpers.js"];
    for name in ["operations", "operations-edge"] {
        let source = scratch.join(name).with_extension("js");
        let output = source.with_extension("bundle");
        bundle(folders, "esm", &source, &shared, &output)?;
        let text = fs::read_to_string(&output)?;
        let text = text.replace("\"./openrouter_keys_bg.wasm?", "\"./operations_bg.wasm?");
        fs::write(package.join(name).with_extension("js"), text)?;
    }
    let source = scratch.join("operations.js");
    bundle_common_js(folders, &source, &shared, "operations")?;
    let module = scratch.join("openrouter_keys_bg.wasm");
    fs::copy(module, package.join("operations_bg.wasm"))?;
    Ok(())
}

/// Bundles the source into a CommonJS file of this name; see [`bundle`].
fn bundle_common_js(folders: &Folders, source: &Path, shared: &[&str], name: &str) -> Result<()> {
    // Beside the source, so that the paths of the shared files are relative to its folder.
    let scratch = source.with_extension("bundle");
    bundle(folders, "cjs", source, shared, &scratch)?;
    let text = fs::read_to_string(&scratch)?;
    fs::remove_file(scratch)?;
    let text = text.replace("\"./internal/errors.js\"", "\"./errors.cjs\"");
    let text = text.replace("\"./helpers.js\"", "\"./helpers.cjs\"");
    Ok(fs::write(folders.package.join(name).with_extension("cjs"), text)?)
}

/// Bundles the source with all that it imports, except the shared files, which are named from the
/// source's folder.
fn bundle(
    folders: &Folders,
    format: &str,
    source: &Path,
    shared: &[&str],
    output: &Path,
) -> Result<()> {
    let folder = source.parent().unwrap_or(source);
    let external = |file| format!("--external:{}", folder.join(file).display());
    run(folders
        .node_program("esbuild/bin/esbuild")
        .args(["--bundle", "--target=es2022", "--log-level=warning"])
        .arg(format!("--format={format}"))
        .args(SHORTER)
        .args(shared.iter().map(external))
        .arg("--external:*.wasm?module")
        .arg(source)
        .arg(format!("--outfile={}", output.display())))
}

/// Removes the comments from the modules: pages without a bundler load them as they are.
fn shorten_files(folders: &Folders, output: &Path) -> Result<()> {
    let mut files = Vec::new();
    for folder in ["", INTERNAL, FLEET] {
        for file in fs::read_dir(output.join(folder))? {
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
        .arg(format!("--outbase={}", output.display()))
        .arg(format!("--outdir={}", output.display())))
}

/// Writes the module as text that an entry can contain.
fn inline_module(output: &Path) -> Result<()> {
    let module = fs::read(output.join("openrouter_keys_bg.wasm"))?;
    let mut compressed = Vec::new();
    zopfli::compress(zopfli::Options::default(), Format::Deflate, &module[..], &mut compressed)?;
    let (size, text) = (module.len(), STANDARD.encode(compressed));
    let inline = format!("export const size = {size};\nexport const wasm = \"{text}\";\n");
    Ok(fs::write(output.join("wasm-inline.js"), inline)?)
}

/// Makes the decompressor a part of the package, which has no dependencies.
fn bundle_inflate(folders: &Folders, output: &Path) -> Result<()> {
    let file = Path::new(INTERNAL).join("inflate.js");
    run(folders
        .node_program("esbuild/bin/esbuild")
        .args(["--bundle", "--minify", "--format=esm", "--target=es2022", "--log-level=warning"])
        .arg(format!("--banner:js={FFLATE}"))
        .arg("--allow-overwrite")
        .arg(folders.tools.join("js").join(&file))
        .arg(format!("--outfile={}", output.join(&file).display())))
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
