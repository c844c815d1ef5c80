//! One row as every kind of public row, for the fuzz test of REST answers.

use super::{
    book::TickerRow,
    contract::Row,
    history::{InterestRow, TradeRow},
    kline::kline,
};
use crate::codec::number::Lexeme;
use crate::rest::answer::Answer;

/// Reads the text of a row as each kind; whether one of them found something in it.
pub(in crate::rest) fn read_market_row(answer: &Answer, text: &str) -> bool {
    let mut found = answer.row::<TickerRow<'_>>(text).is_ok_and(|row| row.figures().is_ok());
    found |= answer.row::<Row<'_>>(text).is_ok_and(|row| row.listing().is_ok());
    found |= answer.row::<TradeRow<'_>>(text).is_ok_and(|row| row.trade().is_ok());
    found |= answer.row::<InterestRow<'_>>(text).is_ok_and(|row| row.interest().is_ok());
    let columns = serde_json::from_str::<Vec<Lexeme<'_>>>(text);
    found | columns.is_ok_and(|columns| kline(&columns).is_ok())
}
