//! Names with a 128-bit marker, which identifies the keys of a call, and temporary keys.

use crate::types::{BuildError, BuildErrorKind};

/// The maximum length of a name, in characters.
const LONGEST_NAME: usize = 100;
/// Between the name and the marker.
const SIGN: &str = " #";
/// Before the digits of a temporary key's marker.
const TEMPORARY: &str = "temp-";
/// 128 bits in hexadecimal.
const DIGITS: usize = 32;

/// Which keys a marker is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A key without a planned end.
    Lasting,
    /// A temporary key.
    Temporary,
}

impl Kind {
    fn prefix(self) -> &'static str {
        match self {
            Self::Lasting => "",
            Self::Temporary => TEMPORARY,
        }
    }

    /// The kind of the name's marker; `None` if it has none.
    pub(super) fn of(name: &str) -> Option<Self> {
        marked(name).map(|(_, kind)| kind)
    }
}

/// Whether the name has a marker, so that a sweep accepts it.
pub fn is_marked(name: &str) -> bool {
    Kind::of(name).is_some()
}

/// The name before its marker, and the marker's kind.
fn marked(name: &str) -> Option<(&str, Kind)> {
    let (before, marker) = name.rsplit_once(SIGN)?;
    let (kind, digits) = match marker.strip_prefix(TEMPORARY) {
        Some(digits) => (Kind::Temporary, digits),
        None => (Kind::Lasting, marker),
    };
    let is_digit = |b: u8| b.is_ascii_digit() || matches!(b, b'a'..=b'f');
    (digits.len() == DIGITS && digits.bytes().all(is_digit)).then_some((before, kind))
}

/// The name without the marker of a lasting key.
pub fn unmarked(name: &str) -> &str {
    match marked(name) {
        Some((before, Kind::Lasting)) if !before.is_empty() => before,
        _ => name,
    }
}

/// Generates markers of one kind, all different.
pub(super) struct Markers {
    kind: Kind,
    seed: u128,
    given: u128,
}

impl Markers {
    pub(super) fn new(kind: Kind, seed: u128) -> Self {
        Self { kind, seed, given: 0 }
    }

    /// The name with a new marker, cut to 100 characters before the marker.
    pub(super) fn mark(&mut self, name: &str) -> String {
        // An odd step visits every number, so no two rounds of a call have the same marker.
        const STEP: u128 = 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835;
        let marker = self.seed.wrapping_add(self.given.wrapping_mul(STEP));
        self.given = self.given.wrapping_add(1);
        let prefix = self.kind.prefix();
        let taken = SIGN.len().saturating_add(prefix.len()).saturating_add(DIGITS);
        let name: String = name.chars().take(LONGEST_NAME.saturating_sub(taken)).collect();
        format!("{name}{SIGN}{prefix}{marker:032x}")
    }
}

/// Refuses a name without a marker.
pub(super) fn check_marked(name: &str) -> Result<(), BuildError> {
    if is_marked(name) {
        return Ok(());
    }
    Err(BuildError::new(
        BuildErrorKind::Name,
        "a name to sweep has no marker; pass names that a reconciled create, a temporary key or a rotation reported",
    ))
}

/// Refuses a name without a temporary key's marker.
pub(super) fn check_temporary(name: &str) -> Result<(), BuildError> {
    if Kind::of(name) == Some(Kind::Temporary) {
        return Ok(());
    }
    Err(BuildError::new(
        BuildErrorKind::Name,
        "a name to close does not have a temporary key's marker; pass the name that the temporary key reported",
    ))
}

#[cfg(test)]
mod tests {
    use super::{Kind, Markers, check_marked, check_temporary, unmarked};

    #[test]
    fn a_marked_name_has_at_most_100_characters_and_a_whole_marker() {
        for (kind, room) in [(Kind::Lasting, 66), (Kind::Temporary, 61)] {
            let mut markers = Markers::new(kind, u128::MAX - 1);
            for length in [0, 1, 60, 61, 62, 65, 66, 67, 100, 1000] {
                let name = "é".repeat(length);
                let marked = markers.mark(&name);
                assert!(marked.chars().count() <= 100, "{marked}");
                assert!(marked.starts_with(&"é".repeat(length.min(room))));
                assert_eq!(Kind::of(&marked), Some(kind));
                assert_eq!(check_marked(&marked), Ok(()));
                assert_eq!(check_temporary(&marked).is_ok(), kind == Kind::Temporary);
            }
        }
    }

    #[test]
    fn the_last_marker_of_a_name_decides_its_kind() {
        for (first, second) in [(Kind::Lasting, Kind::Temporary), (Kind::Temporary, Kind::Lasting)]
        {
            let marked = Markers::new(first, 1).mark("ci");
            assert_eq!(Kind::of(&Markers::new(second, 2).mark(&marked)), Some(second));
        }
    }

    #[test]
    fn only_the_marker_of_a_lasting_key_is_removed() {
        let marker = "0123456789abcdef0123456789abcdef";
        for (name, without) in [
            (format!("ci #{marker}"), "ci"),
            (format!("ci #1 #{marker}"), "ci #1"),
            ("ci".to_owned(), "ci"),
        ] {
            assert_eq!(unmarked(&name), without);
        }
        for name in [format!("ci #temp-{marker}"), format!(" #{marker}")] {
            assert_eq!(unmarked(&name), name);
        }
    }

    #[test]
    fn all_markers_of_a_call_differ() {
        let mut markers = Markers::new(Kind::Lasting, 0);
        let mut marked: Vec<String> = (0..1000).map(|_| markers.mark("ci")).collect();
        marked.sort();
        marked.dedup();
        assert_eq!(marked.len(), 1000);
    }

    #[test]
    fn a_name_without_a_whole_marker_is_refused() {
        let marker = "0123456789abcdef0123456789abcdef";
        assert!(check_marked(&format!("ci #{marker}")).is_ok());
        assert!(check_marked(&format!(" #{marker}")).is_ok());
        assert!(check_marked(&format!("ci #temp-{marker}")).is_ok());
        for name in [
            String::new(),
            "production".to_owned(),
            format!("ci #{}", &marker[1..]),
            format!("ci #{marker}0"),
            format!("ci #{}", marker.to_uppercase()),
            format!("ci#{marker}"),
            format!("ci #{marker} "),
            format!("ci #temp{marker}"),
            format!("ci #temp-temp-{marker}"),
            format!("ci #Temp-{marker}"),
            format!("ci #temp-{}", &marker[1..]),
            marker.to_owned(),
        ] {
            let error = check_marked(&name).unwrap_err();
            assert_eq!(error.kind(), crate::types::BuildErrorKind::Name, "{name}");
        }
    }
}
