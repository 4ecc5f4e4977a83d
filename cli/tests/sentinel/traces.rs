//! The planted secrets, and every form in which a text could show one.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::OnceLock;

use openrouter_keys_emulator::Emulator;

use crate::support::SECRETS_SEED;

pub(crate) const MANAGEMENT_KEY: &str =
    "sk-or-mgmt-9f31c07be58d264aa1d97e60f2c8b35d714ea09c68b2f05de93a4c17b06d82fe";
/// More keys than any case creates.
pub(crate) const CREATED: usize = 40;
/// So many characters of a secret count as the secret.
const SHOWN: usize = 16;

/// The secrets that emulators with the seed of these tests create.
pub(crate) fn created() -> &'static [String] {
    static CREATED_SECRETS: OnceLock<Vec<String>> = OnceLock::new();
    CREATED_SECRETS.get_or_init(|| {
        let emulator = Emulator::builder().secrets_seed(SECRETS_SEED).start().unwrap();
        (0..CREATED).map(|_| emulator.create_ordinary_key("x").0).collect()
    })
}

/// Every run of characters that shows a part of a secret: as it is, in hexadecimal, as URL
/// escapes, and in base64, which depends on where the secret begins.
fn traces() -> &'static [(usize, HashSet<Vec<u8>>)] {
    static TRACES: OnceLock<Vec<(usize, HashSet<Vec<u8>>)>> = OnceLock::new();
    TRACES.get_or_init(|| {
        let [mut plain, mut hex, mut url, mut base64] = [const { Vec::new() }; 4];
        for secret in created().iter().map(String::as_str).chain([MANAGEMENT_KEY]) {
            let digits = secret.rsplit('-').next().unwrap().as_bytes();
            plain.push(digits.to_vec());
            hex.push(in_hex(digits, ""));
            url.push(in_hex(digits, "%"));
            // Without the first bits, which depend on what stands before.
            base64.extend((0..3).map(|from| encoded(&digits[from..])));
        }
        let windows = |texts: Vec<Vec<u8>>, size: usize| {
            (size, texts.iter().flat_map(|text| text.windows(size).map(<[u8]>::to_vec)).collect())
        };
        vec![
            windows(plain, SHOWN),
            windows(hex, 2 * SHOWN),
            windows(url, 3 * SHOWN),
            windows(base64, SHOWN * 4 / 3 - 1),
        ]
    })
}

fn in_hex(bytes: &[u8], before: &str) -> Vec<u8> {
    bytes
        .iter()
        .fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{before}{byte:02x}");
            hex
        })
        .into_bytes()
}

/// The whole groups of base64.
fn encoded(bytes: &[u8]) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let groups = bytes.chunks_exact(3).flat_map(|group| {
        let bits = group.iter().fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        [18, 12, 6, 0].map(|shift| ALPHABET[bits >> shift & 63])
    });
    groups.collect()
}

/// The part of a secret that the text shows.
pub(crate) fn shown(text: &[u8]) -> Option<String> {
    let folded = text.to_ascii_lowercase();
    traces().iter().enumerate().find_map(|(form, (size, traces))| {
        // Base64 has letters of both cases.
        let text = if form == 3 { text } else { &folded };
        let found = text.windows(*size).find(|window| traces.contains(*window))?;
        Some(String::from_utf8_lossy(found).into_owned())
    })
}

#[track_caller]
pub(crate) fn assert_clean(text: &[u8], place: &str) {
    if let Some(part) = shown(text) {
        panic!("{place} shows {part}: {}", String::from_utf8_lossy(text));
    }
}

#[test]
fn a_secret_is_found_in_every_form() {
    let secret = created()[0].as_bytes();
    let digits = &secret[secret.len() - 64..];
    let part = &digits[5..21];
    let [hex, url] = ["", "%"].map(|before| in_hex(part, before).to_ascii_uppercase());
    for shows in [part, &hex, &url] {
        assert!(shown(&[b"before ", shows].concat()).is_some());
    }
    for before in ["", "a", "ab"] {
        assert!(shown(&encoded(&[before.as_bytes(), secret].concat())).is_some());
    }
    assert_eq!(shown(&digits[..15]), None);
}
