//! The nearest known word, for messages that end in "did you mean …?".

/// The known word with the fewest typing slips from `typed`, if it is near enough to be what was meant.
#[must_use]
pub fn nearest<'w>(typed: &str, known: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let allowed = allowed_slips(typed);
    known
        .into_iter()
        .map(|word| (slips(typed, word), word))
        .filter(|(slips, word)| *slips <= allowed && *slips < word.chars().count())
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, word)| word)
}

/// How many slips from `typed` a word may be and still be what was meant: one in a word of up to four letters, two up to
/// eight, three beyond.
pub(super) fn allowed_slips(typed: &str) -> usize {
    match typed.chars().count() {
        0..=4 => 1,
        5..=8 => 2,
        _ => 3,
    }
}

/// Damerau–Levenshtein distance (optimal string alignment): insertions, deletions, substitutions and swaps of neighbours.
pub(super) fn slips(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) =
        (left.to_lowercase().chars().collect(), right.to_lowercase().chars().collect());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for i in 1..=left.len() {
        let mut row = vec![i];
        for j in 1..=right.len() {
            let substituted = last[j - 1] + usize::from(left[i - 1] != right[j - 1]);
            let mut best = substituted.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                best = best.min(before_last[j - 2] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_counted_as_a_typist_makes_them() {
        for (left, right, slips) in [
            ("", "", 0),
            ("ema", "ema", 0),
            ("eam", "ema", 1),
            ("colse", "close", 1),
            ("", "abc", 3),
            ("stop", "step", 1),
        ] {
            assert_eq!(super::slips(left, right), slips, "{left} / {right}");
        }
    }

    #[test]
    fn a_far_word_is_not_suggested() {
        assert_eq!(nearest("crosses_abve", ["crosses_above", "close"]), Some("crosses_above"));
        assert_eq!(nearest("xyzzy", ["close", "open"]), None);
        assert_eq!(nearest("q", ["r"]), None, "a one-letter word is never one slip away");
    }
}
