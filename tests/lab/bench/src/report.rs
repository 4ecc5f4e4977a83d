//! The report: BENCHMARKS.md and its charts.

use std::fmt::Write;
use std::path::Path;

use crate::failure::Failure;
use crate::files;
use crate::machine;
use crate::run::Bench;
use crate::sections::Section;

pub(crate) struct Report<'a> {
    pub(crate) bench: &'a Bench,
    pub(crate) sections: &'a [Section],
    /// Whether the run was complete and not quick.
    pub(crate) whole: bool,
}

const HEAD: &str = "\
# Benchmarks

What openrouter-keys costs compared with other clients, measured in one run of \
`cargo xtask bench`. Every client talks to the same server on loopback, and every response is \
checked. The memory layout of a process can make it a few percent faster or slower for as long \
as it lives, so clients whose calls are timed are restarted several times. The figures hold for \
the machine below; the ratios say more than the times. No test asserts any of them.
";

pub(crate) fn write(report: &Report<'_>, out: &Path, charts: &Path) -> Result<(), Failure> {
    for folder in out.parent().into_iter().chain([charts]) {
        std::fs::create_dir_all(folder)
            .map_err(|error| Failure::from(error).within(folder.display()))?;
    }
    for chart in report.sections.iter().flat_map(|section| &section.charts) {
        let file = charts.join(format!("{}.svg", chart.file));
        std::fs::write(&file, chart.svg()?)
            .map_err(|error| Failure::from(error).within(file.display()))?;
    }
    let link = charts.strip_prefix(out.parent().unwrap_or(out)).unwrap_or(charts);
    let text = files::without_root(&report.text(&link.display().to_string())?);
    std::fs::write(out, text).map_err(|error| Failure::from(error).within(out.display()))
}

impl Report<'_> {
    /// The report as Markdown, linking to the charts in the folder `charts`.
    fn text(&self, charts: &str) -> Result<String, Failure> {
        let mut text = String::from(HEAD);
        if !self.whole {
            text.push_str("\n**This was a quick or partial run.**\n");
        }
        writeln!(text, "\nOn this page: {}", self.contents())?;
        writeln!(text, "\n## Goals\n\n{}", self.bench.figures.table().markdown())?;
        writeln!(text, "## Machine and versions\n")?;
        writeln!(text, "* {}", jiff::Timestamp::now().strftime("%Y-%m-%d"))?;
        writeln!(text, "* {}", machine::description())?;
        let rustc = machine::rustc().map(|version| format!("rustc {version}"));
        let others = self.bench.versions.iter().map(|(name, version)| format!("{name} {version}"));
        let versions: Vec<_> = rustc.into_iter().chain(others).collect();
        writeln!(text, "* {}", versions.join(", "))?;
        for section in self.sections {
            writeln!(text, "\n## {}\n\n{}\n", section.title, section.text)?;
            writeln!(text, "`cargo xtask bench --only {}`\n", section.name)?;
            text.push_str(section.tables().trim_end());
            text.push('\n');
            for chart in &section.charts {
                writeln!(text, "\n![{}]({charts}/{}.svg)", chart.title, chart.file)?;
            }
        }
        Ok(text)
    }

    fn contents(&self) -> String {
        let titles = self.sections.iter().map(|section| section.title);
        let links = ["Goals", "Machine and versions"].into_iter().chain(titles).map(link);
        links.collect::<Vec<_>>().join(" · ")
    }
}

/// A link to a heading, with the anchor that GitHub generates.
fn link(title: &str) -> String {
    let is_kept = |letter: &char| letter.is_alphanumeric() || matches!(letter, ' ' | '-');
    let anchor: String = title.to_lowercase().chars().filter(is_kept).collect();
    format!("[{title}](#{})", anchor.replace(' ', "-"))
}
