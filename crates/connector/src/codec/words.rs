//! The venue's words on their way to a log line or a person: what could forge a line or a terminal's state is taken out
//! where they are read, so that no formatter meets it.

use std::borrow::Cow;

/// More than this of a message, in bytes, tells nobody anything.
const LONGEST: usize = 512;

/// `text` without control characters, line separators and marks that turn the direction of writing, and not longer than a
/// line bears. What is taken out leaves a `?`.
pub(crate) fn printable(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.len() <= LONGEST && !text.contains(is_treacherous) {
        return text;
    }
    let end = text.floor_char_boundary(LONGEST);
    Cow::Owned(text[..end].replace(is_treacherous, "?"))
}

fn is_treacherous(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g11_what_could_forge_a_line_is_taken_out_and_the_rest_stays() {
        for (text, kept) in [
            ("order not exists", "order not exists"),
            ("größer 价格", "größer 价格"),
            ("no\n2026-01-01T00:00:00Z ERROR halted", "no?2026-01-01T00:00:00Z ERROR halted"),
            ("a\r\u{1b}[2Jb\u{7f}\u{85}", "a??[2Jb??"),
            ("left \u{202e}right", "left ?right"),
        ] {
            assert_eq!(printable(text.into()), kept);
        }
        assert!(matches!(printable("fine".into()), Cow::Borrowed(_)));
        assert_eq!(printable("é".repeat(1_000).into()).len(), LONGEST);
    }
}
