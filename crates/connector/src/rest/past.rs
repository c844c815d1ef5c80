//! What an account did, of every product, for an operator: orders that are over, executions; and what an order would cost.
//!
//! Figures are plain decimals in the product's own units. One call reaches over seven days at most, so longer spans are read
//! week by week. Source: Bybit V5, "Get Order History", "Get Trade History", "Pre Check Order".

use super::{
    answer::Answer,
    client::{Payload, RestClient},
    error::RestError,
    market::{Category, Span, moment, read, required},
    page::Past,
};
use crate::{
    budget::{Call, Purpose},
    codec::{
        number::{FieldError, Lexeme, bad},
        rows,
    },
    encode::Mutation,
};
use reqwest::Method;
use rust_decimal::Decimal;
use serde::Deserialize;
use windvane_model::{MarketTime, Millis, Side, Submit, Symbol};

/// How long the venue may take a question about an order.
const WINDOW_MS: Millis = 5_000;
/// Rates of a pre-check are told in ten-thousandths.
const PER_RATE: Decimal = Decimal::from_parts(10_000, 0, 0, false, 0);

/// An order that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastOrder {
    /// Which contract or pair.
    pub symbol: Symbol,
    /// The venue's id.
    pub order_id: String,
    /// Its owner's id, empty where there is none.
    pub client_order_id: String,
    /// Bought or sold.
    pub side: Side,
    /// The venue's word: `Limit`, `Market`.
    pub kind: String,
    /// The venue's word for how it ended: `Filled`, `Cancelled`, `Rejected`, and some more.
    pub status: String,
    /// Why it was rejected; `EC_NoError` otherwise.
    pub reject_reason: String,
    /// Its limit; of a market order the price that the venue made of it.
    pub price: Option<Decimal>,
    /// Average price of what filled.
    pub average: Option<Decimal>,
    /// How much was asked for.
    pub qty: Decimal,
    /// How much filled.
    pub filled: Decimal,
    /// When it came.
    pub created: MarketTime,
    /// When it was last changed.
    pub updated: MarketTime,
}

/// One execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastExecution {
    /// Which contract or pair.
    pub symbol: Symbol,
    /// The venue's id of it.
    pub execution_id: String,
    /// The venue's id of the order.
    pub order_id: String,
    /// The order's owner's id, empty where there is none.
    pub client_order_id: String,
    /// Bought or sold.
    pub side: Side,
    /// The venue's word: `Trade`, `Funding`, `AdlTrade`, `BustTrade`, and some more.
    pub kind: String,
    /// At which price.
    pub price: Decimal,
    /// How much.
    pub qty: Decimal,
    /// Fee: positive was paid.
    pub fee: Decimal,
    /// In which coin; empty means the one that the product settles in.
    pub fee_coin: String,
    /// Whether it stood in the book.
    pub is_maker: bool,
    /// When.
    pub at: MarketTime,
}

