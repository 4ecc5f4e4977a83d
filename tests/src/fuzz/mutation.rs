//! Inputs derived from a corpus with a seeded generator, so that every run has the same.

/// Tokens that the parsers know, in libFuzzer's format.
const TOKENS: &str = include_str!("../../corpus/tokens.dict");
const LONGEST: usize = 4096;

/// A sequence of inputs.
pub struct Mutation {
    state: u64,
    tokens: Vec<Vec<u8>>,
}

impl Mutation {
    /// The sequence for a seed.
    pub fn new(seed: u64) -> Self {
        Self { state: seed, tokens: TOKENS.lines().filter_map(token).collect() }
    }

    /// An entry of the corpus after one to eight changes.
    pub fn next(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let mut input = self.pick(corpus).to_vec();
        for _ in 0..=self.below(8) {
            self.change(&mut input, corpus);
        }
        input.truncate(LONGEST);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>, corpus: &[Vec<u8>]) {
        let at = self.below(input.len() + 1);
        let end = at + self.below((input.len() - at).min(16) + 1);
        match self.below(6) {
            0 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << self.below(8);
                }
            }
            1 => input.insert(at, u8::try_from(self.below(256)).unwrap_or_default()),
            2 => drop(input.drain(at..end)),
            3 => {
                let piece = input[at..end].to_vec();
                input.splice(at..at, piece);
            }
            4 => {
                let other = self.pick(corpus).to_vec();
                let from = self.below(other.len() + 1);
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
            _ => {
                let tokens = std::mem::take(&mut self.tokens);
                input.splice(at..end, self.pick(&tokens).iter().copied());
                self.tokens = tokens;
            }
        }
    }

    fn pick<'a>(&mut self, from: &'a [Vec<u8>]) -> &'a [u8] {
        let at = self.below(from.len());
        from.get(at).map_or(&[], Vec::as_slice)
    }

    /// A number below the limit, or 0 if the limit is 0 (`SplitMix64`).
    fn below(&mut self, limit: usize) -> usize {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        mixed.checked_rem(limit).and_then(|rest| usize::try_from(rest).ok()).unwrap_or_default()
    }
}

/// Parses a line `"…"` that can contain `\"`, `\\` and `\xNN`.
fn token(line: &str) -> Option<Vec<u8>> {
    let mut rest = line.strip_prefix('"')?.strip_suffix('"')?.as_bytes();
    let mut token = Vec::new();
    while let [first, others @ ..] = rest {
        rest = others;
        match (first, rest) {
            (b'\\', [b'x', high, low, others @ ..]) => {
                let digits = [*high, *low];
                token.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
                rest = others;
            }
            (b'\\', [escaped, others @ ..]) => {
                token.push(*escaped);
                rest = others;
            }
            _ => token.push(*first),
        }
    }
    Some(token)
}
