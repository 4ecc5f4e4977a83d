//! The files in `docs/deploy`: they parse, and the program accepts their command lines.

use std::path::PathBuf;

use clap::Parser as _;
use yaml_rust2::{Yaml, YamlLoader};

use crate::Cli;

const PROGRAM: &str = "openrouter-keys fleet ";

fn read(name: &str) -> String {
    let folder = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap());
    std::fs::read_to_string(folder.join("../docs/deploy").join(name)).unwrap()
}

fn yaml(name: &str) -> Yaml {
    YamlLoader::load_from_str(&read(name)).unwrap().remove(0)
}

/// The command lines of a file, with the values that a machine would put in.
fn command_lines(text: &str) -> Vec<Vec<String>> {
    let filled = text
        .replace("$((JOB_COMPLETION_INDEX + 1))", "1")
        .replace("${{ matrix.shard }}", "4")
        .replace("${{ github.run_id }}", "7")
        .replace("%d/", "/run/credentials/");
    let lines = filled.lines().filter(|line| !line.trim_start().starts_with('#'));
    let commands = lines.filter_map(|line| line.split_once(PROGRAM).map(|(_, rest)| rest));
    let words = commands.map(|rest| {
        let command = rest.split(" < ").next().and_then(|rest| rest.split(" || ").next()).unwrap();
        shlex::split(&format!("{PROGRAM}{command}")).unwrap()
    });
    words.collect()
}

#[test]
fn every_command_line_is_accepted() {
    for name in ["crontab", "openrouter-keys.service", "github-actions.yml", "kubernetes.yaml"] {
        let lines = command_lines(&read(name));
        assert_eq!(lines.len(), 1, "{name}");
        for words in lines {
            if let Err(error) = Cli::try_parse_from(&words) {
                panic!("{name}: {words:?}: {error}");
            }
        }
    }
    assert!(
        Cli::try_parse_from(command_lines("openrouter-keys fleet run --sharp 1").remove(0))
            .is_err()
    );
}

#[test]
fn the_kubernetes_job_has_as_many_parts_as_pods() {
    let job = &yaml("kubernetes.yaml")["spec"]["jobTemplate"]["spec"];
    assert_eq!(job["completionMode"].as_str(), Some("Indexed"));
    assert_eq!((job["completions"].as_i64(), job["parallelism"].as_i64()), (Some(4), Some(4)));
    let pod = &job["template"]["spec"];
    let script = pod["containers"][0]["args"][0].as_str().unwrap();
    assert!(script.contains("INDEX + 1))/4\""), "{script}");
    let (mount, volume) = (&pod["containers"][0]["volumeMounts"][0], &pod["volumes"][0]);
    assert_eq!(mount["name"], volume["name"]);
    assert!(script.contains(&format!("< {}/", mount["mountPath"].as_str().unwrap())), "{script}");
}

#[test]
fn the_matrix_has_every_part_once() {
    let job = &yaml("github-actions.yml")["jobs"]["rotate"];
    let shards = job["strategy"]["matrix"]["shard"].as_vec().unwrap();
    let shards: Vec<_> = shards.iter().map(Yaml::as_i64).collect();
    assert_eq!(shards, [Some(1), Some(2), Some(3), Some(4)]);
    let script = job["steps"][1]["run"].as_str().unwrap();
    assert!(script.contains("--shard ${{ matrix.shard }}/4 "), "{script}");
}

#[test]
fn the_timer_starts_the_service() {
    let service = read("openrouter-keys.service");
    assert!(service.contains("started by openrouter-keys.timer") && service.contains("oneshot"));
    assert!(read("openrouter-keys.timer").contains("OnCalendar="));
}
