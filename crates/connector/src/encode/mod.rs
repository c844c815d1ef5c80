//! Commands into request bodies and trade-socket frames.
//!
//! Prices and quantities travel as plain decimal strings without trailing zeros or exponent. Keys are sorted.

mod batch;
mod object;
mod socket;
mod spell;

pub(crate) use batch::{batch_max, kind as batch_kind, write_body as write_batch};
pub(crate) use object::Object;
pub use socket::{RequestId, trade_frame};
pub(crate) use socket::{login, ping, subscribe, trade_batch_frame, unsubscribe};
pub(crate) use spell::Spell;

use crate::category::Category;
use windvane_model::{
    Amend, Cancel, CancelAll, Command, Millis, OrderKind, Price, Query, Request, SetLeverage, SetProtection,
    Submit, Symbol, TimeInForce, TriggerBy,
};

/// A command that changes something; the rest of [`windvane_model::Command`] asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// Create an order.
    Submit(Submit),
    /// Change an order.
    Amend(Amend),
    /// Cancel an order.
    Cancel(Cancel),
    /// Cancel many orders.
    CancelAll(CancelAll),
    /// Set the protection of a position.
    SetProtection(SetProtection),
    /// Set leverage.
    SetLeverage(SetLeverage),
}

/// How long the venue may take an order that opens: it bounds how late a delayed request can still land.
const OPEN_WINDOW_MS: Millis = 2_000;
/// For what reduces or protects: late does no harm, a refusal does.
const REDUCE_WINDOW_MS: Millis = 10_000;

/// The one coin that contracts of this engine settle in.
pub(crate) const SETTLE_COIN: &str = "USDT";

impl Mutation {
    /// What a command changes; the question that it is where it only asks.
    ///
    /// # Errors
    /// With the question.
    pub const fn of(command: Command) -> Result<Self, Query> {
        Ok(match command {
            Command::Submit(submit) => Self::Submit(submit),
            Command::Amend(amend) => Self::Amend(amend),
            Command::Cancel(cancel) => Self::Cancel(cancel),
            Command::CancelAll(all) => Self::CancelAll(all),
            Command::SetProtection(protection) => Self::SetProtection(protection),
            Command::SetLeverage(leverage) => Self::SetLeverage(leverage),
            Command::Query(query) => return Err(query),
        })
    }

    /// Which request it is.
    #[must_use]
    pub const fn request(&self) -> Request {
        match self {
            Self::Submit(_) => Request::Submit,
            Self::Amend(_) => Request::Amend,
            Self::Cancel(_) => Request::Cancel,
            Self::CancelAll(_) => Request::CancelAll,
            Self::SetProtection(_) => Request::SetProtection,
            Self::SetLeverage(_) => Request::SetLeverage,
        }
    }

    /// Whether it may raise exposure; then it has a moment after which it must not leave any more.
    #[must_use]
    pub const fn opens(&self) -> bool {
        match self {
            Self::Submit(submit) => submit.send_before.is_some(),
            Self::Amend(amend) => amend.send_before.is_some(),
            Self::Cancel(_) | Self::CancelAll(_) | Self::SetProtection(_) | Self::SetLeverage(_) => false,
        }
    }

    /// The contract, where it names one.
    #[must_use]
    pub const fn symbol(&self) -> Option<Symbol> {
        match self {
            Self::Submit(submit) => Some(submit.symbol),
            Self::Amend(amend) => Some(amend.symbol),
            Self::Cancel(cancel) => Some(cancel.symbol),
            Self::CancelAll(all) => all.symbol,
            Self::SetProtection(protection) => Some(protection.symbol),
            Self::SetLeverage(leverage) => Some(leverage.symbol),
        }
    }

