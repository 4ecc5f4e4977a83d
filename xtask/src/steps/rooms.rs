//! The modules of the core and of its values are layered: no room imports from one above it, and no
//! files import each other in a circle.

use anyhow::{Result, ensure};

use crate::imports::{self, Imports};
use crate::step::{Context, Step};

pub(crate) const STEP: Step = Step::basic(
    "rooms",
    "no room of the core or of its values imports from one above it; no files import in a circle",
    run,
);

/// Their `lib.rs` lists their rooms.
const LAYERED: [&str; 2] = ["core/src", "types/src"];
const OTHERS: [&str; 5] =
    ["transport-native/src", "transport-wasm/src", "bindings-js/src", "fleet/src", "xtask/src"];
const SCRIPTS: &str = "bindings-js/js";

fn run(context: &Context) -> Result<()> {
    let workspace = &context.workspace;
    let mut problems = Vec::new();
    for source in LAYERED {
        let imports = imports::of_crate(workspace, source)?;
        let rooms = rooms(&workspace.read(&format!("{source}/lib.rs"))?);
        println!("{source} has {} rooms: {}", rooms.len(), rooms.join(", "));
        let upward = upward(source, &rooms, &imports);
        // A single upward import closes a circle through most of the crate.
        problems.extend(if upward.is_empty() { circles(source, &imports) } else { upward });
    }
    for source in OTHERS {
        problems.extend(circles(source, &imports::of_crate(workspace, source)?));
    }
    problems.extend(circles(SCRIPTS, &imports::of_scripts(workspace, SCRIPTS)?));
    ensure!(problems.is_empty(), problems.join("\n"));
    Ok(())
}

fn circles(source: &str, imports: &Imports) -> Vec<String> {
    imports::circles(imports)
        .into_iter()
        .map(|files| format!("{source}: these files import each other: {}", files.join(", ")))
        .collect()
}

/// The rooms from top to bottom, as listed in `lib.rs`.
fn rooms(lib: &str) -> Vec<String> {
    let room = |line: &str| {
        let (name, _) = line.strip_prefix("//! ")?.split_once("/ ")?;
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        is_name.then(|| name.to_owned())
    };
    lib.lines().filter_map(room).collect()
}

fn upward(source: &str, rooms: &[String], imports: &Imports) -> Vec<String> {
    let floor = |file: &str| {
        let room = file.split_once('/').map(|(room, _)| room)?;
        rooms.iter().position(|name| name == room)
    };
    let mut problems = Vec::new();
    for (file, targets) in imports {
        if file == "lib.rs" {
            continue;
        }
        let Some(here) = floor(file) else {
            problems.push(format!("{source}/{file} is in no room that lib.rs lists"));
            continue;
        };
        for target in targets {
            match floor(target) {
                Some(there) if there >= here => {}
                _ => {
                    problems.push(format!("{source}/{file} imports from {target}, which is above"));
                }
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_from_a_room_above_is_named() {
        let rooms = ["client", "call", "json"].map(str::to_owned);
        let imports = |file: &str, target: &str| {
            Imports::from([(file.to_owned(), [target.to_owned()].into())])
        };
        let allowed = imports("client/run.rs", "json/reader.rs");
        assert!(upward("core/src", &rooms, &allowed).is_empty());
        assert!(
            upward("core/src", &rooms, &imports("call/state.rs", "call/verdict.rs")).is_empty()
        );
        for (file, target) in [("json/reader.rs", "call/state.rs"), ("call/state.rs", "lib.rs")] {
            let problems = upward("core/src", &rooms, &imports(file, target));
            assert_eq!(problems.len(), 1, "{file} {target}");
        }
        assert_eq!(upward("core/src", &rooms, &imports("loose.rs", "json/reader.rs")).len(), 1);
    }
}
