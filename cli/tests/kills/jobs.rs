//! The commands that are killed, and what must be true once they were run again.

/// A command, and where it starts.
pub(crate) struct Job {
    /// How the table calls it.
    pub(crate) title: &'static str,
    pub(crate) words: &'static [&'static str],
    /// The server's keys in the beginning.
    pub(crate) seeds: &'static str,
    pub(crate) files: &'static [(&'static str, &'static str)],
    /// The seeded key whose secret is in its file in the beginning.
    pub(crate) stored: Option<&'static str>,
    /// How many times it starts a command, which can kill it before and after it has stored what
    /// it was given.
    pub(crate) commands: usize,
    pub(crate) when: When,
    pub(crate) end: End,
}

/// When it is killed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    Always,
    /// Its requests overlap, so that there is nothing between them.
    NotBetween,
    /// By the command that it starts: the rest is another job's.
    FromWithin,
}

/// What must be true in the end.
#[derive(Clone, Copy)]
pub(crate) struct End {
    /// Each has one key, and its secret is stored.
    pub(crate) keys: &'static [&'static str],
    /// Where secrets are stored.
    pub(crate) sink: Sink,
    pub(crate) limits: &'static [(&'static str, f64)],
    pub(crate) absent: &'static [&'static str],
    /// A command that finds nothing to do.
    pub(crate) settled: Option<&'static [&'static str]>,
    /// Temporary keys expire and are swept.
    pub(crate) is_temporary: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sink {
    /// `NAME.key`
    File,
    /// The folder of the receiver: a file for each token.
    Receiver,
}

const NOTHING: End = End {
    keys: &[],
    sink: Sink::File,
    limits: &[],
    absent: &[],
    settled: None,
    is_temporary: false,
};

/// Stores the line of JSON that it gets by the token in it. It kills the program that started it,
/// its parent, if the file `kill` says `before` or `after` and which call it is.
const RECEIVER: (&str, &str) = (
    "receiver.sh",
    r#"
number=$(($(cat calls 2>/dev/null || echo 0) + 1))
echo $number > calls
wish=$(cat kill 2>/dev/null)
rm -f kill
if [ "$wish" = "before $number" ]; then kill -9 $PPID; exit 1; fi
[ -z "$wish" ] || [ "$wish" = "after $number" ] || echo "$wish" > kill
if read -r line; then
    token=${line#*\"token\":\"}
    mkdir -p received
    printf '%s\n' "$line" > "received/${token%%\"*}"
fi
if [ "$wish" = "after $number" ]; then kill -9 $PPID; fi
"#,
);

const CLASS: &str = r#"{"keys": [
    {"name": "other", "limit": 1}, {"name": "class-1", "limit": 10},
    {"name": "class-2", "limit": 0.1}, {"name": "class-3", "limit": 3}
]}"#;
const RAISED: &[(&str, f64)] = &[("class-1", 15.0), ("class-2", 5.1), ("class-3", 8.0)];

const ONE_KEY: &str = r#"{"keys": [{"name": "other"}, {"name": "ada", "limit": 25}]}"#;