    /// REST path.
    #[must_use]
    pub const fn path(&self) -> &'static str {
        match self {
            Self::Submit(_) => "/v5/order/create",
            Self::Amend(_) => "/v5/order/amend",
            Self::Cancel(_) => "/v5/order/cancel",
            Self::CancelAll(_) => "/v5/order/cancel-all",
            Self::SetProtection(_) => "/v5/position/trading-stop",
            Self::SetLeverage(_) => "/v5/position/set-leverage",
        }
    }

    /// The path without the version: the name of its rate limit, and a metric label.
    #[must_use]
    pub fn endpoint(&self) -> &'static str {
        self.path().trim_start_matches("/v5/")
    }

    /// Operation on the trade socket; `None` for what the socket does not offer.
    #[must_use]
    pub const fn socket_operation(&self) -> Option<&'static str> {
        match self {
            Self::Submit(_) => Some("order.create"),
            Self::Amend(_) => Some("order.amend"),
            Self::Cancel(_) => Some("order.cancel"),
            Self::CancelAll(_) | Self::SetProtection(_) | Self::SetLeverage(_) => None,
        }
    }

    /// `recv_window`: how many milliseconds after its stamp the venue may still take the request.
    #[must_use]
    pub const fn recv_window_ms(&self) -> Millis {
        match self {
            Self::Submit(submit) if submit.reduce_only => REDUCE_WINDOW_MS,
            Self::Amend(amend) if amend.send_before.is_none() => REDUCE_WINDOW_MS,
            Self::Submit(_) | Self::Amend(_) | Self::SetLeverage(_) => OPEN_WINDOW_MS,
            Self::Cancel(_) | Self::CancelAll(_) | Self::SetProtection(_) => REDUCE_WINDOW_MS,
        }
    }

    /// The request body. Source: Bybit V5, the page of each endpoint.
    #[must_use]
    pub fn body(&self, category: Category) -> String {
        let mut text = String::with_capacity(320);
        self.write_body(category, &mut text);
        text
    }

    /// Why it cannot be asked of such a product; `None` where it can.
    pub(crate) fn misfit(&self, category: Category) -> Option<&'static str> {
        match (category, self) {
            (Category::Linear, _) => None,
            (Category::Inverse, Self::CancelAll(all)) if all.symbol.is_none() => {
                Some("inverse contracts have no common settle coin; name one")
            }
            (Category::Inverse, _) => None,
            (Category::Spot, Self::SetProtection(_) | Self::SetLeverage(_)) => {
                Some("pairs have no positions")
            }
            (Category::Spot, Self::Submit(order)) if order.reduce_only => Some("pairs have no positions"),
            (Category::Spot, Self::Submit(order))
                if has_stops(order) && order.kind.limit_price().is_none() =>
            {
                Some("a market order of a pair carries no stops")
            }
            (Category::Spot, _) => None,
        }
    }

    pub(crate) fn write_body(&self, category: Category, out: &mut String) {
        let object = match self {
            // The one key that stands before the category.
            Self::SetLeverage(set) => Object::new(out).text("buyLeverage", set.leverage.get()),
            _ => Object::new(out),
        };
        self.write_fields(category, object.text("category", category.as_str()));
    }

    /// The fields after the category, which in a batch stands once for all.
    fn write_fields(&self, category: Category, object: Object<'_>) {
        match self {
            Self::Submit(submit) if category == Category::Spot => create_of_pair(submit, object),
            Self::Submit(submit) => create(submit, object),
            Self::Amend(amend) => object
                .text("orderLinkId", amend.client_order_id)
                .maybe("price", amend.price)
                .maybe("qty", amend.qty)
                .text("symbol", amend.symbol)
                .finish(),
            Self::Cancel(cancel) => object
                .maybe("orderId", cancel.order_id)
                .maybe("orderLinkId", cancel.client_order_id)
                .text("symbol", cancel.symbol)
                .finish(),
            Self::CancelAll(all) => cancel_all(all, category, object),
            Self::SetProtection(protection) => trading_stop(protection, object),
            Self::SetLeverage(SetLeverage { symbol, leverage }) => {
                object.text("sellLeverage", leverage.get()).text("symbol", symbol).finish();
            }
        }
    }
}

