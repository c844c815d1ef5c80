//! The state of the engine once a second: everything that is shown as a gauge.

use windvane_model::{BotName, Coin, Money, Price, Qty, Rate, RunState, Side, Symbol};

/// Everything that is shown as a gauge. The loop fills it; [`show`](crate::show) publishes it.
#[derive(Debug, Clone, Default)]
pub struct Picture {
    /// What the engine allows; `None` before the first event.
    pub run_state: Option<RunState>,
    /// Whether it may open.
    pub is_ready: bool,
    /// Age of the last message by stream, in seconds.
    pub stream_ages: Vec<(&'static str, f64)>,
    /// Topics by stream.
    pub subscriptions: Vec<(&'static str, usize)>,
    /// Waiting messages by channel.
    pub channel_depths: Vec<(&'static str, usize)>,
    /// Symbols with their market figures.
    pub symbols: Vec<SymbolPicture>,
    /// Positions, flat ones included.
    pub positions: Vec<PositionPicture>,
    /// Bots.
    pub bots: Vec<BotPicture>,
    /// Settle coin of the money figures.
    pub coin: Option<Coin>,
    /// Wallet balance, settle coin.
    pub wallet_balance: Money,
    /// Wallet balance plus unrealised profit, settle coin.
    pub equity: Money,
    /// What may still be used as margin, settle coin.
    pub available: Money,
    /// Distance of equity from its highest value, a fraction.
    pub drawdown: f64,
    /// Orders whose outcome is not known.
    pub orders_unknown: usize,
    /// Open orders of the account that are not ours.
    pub foreign_orders: usize,
    /// Seconds since the last reconciliation that agreed; `None` before the first.
    pub reconcile_age: Option<f64>,
    /// Differences found so far, by kind.
    pub differences: Vec<(&'static str, u64)>,
    /// Fills learnt by query so far.
    pub backfilled: u64,
    /// Executions that came more than once so far.
    pub duplicates: u64,
    /// Bytes of journal so far.
    pub journal_bytes: u64,
    /// Bytes of tape so far.
    pub tape_bytes: u64,
    /// Records not yet on the disk.
    pub journal_unsynced: u64,
    /// Measurements of the link that found no room so far.
    pub observations_dropped: u64,
    /// Free space and size of the data folder's disk, bytes.
    pub disk: Option<(u64, u64)>,
    /// Seconds until the API key expires; `None` for one that does not.
    pub key_expires: Option<f64>,
    /// Whether a guard is expected, and how many seconds ago it last looked.
    pub guard: (bool, f64),
    /// Which cause holds the engine halted.
    pub breakers: Vec<(&'static str, bool)>,
    /// The account against its limits.
    pub risk: RiskPicture,
}

/// The account against its limits.
#[derive(Debug, Clone, Default)]
pub struct RiskPicture {
    /// Initial margin over margin balance, a fraction.
    pub initial_margin_ratio: Option<f64>,
    /// Maintenance margin over margin balance, a fraction.
    pub maintenance_margin_ratio: Option<f64>,
    /// Initial margin of positions, settle coin.
    pub position_margin: f64,
    /// Initial margin of open orders, settle coin.
    pub order_margin: f64,
    /// Our initial margin minus the venue's, over equity; `None` until the venue has told its own.
    pub model_error: Option<f64>,
    /// The same of each figure that was compared.
    pub model_errors: Vec<(&'static str, f64)>,
    /// How often each figure of our margin was compared with the venue's so far.
    pub comparisons: Vec<(&'static str, u64)>,
    /// How much of each limit is used, a fraction, by the limit's key.
    pub limits: Vec<(&'static str, f64)>,
    /// Profit since the UTC day began, settle coin.
    pub day_pnl: Option<Money>,
}

/// Market figures of a symbol.
#[derive(Debug, Clone, Copy)]
pub struct SymbolPicture {
    /// The contract.
    pub symbol: Symbol,
    /// Middle of the book, quote coin.
    pub mid: Option<f64>,
    /// Spread over the middle.
    pub spread: Option<f64>,
    /// Mark price.
    pub mark: Option<Price>,
    /// Funding rate of the running interval.
    pub funding_rate: Option<Rate>,
    /// Seconds since the last book or ticker.
    pub age: Option<f64>,
}

/// One position.
#[derive(Debug, Clone, Copy)]
pub struct PositionPicture {
    /// The contract.
    pub symbol: Symbol,
    /// Direction; `None` when flat.
    pub side: Option<Side>,
    /// Size, base coin.
    pub qty: Qty,
    /// Average entry price.
    pub average_price: Option<Price>,
    /// Value at mark, quote coin.
    pub notional: f64,
    /// Unrealised profit at mark, settle coin.
    pub unrealised: Money,
    /// Distance from mark to liquidation over mark, when it can be said.
    pub liquidation_distance: Option<f64>,
    /// Seconds without a stop at the venue; 0 when protected or flat.
    pub unprotected_seconds: f64,
    /// Place in the venue's queue of auto-deleveraging, 0 to 5.
    pub adl_rank: u8,
}

/// One bot.
#[derive(Debug, Clone)]
pub struct BotPicture {
    /// The bot.
    pub bot: BotName,
    /// The contract it trades.
    pub symbol: Symbol,
    /// Open orders, unknown ones included.
    pub open_orders: usize,
    /// Realised profit before fees and funding.
    pub realised: Money,
    /// Fees of fills that rested.
    pub maker_fees: Money,
    /// Fees of fills that took.
    pub taker_fees: Money,
    /// Funding paid.
    pub funding: Money,
    /// Share at the start plus profits and losses.
    pub equity: Money,
    /// Value of its position at mark, without its sign.
    pub exposure: f64,
    /// Signals so far.
    pub signals: u64,
    /// Signals stopped so far, by condition.
    pub blocked: Vec<(String, u64)>,
    /// Whether it takes part: it is not being wound down.
    pub is_up: bool,
}
