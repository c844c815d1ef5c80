//! Signals, orders, fills, trades and equity as rows: one list of columns for CSV and JSON.

use rust_decimal::Decimal;
use serde_json::{Map, Value};
use windvane_model::{ExecutionKind, OrderKind, Price};
use windvane_order_management::{Order, Trade};

use crate::run::Outcome;

/// Rows with named columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// What the rows are: `trades`.
    pub name: &'static str,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Sheet {
    fn new<const N: usize>(name: &'static str, columns: [&str; N]) -> Self {
        Self { name, columns: columns.map(str::to_owned).into(), rows: Vec::new() }
    }

    /// As CSV with a head line. No cell holds a comma or a quote: they are names, words and numbers.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut text = self.columns.join(",");
        text.push('\n');
        for row in &self.rows {
            text.push_str(&row.join(","));
            text.push('\n');
        }
        text
    }

    /// As a list of objects; figures are text, so that none loses digits.
    #[must_use]
    pub fn json(&self) -> Value {
        let row = |cells: &Vec<String>| {
            let fields = self.columns.iter().zip(cells);
            Value::Object(
                fields.map(|(name, cell)| (name.clone(), cell.as_str().into())).collect::<Map<_, _>>(),
            )
        };
        self.rows.iter().map(row).collect()
    }
}

/// All of them, each oldest first.
#[must_use]
pub fn sheets(outcome: &Outcome) -> [Sheet; 5] {
    [signals(outcome), orders(outcome), fills(outcome), trades(outcome), equity(outcome)]
}

fn signals(outcome: &Outcome) -> Sheet {
    let mut sheet = Sheet::new("signals", ["time_ms", "bot", "side", "blocked_by"]);
    for signal in &outcome.signals {
        sheet.rows.push(vec![
            signal.at.0.to_string(),
            signal.bot.to_string(),
            signal.side.as_str().to_owned(),
            signal.blocker.clone().unwrap_or_default(),
        ]);
    }
    sheet
}

fn orders(outcome: &Outcome) -> Sheet {
    let mut sheet = Sheet::new(
        "orders",
        [
            "time_ms",
            "order",
            "bot",
            "symbol",
            "role",
            "side",
            "kind",
            "qty",
            "price",
            "reduce_only",
            "state",
            "filled_qty",
            "average_price",
            "fees",
        ],
    );
    for order in outcome.engine.orders().orders() {
        let average = order.filled_value().checked_div(order.filled_qty().get());
        sheet.rows.push(vec![
            order.submitted().market.0.to_string(),
            order.id().to_string(),
            order.bot().map_or_else(String::new, |bot| bot.to_string()),
            order.symbol().to_string(),
            order.role().as_str().to_owned(),
            order.side().as_str().to_owned(),
            kind(order).to_owned(),
            order.qty().to_string(),
            order.price().map_or_else(String::new, |price: Price| price.to_string()),
            order.is_reduce_only().to_string(),
            order.state().as_str().to_owned(),
            order.filled_qty().to_string(),
            average.map_or_else(String::new, shown),
            order.fees().to_string(),
        ]);
    }
    sheet
}

const fn kind(order: &Order) -> &'static str {
    match order.kind() {
        OrderKind::Market { .. } => "market",
        OrderKind::Limit { .. } => "limit",
    }
}

const fn execution_kind(kind: ExecutionKind) -> &'static str {
    match kind {
        ExecutionKind::Trade => "trade",
        ExecutionKind::Funding => "funding",
        ExecutionKind::Liquidation => "liquidation",
        ExecutionKind::Adl => "adl",
        ExecutionKind::Delivery => "delivery",
        ExecutionKind::Session => "session",
        ExecutionKind::Other => "other",
    }
}

fn fills(outcome: &Outcome) -> Sheet {
    let mut sheet = Sheet::new(
        "fills",
        [
            "time_ms",
            "bot",
            "symbol",
            "kind",
            "side",
            "price",
            "qty",
            "fee",
            "liquidity",
            "order",
            "execution",
        ],
    );
    let books = outcome.engine.orders();
    let mut fills: Vec<_> = books.fills().collect();
    fills.sort_by_key(|(fill, _)| (fill.at, fill.sequence, fill.symbol, fill.execution_id));
    for (fill, order) in fills {
        let owner = books.positions().find(|position| position.key().0 == fill.symbol);
        let bot = owner.and_then(|position| books.owner(position.key().0, position.key().1));
        sheet.rows.push(vec![
            fill.at.0.to_string(),
            bot.map_or_else(String::new, |bot| bot.to_string()),
            fill.symbol.to_string(),
            execution_kind(fill.kind).to_owned(),
            fill.side.as_str().to_owned(),
            fill.price.to_string(),
            fill.qty.to_string(),
            fill.fee.to_string(),
            if fill.is_maker { "maker" } else { "taker" }.to_owned(),
            order.map_or_else(String::new, |id| id.to_string()),
            fill.execution_id.to_string(),
        ]);
    }
    sheet
}

/// Every trade from flat to flat with its bot, by the time it was opened; the last ones may be open.
pub(super) fn all_trades(outcome: &Outcome) -> Vec<(String, Trade)> {
    let books = outcome.engine.orders();
    let of = |position: &windvane_order_management::Position| {
        let (symbol, index) = position.key();
        let bot = books.owner(symbol, index).map_or_else(String::new, |bot| bot.to_string());
        position.trades().into_iter().map(move |trade| (bot.clone(), trade)).collect::<Vec<_>>()
    };
    let mut trades: Vec<_> = books.positions().flat_map(of).collect();
    trades.sort_by_key(|(_, trade)| (trade.opened, trade.symbol));
    trades
}

fn trades(outcome: &Outcome) -> Sheet {
    let mut sheet = Sheet::new(
        "trades",
        [
            "opened_ms",
            "closed_ms",
            "bot",
            "symbol",
            "side",
            "qty",
            "entry_price",
            "exit_price",
            "realised_pnl",
            "fees",
            "funding",
            "net_pnl",
        ],
    );
    for (bot, trade) in all_trades(outcome) {
        sheet.rows.push(vec![
            trade.opened.0.to_string(),
            trade.closed.map_or_else(String::new, |at| at.0.to_string()),
            bot,
            trade.symbol.to_string(),
            trade.side.as_str().to_owned(),
            shown(trade.opened_qty),
            trade.entry_price().map_or_else(String::new, shown),
            trade.exit_price().map_or_else(String::new, shown),
            trade.realised_pnl.to_string(),
            trade.fees.to_string(),
            trade.funding.to_string(),
            trade.net_pnl().to_string(),
        ]);
    }
    sheet
}

fn equity(outcome: &Outcome) -> Sheet {
    let mut sheet = Sheet::new("equity", ["time_ms", "account"]);
    sheet.columns.extend(outcome.engine.bots().map(|bot| format!("net_pnl_{}", bot.name)));
    for point in &outcome.equity {
        let mut row = vec![point.at.0.to_string(), point.account.to_string()];
        row.extend(point.bots.iter().map(ToString::to_string));
        sheet.rows.push(row);
    }
    sheet
}

/// In shortest form; a mean price may have no end, and is cut where nobody looks any more.
fn shown(value: Decimal) -> String {
    value.round_dp(12).normalize().to_string()
}
