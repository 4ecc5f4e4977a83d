//! The documents name only files that exist, and no program has the build directory compiled in.

use std::path::Path;

use anyhow::{Result, ensure};

use crate::step::{Context, Step};

pub(crate) const STEP: Step = Step::basic(
    "paths",
    "the documents name files that exist; no program has a path of this machine",
    run,
);

/// Build output, which is in no checkout.
const BUILT: [&str; 3] = ["bindings-js/npm", "bindings-js/node_modules", "tests/fuzz/target"];

/// Variables with which the compiler would record the path of the checkout. When the folder is
/// copied, cargo considers the program up to date, and it would use the original's files.
const BAKED: [&str; 4] = ["MANIFEST_DIR", "MANIFEST_PATH", "TARGET_TMPDIR", "BIN_EXE_"];

fn run(context: &Context) -> Result<()> {
    let workspace = &context.workspace;
    let files = workspace.files()?;
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let mut problems = Vec::new();
    let mut count = 0;
    for file in &files {
        if has_extension(file, "md") {
            let text = workspace.read(file)?;
            for path in named(&text, &files) {
                count += 1;
                if !exists(&path, &files) {
                    problems.push(format!("{file} names {path}, which does not exist"));
                }
            }
            let folder = Path::new(file).parent().unwrap_or(Path::new(""));
            for link in links(&text) {
                count += 1;
                if !workspace.shell.path_exists(folder.join(link)) {
                    problems.push(format!("{file} links to {link}, which does not exist"));
                }
            }
        } else if has_extension(file, "rs") {
            if let Some(name) = baked(&workspace.read(file)?) {
                problems.push(format!("{file} has CARGO_{name} compiled in"));
            }
        }
    }
    ensure!(problems.is_empty(), problems.join("\n"));
    println!("{count} paths exist");
    Ok(())
}

fn has_extension(file: &str, wanted: &str) -> bool {
    Path::new(file).extension().is_some_and(|extension| extension == wanted)
}

/// Every word that begins with a folder of the checkout.
fn named(text: &str, files: &[&str]) -> Vec<String> {
    let is_of_path = |c: char| c.is_ascii_alphanumeric() || "/._-*".contains(c);
    let mut paths = Vec::new();
    let mut before = ' ';
    let mut word = String::new();
    for c in text.chars().chain([' ']) {
        if is_of_path(c) {
            word.push(c);
            continue;
        }
        let path = word.trim_end_matches(['.', '/']);
        // After a `@` or a `:`, it is a package or an address.
        if !"@:~$".contains(before) && path.contains('/') {
            let folder = path.split('/').next().unwrap_or_default();
            let is_ours = files
                .iter()
                .any(|file| file.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')));
            if is_ours {
                paths.push(path.to_owned());
            }
        }
        before = c;
        word.clear();
    }
    paths
}

/// `NAME` and `*` match any name, in a folder that exists.
fn exists(path: &str, files: &[&str]) -> bool {
    let is_any = |part: &str| part.contains('*') || part.split('.').next() == Some("NAME");
    let fixed: Vec<&str> = path.split('/').take_while(|part| !is_any(part)).collect();
    let fixed = fixed.join("/");
    BUILT.iter().any(|built| fixed.starts_with(built))
        || files.iter().any(|file| {
            file.strip_prefix(&*fixed).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
}

/// The targets of links within the checkout.
fn links(text: &str) -> Vec<&str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
    targets.filter(|link| !link.is_empty() && !link.contains(':')).collect()
}

fn baked(text: &str) -> Option<&'static str> {
    let is_baked = |name: &&&str| {
        ["env!", "option_env!"].iter().any(|call| text.contains(&format!("{call}(\"CARGO_{name}")))
    };
    BAKED.iter().find(is_baked).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: [&str; 4] =
        ["core/src/lib.rs", "core/Cargo.toml", "docs/a.md", "tests/vectors/list.json"];

    #[test]
    fn words_that_begin_with_a_folder_are_paths() {
        let text = "`core/src/lib.rs`, see core/src/. Not https://x.test/core/a, `a/core`, \
                    @core/a, and/or, nor `lib.rs`; but -f docs/a.md.";
        assert_eq!(named(text, &FILES), ["core/src/lib.rs", "core/src", "docs/a.md"]);
    }

    #[test]
    fn a_path_is_a_file_or_a_folder_or_a_pattern_in_one() {
        for path in [
            "core/src/lib.rs",
            "core/src",
            "tests/vectors/*.json",
            "core/src/NAME.rs",
            "bindings-js/npm",
        ] {
            assert!(exists(path, &FILES), "{path}");
        }
        for path in ["core/src/lib", "core/lib.rs", "core/NAME/lib.rs/x", "docs/b/*.md"] {
            assert_eq!(exists(path, &FILES), path.contains("NAME"), "{path}");
        }
    }

    #[test]
    fn links_within_the_checkout_are_followed() {
        let text = "[a](b.md#c) [d](#e) [f](https://g.test) [h](../i/j.svg)";
        assert_eq!(links(text), ["b.md", "../i/j.svg"]);
    }

    #[test]
    fn a_compiled_in_path_is_found() {
        let call = format!("env!(\"CARGO_{}\")", "MANIFEST_DIR");
        assert_eq!(baked(&format!("Path::new({call})")), Some("MANIFEST_DIR"));
        assert_eq!(baked("std::env::var_os(\"CARGO_MANIFEST_DIR\")"), None);
    }
}
