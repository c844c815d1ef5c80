//! Entries as one message for people.

use crate::Entry;
use std::fmt::Write;

/// Lines of one message: what a telephone shows without scrolling for long.
const LINES_MAX: usize = 20;
/// One line; a longer one is cut.
const LINE_MAX: usize = 200;

/// A message and how many of the entries are in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Letter {
    /// One line for each entry, below a head that says who speaks.
    pub(super) text: String,
    /// How many entries it holds, from the first on.
    pub(super) count: usize,
}

/// Writes as many of `entries` as fit into `chars_max` characters. `sender`: whose news it is; `lost`: entries that
/// were forgotten before the first.
pub(super) fn write(sender: &str, entries: &[Entry], lost: u64, chars_max: usize) -> Letter {
    let mut text = format!("windvane {sender}");
    if lost > 0 {
        // Writing to a string does not fail.
        let _ = write!(text, "\n({lost} older ones could not be told)");
    }
    let mut chars = text.chars().count();
    let mut count = 0;
    for entry in entries.iter().take(LINES_MAX) {
        let line = line(entry);
        chars += line.chars().count() + 1;
        // The first one goes in any case: a head alone tells nothing.
        if chars > chars_max && count > 0 {
            break;
        }
        text.push('\n');
        text.push_str(&line);
        count += 1;
    }
    Letter { text, count }
}

/// `21:03:11 stop trend BTCUSDT: flat by stop-loss, -12.30`, by the wall's clock, UTC.
fn line(entry: &Entry) -> String {
    let of_day = entry.wall_ms.div_euclid(1_000).rem_euclid(86_400);
    let (hours, minutes, seconds) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    let mut line = format!("{hours:02}:{minutes:02}:{seconds:02} {}", entry.kind.as_str());
    for word in [&entry.bot, &entry.symbol].into_iter().flatten() {
        line.push(' ');
        line.push_str(word);
    }
    line.push_str(": ");
    line.push_str(&entry.text);
    if line.chars().count() > LINE_MAX {
        line = line.chars().take(LINE_MAX - 1).chain(['…']).collect();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Chronicle, Kind, Story};

    fn entries(texts: &[&str]) -> Vec<Entry> {
        let mut chronicle = Chronicle::default();
        let story = |text: &str| Story { bot: Some("trend".to_owned()), ..Story::of(Kind::Stop, text) };
        texts.iter().map(|text| chronicle.note(story(text), 86_400_000 + 3_661_000, 0).clone()).collect()
    }

    #[test]
    fn a_message_says_who_speaks_when_what_and_what_is_missing() {
        let letter = write("demo", &entries(&["flat by stop-loss, -12.30"]), 2, 4_000);
        let expected =
            "windvane demo\n(2 older ones could not be told)\n01:01:01 stop trend: flat by stop-loss, -12.30";
        assert_eq!(letter, Letter { text: expected.to_owned(), count: 1 });
    }

    #[test]
    fn a_message_keeps_within_its_bounds_and_says_how_far_it_got() {
        let long = "x".repeat(500);
        let many = entries(&vec![long.as_str(); 40]);
        let letter = write("demo", &many, 0, 1_900);
        assert!(letter.text.chars().count() <= 1_900 && letter.count == 9, "{}", letter.count);
        assert_eq!(write("demo", &many, 0, 100_000).count, LINES_MAX);
        assert_eq!(write("demo", &many, 0, 10).count, 1, "one at least, or nothing would ever be told");
    }
}
