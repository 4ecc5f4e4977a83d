//! One value of a row: for people, and for programs.

use anstyle::{AnsiColor, Style};

use crate::text;

/// How a value is emphasized on a terminal with colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    #[default]
    Plain,
    /// Less important.
    Dim,
    Good,
    Warning,
    Bad,
}

impl Tone {
    pub(super) fn style(self) -> Style {
        let color = |color: AnsiColor| Style::new().fg_color(Some(color.into()));
        match self {
            Self::Plain => Style::new(),
            Self::Dim => Style::new().dimmed(),
            Self::Good => color(AnsiColor::Green),
            Self::Warning => color(AnsiColor::Yellow),
            Self::Bad => color(AnsiColor::Red),
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    /// As a table shows it, without anything that a terminal would obey.
    pub(crate) shown: String,
    /// As a pipe gets it, without tabs and line breaks.
    pub(crate) plain: String,
    pub(crate) tone: Tone,
    pub(crate) is_number: bool,
}

impl Cell {
    /// The same text for people and programs.
    pub(crate) fn text(text: &str) -> Self {
        let text = public(text);
        Self { shown: text.clone(), plain: text, ..Self::default() }
    }

    /// The same text, of which people see no more than this width.
    pub(crate) fn cut(text: &str, most: usize) -> Self {
        let plain = public(text);
        Self { shown: text::cut(&plain, most), plain, ..Self::default() }
    }

    /// Shown in one way, piped in another.
    pub(crate) fn new(shown: impl Into<String>, plain: impl Into<String>) -> Self {
        Self { shown: public(&shown.into()), plain: public(&plain.into()), ..Self::default() }
    }

    /// An amount or a count, which a table aligns to the right.
    pub(crate) fn number(mut self) -> Self {
        self.is_number = true;
        self
    }

    pub(crate) fn tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }
}

/// Foreign text: no key, and nothing that a terminal would obey.
fn public(foreign: &str) -> String {
    text::visible(&text::masked(foreign))
}
