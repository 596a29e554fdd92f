//! Reads `table.txt`.

use std::collections::BTreeMap;

/// What somebody is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is done; with the state that follows, where that is another one.
    Done(Option<String>),
    /// Status and code.
    Refused(u16, String),
}

/// Acts that only look.
pub(super) const READ: [&str; 8] = ["read", "payments", "changes", "guide", "claims", "papers", "ledger", "preview"];

/// A booking that stands somehow: who is answered what.
pub(super) struct Section {
    pub(super) name: String,
    /// The state that it is in.
    pub(super) state: String,
    /// Act, then an answer for each of the people.
    pub(super) acts: Vec<(String, Vec<Answer>)>,
}

pub(super) struct Table {
    pub(super) people: Vec<String>,
    pub(super) sections: Vec<Section>,
}

impl Table {
    pub(super) fn read(text: &str) -> Self {
        let (mut words, mut this) = (BTreeMap::new(), Self { people: Vec::new(), sections: Vec::new() });
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let pieces: Vec<&str> = line.split_whitespace().collect();
            match pieces[..] {
                ["word", name, "=", status, code] => {
                    words.insert(name.to_owned(), Answer::Refused(status.parse().unwrap(), code.to_owned()));
                }
                ["state", name, "=", state] => this.sections.push(Section { name: name.to_owned(), state: state.to_owned(), acts: Vec::new() }),
                ["people", ..] => {
                    let people: Vec<String> = pieces[1..].iter().map(|&name| name.to_owned()).collect();
                    assert!(this.people.is_empty() || this.people == people, "the columns are the same everywhere: {line}");
                    this.people = people;
                }
                _ => {
                    let answer = |cell: &&str| match cell.strip_prefix('>') {
                        Some(state) => Answer::Done(Some(state.to_owned())),
                        None if *cell == "ok" => Answer::Done(None),
                        None => words.get(*cell).unwrap_or_else(|| panic!("{cell} is no word: {line}")).clone(),
                    };
                    let answers: Vec<Answer> = pieces[1..].iter().map(answer).collect();
                    assert_eq!(answers.len(), this.people.len(), "{line}");
                    this.sections.last_mut().unwrap().acts.push((pieces[0].to_owned(), answers));
                }
            }
        }
        let acts = |section: &Section| section.acts.iter().map(|(act, _)| act.clone()).collect::<Vec<_>>();
        let all = acts(&this.sections[0]);
        assert!(this.sections.iter().all(|section| acts(section) == all), "every act stands under every state");
        this
    }
}

impl Section {
    pub(super) fn answer(&self, act: &str, person: usize) -> &Answer {
        &self.acts.iter().find(|(name, _)| name == act).unwrap().1[person]
    }

    /// How many of its acts succeed and are more than reading.
    pub(super) fn acts_that_move(&self) -> usize {
        let moving = self.acts.iter().filter(|(act, _)| !READ.contains(&act.as_str()));
        moving.flat_map(|(_, answers)| answers).filter(|answer| matches!(answer, Answer::Done(_))).count()
    }
}
