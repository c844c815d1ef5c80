//! Records in words.

use windvane_model::{
    AccountEvent, Amend, Command, Control, Event, Execution, ExecutionKind, Intent, Interval, Link,
    LinkState, MarketEvent, OrderKind, OrderReport, Price, Query, QueryAnswer, Side, Signal, Submit,
    TriggerBy,
};
use windvane_order_management::Holding;

/// A moment of the market's clock to the millisecond, as in RFC 3339.
pub(crate) fn moment(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms)
        .map(|at| at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
        .unwrap_or_else(|_| format!("{ms} ms"))
}

/// What an event of the market was, for the line that says what woke a bot.
pub(super) fn market(event: &MarketEvent) -> String {
    let symbol = event.symbol();
    match event {
        MarketEvent::Book(_) => format!("a change of the book of {symbol}"),
        MarketEvent::Trades(_) => format!("trades in {symbol}"),
        MarketEvent::Liquidations(_) => format!("liquidations in {symbol}"),
        MarketEvent::PriceLimit(limit) => {
            format!("the price limit of {symbol}: {} to {}", limit.lowest_sell, limit.highest_buy)
        }
        MarketEvent::Ticker(ticker) => {
            let mark = ticker.mark.map_or_else(String::new, |mark| format!(", mark {mark}"));
            format!("the ticker of {symbol}{mark}")
        }
        MarketEvent::Candle(candle) => {
            let state = if candle.is_confirmed { "close" } else { "move" };
            let interval: Interval = candle.interval;
            format!("the {state} of a {interval} candle of {symbol} at {}", candle.close)
        }
    }
}

/// What an event that is not of the market was.
pub(super) fn event(event: &Event) -> String {
    match event {
        Event::Market(event) => market(event),
        Event::Account(fact) => match fact {
            AccountEvent::Acknowledged(ack) => format!("the answer to a {}", ack.request.as_str()),
            AccountEvent::Refused(refused) => format!("the refusal of a {}", refused.request.as_str()),
            AccountEvent::Undetermined(open) => format!("a {} without an answer", open.request.as_str()),
            AccountEvent::Order(report) => format!("a report of an order in {}", report.symbol),
            AccountEvent::Execution(fill) => format!("a fill in {}", fill.symbol),
            AccountEvent::Position(report) => format!("a report of the position in {}", report.symbol),
            AccountEvent::Wallet(_) => "a report of the wallet".to_owned(),
            AccountEvent::Answer(_) | AccountEvent::QueryFailed(_) => "the answer to a question".to_owned(),
        },
        Event::Link(link) => {
            let (name, state) = match link {
                Link::Public(state) => ("public stream", state),
                Link::Private(state) => ("private stream", state),
                Link::Trade(state) => ("trade socket", state),
            };
            let state = if *state == LinkState::Up { "up" } else { "down" };
            format!("the {name} came {state}")
        }
        Event::Reference(_) => "the contracts' figures".to_owned(),
        Event::Timer => "a timer".to_owned(),
        Event::Control(control) => format!("a control: {}", self::control(control)),
    }
}

/// What a person or the supervision wanted.
pub(super) fn control(control: &Control) -> String {
    match control {
        Control::Halt(cause) => format!("halt ({})", cause.as_str()),
        Control::Resume => "resume".to_owned(),
        other => format!("{other:?}").to_lowercase(),
    }
}

/// A level, with the price that fires it where that is not the usual one.
fn level(what: &str, at: Option<Price>, by: TriggerBy) -> String {
    match (at, by) {
        (None, _) => String::new(),
        (Some(at), TriggerBy::Mark) => format!("{what} {at}"),
        (Some(at), by) => format!("{what} {at} by {}", by.as_str()),
    }
}

/// An order as asked.
pub(super) fn submit(submit: &Submit) -> String {
    let kind = match submit.kind {
        OrderKind::Market { .. } => "at market".to_owned(),
        OrderKind::Limit { price, time_in_force } => format!("at {price} {time_in_force:?}"),
    };
    let stop = level(", stop", submit.stop_loss, submit.triggers.stop_loss);
    let target = level(", take profit", submit.take_profit, submit.triggers.take_profit);
    let reduces = if submit.reduce_only { ", reduce-only" } else { "" };
    let (role, side) = (format!("{:?}", submit.role).to_lowercase(), submit.side.as_str());
    format!("{role} {side} {} {} {kind}{stop}{target}{reduces}", submit.qty, submit.symbol)
}

/// What a bot wished.
pub(super) fn wish(intent: &Intent) -> String {
    match intent {
        Intent::Place(place) => {
            let kind = match place.kind {
                OrderKind::Market { .. } => "at market".to_owned(),
                OrderKind::Limit { price, time_in_force } => format!("at {price} {time_in_force:?}"),
            };
            let (role, side) = (format!("{:?}", place.role).to_lowercase(), place.side.as_str());
            format!("{role} {side} {} {} {kind}", place.qty, place.symbol)
        }
        Intent::Amend { client_order_id, price, qty } => {
            let price = price.map_or_else(String::new, |price| format!(" price {price}"));
            let qty = qty.map_or_else(String::new, |qty| format!(" quantity {qty}"));
            format!("amend {client_order_id} to{price}{qty}")
        }
        Intent::Cancel { client_order_id } => format!("cancel {client_order_id}"),
        Intent::Protect { stop_loss, take_profit, triggers, .. } => {
            let stop = level(" stop", *stop_loss, triggers.stop_loss);
            let target = level(" take profit", *take_profit, triggers.take_profit);
            format!("protect{stop}{target}")
        }
    }
}