/// The venue's words for a kind of order: its name, its time in force, how far it may slip.
const fn words(kind: OrderKind) -> (&'static str, TimeInForce, Option<u32>) {
    match kind {
        OrderKind::Market { max_slippage_ticks } => ("Market", TimeInForce::Ioc, max_slippage_ticks),
        OrderKind::Limit { time_in_force, .. } => ("Limit", time_in_force, None),
    }
}

/// A pair has neither position nor mark price, and counts a market order in coins only if told so.
fn create_of_pair(order: &Submit, object: Object<'_>) {
    let (kind, time_in_force, slippage_ticks) = words(order.kind);
    object
        .maybe("marketUnit", order.kind.limit_price().is_none().then_some("baseCoin"))
        .text("orderLinkId", order.client_order_id)
        .text("orderType", kind)
        .maybe("price", order.kind.limit_price())
        .text("qty", order.qty)
        .text("side", order.side.as_str())
        .maybe("slippageTolerance", slippage_ticks)
        .maybe("slippageToleranceType", slippage_ticks.map(|_| "TickSize"))
        .maybe("stopLoss", order.stop_loss)
        .text("symbol", order.symbol)
        .maybe("takeProfit", order.take_profit)
        .text("timeInForce", time_in_force_word(time_in_force))
        .finish();
}

fn create(order: &Submit, object: Object<'_>) {
    let (kind, time_in_force, slippage_ticks) = words(order.kind);
    let has_stop = has_stops(order);
    object
        .text("orderLinkId", order.client_order_id)
        .text("orderType", kind)
        .raw("positionIdx", order.position_index.0)
        .maybe("price", order.kind.limit_price())
        .text("qty", order.qty)
        .raw("reduceOnly", order.reduce_only)
        .text("side", order.side.as_str())
        .maybe("slTriggerBy", by(order.stop_loss, order.triggers.stop_loss))
        .maybe("slippageTolerance", slippage_ticks)
        .maybe("slippageToleranceType", slippage_ticks.map(|_| "TickSize"))
        .maybe("stopLoss", order.stop_loss)
        .text("symbol", order.symbol)
        .maybe("takeProfit", order.take_profit)
        .text("timeInForce", time_in_force_word(time_in_force))
        .maybe("tpTriggerBy", by(order.take_profit, order.triggers.take_profit))
        .maybe("tpslMode", has_stop.then_some("Full"))
        .finish();
}

/// Without a contract the whole settle coin is meant, or every pair. `orderFilter` `Order` leaves stops of every kind alone;
/// left out, it means all kinds.
fn cancel_all(all: &CancelAll, category: Category, object: Object<'_>) {
    let is_of_all = all.symbol.is_none() && category == Category::Linear;
    object
        .maybe("orderFilter", all.spare_protection.then_some("Order"))
        .maybe("settleCoin", is_of_all.then_some(SETTLE_COIN))
        .maybe("symbol", all.symbol)
        .finish();
}

fn trading_stop(protection: &SetProtection, object: Object<'_>) {
    object
        .raw("positionIdx", protection.position_index.0)
        .maybe("slTriggerBy", by(protection.stop_loss, protection.triggers.stop_loss))
        .maybe("stopLoss", protection.stop_loss)
        .text("symbol", protection.symbol)
        .maybe("takeProfit", protection.take_profit)
        .maybe("tpTriggerBy", by(protection.take_profit, protection.triggers.take_profit))
        .text("tpslMode", "Full")
        .finish();
}

const fn has_stops(order: &Submit) -> bool {
    order.stop_loss.is_some() || order.take_profit.is_some()
}

/// The word for what fires a level, where there is one.
fn by(level: Option<Price>, by: TriggerBy) -> Option<&'static str> {
    level.map(|_| match by {
        TriggerBy::Last => "LastPrice",
        TriggerBy::Mark => "MarkPrice",
        TriggerBy::Index => "IndexPrice",
    })
}

const fn time_in_force_word(time_in_force: TimeInForce) -> &'static str {
    match time_in_force {
        TimeInForce::Gtc => "GTC",
        TimeInForce::Ioc => "IOC",
        TimeInForce::Fok => "FOK",
        TimeInForce::PostOnly => "PostOnly",
    }
}

#[cfg(test)]
mod tests;
