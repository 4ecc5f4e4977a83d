//! Names that carry a marker of 128 bits, so that a key can be told to be this
//! call's own.

use crate::error::{BuildError, BuildErrorKind};

/// The most characters that a name may have.
const LONGEST_NAME: usize = 100;
/// Between the name and the marker.
const SIGN: &str = " #";
/// 128 bits in hexadecimal.
const DIGITS: usize = 32;

/// A source of markers, each unlike the others.
pub(super) struct Markers {
    seed: u128,
    given: u128,
}

impl Markers {
    pub(super) fn new(seed: u128) -> Self {
        Self { seed, given: 0 }
    }

    /// The name with a new marker, cut to 100 characters; the marker never is.
    pub(super) fn mark(&mut self, name: &str) -> String {
        // Odd, so that no two rounds of a call have the same marker.
        const STEP: u128 = 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835;
        let marker = self.seed.wrapping_add(self.given.wrapping_mul(STEP));
        self.given = self.given.wrapping_add(1);
        let room = LONGEST_NAME.saturating_sub(SIGN.len()).saturating_sub(DIGITS);
        let name: String = name.chars().take(room).collect();
        format!("{name}{SIGN}{marker:032x}")
    }
}

/// The name before its marker, if it carries one.
fn before_marker(name: &str) -> Option<&str> {
    let (before, marker) = name.rsplit_once(SIGN)?;
    let is_digit = |b: u8| b.is_ascii_digit() || matches!(b, b'a'..=b'f');
    (marker.len() == DIGITS && marker.bytes().all(is_digit)).then_some(before)
}

/// The name without its marker.
pub(super) fn unmarked(name: &str) -> &str {
    before_marker(name).filter(|before| !before.is_empty()).unwrap_or(name)
}

/// Refuses a name that carries no marker.
pub(super) fn check_marked(name: &str) -> Result<(), BuildError> {
    if before_marker(name).is_some() {
        return Ok(());
    }
    Err(BuildError::new(
        BuildErrorKind::Name,
        "a name to sweep carries no marker; only names that a reconciled create reported are swept",
    ))
}

#[cfg(test)]
mod tests {
    use super::{Markers, check_marked};

    #[test]
    fn a_marked_name_has_100_characters_at_most_and_its_marker_whole() {
        let mut markers = Markers::new(u128::MAX - 1);
        for length in [0, 1, 65, 66, 67, 100, 1000] {
            let name = "é".repeat(length);
            let marked = markers.mark(&name);
            assert!(marked.chars().count() <= 100, "{marked}");
            assert!(marked.starts_with(&"é".repeat(length.min(66))));
            assert_eq!(check_marked(&marked), Ok(()));
        }
    }

    #[test]
    fn no_two_markers_of_a_call_are_alike() {
        let mut markers = Markers::new(0);
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
        for name in [
            String::new(),
            "production".to_owned(),
            format!("ci #{}", &marker[1..]),
            format!("ci #{marker}0"),
            format!("ci #{}", marker.to_uppercase()),
            format!("ci#{marker}"),
            format!("ci #{marker} "),
            marker.to_owned(),
        ] {
            let error = check_marked(&name).unwrap_err();
            assert_eq!(error.kind(), crate::BuildErrorKind::Name, "{name}");
        }
    }
}
