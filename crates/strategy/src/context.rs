//! What a strategy sees and says: the one trait between the engine and whatever decides.
//!
//! A strategy is pure. It is woken with one fact, sees the world as it is at that moment, and pushes what it wants.
//! It cannot reach the network, and nothing it wants happens unless risk agrees.

use crate::foresight::Foresight;
use crate::rules::Definition;
use windvane_market::{Contract, Market};
use windvane_model::{
    Candle, ClientOrderId, ForeignOrder, Instrument, Intent, Interval, MarketTime, Money, Notice, Notional,
    Place, Price, Qty, Role, Side, Signal, Symbol, TradePrints, WallTime,
};

/// Why a strategy is woken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Wake<'a> {
    /// A candle of the subscribed interval was confirmed, or is read from history before going live.
    Candle(&'a Candle),
    /// The order book moved.
    Book,
    /// Somebody traded: in the bot's contract, or in another whose trades it has asked for.
    Trades(&'a TradePrints),
    /// The ticker moved.
    Ticker,
    /// Something happened to an order or the position of this bot.
    Notice(&'a Notice),
    /// The moment named by [`Strategy::wake_at`] has come.
    Timer,
}

/// The position of the bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Holding {
    /// Direction; `None` when flat.
    pub side: Option<Side>,
    /// Size in the base coin.
    pub qty: Qty,
    /// Average entry price; `None` when flat.
    pub average_price: Option<Price>,
}

/// An order of the bot that is not known to be closed; one whose fate is unknown counts as open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnOrder {
    /// The order's id.
    pub client_order_id: ClientOrderId,
    /// What it is for.
    pub role: Role,
    /// Direction.
    pub side: Side,
    /// Limit price; `None` for a market order.
    pub price: Option<Price>,
    /// Whole quantity in the base coin.
    pub qty: Qty,
    /// Filled so far, base coin.
    pub cumulative_qty: Qty,
    /// When it was submitted.
    pub submitted: MarketTime,
    /// Whether a request about it (submit, amend, cancel) has not been answered yet.
    pub is_in_flight: bool,
}

/// What a bot may size its orders by. Worked out when it is asked for: most wakings end without an order.
pub trait Means: std::fmt::Debug {
    /// What the bot's sizes are measured against: its share of the account with profits and losses, settle coin.
    fn equity(&self) -> Money;

    /// Margin still free for new orders, settle coin.
    fn available(&self) -> Money;

    /// Positions of the account, with those that an order is about to open.
    fn open_positions(&self) -> u32;
}

/// The world at the moment of waking, as far as it concerns this bot.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The bot's contract: its grids and bounds.
    pub instrument: &'a Instrument,
    /// Book, ticker and candles of the contract.
    pub market: &'a Contract,
    /// Every contract that is followed, for strategies that look at others.
    pub markets: &'a Market,
    /// The bot's position.
    pub holding: Holding,
    /// The bot's open orders, oldest first.
    pub orders: &'a [OwnOrder],
    /// Orders that somebody else has at work on the bot's position, where its configuration makes them its own
    /// (`foreign_position = "adopt"`): what they open is the bot's. Empty where they are left alone; that they are there is
    /// told by [`Notice::ForeignOrder`] in any case.
    pub adopted: &'a [ForeignOrder],
    /// What its sizes are measured against.
    pub means: &'a dyn Means,
    /// The market's clock: durations of rules go by it.
    pub now: MarketTime,
    /// The engine's clock: time to live of requests goes by it.
    pub wall: WallTime,
}

/// A series of candles that a strategy needs. Candles of history come in the order in which they closed, of those that
/// closed together the longer first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CandleFeed {
    /// The contract; `None` is the bot's own.
    pub symbol: Option<Symbol>,
    /// Length of the candles.
    pub interval: Interval,
    /// So many from history before going live.
    pub history: usize,
    /// Whether live ones are needed too.
    pub is_streamed: bool,
}

/// What a strategy needs to be fed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subscription {
    /// Series of candles.
    pub candles: Vec<CandleFeed>,
    /// Other contracts whose quotes it looks at.
    pub symbols: Vec<Symbol>,
    /// Those of them whose trades it is woken by.
    pub trades: Vec<Symbol>,
    /// Whether to be woken by the book, by trades and by the ticker while it has nothing open. With a position or an
    /// order open it is woken in any case.
    pub quotes: bool,
}

/// How one named condition stands: for `explain`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Its name in the rule file, with the section: `entry.long.filter.trend`.
    pub name: String,
    /// Whether it holds; `None` while it is not defined.
    pub holds: Option<bool>,
    /// How often it stood in the way of a signal since the start.
    pub blocked: u64,
}

/// What a look was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Whether to open.
    Entry,
    /// Whether to close what is held.
    Exit,
}