pub(crate) static JOBS: [Job; 10] = [
    Job {
        title: "`bulk create`, a file for each secret",
        words: &["bulk", "create", "rows.csv", "--secret-to", "file:{name}.key", "--jobs", "1"],
        seeds: r#"{"keys": [{"name": "other"}]}"#,
        files: &[("rows.csv", "name,limit\nrow 1,5\nrow 2,5\nrow 3,5\nrow 4,5\n")],
        stored: None,
        commands: 0,
        when: When::Always,
        end: End { keys: &["row 1", "row 2", "row 3", "row 4"], ..NOTHING },
    },
    Job {
        title: "`bulk create`, secrets to a command",
        words: &[
            "bulk",
            "create",
            "rows.csv",
            "--secret-to",
            "command:sh receiver.sh",
            "--jobs",
            "1",
        ],
        seeds: r#"{"keys": [{"name": "other"}]}"#,
        files: &[("rows.csv", "name,limit\nrow 1,5\nrow 2,5\nrow 3,5\n"), RECEIVER],
        stored: None,
        commands: 3,
        when: When::Always,
        end: End { keys: &["row 1", "row 2", "row 3"], sink: Sink::Receiver, ..NOTHING },
    },
    Job {
        title: "`bulk create`, 8 in flight",
        words: &["bulk", "create", "rows.csv", "--secret-to", "file:{name}.key", "--jobs", "8"],
        seeds: r#"{"keys": [{"name": "other"}]}"#,
        files: &[(
            "rows.csv",
            "name,limit\nrow 1,5\nrow 2,5\nrow 3,5\nrow 4,5\nrow 5,5\nrow 6,5\nrow 7,5\nrow 8,5\n",
        )],
        stored: None,
        commands: 0,
        when: When::NotBetween,
        end: End {
            keys: &["row 1", "row 2", "row 3", "row 4", "row 5", "row 6", "row 7", "row 8"],
            ..NOTHING
        },
    },
    Job {
        title: "`apply`",
        words: &["apply", "--yes", "--at-once", "1"],
        seeds: r#"{"keys": [{"name": "changed"}, {"name": "unwanted"}]}"#,
        files: &[(
            "keys.toml",
            r#"
key = [
    { name = "changed", limit = 7.5 },
    { name = "ada", limit = 25, reset = "monthly", secret_to = "file:ada.key" },
    { name = "bob", limit = "none", secret_to = "file:bob.key" },
]
delete = [{ name = "unwanted" }]
"#,
        )],
        stored: None,
        commands: 0,
        when: When::Always,
        end: End {
            keys: &["ada", "bob"],
            limits: &[("changed", 7.5), ("ada", 25.0)],
            absent: &["unwanted"],
            settled: Some(&["plan"]),
            ..NOTHING
        },
    },
    Job {
        title: "`rotate`",
        words: &[
            "rotate",
            "ada",
            "--secret-to",
            "file:ada.key",
            "--grace",
            "0s",
            "--unused",
            "0s",
            "--watch",
            "0s",
            "--yes",
        ],
        seeds: ONE_KEY,
        files: &[],
        stored: Some("ada"),
        commands: 0,
        when: When::Always,
        end: End {
            keys: &["ada"],
            limits: &[("ada", 25.0)],
            settled: Some(&["rotate"]),
            ..NOTHING
        },
    },
    Job {
        title: "`rotate`, the secret to a command",
        words: &[
            "rotate",
            "ada",
            "--secret-to",
            "command:sh receiver.sh",
            "--grace",
            "0s",
            "--unused",
            "0s",
            "--watch",
            "0s",
            "--yes",
        ],
        seeds: ONE_KEY,
        files: &[RECEIVER],
        stored: None,
        commands: 1,
        when: When::FromWithin,
        end: End { keys: &["ada"], sink: Sink::Receiver, settled: Some(&["rotate"]), ..NOTHING },
    },
    Job {
        title: "`leak`",
        words: &["leak", "ada", "--secret-to", "file:ada.key"],
        seeds: ONE_KEY,
        files: &[],
        stored: None,
        commands: 0,
        when: When::Always,
        end: End { keys: &["ada"], settled: Some(&["rotate"]), ..NOTHING },
    },
    Job {
        title: "`run`",
        words: &["run", "--limit", "1", "--for", "1h", "--", "sh", "receiver.sh"],
        seeds: r#"{"keys": [{"name": "other"}]}"#,
        files: &[RECEIVER],
        stored: None,
        commands: 1,
        when: When::Always,
        end: End { is_temporary: true, ..NOTHING },
    },
    Job {
        title: "`topup --journal`",
        words: &["topup", "5", "--name", "class-*", "--journal", "june", "--yes", "--jobs", "1"],
        seeds: CLASS,
        files: &[],
        stored: None,
        commands: 0,
        when: When::Always,
        end: End { limits: RAISED, ..NOTHING },
    },
    Job {
        title: "`topup`",
        words: &["topup", "5", "--name", "class-*", "--yes", "--jobs", "1"],
        seeds: CLASS,
        files: &[],
        stored: None,
        commands: 0,
        when: When::Always,
        end: End { limits: RAISED, settled: Some(&["topup", "1", "other", "--yes"]), ..NOTHING },
    },
];
