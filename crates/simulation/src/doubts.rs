//! Which answers the stories gave to what the exchange's documentation leaves open, and which pairs of answers stood together.
//!
//! Two rules that are each right for one answer may contradict each other for two, so pairs are counted as well. What is counted
//! is that a story was played under them; whether it came to the point where one of them matters depends on the story.

use std::fmt;
use windvane_venue_core::{DOUBTS, Doubts};

/// How many stories were played under each answer, and under each pair of answers to two questions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoubtCoverage {
    /// By the number of an answer, counted through all questions.
    singles: Vec<u64>,
    /// By the numbers of two answers, the lower first.
    pairs: Vec<u64>,
}

impl Default for DoubtCoverage {
    fn default() -> Self {
        let answers = answers().count();
        Self { singles: vec![0; answers], pairs: vec![0; answers * answers] }
    }
}

/// Every answer with its question's number, in order.
fn answers() -> impl Iterator<Item = (usize, &'static str)> {
    let questions = DOUBTS.iter().enumerate();
    questions.flat_map(|(number, doubt)| doubt.choices.iter().map(move |choice| (number, *choice)))
}

impl DoubtCoverage {
    /// Counts one story.
    pub fn take(&mut self, doubts: &Doubts) {
        let is_given = |&(_, (question, choice)): &(usize, (usize, &str))| {
            doubts.get(DOUBTS[question].name) == Some(choice)
        };
        let given: Vec<usize> = answers().enumerate().filter(is_given).map(|(number, _)| number).collect();
        for (at, first) in given.iter().enumerate() {
            self.singles[*first] += 1;
            for second in &given[at + 1..] {
                self.pairs[first * self.singles.len() + second] += 1;
            }
        }
    }

    /// The answers under which no story was played, as `question = answer`.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        let given = answers().zip(&self.singles);
        given.filter(|(_, count)| **count == 0).map(|(answer, _)| words(answer)).collect()
    }

    /// The pairs of answers to two questions under which no story was played.
    #[must_use]
    pub fn missing_pairs(&self) -> Vec<String> {
        let rows = self.pairs().filter(|(.., count)| *count == 0);
        rows.map(|(first, second, _)| format!("{} with {}", words(first), words(second))).collect()
    }

    /// Every pair of answers to two questions with its count.
    fn pairs(&self) -> impl Iterator<Item = ((usize, &'static str), (usize, &'static str), u64)> {
        answers().enumerate().flat_map(move |(at, first)| {
            let others = answers().enumerate().filter(move |(_, (question, _))| *question > first.0);
            others.map(move |(to, second)| (first, second, self.pairs[at * self.singles.len() + to]))
        })
    }
}

fn words((question, choice): (usize, &str)) -> String {
    format!("{} = {choice}", DOUBTS[question].name)
}

impl fmt::Display for DoubtCoverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut counts = self.singles.iter();
        for doubt in DOUBTS {
            let row =
                doubt.choices.iter().zip(&mut counts).map(|(choice, count)| format!("{choice} {count}"));
            writeln!(f, "  {:27} {}", doubt.name, row.collect::<Vec<_>>().join(", "))?;
        }
        let (mut all, mut met, mut least) = (0_u64, 0_u64, u64::MAX);
        for (.., count) in self.pairs() {
            all += 1;
            met += u64::from(count > 0);
            least = least.min(count);
        }
        let singles = self.singles.iter().filter(|count| **count > 0).count();
        writeln!(
            f,
            "{singles} of {} answers to {} doubts, and {met} of {all} pairs of answers to two of them, were given; the \
             rarest pair in {least} stories",
            self.singles.len(),
            DOUBTS.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_counts_for_its_answers_and_their_pairs_and_for_no_other() {
        let mut coverage = DoubtCoverage::default();
        assert_eq!(coverage.missing().len(), answers().count());
        coverage.take(&Doubts::default());
        let other = |doubt: &windvane_venue_core::Doubt| doubt.choices.len() - 1;
        assert_eq!(coverage.missing().len(), DOUBTS.iter().map(other).sum::<usize>());
        let (first, second) = (&DOUBTS[0], &DOUBTS[1]);
        let choice = first.choices.iter().find(|choice| **choice != first.default).unwrap();
        let pair = format!("{} = {choice} with {} = {}", first.name, second.name, second.default);
        assert!(coverage.missing_pairs().contains(&pair));
        let mut changed = Doubts::default();
        changed.set(first.name, choice).unwrap();
        coverage.take(&changed);
        assert!(!coverage.missing_pairs().contains(&pair));
        assert!(!coverage.missing().contains(&format!("{} = {choice}", first.name)));
    }
}
