//! Secrets, the hashes that identify them, and the labels that may be shown.

use sha2::{Digest, Sha256};

const PREFIX: &str = "sk-or-v1-";

/// The `number`-th secret of a series; equal seeds give equal series.
pub(crate) fn secret(seed: u64, number: u64) -> String {
    format!("{PREFIX}{}", sha256(&format!("{seed} {number}")))
}

/// What identifies a key: 64 hex digits from which the secret cannot be read.
pub(crate) fn hash(secret: &str) -> String {
    sha256(secret)
}

/// The masked secret, `sk-or-v1-0e6...1c96`.
pub(crate) fn label(secret: &str) -> String {
    let digits = secret.strip_prefix(PREFIX).unwrap_or(secret);
    let head = digits.get(..3).unwrap_or_default();
    let tail = digits.len().checked_sub(4).and_then(|at| digits.get(at..)).unwrap_or_default();
    format!("{PREFIX}{head}...{tail}")
}

fn sha256(text: &str) -> String {
    format!("{:x}", Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_give_equal_series_and_others_do_not() {
        assert_eq!(secret(7, 1), secret(7, 1));
        assert_ne!(secret(7, 1), secret(7, 2));
        assert_ne!(secret(7, 1), secret(8, 1));
    }

    #[test]
    fn a_secret_has_64_hex_digits_and_so_has_its_hash() {
        let secret = secret(1, 2);
        assert_eq!(secret.len(), PREFIX.len() + 64);
        assert_eq!(hash(&secret).len(), 64);
        assert!(!secret.contains(&hash(&secret)));
    }

    #[test]
    fn a_label_shows_the_first_three_and_the_last_four_digits() {
        let secret = format!("{PREFIX}0e6{}1c96", "f".repeat(57));
        assert_eq!(label(&secret), "sk-or-v1-0e6...1c96");
        assert_eq!(label(""), "sk-or-v1-...");
    }
}
