//! Text into words: what is indexed of a listing, and what is looked up for a question.
//!
//! A word is a run of letters and digits, in lower case and without accents. Each is indexed as it stands, for
//! prefixes and typos, and by its stem behind [`STEM`], so that "beaches" finds "beach". Chinese, Japanese and Korean
//! have no spaces: there every character and every pair of neighbours is a word, and a question asks for its pairs.

use frostem::{Algorithm, Stemmer};
use std::collections::HashMap;
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};
use unicode_normalization::UnicodeNormalization;

/// Comes before a stem in the index, so that a stem is never taken for a word.
pub(crate) const STEM: char = '\u{1}';
/// Longer words are cut, in the index and in questions alike.
const LONGEST: usize = 64;
/// More different words than this make no question.
pub(crate) const MOST_WORDS: usize = 16;

/// A word of a question.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Word {
    /// A finished word: its stem must be there.
    Whole { stem: String, plain: String },
    /// The last word, perhaps half typed: its stem, or any word that begins with it.
    Begun { stem: String, plain: String },
    /// One or two characters of a script without spaces.
    Piece(String),
}

impl Word {
    pub(crate) fn plain(&self) -> &str {
        match self {
            Self::Whole { plain, .. } | Self::Begun { plain, .. } | Self::Piece(plain) => plain,
        }
    }
}

/// The words of a question, in order, each once; one more than [`MOST_WORDS`] stands for any number more.
pub(crate) fn question(text: &str) -> Vec<Word> {
    let stemmer = Stemmer::new(Algorithm::English);
    let unfinished = text.chars().next_back().is_some_and(char::is_alphanumeric);
    let plain = split(text);
    let last = plain.len().saturating_sub(1);
    let mut words = Vec::new();
    for (n, part) in plain.into_iter().enumerate() {
        match part {
            Part::Word(plain) => {
                let stem = stem(&stemmer, &plain);
                words.push(if n == last && unfinished { Word::Begun { stem, plain } } else { Word::Whole { stem, plain } });
            }
            Part::Dense(run) if run.len() == 1 => words.push(Word::Piece(run.into_iter().collect())),
            Part::Dense(run) => words.extend(run.windows(2).map(|pair| Word::Piece(pair.iter().collect()))),
        }
    }
    let mut seen = std::collections::HashSet::new();
    words.retain(|word| seen.insert(word.plain().to_owned()));
    words.truncate(MOST_WORDS + 1);
    words
}

/// A stretch of text.
enum Part {
    Word(String),
    /// Characters of a script without spaces.
    Dense(Vec<char>),
}

fn split(text: &str) -> Vec<Part> {
    if text.is_ascii() {
        // The same as below without the tables: ASCII has no marks, no compositions, no scripts without spaces.
        let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        return words.map(|word| Part::Word(word[..word.len().min(LONGEST)].to_ascii_lowercase())).collect();
    }
    let mut parts: Vec<Part> = Vec::new();
    let mut open = false;
    for c in text.nfkd().filter(|c| !is_mark(*c)).flat_map(char::to_lowercase).nfc() {
        if !c.is_alphanumeric() {
            open = false;
        } else if is_dense(c) {
            match parts.last_mut() {
                Some(Part::Dense(run)) if open => run.push(c),
                _ => parts.push(Part::Dense(vec![c])),
            }
            open = true;
        } else {
            match parts.last_mut() {
                Some(Part::Word(word)) if open => {
                    if word.len() + c.len_utf8() <= LONGEST {
                        word.push(c);
                    }
                }
                _ => parts.push(Part::Word(c.into())),
            }
            open = true;
        }
    }
    parts
}

