//! Secrets, the hashes that identify them, and their masked labels.

use sha2::{Digest, Sha256};

const PREFIX: &str = "sk-or-v1-";

/// The `number`-th secret of a series; equal seeds give equal series.
pub(crate) fn secret(seed: u64, number: u64) -> String {
    format!("{PREFIX}{}", sha256(&format!("{seed} {number}")))
}

/// Identifies a key: 64 hex digits from which the secret cannot be derived.
pub(crate) fn hash(secret: &str) -> String {
    sha256(secret)
}

/// The masked secret, `sk-or-v1-0e6...1c96`.
pub(crate) fn label(secret: &str) -> String {
    let prefix = [PREFIX, "sk-or-mgmt-"].into_iter().find(|prefix| secret.starts_with(prefix));
    let digits = prefix.and_then(|prefix| secret.strip_prefix(prefix)).unwrap_or(secret);
    let prefix = prefix.unwrap_or(PREFIX);
    // Seven characters would reveal too much of a short secret, as a tester may choose.
    let is_long = digits.is_ascii() && digits.len() >= 32;
    let head = digits.get(..3).filter(|_| is_long).unwrap_or_default();
    let tail = digits.len().checked_sub(4).filter(|_| is_long).and_then(|at| digits.get(at..));
    format!("{prefix}{head}...{}", tail.unwrap_or_default())
}

fn sha256(text: &str) -> String {
    format!("{:x}", Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_give_equal_series_and_different_seeds_do_not() {
        assert_eq!(secret(7, 1), secret(7, 1));
        assert_ne!(secret(7, 1), secret(7, 2));
        assert_ne!(secret(7, 1), secret(8, 1));
    }

    #[test]
    fn a_secret_and_its_hash_have_64_hex_digits() {
        let secret = secret(1, 2);
        assert_eq!(secret.len(), PREFIX.len() + 64);
        assert_eq!(hash(&secret).len(), 64);
        assert!(!secret.contains(&hash(&secret)));
    }

    #[test]
    fn a_label_shows_the_first_three_and_the_last_four_digits() {
        let secret = format!("{PREFIX}0e6{}1c96", "f".repeat(57));
        assert_eq!(label(&secret), "sk-or-v1-0e6...1c96");
        let given = format!("sk-or-mgmt-0e6{}1c96", "f".repeat(57));
        assert_eq!(label(&given), "sk-or-mgmt-0e6...1c96");
        for short in ["", "x", "short-key", "sk-or-v1-0123456789"] {
            assert_eq!(label(short), "sk-or-v1-...");
        }
    }
}
