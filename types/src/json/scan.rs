//! The characters of JSON tokens.

/// Whether the byte can be part of a number or a literal.
pub fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}

/// How many bytes precede the first that ends a string or must be escaped: a quote, a backslash, a
/// control character. Checks eight at once.
pub(super) fn plain(bytes: &[u8]) -> usize {
    const EACH: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHEST: u64 = EACH << 7;
    // Only the lowest marked byte is sure to be marked correctly; only that one is used.
    let below = |word: u64, least: u64| word.wrapping_sub(EACH * least) & !word & HIGHEST;
    let mut length: usize = 0;
    for chunk in bytes.chunks_exact(8) {
        let word = u64::from_le_bytes(chunk.try_into().unwrap_or_default());
        let quote = below(word ^ (EACH * u64::from(b'"')), 1);
        let backslash = below(word ^ (EACH * u64::from(b'\\')), 1);
        let found = quote | backslash | below(word, 0x20);
        if found != 0 {
            return length.saturating_add(usize::try_from(found.trailing_zeros() / 8).unwrap_or(0));
        }
        length = length.saturating_add(8);
    }
    let last = bytes.get(length..).unwrap_or_default();
    let is_plain = |byte: &u8| !matches!(byte, b'"' | b'\\' | ..b' ');
    length.saturating_add(last.iter().take_while(|byte| is_plain(byte)).count())
}

/// The rest of the input, if it begins with these bytes. Compares eight at once, because
/// WebAssembly's `memcmp` compares byte by byte.
pub(super) fn behind<'a>(text: &'a [u8], begin: &[u8]) -> Option<&'a [u8]> {
    let (head, rest) = text.split_at_checked(begin.len())?;
    let (words, names) = (head.chunks_exact(8), begin.chunks_exact(8));
    let ends_alike = || words.remainder().iter().eq(names.remainder());
    let is_alike = words.clone().zip(names.clone()).all(|(word, name)| {
        let [word, name] = [word, name].map(|eight| <[u8; 8]>::try_from(eight).ok());
        word == name
    });
    (is_alike && ends_alike()).then_some(rest)
}

/// `-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?`
pub(super) fn is_number(word: &str) -> bool {
    let bytes = word.as_bytes();
    let whole = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let Some(mut rest) = whole.strip_prefix(b"0").or_else(|| behind_digits(whole)) else {
        return false;
    };
    if let [b'.', fraction @ ..] = rest {
        let Some(behind) = behind_digits(fraction) else { return false };
        rest = behind;
    }
    match rest {
        [b'e' | b'E', b'+' | b'-', exponent @ ..] | [b'e' | b'E', exponent @ ..] => {
            behind_digits(exponent).is_some_and(<[u8]>::is_empty)
        }
        _ => rest.is_empty(),
    }
}

/// The rest after the digits, of which there must be at least one.
fn behind_digits(text: &[u8]) -> Option<&[u8]> {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    text.get(count..).filter(|_| count > 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::behind;

    proptest! {
        #[test]
        fn a_prefix_is_found_whether_one_byte_or_eight_are_compared(
            text in "[a-c_]{0,30}",
            cut in 0_usize..26,
            changed in 0_usize..40,
        ) {
            let mut name: Vec<u8> = text.bytes().take(cut).collect();
            if let Some(byte) = name.get_mut(changed) {
                *byte ^= 1;
            }
            prop_assert_eq!(behind(text.as_bytes(), &name), text.as_bytes().strip_prefix(&*name));
            name.resize(cut, b'a');
            prop_assert_eq!(behind(text.as_bytes(), &name), text.as_bytes().strip_prefix(&*name));
        }
    }
}
