//! Commands as requests of the venue.

use windvane_model::{Command, OrderKind, PositionIndex, Price, Side, Submit, TimeInForce, TriggerBy};
use windvane_venue_core as venue;

/// The request that a command makes; `None` for a question.
#[must_use]
pub fn request(command: &Command) -> Option<venue::Request> {
    Some(match command {
        Command::Submit(submit) => venue::Request::Create(create(submit)),
        Command::Amend(amend) => venue::Request::Amend(venue::AmendOrder {
            qty: amend.qty.map(|qty| qty.get()),
            price: amend.price.map(Price::get),
            ..venue::AmendOrder::of(amend.symbol.as_str(), by_link(&amend.client_order_id.to_string()))
        }),
        Command::Cancel(cancel) => venue::Request::Cancel(venue::CancelOrder {
            category: venue::Category::Linear,
            kind: None,
            symbol: cancel.symbol.to_string(),
            order: venue::OrderReference {
                order_id: cancel.order_id.map(|id| id.to_string()),
                order_link_id: cancel.client_order_id.map(|id| id.to_string()),
            },
        }),
        Command::CancelAll(all) => venue::Request::CancelAll(venue::CancelAll {
            symbol: all.symbol.map(|symbol| symbol.to_string()),
            settle_coin: all.symbol.is_none().then(|| "USDT".to_owned()),
            kind: all.spare_protection.then_some(venue::OrderKind::Order),
            spare_protection: all.spare_protection,
            ..venue::CancelAll::of(venue::Category::Linear)
        }),
        Command::SetProtection(set) => venue::Request::TradingStop(venue::TradingStop {
            stop_loss: level(set.stop_loss, set.triggers.stop_loss),
            take_profit: level(set.take_profit, set.triggers.take_profit),
            position_idx: position_idx(set.position_index),
            ..venue::TradingStop::full(set.symbol.as_str())
        }),
        Command::SetLeverage(set) => venue::Request::SetLeverage(venue::SetLeverage {
            category: venue::Category::Linear,
            symbol: set.symbol.to_string(),
            buy_leverage: set.leverage.get(),
            sell_leverage: set.leverage.get(),
        }),
        Command::Query(_) => return None,
    })
}

/// An order by the client's id.
#[must_use]
pub fn by_link(id: &str) -> venue::OrderReference {
    venue::OrderReference { order_id: None, order_link_id: Some(id.to_owned()) }
}

/// The venue's word for a position; an index that it has none for cannot come out of the engine.
pub(crate) const fn position_idx(index: PositionIndex) -> venue::PositionIdx {
    match index {
        PositionIndex::LONG => venue::PositionIdx::Long,
        PositionIndex::SHORT => venue::PositionIdx::Short,
        _ => venue::PositionIdx::OneWay,
    }
}

fn level(price: Option<Price>, by: TriggerBy) -> Option<venue::ProtectionPrice> {
    let by = match by {
        TriggerBy::Last => venue::TriggerBy::LastPrice,
        TriggerBy::Mark => venue::TriggerBy::MarkPrice,
        TriggerBy::Index => venue::TriggerBy::IndexPrice,
    };
    price.map(|price| venue::ProtectionPrice::market(price.get(), by))
}

fn create(submit: &Submit) -> venue::CreateOrder {
    let side = match submit.side {
        Side::Buy => venue::Side::Buy,
        Side::Sell => venue::Side::Sell,
    };
    let (symbol, qty) = (submit.symbol.to_string(), submit.qty.get());
    let order = match submit.kind {
        OrderKind::Market { .. } => venue::CreateOrder::market(&symbol, side, qty),
        OrderKind::Limit { price, time_in_force } => venue::CreateOrder {
            time_in_force: match time_in_force {
                TimeInForce::Gtc => venue::TimeInForce::Gtc,
                TimeInForce::Ioc => venue::TimeInForce::Ioc,
                TimeInForce::Fok => venue::TimeInForce::Fok,
                TimeInForce::PostOnly => venue::TimeInForce::PostOnly,
            },
            ..venue::CreateOrder::limit(&symbol, side, qty, price.get())
        },
    };
    venue::CreateOrder {
        position_idx: position_idx(submit.position_index),
        order_link_id: Some(submit.client_order_id.to_string()),
        reduce_only: submit.reduce_only,
        stop_loss: level(submit.stop_loss, submit.triggers.stop_loss),
        take_profit: level(submit.take_profit, submit.triggers.take_profit),
        ..order
    }
}
