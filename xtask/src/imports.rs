//! Finds which source file imports which, by parsing the files.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;
use syn::visit::{self, Visit};

use crate::workspace::Workspace;

/// For each file, the files it imports from, as paths below the source folder.
pub(crate) type Imports = BTreeMap<String, BTreeSet<String>>;

/// The imports among the files of a crate, except in its tests.
pub(crate) fn of_crate(workspace: &Workspace, source: &str) -> Result<Imports> {
    let files = files(workspace, source, ".rs")?;
    let modules: BTreeMap<Vec<String>, &String> =
        files.keys().map(|file| (module_of(file), file)).collect();
    let mut imports = Imports::new();
    for (file, text) in &files {
        let parsed = syn::parse_file(text).with_context(|| format!("{source}/{file}"))?;
        let mut paths = Paths { module: module_of(file), found: Vec::new() };
        paths.visit_file(&parsed);
        let targets = paths.found.iter().filter_map(|path| {
            // The longest prefix of the path that is a file; the rest is inside it.
            (1..=path.len()).rev().find_map(|length| modules.get(path.get(..length)?))
        });
        let targets = targets.filter(|target| **target != file);
        imports.insert(file.clone(), targets.map(|target| (*target).clone()).collect());
    }
    Ok(imports)
}

/// The imports among the modules of a JavaScript folder.
pub(crate) fn of_scripts(workspace: &Workspace, source: &str) -> Result<Imports> {
    let files = files(workspace, source, ".js")?;
    let imported = |file: &str, text: &str| {
        let quoted = text.split(['\'', '"']).skip(1).step_by(2);
        let named = quoted.filter_map(|name| below(file, name));
        named.filter(|name| files.contains_key(name)).collect()
    };
    Ok(files.iter().map(|(file, text)| (file.clone(), imported(file, text))).collect())
}

/// The file a relative import refers to, as a path below the source folder.
fn below(importer: &str, name: &str) -> Option<String> {
    let mut folders: Vec<&str> = importer.split('/').collect();
    folders.pop();
    let mut rest = name.strip_prefix("./").or_else(|| name.starts_with("../").then_some(name))?;
    while let Some(above) = rest.strip_prefix("../") {
        folders.pop()?;
        rest = above;
    }
    folders.push(rest);
    Some(folders.join("/"))
}

/// The groups of files that import each other in a circle, each sorted.
pub(crate) fn circles(imports: &Imports) -> Vec<Vec<&str>> {
    let edges = imports.iter().flat_map(|(file, targets)| {
        targets.iter().map(move |target| (file.as_str(), target.as_str()))
    });
    let mut circles = tarjan_scc(&DiGraphMap::<&str, ()>::from_edges(edges));
    circles.retain(|files| files.len() > 1);
    for files in &mut circles {
        files.sort_unstable();
    }
    circles
}

/// The files below a folder: their relative paths and contents.
fn files(workspace: &Workspace, source: &str, ending: &str) -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    for file in workspace.files()? {
        let below = file.strip_prefix(source).and_then(|file| file.strip_prefix('/'));
        if let Some(below) = below.filter(|below| below.ends_with(ending)) {
            files.insert(below.to_owned(), workspace.read(&file)?);
        }
    }
    anyhow::ensure!(!files.is_empty(), "{source} has no file *{ending}");
    Ok(files)
}

/// `client/mod.rs` is the module `client`, and `lib.rs` the root.
fn module_of(file: &str) -> Vec<String> {
    let path = file.trim_end_matches(".rs");
    let path = path.strip_suffix("/mod").unwrap_or(path);
    if matches!(path, "lib" | "main") {
        return Vec::new();
    }
    path.split('/').map(str::to_owned).collect()
}

/// Collects every path within this crate, relative to its root.
struct Paths {
    module: Vec<String>,
    found: Vec<Vec<String>>,
}