/// One look at the entry signal of a side, or at the exits of the position: for `explain`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// When, by the market's clock.
    pub at: MarketTime,
    /// What it was about.
    pub asked: Asked,
    /// The side that would have been opened, or is held.
    pub side: Side,
    /// Whether the entry signal was there, whatever stood in its way.
    pub has_signal: bool,
    /// Entry: whether the signal was there and every filter held. Exit: whether the position was to be closed.
    pub has_fired: bool,
    /// Of an exit that fired: the first condition that asked for it.
    pub cause: Option<String>,
    /// The first thing that stood in the way, if any did: before it fired, or of the order afterwards.
    pub blocker: Option<String>,
    /// Every named condition and whether it held; `None` where it was not defined.
    pub conditions: Vec<(String, Option<bool>)>,
}

/// A sum that a strategy works off in several orders. The engine's shell counts what leaves for it, by itself: the sum of the
/// orders never passes the whole, whatever the strategy believes to have sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parent {
    /// Which one: a strategy that begins another gives it another number.
    pub id: i64,
    /// Value of the whole, quote coin.
    pub total: Notional,
    /// What earlier starts have worked off, at most; quote coin.
    pub done: Notional,
}

/// What a strategy wrote cannot be read back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the strategy's memory cannot be read: {reason}")]
pub struct MemoryError {
    /// What is wrong with it.
    pub reason: String,
}

/// When a strategy may go on by another definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// Once no position is open: a position lives by the rules it was opened under.
    WhenFlat,
    /// Now, whatever is open: a person says so, or only what may change under an open position has changed.
    AtOnce,
}

/// A bot's mind. One contract, one position.
pub trait Strategy: Send {
    /// What it needs to be fed.
    fn subscription(&self) -> Subscription;

    /// Takes one fact and pushes what it wants. The engine answers each wish with notices before it takes the next
    /// event of the outside.
    fn handle(&mut self, wake: Wake<'_>, context: &Context<'_>, out: &mut Vec<Intent>);

    /// Whether book or ticker can move it to anything as it stands, without an order or a position of its own. Asked
    /// before each; one that says no is not woken by it.
    fn heeds_quotes(&self) -> bool {
        true
    }

    /// When it wants to be woken by [`Wake::Timer`], if at all. Asked after each `handle`.
    fn wake_at(&self) -> Option<MarketTime>;

    /// What it must remember over a restart, if that has changed since it was last asked.
    fn changed_memory(&mut self) -> Option<Vec<u8>>;

    /// Takes back what an earlier run of the same strategy wrote. Called before the first `handle`.
    ///
    /// # Errors
    /// When the bytes were not written by this strategy.
    fn restore(&mut self, bytes: &[u8]) -> Result<(), MemoryError>;

    /// Goes on by another definition of the same kind, keeping what it knows: memory, orders, indicators. Whether it has
    /// done so; where not, nothing has changed, and it is asked again later.
    fn redefine(&mut self, _definition: &Definition, _urgency: Urgency, _context: &Context<'_>) -> bool {
        false
    }

    /// Itself as one that bars can be shown to beforehand, where a replay of history asks; `None` for one that has to be
    /// woken at each.
    fn foresight(&mut self) -> Option<&mut dyn Foresight> {
        None
    }

    /// What made it want `intent`, which it has pushed just now: the key of its rules or settings, in a few words. It is kept
    /// with the command or the denial that comes of it, for `explain`.
    fn reason(&self, intent: &Intent) -> &'static str {
        match intent {
            Intent::Place(Place { role, .. }) => match role {
                Role::Entry => "entry",
                Role::Exit => "exit",
                Role::Protect => "protect",
                Role::Level => "level",
            },
            Intent::Amend { .. } => "amend",
            Intent::Cancel { .. } => "cancel",
            Intent::Protect { .. } => "protect.stop",
        }
    }

    /// An entry signal seen in the last waking that is worth writing down; asked until there is none left.
    fn take_signal(&mut self) -> Option<Signal> {
        None
    }

    /// Signals seen since the start, whether or not something stood in their way.
    fn signals(&self) -> u64;

    /// How its conditions stand.
    fn conditions(&self) -> Vec<Condition>;

    /// The sum that its orders are parts of, where they are parts of one.
    fn parent(&self) -> Option<Parent> {
        None
    }

    /// Its newest looks at its signals, oldest first; empty for strategies that have none.
    fn looks(&self) -> Vec<Look> {
        Vec::new()
    }

    /// Those of its newest looks that had a signal, so many at most, oldest first.
    fn newest_signals(&self, most: usize) -> Vec<Look> {
        let mut signals: Vec<Look> = self.looks().into_iter().filter(|look| look.has_signal).collect();
        signals.drain(..signals.len().saturating_sub(most));
        signals
    }
}

/// How long an order that opens may take to reach the socket: longer, and the market it was meant for is gone.
/// The same two seconds as the venue's receive window for such requests.
pub(crate) const ENTRY_TIME_TO_LIVE_MS: i64 = 2_000;

impl Context<'_> {
    /// The contract's name.
    #[must_use]
    pub fn symbol(&self) -> Symbol {
        self.instrument.symbol
    }
}
