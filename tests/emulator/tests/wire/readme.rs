//! The README matches the program.

use std::fs;
use std::process::Command;

use openrouter_keys_emulator::{Emulator, Fault};
use serde_json::{Value, json};

use crate::client::at;
use crate::memory::fresh_path;
use crate::program::executable;

const README: &str = include_str!("../../README.md");

/// The first column of the table with this column heading.
fn rows(heading: &str) -> Vec<&'static str> {
    let lines = README.lines().skip_while(move |line| !line.starts_with(&format!("| {heading} |")));
    let cells = lines.skip(2).map_while(|line| line.strip_prefix("| "));
    cells.map(|line| line.split(" | ").next().unwrap()).collect()
}

/// Everything between backticks.
fn code(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

fn block(language: &str, containing: &str) -> &'static str {
    let fence = format!("```{language}\n");
    let blocks = README.split(&*fence).skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.into_iter().find(|block| block.contains(containing)).unwrap()
}

#[test]
fn every_option_is_in_the_readme_and_in_the_help() {
    let help = Command::new(executable()).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let options = |text: &'static str| text.split_whitespace().next().unwrap();
    let documented: Vec<_> = rows("option").into_iter().flat_map(code).map(options).collect();
    let listed: Vec<&str> = help
        .split("Options:")
        .nth(1)
        .unwrap()
        .split_whitespace()
        .filter(|word| word.starts_with("--"))
        .collect();
    for option in &documented {
        assert!(help.contains(&format!("{option} ")), "{option} is not in --help");
    }
    for option in listed.into_iter().filter(|option| *option != "--host,") {
        assert!(documented.contains(&option), "{option} is not in the README");
    }
    let (examples, options) = (help.find("Examples:").unwrap(), help.find("Options:").unwrap());
    assert!(examples < options);
}

#[test]
fn every_fault_in_the_readme_is_parsed() {
    let faults: Vec<&str> = rows("part").into_iter().flat_map(code).collect();
    assert!(faults.len() > 20);
    for fault in faults {
        let fault = fault.replace('…', "127.0.0.1:1/");
        assert!(fault.parse::<Fault>().is_ok(), "{fault}");
    }
    assert!("method=POST,commit,delay=1s,status=500".parse::<Fault>().is_ok());
}

#[test]
fn every_fault_in_the_table_of_all_fakes_is_parsed() {
    let page = include_str!("../../../../docs/testing.md");
    let cells = page.lines().filter_map(|line| line.strip_prefix('|')?.split('|').nth(3));
    let faults: Vec<&str> = cells.flat_map(code).collect();
    assert_eq!(faults.len(), 8, "{faults:?}");
    for fault in faults {
        assert!(fault.parse::<Fault>().is_ok(), "{fault}");
    }
}

#[test]
fn every_request_in_the_readme_works() {
    let emulator = Emulator::builder().keys(1).start().unwrap();
    let hash = emulator.keys().remove(0).hash;
    let requests = rows("request");
    assert_eq!(requests.len(), 10);
    for row in requests {
        let parts = code(row);
        let (method, path) = parts[0].split_once(' ').unwrap();
        let request = at(&emulator, method, path);
        let request = match parts.get(1) {
            Some(body) => request.text("application/json", &body.replace('…', &hash)),
            None if path.ends_with("/faults") => request.text("", "status=500"),
            None => request,
        };
        assert!((200..300).contains(&request.send().status), "{row}");
    }
    let health = README.split("| 200 `").nth(1).unwrap().split('`').next().unwrap();
    let said: Value = serde_json::from_str(health).unwrap();
    assert_eq!(at(&emulator, "GET", "/_emulator/health").send().json(), said);
}

#[test]
fn the_seed_file_in_the_readme_is_valid() {
    let path = fresh_path("readme-seeds.json");
    fs::write(&path, block("json", "\"workspaces\"")).unwrap();
    let emulator = Emulator::builder().seed_file(&path).start().unwrap();
    let names: Vec<String> = emulator.seeded_keys().into_iter().map(|key| key.name).collect();
    assert_eq!(names, ["Customer 1", "Left the company"]);
}

#[test]
fn the_json_line_in_the_readme_has_the_printed_fields() {
    let documented: Value = serde_json::from_str(block("json", "control_url")).unwrap();
    let fields = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let expected = json!({
        "url": 0, "control_url": 0, "management_key": 0, "ordinary_key": 0, "keys": 0,
    });
    assert_eq!(fields(&documented), fields(&expected));
    assert_eq!(fields(&documented["keys"][0]), ["hash", "key", "name"]);
}