/// Accents and other marks that stand on a letter; a dakuten is part of its kana and stays.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// Han, Hiragana, Katakana, Hangul.
fn is_dense(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{2fdf}' | '\u{3040}'..='\u{30ff}' | '\u{3100}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7af}' | '\u{1100}'..='\u{11ff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

fn stem(stemmer: &Stemmer, word: &str) -> String {
    format!("{STEM}{}", stemmer.stem(word))
}

/// The index's side: every word as it stands and by its stem.
#[derive(Clone)]
pub(crate) struct Words {
    tokens: Vec<Token>,
    /// Stems of words met before: the same few thousand words make up nearly every text.
    stems: HashMap<String, String>,
}

/// How many stems are remembered.
const REMEMBERED: usize = 20_000;

impl Words {
    pub(crate) fn new() -> Self {
        Self { tokens: Vec::new(), stems: HashMap::new() }
    }
}

impl Tokenizer for Words {
    type TokenStream<'a> = Stream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Stream<'a> {
        let stemmer = Stemmer::new(Algorithm::English);
        let Self { tokens, stems } = self;
        tokens.clear();
        if stems.len() > REMEMBERED {
            stems.clear();
        }
        let mut add = |position: usize, text: String| tokens.push(Token { offset_from: 0, offset_to: 0, position, text, position_length: 1 });
        for (position, part) in split(text).into_iter().enumerate() {
            match part {
                Part::Word(word) => {
                    let known = stems.get(&word).cloned();
                    add(position, known.unwrap_or_else(|| stems.entry(word.clone()).or_insert_with(|| stem(&stemmer, &word)).clone()));
                    add(position, word);
                }
                Part::Dense(run) => {
                    run.iter().for_each(|c| add(position, (*c).into()));
                    run.windows(2).for_each(|pair| add(position, pair.iter().collect()));
                }
            }
        }
        Stream { tokens, next: 0 }
    }
}

/// Hands out tokens that were made in advance.
pub(crate) struct Stream<'a> {
    tokens: &'a mut Vec<Token>,
    next: usize,
}

impl TokenStream for Stream<'_> {
    fn advance(&mut self) -> bool {
        self.next += 1;
        self.next <= self.tokens.len()
    }

    fn token(&self) -> &Token {
        &self.tokens[self.next - 1]
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.tokens[self.next - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Vec<String> {
        question(text).iter().map(|word| word.plain().to_owned()).collect()
    }

    #[test]
    fn questions_become_words() {
        for (text, words) in [
            ("Sunny BEACHES", vec!["sunny", "beaches"]),
            ("Café-Crème, l'été", vec!["cafe", "creme", "l", "ete"]),
            ("cafe\u{301} Ｃａｆｅ", vec!["cafe"]),
            ("北京大学", vec!["北京", "京大", "大学"]),
            ("北", vec!["北"]),
            ("loft in 東京 2BR", vec!["loft", "in", "東京", "2br"]),
            ("\"AND (title:* OR NOT", vec!["and", "title", "or", "not"]),
            ("🏖️ !!", vec![]),
            ("がが", vec!["がが"]),
        ] {
            assert_eq!(plain(text), words, "{text}");
        }
        assert_eq!(question(&"word ".repeat(100)).len(), 1);
        let many: String = (0..100).map(|n| format!("w{n} ")).collect();
        assert_eq!(question(&many).len(), MOST_WORDS + 1);
    }

    #[test]
    fn only_an_unfinished_last_word_is_a_beginning() {
        assert!(matches!(question("big bea")[..], [Word::Whole { .. }, Word::Begun { .. }]));
        assert!(matches!(question("big bea ")[..], [Word::Whole { .. }, Word::Whole { .. }]));
    }

    #[test]
    fn forms_of_a_word_share_a_stem() {
        let stem_of = |text| match &question(text)[0] {
            Word::Whole { stem, .. } | Word::Begun { stem, .. } => stem.clone(),
            Word::Piece(_) => String::new(),
        };
        assert_eq!(stem_of("beaches"), stem_of("Beach"));
        assert_eq!(stem_of("quietly"), stem_of("quiet"));
        assert_ne!(stem_of("loft"), stem_of("left"));
    }

    #[test]
    fn the_index_holds_words_stems_and_pairs() {
        let mut words = Words::new();
        let mut stream = words.token_stream("Quiet rooms 東京都");
        let mut tokens = Vec::new();
        while stream.advance() {
            tokens.push(stream.token().text.clone());
        }
        assert_eq!(tokens, ["\u{1}quiet", "quiet", "\u{1}room", "rooms", "東", "京", "都", "東京", "京都"]);
    }
}
