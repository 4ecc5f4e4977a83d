//! Commands that need no account: the emulator and the demo.

#[cfg(test)]
mod support;

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Child, Command, Stdio};

    use serde_json::Value;

    use crate::support::program;

    /// Ends the program, whatever becomes of the test.
    struct Running(Child);

    impl Drop for Running {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    /// Starts the program and reads its output up to this line.
    fn start(command: &mut Command, last: &str) -> (Running, Vec<String>) {
        let mut running = Running(command.stdout(Stdio::piped()).spawn().unwrap());
        let mut lines = Vec::new();
        for line in BufReader::new(running.0.stdout.take().unwrap()).lines() {
            lines.push(line.unwrap());
            if lines.last().unwrap().contains(last) {
                break;
            }
        }
        (running, lines)
    }

    #[test]
    fn the_emulator_prints_its_url_and_keys_as_json() {
        let home = tempfile::tempdir().unwrap();
        let arguments = ["emulator", "--json", "--keys", "3"];
        let (_running, lines) = start(&mut program(home.path(), &arguments), "management_key");
        let printed: Value = serde_json::from_str(&lines[0]).unwrap();
        let text = |field: &str| printed[field].as_str().unwrap().to_owned();
        let mut list = program(home.path(), &["list"]);
        list.env("OPENROUTER_BASE_URL", text("url"));
        list.env("OPENROUTER_MANAGEMENT_KEY", text("management_key"));
        let listed = list.output().unwrap();
        assert_eq!(String::from_utf8(listed.stdout).unwrap().lines().count(), 4);
    }

    #[cfg(unix)]
    #[test]
    fn the_commands_of_the_demo_can_be_pasted() {
        let home = tempfile::tempdir().unwrap();
        let (mut running, lines) = start(&mut program(home.path(), &["demo"]), "Ctrl-C");
        let pasted: Vec<_> = lines.iter().filter(|line| line.starts_with("  ")).collect();
        let (exports, commands) = pasted.split_at(2);
        assert_eq!(commands.len(), 3, "{lines:?}");
        for command in commands {
            let script = format!("{}\n{}\n{command}", exports[0], exports[1]);
            let mut shell = Command::new("sh");
            let output = shell.args(["-c", &script]).env("HOME", home.path()).output().unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{command}: {stderr}");
            assert!(!output.stdout.is_empty(), "{command}");
        }
        let id = running.0.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        assert_eq!(running.0.wait().unwrap().code(), Some(0));
    }
}
