//! Frames of the private stream: orders, executions, positions, wallet.
//!
//! A message may carry many rows; one that cannot be read must not take the others with it.

use super::{
    Decoded, MAX_FRAME_BYTES, Unrecognised, fast,
    number::{FieldError, Lexeme},
    open, read_object,
    rows::{self, ExecutionRow, OrderRow, PositionRow, WalletRow, is_other_product},
    scan::Scanner,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use windvane_model::{AccountEvent, ExecutionId, MarketTime, Symbol};

/// Reads one frame of the private stream; the events of every readable row are appended to `out`.
///
/// Rows of other products than linear contracts are passed over.
pub fn decode_private<'a>(text: &'a str, out: &mut Vec<AccountEvent>) -> Decoded<'a> {
    if text.len() > MAX_FRAME_BYTES {
        return Decoded::Unrecognised(Unrecognised::TooLong(text.len()));
    }
    fast::read_private(text, out).unwrap_or_else(|| decode_generally(text, out))
}

type ReadRow<'a> = fn(&'a str, MarketTime) -> Result<Option<AccountEvent>, Unrecognised>;

/// The same by way of serde: slower, and it knows everything.
pub(super) fn decode_generally<'a>(text: &'a str, out: &mut Vec<AccountEvent>) -> Decoded<'a> {
    read(text, out).unwrap_or_else(Decoded::Unrecognised)
}

fn read<'a>(text: &'a str, out: &mut Vec<AccountEvent>) -> Result<Decoded<'a>, Unrecognised> {
    let envelope = match open(text)? {
        Ok(envelope) => envelope,
        Err(reply) => return Ok(Decoded::Reply(reply)),
    };
    // Topics come plain (`order`) or by category (`order.linear`), as they were subscribed.
    let topic = envelope.topic.as_str();
    let row: ReadRow<'a> = match topic.split('.').next().unwrap_or_default() {
        "order" => one::<OrderRow<'_>>,
        // Without a fee, and of makers without our id: nothing is booked by it. See `fast_executions`.
        "execution" if topic != "execution.fast" => one::<ExecutionRow<'_>>,
        "position" => one::<PositionRow<'_>>,
        "wallet" => |text, at| wallet(text, at),
        _ => return Ok(Decoded::Unused),
    };
    let at = envelope.creation_time.time("creationTime")?.unwrap_or_default();
    let texts: Vec<&RawValue> = serde_json::from_str(envelope.data()?)?;
    let before = out.len();
    let mut rows = Rows::default();
    for text in texts {
        rows.take(row(text.get(), at), out);
    }
    Ok(rows.decoded(out.len() > before))
}

/// A row that is an event by itself.
pub(super) trait PrivateRow<'a>: Deserialize<'a> {
    /// Reads it in one pass; `None` leaves it to serde.
    fn scan(scanner: &mut Scanner<'a>) -> Option<Self>;
    /// What it tells; `None` of other products than linear contracts.
    fn event(&self) -> Result<Option<AccountEvent>, FieldError>;
}

macro_rules! private_rows {
    ($($row:ident => $event:ident,)+) => {$(
        impl<'a> PrivateRow<'a> for $row<'a> {
            fn scan(scanner: &mut Scanner<'a>) -> Option<Self> {
                Self::scan(scanner)
            }

            fn event(&self) -> Result<Option<AccountEvent>, FieldError> {
                if self.is_other_product() { Ok(None) } else { self.report().map(AccountEvent::$event).map(Some) }
            }
        }
    )+};
}

private_rows! { OrderRow => Order, ExecutionRow => Execution, PositionRow => Position, }

/// How many rows of a message could not be read.
#[derive(Debug, Default)]
pub(super) struct Rows {
    unread: usize,
    first_failure: Option<Unrecognised>,
}

impl Rows {
    /// Appends the event of a row, if it is one and could be read.
    pub(super) fn take(
        &mut self,
        row: Result<Option<AccountEvent>, Unrecognised>,
        out: &mut Vec<AccountEvent>,
    ) {
        match row {
            Ok(event) => out.extend(event),
            Err(reason) => {
                self.unread += 1;
                self.first_failure.get_or_insert(reason);
            }
        }
    }

    /// What the message turned out to be.
    pub(super) fn decoded(self, has_events: bool) -> Decoded<'static> {
        match self.first_failure {
            Some(reason) => Decoded::Partial { unread: self.unread, reason },
            None if has_events => Decoded::Data,
            None => Decoded::Unused,
        }
    }
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

fn one<'a, R: PrivateRow<'a>>(text: &'a str, _at: MarketTime) -> Result<Option<AccountEvent>, Unrecognised> {
    Ok(read_object::<R>(text)?.event()?)
}

fn wallet(text: &str, at: MarketTime) -> Result<Option<AccountEvent>, Unrecognised> {
    let row: WalletRow<'_> = read_object(text)?;
    Ok(Some(AccountEvent::Wallet(row.report(at)?)))
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