/// What an order would do to the account's margin, which the venue reckons without taking the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreCheck {
    /// Initial margin rate of the account now, a fraction.
    pub initial_before: Decimal,
    /// Maintenance margin rate now.
    pub maintenance_before: Decimal,
    /// Initial margin rate with the order.
    pub initial_after: Decimal,
    /// Maintenance margin rate with the order.
    pub maintenance_after: Decimal,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PastOrderRow<'a> {
    #[serde(borrow)]
    symbol: Lexeme<'a>,
    #[serde(borrow)]
    order_id: Lexeme<'a>,
    #[serde(borrow)]
    order_link_id: Lexeme<'a>,
    #[serde(borrow)]
    side: Lexeme<'a>,
    #[serde(borrow)]
    order_type: Lexeme<'a>,
    #[serde(borrow)]
    order_status: Lexeme<'a>,
    #[serde(borrow)]
    reject_reason: Lexeme<'a>,
    #[serde(borrow)]
    price: Lexeme<'a>,
    #[serde(borrow)]
    avg_price: Lexeme<'a>,
    #[serde(borrow)]
    qty: Lexeme<'a>,
    #[serde(borrow)]
    cum_exec_qty: Lexeme<'a>,
    #[serde(borrow)]
    created_time: Lexeme<'a>,
    #[serde(borrow)]
    updated_time: Lexeme<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PastExecutionRow<'a> {
    #[serde(borrow)]
    symbol: Lexeme<'a>,
    #[serde(borrow)]
    exec_id: Lexeme<'a>,
    #[serde(borrow)]
    order_id: Lexeme<'a>,
    #[serde(borrow)]
    order_link_id: Lexeme<'a>,
    #[serde(borrow)]
    side: Lexeme<'a>,
    #[serde(borrow)]
    exec_type: Lexeme<'a>,
    #[serde(borrow)]
    exec_price: Lexeme<'a>,
    #[serde(borrow)]
    exec_qty: Lexeme<'a>,
    #[serde(borrow)]
    exec_fee: Lexeme<'a>,
    #[serde(borrow)]
    fee_currency: Lexeme<'a>,
    #[serde(borrow)]
    is_maker: Lexeme<'a>,
    #[serde(borrow)]
    exec_time: Lexeme<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PreCheckWire<'a> {
    #[serde(borrow, rename = "preImrE4")]
    pre_imr: Lexeme<'a>,
    #[serde(borrow, rename = "preMmrE4")]
    pre_mmr: Lexeme<'a>,
    #[serde(borrow, rename = "postImrE4")]
    post_imr: Lexeme<'a>,
    #[serde(borrow, rename = "postMmrE4")]
    post_mmr: Lexeme<'a>,
}

/// An average of nothing is told as empty or as zero.
fn some_price(text: &Lexeme<'_>, field: &'static str) -> Result<Option<Decimal>, FieldError> {
    Ok(text.decimal(field)?.filter(|price| !price.is_zero()))
}

impl PastOrderRow<'_> {
    pub(super) fn order(&self) -> Result<PastOrder, FieldError> {
        Ok(PastOrder {
            symbol: rows::symbol(&self.symbol)?,
            order_id: self.order_id.as_str().to_owned(),
            client_order_id: self.order_link_id.as_str().to_owned(),
            side: rows::side(&self.side)?.ok_or(bad("side", "missing"))?,
            kind: self.order_type.as_str().to_owned(),
            status: self.order_status.as_str().to_owned(),
            reject_reason: self.reject_reason.as_str().to_owned(),
            price: some_price(&self.price, "price")?,
            average: some_price(&self.avg_price, "avgPrice")?,
            qty: required(&self.qty, "qty")?,
            filled: self.cum_exec_qty.decimal("cumExecQty")?.unwrap_or_default(),
            created: moment(&self.created_time, "createdTime")?,
            updated: moment(&self.updated_time, "updatedTime")?,
        })
    }
}

impl PastExecutionRow<'_> {
    pub(super) fn execution(&self) -> Result<PastExecution, FieldError> {
        Ok(PastExecution {
            symbol: rows::symbol(&self.symbol)?,
            execution_id: self.exec_id.as_str().to_owned(),
            order_id: self.order_id.as_str().to_owned(),
            client_order_id: self.order_link_id.as_str().to_owned(),
            side: rows::side(&self.side)?.ok_or(bad("side", "missing"))?,
            kind: self.exec_type.as_str().to_owned(),
            price: required(&self.exec_price, "execPrice")?,
            qty: required(&self.exec_qty, "execQty")?,
            fee: self.exec_fee.decimal("execFee")?.unwrap_or_default(),
            fee_coin: self.fee_currency.as_str().to_owned(),
            is_maker: self.is_maker.is_true(),
            at: moment(&self.exec_time, "execTime")?,
        })
    }
}

