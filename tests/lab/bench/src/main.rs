//! The benchmarks, run by `cargo xtask bench`.

use std::process::ExitCode;

fn main() -> ExitCode {
    openrouter_keys_bench::main()
}
