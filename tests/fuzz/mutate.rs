//! Inputs near those of a corpus, the same ones for the same seed.

use std::ops::Range;

use fastrand::Rng;

/// Longer inputs show nothing that shorter ones do not, and take long.
const LONGEST: usize = 2_000;

/// Numbers and characters that parsers stumble over.
const TRICKY: [&str; 24] = [
    "\0",
    "\u{1b}[31m",
    "\n",
    "\r\n",
    "\u{feff}",
    "\u{fffd}",
    "ü",
    "\u{202e}",
    "\"",
    "\\",
    "/",
    "//",
    "..",
    "%2F",
    "%",
    "*",
    "**",
    "{",
    "[",
    "-1",
    "18446744073709551616",
    "999999999999999999999999",
    "1e309",
    "null",
];

/// Draws inputs.
pub struct Mutator {
    corpus: Vec<Vec<u8>>,
    /// The words of the corpus.
    words: Vec<Vec<u8>>,
    rng: Rng,
}

impl Mutator {
    pub fn new(corpus: Vec<Vec<u8>>, seed: u64) -> Self {
        let words = corpus.iter().flat_map(|input| input.split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'-'));
        let mut words: Vec<_> = words.filter(|word| word.len() > 1).map(<[u8]>::to_vec).collect();
        words.sort();
        words.dedup();
        words.extend(TRICKY.map(|tricky| tricky.as_bytes().to_vec()));
        Self { corpus, words, rng: Rng::with_seed(seed) }
    }

    /// The next input: one of the corpus, changed in some places.
    pub fn next(&mut self) -> Vec<u8> {
        let mut input = self.any_input();
        for _ in 0..self.rng.usize(1..6) {
            self.change(&mut input);
        }
        input.truncate(LONGEST);
        input
    }

    fn any_input(&mut self) -> Vec<u8> {
        self.corpus[self.rng.usize(..self.corpus.len())].clone()
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.rng.usize(..=input.len());
        let piece = self.piece(input.len());
        match self.rng.u8(..8) {
            0 => drop(input.drain(piece)),
            1 => {
                let copy = input[piece].to_vec();
                input.splice(at..at, copy);
            }
            2 => {
                let copy = input[piece].to_vec().repeat(self.rng.usize(2..40));
                input.splice(at..at, copy);
            }
            3 => {
                let other = self.any_input();
                let from = self.piece(other.len());
                input.splice(piece, other[from].iter().copied());
            }
            4 | 5 => {
                let word = self.words[self.rng.usize(..self.words.len())].clone();
                let replaced = if self.rng.bool() { at..at } else { piece };
                input.splice(replaced, word);
            }
            6 => input.insert(at, self.rng.u8(..)),
            _ => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << self.rng.u8(..8);
                }
            }
        }
    }

    /// A piece of something of this length, mostly a short one.
    fn piece(&mut self, length: usize) -> Range<usize> {
        let start = self.rng.usize(..=length);
        let longest = if self.rng.u8(..4) == 0 { length - start } else { (length - start).min(12) };
        start..start + self.rng.usize(..=longest)
    }
}