impl RestClient {
    /// Orders that ended within `span`, oldest first.
    ///
    /// # Errors
    /// When an answer cannot be had or read.
    pub async fn past_orders(&self, category: Category, span: Span) -> Result<Vec<PastOrder>, RestError> {
        let past = Past { path: "/v5/order/history", of: format!("category={category}"), limit: 50 };
        let at = |order: &PastOrder| order.created;
        self.past(past, span, at, |answer, text| read(answer, answer.row::<PastOrderRow<'_>>(text)?.order()))
            .await
    }

    /// Executions within `span`, oldest first; funding and what the venue did by itself are among them.
    ///
    /// # Errors
    /// When an answer cannot be had or read.
    pub async fn past_executions(
        &self,
        category: Category,
        span: Span,
    ) -> Result<Vec<PastExecution>, RestError> {
        let past = Past { path: "/v5/execution/list", of: format!("category={category}"), limit: 100 };
        let at = |execution: &PastExecution| execution.at;
        let row =
            |answer: &Answer, text: &str| read(answer, answer.row::<PastExecutionRow<'_>>(text)?.execution());
        self.past(past, span, at, row).await
    }

    /// Asks the venue what an order would do to the account's margin, without placing it.
    ///
    /// # Errors
    /// [`RestError::Refused`] with the code that the order itself would get; or when the answer cannot be had or read.
    pub async fn pre_check(&self, category: Category, order: Submit) -> Result<PreCheck, RestError> {
        let body = Mutation::Submit(order).body(category);
        let answer = self.post_question(category, "/v5/order/pre-check", &body).await?;
        read_rates(&answer)
    }

    /// A question about an order, which changes nothing.
    pub(super) async fn post_question(
        &self,
        category: Category,
        path: &'static str,
        body: &str,
    ) -> Result<Answer, RestError> {
        let endpoint = path.trim_start_matches("/v5/");
        let call = Call { category, ..Call::over_rest(endpoint, Purpose::Audit) };
        let turn = self.turn(call).await?;
        self.call(&turn, Method::POST, Payload::Body(body), Some(WINDOW_MS)).await
    }
}

/// The answer to a pre-check.
pub(super) fn read_rates(answer: &Answer) -> Result<PreCheck, RestError> {
    let wire: PreCheckWire<'_> = answer.result()?;
    let rate = |text: &Lexeme<'_>, field| Ok::<_, RestError>(read(answer, required(text, field))? / PER_RATE);
    Ok(PreCheck {
        initial_before: rate(&wire.pre_imr, "preImrE4")?,
        maintenance_before: rate(&wire.pre_mmr, "preMmrE4")?,
        initial_after: rate(&wire.post_imr, "postImrE4")?,
        maintenance_after: rate(&wire.post_mmr, "postMmrE4")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_and_an_inverse_contract_are_read_like_any_other() {
        let pair = r#"{"symbol":"BTCUSDT","orderId":"1","orderLinkId":"","side":"Buy","orderType":"Market","orderStatus":"PartiallyFilledCanceled",
            "rejectReason":"EC_NoError","price":"0","avgPrice":"","qty":"100","cumExecQty":"","createdTime":"5","updatedTime":"6"}"#;
        let order = serde_json::from_str::<PastOrderRow<'_>>(pair).unwrap().order().unwrap();
        assert_eq!((order.price, order.average, order.filled), (None, None, Decimal::ZERO));
        let fill = r#"{"symbol":"BTCUSD","execId":"e","orderId":"1","side":"Sell","execType":"Trade","execPrice":"60000.5",
            "execQty":100,"execFee":"-0.0000001","feeCurrency":"BTC","isMaker":true,"execTime":1672282722429}"#;
        let fill = serde_json::from_str::<PastExecutionRow<'_>>(fill).unwrap().execution().unwrap();
        assert!(fill.is_maker && fill.fee.is_sign_negative() && fill.qty == Decimal::ONE_HUNDRED);
        let bare = serde_json::from_str::<PastExecutionRow<'_>>(r#"{"symbol":"BTCUSD"}"#).unwrap();
        assert!(bare.execution().is_err(), "an execution without a price is none");
    }
}