impl Paths {
    fn add(&mut self, path: &[String]) {
        let Some((first, rest)) = path.split_first() else { return };
        let ups = path.iter().take_while(|segment| *segment == "super").count();
        let (base, rest) = match first.as_str() {
            "crate" => (Vec::new(), rest),
            "self" => (self.module.clone(), rest),
            "super" => {
                let kept = self.module.len().saturating_sub(ups);
                let base = self.module.get(..kept).unwrap_or_default().to_vec();
                (base, path.get(ups..).unwrap_or_default())
            }
            // A child, such as `api::ApiError`; if it belongs to another crate, no file is found.
            _ => (self.module.clone(), path),
        };
        self.found.push([base, rest.to_vec()].concat());
    }

    fn add_tree(&mut self, before: &[String], tree: &syn::UseTree) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        match tree {
            syn::UseTree::Path(path) => self.add_tree(&with(&path.ident), &path.tree),
            syn::UseTree::Name(name) => self.add(&with(&name.ident)),
            syn::UseTree::Rename(name) => self.add(&with(&name.ident)),
            syn::UseTree::Glob(_) => self.add(before),
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.add_tree(before, tree);
                }
            }
        }
    }
}

impl Visit<'_> for Paths {
    fn visit_item_use(&mut self, item: &syn::ItemUse) {
        self.add_tree(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &syn::Path) {
        let segments: Vec<String> =
            path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if matches!(segments.first().map(String::as_str), Some("crate" | "super" | "self"))
            && segments.len() > 1
        {
            self.add(&segments);
        }
        visit::visit_path(self, path);
    }

    fn visit_item_mod(&mut self, module: &syn::ItemMod) {
        let is_test = module.attrs.iter().any(|attribute| {
            attribute.path().is_ident("cfg")
                && attribute.parse_args::<syn::Ident>().is_ok_and(|argument| argument == "test")
        });
        if !is_test {
            self.module.push(module.ident.to_string());
            visit::visit_item_mod(self, module);
            self.module.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imports(pairs: &[(&str, &[&str])]) -> Imports {
        pairs
            .iter()
            .map(|(file, targets)| {
                ((*file).to_owned(), targets.iter().map(|target| (*target).to_owned()).collect())
            })
            .collect()
    }

    #[test]
    fn files_that_import_one_another_are_a_circle() {
        let straight = imports(&[("a.rs", &["b.rs", "c.rs"]), ("b.rs", &["c.rs"]), ("c.rs", &[])]);
        assert!(circles(&straight).is_empty());
        let round = imports(&[("a.rs", &["b.rs"]), ("b.rs", &["c.rs"]), ("c.rs", &["b.rs"])]);
        assert_eq!(circles(&round), [["b.rs", "c.rs"]]);
    }

    #[test]
    fn a_relative_import_is_resolved_from_its_files_folder() {
        let cases = [
            ("index.js", "./internal/load.js", Some("internal/load.js")),
            ("internal/load.js", "./errors.js", Some("internal/errors.js")),
            ("internal/load.js", "../helpers.js", Some("helpers.js")),
            ("index.js", "../elsewhere.js", None),
            ("index.js", "node:fs", None),
        ];
        for (importer, name, expected) in cases {
            assert_eq!(below(importer, name).as_deref(), expected, "{importer} {name}");
        }
    }

    #[test]
    fn a_path_is_resolved_from_the_crates_root() {
        let source = "
            use super::key::Key;
            use crate::json::{self, Reader};
            pub use api::ApiError;
            use std::fmt;
            fn f() -> super::super::call::Error { crate::json::number::read() }
            mod inner { use super::below::Below; }
            #[cfg(test)]
            mod tests { use crate::client::Client; }
        ";
        let mut paths = Paths { module: vec!["types".into(), "field".into()], found: Vec::new() };
        paths.visit_file(&syn::parse_file(source).unwrap());
        let found: Vec<String> = paths.found.iter().map(|path| path.join("::")).collect();
        assert_eq!(
            found,
            [
                "types::key::Key",
                "json::self",
                "json::Reader",
                "types::field::api::ApiError",
                "types::field::std::fmt",
                "call::Error",
                "json::number::read",
                "types::field::below::Below",
            ]
        );
    }
}
