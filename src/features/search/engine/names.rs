//! Words that many listings share (cities, property types, amenities, zones), each with a small number.

use std::collections::HashMap;

/// Gives every distinct word a number, in the order in which they come.
#[derive(Debug, Default, Clone)]
pub(crate) struct Names {
    numbers: HashMap<Box<str>, u32>,
    words: Vec<Box<str>>,
}

impl Names {
    /// These words with the numbers 0, 1, 2 …
    pub(crate) fn of(words: Vec<Box<str>>) -> Self {
        Self { numbers: (0..).zip(&words).map(|(number, word)| (word.clone(), number)).collect(), words }
    }

    /// All words, by number.
    pub(crate) fn words(&self) -> &[Box<str>] {
        &self.words
    }

    /// The number of `word`, a new one when it is new.
    pub(crate) fn number(&mut self, word: &str) -> u32 {
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        let number = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        self.numbers.insert(word.into(), number);
        self.words.push(word.into());
        number
    }

    /// The number of a word that is known.
    pub(crate) fn find(&self, word: &str) -> Option<u32> {
        self.numbers.get(word).copied()
    }

    pub(crate) fn word(&self, number: u32) -> &str {
        self.words.get(number as usize).map_or("", |word| word)
    }

    pub(crate) fn len(&self) -> usize {
        self.words.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &str)> {
        self.words.iter().enumerate().map(|(n, word)| (u32::try_from(n).unwrap_or(u32::MAX), word.as_ref()))
    }
}

/// A name as it is compared: lower case, without accents, white space folded.
pub(crate) fn fold(name: &str) -> String {
    use tantivy::tokenizer::{AsciiFoldingFilter, LowerCaser, RawTokenizer, TextAnalyzer, TokenStream};
    let mut analyzer = TextAnalyzer::builder(RawTokenizer::default()).filter(LowerCaser).filter(AsciiFoldingFilter).build();
    let mut stream = analyzer.token_stream(name);
    let folded = if stream.advance() { stream.token().text.clone() } else { String::new() };
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}
