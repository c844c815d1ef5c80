//! Brackets of a TOML text that nothing closes.

/// Where a TOML text lacks the end of a bracket, by its byte, and what is to be said of it; `missed_at` is where a reader
/// noticed that something is wrong, which is lines later. `None` where a bracket of an earlier line is not the cause.
#[must_use]
pub fn never_closed(text: &str, missed_at: usize) -> Option<(usize, String)> {
    let (open, opener) = last_open(text)?;
    let within = text.get(open..missed_at)?;
    if !within.contains('\n') {
        return None;
    }
    if opener == '{' {
        return Some((open, "this `{` is never closed by a `}`".to_owned()));
    }
    // A list may take many lines: its end belongs after the last of its values.
    let is_value = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let end = within.split_inclusive('\n').scan(0, |start, line| {
        let from = *start;
        *start += line.len();
        Some((from + line.trim_end().len(), line))
    });
    let end = end.filter(|(_, line)| is_value(line)).last().map_or(open, |(end, _)| open + end);
    let line = text[..open].matches('\n').count() + 1;
    Some((end.saturating_sub(1), format!("a `]` is missing: the `[` of line {line} is never closed")))
}

/// The last `{` or `[` that nothing closes, outside of strings and comments.
fn last_open(text: &str) -> Option<(usize, char)> {
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut signs = text.char_indices();
    while let Some((at, sign)) = signs.next() {
        match sign {
            '#' => drop(signs.find(|(_, sign)| *sign == '\n')),
            '"' | '\'' => {
                let rest = &text[at..];
                let fence = if rest.starts_with("\"\"\"") || rest.starts_with("\'\'\'") {
                    &rest[..3]
                } else {
                    &rest[..1]
                };
                let end = end_of_string(&rest[fence.len()..], fence);
                let end = at + fence.len() + end;
                signs.by_ref().find(|(at, sign)| at + sign.len_utf8() >= end);
            }
            '{' | '[' => open.push((at, sign)),
            '}' | ']' => drop(open.pop()),
            _ => {}
        }
    }
    open.pop()
}

/// How many bytes a string takes whose opening `fence` is read, with the closing one; one of a single line ends with it.
fn end_of_string(rest: &str, fence: &str) -> usize {
    let mut is_escaped = false;
    for (at, sign) in rest.char_indices() {
        if fence.len() == 1 && sign == '\n' {
            return at;
        }
        if !is_escaped && rest[at..].starts_with(fence) {
            return at + fence.len();
        }
        is_escaped = sign == '\\' && !is_escaped && fence.starts_with('"');
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bracket_that_is_open_is_found_and_those_in_strings_and_comments_are_none() {
        for (text, open) in [
            ("a = { b = 1 }\nc = [1, [2, 3],\n 4]\n", None),
            ("a = { b = 1\nc = 2\n[d]\n", Some(4)),
            ("a = [1, { b = 2 }\nc = 3\n", Some(4)),
            ("a = \"{\"\nb = '['\n# {\nc = 1\n", None),
            ("a = \"\\\"{\"\nb = \"\"\"\n{ \"[\"\n\"\"\"\n", None),
            ("a = \"{\nb = { c = 1\n", Some(11)),
        ] {
            assert_eq!(last_open(text).map(|(at, _)| at), open, "{text}");
        }
    }

    #[test]
    fn a_table_lacks_its_end_where_it_begins_and_a_list_after_its_last_value() {
        let table = "a = { b = 1\n\nc = 2\n";
        assert_eq!(never_closed(table, 13).map(|(at, _)| at), Some(4));
        let list = "a = [\n  1,\n  2\n# and\n\n[b]\nc = 3\n";
        let (at, said) = never_closed(list, list.find("[b]").unwrap()).unwrap();
        assert_eq!((&list[at..=at], said.contains("line 1")), ("2", true), "{said}");
        assert_eq!(never_closed("[a\nb = 1\n", 2), None, "the line itself is told of");
    }
}
