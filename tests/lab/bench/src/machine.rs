//! The machine: its description and its limits.

use std::fs::read_to_string;
use std::path::Path;
use std::process::Command;

use rustix::process::{Resource, getrlimit, setrlimit};

use crate::failure::Failure;

/// Raises this process's limit on open files to the maximum the system allows.
pub(crate) fn allow_many_connections() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // If this fails, the calls that need it report their own error.
    let _ = setrlimit(Resource::Nofile, limit);
}

/// This process's resident memory in bytes.
pub(crate) fn resident() -> Result<u64, Failure> {
    let status = read_to_string("/proc/self/status")?;
    kilobytes(&status, "VmRSS:").ok_or_else(|| Failure::new("the system does not report VmRSS"))
}

/// The most memory that a running process had resident, in bytes; the file is its
/// `/proc/…/status`.
pub(crate) fn peak(status: &Path) -> Option<u64> {
    kilobytes(&read_to_string(status).ok()?, "VmHWM:")
}

/// Describes processor, cores, memory and system.
pub(crate) fn description() -> String {
    let unknown = || String::from("unknown");
    let processors = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor = processors
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.trim_start().strip_prefix(':'))
        .map_or_else(unknown, |name| name.trim().to_owned());
    let cores =
        std::thread::available_parallelism().map_or_else(|_| unknown(), |cores| cores.to_string());
    let memory = read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = kilobytes(&memory, "MemTotal:")
        .map_or_else(unknown, |bytes| format!("{} GiB", bytes.div_ceil(1 << 30)));
    let release = read_to_string("/etc/os-release").unwrap_or_default();
    let system = release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))
        .map_or_else(unknown, |name| name.trim_matches('"').to_owned());
    let kernel = read_to_string("/proc/sys/kernel/osrelease");
    let kernel = kernel.map_or_else(|_| unknown(), |kernel| kernel.trim().to_owned());
    format!("{processor}, {cores} cores, {memory} of memory; {system}, kernel {kernel}")
}

/// The version of `rustc`, if there is one.
pub(crate) fn rustc() -> Option<String> {
    let output = Command::new("rustc").arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_whitespace().nth(1).map(str::to_owned)
}

/// The value of a line such as `VmRSS:  123 kB`, in bytes.
fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kilobytes_are_converted_to_bytes() {
        let status = "VmPeak:\t  16 kB\nVmRSS:\t    3 kB\n";
        assert_eq!(kilobytes(status, "VmRSS:"), Some(3072));
        assert_eq!(kilobytes(status, "VmSwap:"), None);
    }
}
