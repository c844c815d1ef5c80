//! Orders, executions and positions.

use crate::codec::{
    Decoded,
    private::{PrivateRow, Rows},
    rows::{ExecutionRow, OrderRow, PositionRow},
    scan::{Scanner, once},
};
use windvane_model::AccountEvent;

/// Reads a message of the three kinds, if it is an ordinary one; else `out` is left as it was.
pub(in crate::codec) fn read(text: &str, out: &mut Vec<AccountEvent>) -> Option<Decoded<'static>> {
    let before = out.len();
    let rows = read_message(text, out);
    if rows.is_none() {
        out.truncate(before);
    }
    rows.map(|rows| rows.decoded(out.len() > before))
}

fn read_message(text: &str, out: &mut Vec<AccountEvent>) -> Option<Rows> {
    let mut scanner = Scanner::new(text);
    let (mut topic, mut created, mut rows) = (None, None, None);
    scanner.object(|scanner, key| match key {
        "topic" => once(&mut topic, scanner.string()?),
        "creationTime" => once(&mut created, scanner.whole()?),
        "data" => once(&mut rows, read_rows(scanner, topic?, out)?),
        // Of public messages; if they are there, they must be readable as well.
        "type" | "ts" => None,
        _ => scanner.skip(),
    })?;
    scanner.end()?;
    rows
}

fn read_rows(scanner: &mut Scanner<'_>, topic: &str, out: &mut Vec<AccountEvent>) -> Option<Rows> {
    match topic.split('.').next()? {
        "order" => list::<OrderRow<'_>>(scanner, out),
        "execution" if topic != "execution.fast" => list::<ExecutionRow<'_>>(scanner, out),
        "position" => list::<PositionRow<'_>>(scanner, out),
        _ => None,
    }
}

fn list<'a, R: PrivateRow<'a>>(scanner: &mut Scanner<'a>, out: &mut Vec<AccountEvent>) -> Option<Rows> {
    let mut rows = Rows::default();
    scanner.list(|scanner| {
        rows.take(R::scan(scanner)?.event().map_err(Into::into), out);
        Some(())
    })?;
    Some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{fast::damage::damaged, private::decode_generally};
    use proptest::prelude::*;

    const MESSAGES: [&str; 5] = [
        include_str!("../../../tests/payloads/private/executions.json"),
        include_str!("../../../tests/payloads/private/order-working-with-stop.json"),
        include_str!("../../../tests/payloads/private/order-the-venues-own-stop.json"),
        include_str!("../../../tests/payloads/private/order-cancel-that-lost-the-race.json"),
        include_str!("../../../tests/payloads/private/position-open-and-flat.json"),
    ];

    /// What the fast way reads, serde reads likewise.
    fn agrees(text: &str) -> bool {
        let (mut fast, mut general) = (vec![], vec![]);
        let Some(decoded) = read(text, &mut fast) else {
            assert_eq!(fast, [], "{text}");
            return false;
        };
        assert_eq!(decode_generally(text, &mut general), decoded, "{text}");
        assert_eq!(general, fast, "{text}");
        true
    }

    #[test]
    fn ordinary_rows_are_read_in_one_pass() {
        for text in MESSAGES {
            assert!(agrees(text), "{text}");
        }
    }

    #[test]
    fn b13_one_bad_row_is_one_bad_row_on_either_way() {
        let odd = MESSAGES[0].replace(r#""side":"Sell""#, r#""side":"Sideways""#);
        assert!(agrees(&odd), "{odd}");
        let mut out = vec![];
        assert!(matches!(read(&odd, &mut out), Some(Decoded::Partial { unread: 1, .. })));
        assert_eq!(out.len(), 2);
    }

    #[test]
    fn unusual_messages_are_left_to_the_general_way() {
        let order = |inside: &str| format!(r#"{{"topic":"order","creationTime":5,"data":[{{{inside}}}]}}"#);
        for text in [
            order(r#""symbol":"X","symbol":"Y""#),
            order(r#""price":1.5"#),
            order(r#""qty":{"of":"1"}"#),
            order(r#""rejectReason":"a \"b\"""#),
            r#"{"topic":"order","creationTime":"5","data":[]}"#.to_owned(),
            r#"{"topic":"order","data":[[]]}"#.to_owned(),
            r#"{"data":[],"topic":"order"}"#.to_owned(),
            r#"{"topic":"execution.fast","data":[]}"#.to_owned(),
            r#"{"topic":"wallet","data":[]}"#.to_owned(),
            r#"{"success":true,"ret_msg":"","op":"auth","conn_id":"c"}"#.to_owned(),
        ] {
            assert_eq!(read(&text, &mut vec![]), None, "{text}");
        }
    }

    #[test]
    fn what_nobody_asks_for_may_be_of_any_kind() {
        let text = MESSAGES[1].replace(
            r#""smpGroup":0"#,
            r#""smpGroup":-1.5e3,"extraFees":"[{\"feeCoin\":\"USDT\"}]","new":{"a":[null,false]}"#,
        );
        assert!(agrees(&text), "{text}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn both_ways_agree_on_damaged_messages(text in damaged(&MESSAGES)) {
            agrees(&text);
        }
    }
}
