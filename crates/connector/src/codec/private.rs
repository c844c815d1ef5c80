//! Frames of the private stream: orders, executions, positions, wallet.
//!
//! A message may carry many rows; one that cannot be read must not take the others with it.

use super::{
    Decoded, Unrecognised,
    number::Lexeme,
    open, read_object,
    rows::{self, ExecutionRow, OrderRow, PositionRow, WalletRow},
};
use serde::Deserialize;
use serde_json::value::RawValue;
use windvane_model::{AccountEvent, ExecutionId, MarketTime, Symbol};

/// Reads one frame of the private stream; the events of every readable row are appended to `out`.
///
/// Rows of other products than linear contracts are passed over.
pub fn decode_private<'a>(text: &'a str, out: &mut Vec<AccountEvent>) -> Decoded<'a> {
    read(text, out).unwrap_or_else(Decoded::Unrecognised)
}

fn read<'a>(text: &'a str, out: &mut Vec<AccountEvent>) -> Result<Decoded<'a>, Unrecognised> {
    let envelope = match open(text)? {
        Ok(envelope) => envelope,
        Err(reply) => return Ok(Decoded::Reply(reply)),
    };
    // Topics come plain (`order`) or by category (`order.linear`), as they were subscribed.
    let topic = envelope.topic.as_str();
    let row = match topic.split('.').next().unwrap_or_default() {
        "order" => order,
        // Without a fee, and of makers without our id: nothing is booked by it. See `fast_executions`.
        "execution" if topic != "execution.fast" => execution,
        "position" => position,
        "wallet" => wallet,
        _ => return Ok(Decoded::Unused),
    };
    let at = envelope.creation_time.time("creationTime")?.unwrap_or_default();
    let rows: Vec<&RawValue> = serde_json::from_str(envelope.data()?)?;
    let before = out.len();
    let mut first_failure = None;
    let mut unread = 0;
    for text in rows {
        match row(text.get(), at) {
            Ok(Some(event)) => out.push(event),
            Ok(None) => {}
            Err(reason) => {
                unread += 1;
                first_failure.get_or_insert(reason);
            }
        }
    }
    Ok(match first_failure {
        Some(reason) => Decoded::Partial { unread, reason },
        None if out.len() == before => Decoded::Unused,
        None => Decoded::Data,
    })
}

/// Which executions of ours a frame of the topic `execution.fast` tells of; none for any other frame. What cannot be read is
/// passed over: the full topic tells it as well.
pub(crate) fn fast_executions(text: &str) -> Vec<(Symbol, ExecutionId)> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Row<'a> {
        #[serde(borrow, default)]
        category: Lexeme<'a>,
        #[serde(borrow)]
        symbol: Lexeme<'a>,
        #[serde(borrow)]
        exec_id: Lexeme<'a>,
    }
    // Most frames are of other topics, and are not parsed a second time.
    if !text.contains("execution.fast") {
        return Vec::new();
    }
    let Ok(Ok(envelope)) = open(text) else { return Vec::new() };
    if envelope.topic.as_str() != "execution.fast" {
        return Vec::new();
    }
    let rows: Vec<Row<'_>> =
        envelope.data().ok().and_then(|data| serde_json::from_str(data).ok()).unwrap_or_default();
    let key =
        |row: &Row<'_>| Some((rows::symbol(&row.symbol).ok()?, ExecutionId::new(row.exec_id.as_str()).ok()?));
    rows.iter().filter(|row| !is_other_product(&row.category)).filter_map(key).collect()
}

fn order(text: &str, _at: MarketTime) -> Result<Option<AccountEvent>, Unrecognised> {
    let row: OrderRow<'_> = read_object(text)?;
    if is_other_product(&row.category) { Ok(None) } else { Ok(Some(AccountEvent::Order(row.report()?))) }
}

fn execution(text: &str, _at: MarketTime) -> Result<Option<AccountEvent>, Unrecognised> {
    let row: ExecutionRow<'_> = read_object(text)?;
    if is_other_product(&row.category) { Ok(None) } else { Ok(Some(AccountEvent::Execution(row.report()?))) }
}

fn position(text: &str, _at: MarketTime) -> Result<Option<AccountEvent>, Unrecognised> {
    let row: PositionRow<'_> = read_object(text)?;
    if is_other_product(&row.category) { Ok(None) } else { Ok(Some(AccountEvent::Position(row.report()?))) }
}

fn wallet(text: &str, at: MarketTime) -> Result<Option<AccountEvent>, Unrecognised> {
    let row: WalletRow<'_> = read_object(text)?;
    Ok(Some(AccountEvent::Wallet(row.report(at)?)))
}

/// A row that names no category is taken as ours: the topic may have been subscribed by category.
fn is_other_product(category: &Lexeme<'_>) -> bool {
    !category.is_empty() && category.as_str() != "linear"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b13_one_unreadable_row_does_not_take_the_others_with_it() {
        let row = r#"{"category":"linear","symbol":"BTCUSDT","orderId":"o-1","side":"Buy","qty":"1","orderStatus":"New"}"#;
        let odd = row.replace("New", "Pondering");
        let text = format!(r#"{{"topic":"order","creationTime":5,"data":[{odd},{row}]}}"#);
        let mut out = vec![];
        let decoded = decode_private(&text, &mut out);
        assert!(matches!(decoded, Decoded::Partial { unread: 1, .. }), "{decoded:?}");
        assert_eq!(out.len(), 1);
    }

    #[test]
    fn rows_of_other_products_are_passed_over() {
        let text = r#"{"topic":"order","data":[{"category":"option","symbol":"X","orderStatus":"Odd"}]}"#;
        let mut out = vec![];
        assert_eq!(decode_private(text, &mut out), Decoded::Unused);
        assert!(out.is_empty());
    }
}