/// How a signal's conditions stood, and what stood in its way.
pub(super) fn signal(signal: &Signal) -> String {
    let side = if signal.side == Side::Buy { "long" } else { "short" };
    let way = match &signal.blocker {
        Some(blocker) => format!("stopped by {blocker}"),
        None => "nothing in its way".to_owned(),
    };
    let of_side = format!("entry.{side}.");
    let rows = signal.conditions.iter().filter(|(name, _)| name.starts_with(&of_side));
    let rows = rows.map(|(name, holds)| {
        let holds = holds.map_or("undefined", |holds| if holds { "yes" } else { "no" });
        format!("{} {holds}", &name[of_side.len()..])
    });
    format!("{of_side}signal, {way} ({})", rows.collect::<Vec<_>>().join(", "))
}

/// An amend as asked.
pub(super) fn amend(amend: &Amend) -> String {
    let price = amend.price.map_or_else(String::new, |price| format!(" price {price}"));
    let qty = amend.qty.map_or_else(String::new, |qty| format!(" quantity {qty}"));
    format!("amend to{price}{qty}")
}

/// A request other than an order or an amend.
pub(super) fn other_command(command: &Command) -> String {
    match command {
        Command::Submit(order) => submit(order),
        Command::Amend(change) => amend(change),
        Command::Cancel(_) => "cancel".to_owned(),
        Command::CancelAll(_) => "cancel all".to_owned(),
        Command::SetProtection(set) => {
            let stop = level(" stop", set.stop_loss, set.triggers.stop_loss);
            let target = level(" take profit", set.take_profit, set.triggers.take_profit);
            format!("protect{stop}{target}")
        }
        Command::SetLeverage(set) => format!("set leverage {:?}", set.leverage),
        Command::Query(Query::Account { .. }) => "read the account".to_owned(),
        Command::Query(Query::Order { .. }) => "look the order up".to_owned(),
        Command::Query(Query::Movements { .. }) => "read the log of the wallet".to_owned(),
        Command::Query(Query::PreCheck(_)) => "ask what an order would hold".to_owned(),
    }
}

/// What the venue showed of an order.
pub(super) fn report(report: &OrderReport) -> String {
    let price = report.price.filter(|_| !report.is_market).map_or_else(String::new, |at| format!(" at {at}"));
    let why = match (report.cancel_type.as_str(), report.reject_reason.as_str()) {
        ("" | "UNKNOWN", "" | "EC_NoError") => String::new(),
        (cancel, "" | "EC_NoError") => format!(" ({cancel})"),
        ("" | "UNKNOWN", reason) => format!(" ({reason})"),
        (cancel, reason) => format!(" ({cancel}, {reason})"),
    };
    let (status, filled, qty) = (report.status.as_str(), report.cumulative_qty, report.qty);
    let what = if report.stop_kind.is_some() { "stop" } else { "order" };
    let trigger = report.trigger_price.map_or_else(String::new, |trigger| format!(" at trigger {trigger}"));
    format!("the {what} is {status}{price}{trigger}, {filled} of {qty} filled{why}")
}

/// An execution.
pub(super) fn execution(execution: &Execution) -> String {
    let liquidity = if execution.is_maker { "maker" } else { "taker" };
    let Execution { qty, price, fee, fee_coin, .. } = execution;
    match execution.kind {
        ExecutionKind::Funding => format!("funding of {fee} {fee_coin} on {qty} at {price}"),
        ExecutionKind::Trade => {
            let side = execution.side.as_str();
            format!("{side} {qty} at {price} ({liquidity}), fee {fee} {fee_coin}")
        }
        kind => format!("{kind:?} of {qty} at {price}, fee {fee} {fee_coin}"),
    }
}

/// What a look at one order found.
pub(super) fn answer(answer: &QueryAnswer) -> String {
    match answer {
        QueryAnswer::Account(_) => "the account was read".to_owned(),
        QueryAnswer::Movements(rows) => format!("the log of the wallet named {} movements", rows.len()),
        QueryAnswer::PreCheck(_) => "the venue said what an order would hold".to_owned(),
        QueryAnswer::Order(lookup) => match &lookup.order {
            Some(order) => format!("looked up: {}", report(order)),
            None => format!("looked up: no such order, {} executions", lookup.executions.len()),
        },
    }
}

/// A position.
pub(super) fn holding(holding: &Holding) -> String {
    let net = holding.totals().net();
    match (holding.side(), holding.average_price()) {
        (Some(side), Some(average)) => {
            let way = if side == Side::Buy { "long" } else { "short" };
            format!("{way} {} at {average}; {net} net so far", holding.qty())
        }
        _ => format!("flat; the last holding brought {}, {net} net so far", holding.last_net()),
    }
}
