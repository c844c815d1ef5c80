//! One bot inside the engine: its strategy, its contract and what it is measured against.

use crate::engine::ConfigId;
use crate::protection::Rescue;
use crate::short::{Waiting, WhenShort};
use crate::view::Sight;
use windvane_model::{
    BotName, Leverage, MarketTime, Money, PositionIndex, Price, Qty, Side, Symbol, TriggerBy, WallTime,
};
use windvane_order_management::Position;
use windvane_strategy::{Definition, Strategy, Subscription, Urgency};

/// What the configuration says of a bot.
pub struct BotSetup {
    /// Its name.
    pub name: BotName,
    /// Its contract.
    pub symbol: Symbol,
    /// Which of the contract's positions it owns.
    pub position_index: PositionIndex,
    /// Its mind.
    pub strategy: Box<dyn Strategy>,
    /// Other rules that it goes on by once its position is closed: it was opened under those of `strategy`.
    pub next: Option<Definition>,
    /// Its share of the account at the start, settle coin.
    pub budget: Money,
    /// Leverage of its contract.
    pub leverage: Leverage,
    /// Whether it is on its way out of the configuration, and how.
    pub removal: Option<Removal>,
    /// What becomes of an order of its own that does not fit into the account's margin.
    pub when_short: WhenShort,
    /// How important it is beside the others, where one has to make room; higher is more.
    pub priority: u8,
    /// What is done about a position that somebody else opened in its contract.
    pub foreign: Foreign,
}

/// What is done about a position that somebody else opened in a bot's contract. Shown, counted and told to the bot's
/// strategy it is at once in any case, and so are strangers' orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Foreign {
    /// It is left to whoever opened it: an alarm where it has no stop, and nothing else. Their orders are never touched.
    #[default]
    Leave,
    /// It is the bot's from then on: one without a stop is protected or closed like its own, and strangers' orders that
    /// open are cancelled when the bot is wound down.
    Adopt,
}

/// How a bot that is on its way out of the configuration ends what it holds. It opens nothing, whatever a person
/// resumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// Its orders are cancelled and its position is closed.
    Close,
    /// Its exits go on by its own rules.
    ExitOnly,
}

/// How far a bot is held back; each step holds more than the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hold {
    /// It opens nothing. Orders that rest stay, exits go on by its rules.
    Pause,
    /// It opens nothing and its orders that open are cancelled; exits go on by its rules.
    ExitOnly,
    /// Its orders are cancelled and its position is closed.
    Close,
}

impl Hold {
    /// Every step, the lightest first.
    pub const ALL: [Self; 3] = [Self::Pause, Self::ExitOnly, Self::Close];

    /// A short word for status, metrics and the journal.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::ExitOnly => "exit-only",
            Self::Close => "close",
        }
    }
}

impl From<Removal> for Hold {
    fn from(removal: Removal) -> Self {
        match removal {
            Removal::ExitOnly => Self::ExitOnly,
            Removal::Close => Self::Close,
        }
    }
}

/// A bot at work.
pub(crate) struct Bot {
    pub(crate) name: BotName,
    pub(crate) symbol: Symbol,
    pub(crate) position_index: PositionIndex,
    pub(crate) strategy: Box<dyn Strategy>,
    pub(crate) budget: Money,
    pub(crate) leverage: Leverage,
    /// Whether it is on its way out of the configuration, and how.
    pub(crate) removal: Option<Removal>,
    /// What is done about a position that somebody else opened in its contract.
    pub(crate) foreign: Foreign,
    /// Other contracts whose candles it is woken by.
    pub(crate) looks_at: Vec<Symbol>,
    /// Other contracts whose trades it is woken by.
    pub(crate) hears: Vec<Symbol>,
    /// When the strategy wants to be woken, as it last said.
    pub(crate) wake_at: Option<MarketTime>,
    /// How far a person, a breaker or the orderly end holds it back.
    pub(crate) asked: Option<Hold>,
    /// While its position is cut: what it keeps of it, base coin.
    pub(crate) keeps: Option<Qty>,
    /// While it is wound down: no other round of cancels and closes before then.
    pub(crate) next_round: Option<WallTime>,
    /// Whether it was told that its position is to be closed.
    pub(crate) is_closing: bool,
    pub(crate) when_short: WhenShort,
    pub(crate) priority: u8,
    /// The order that waits for margin.
    pub(crate) waiting: Option<Waiting>,
    /// What has been done about its position's missing stop.
    pub(crate) rescue: Option<Rescue>,
    /// The side that a stop was asked for by itself: until then its position has the one that its entry carried.
    pub(crate) asked_stop: Option<Side>,
    /// The take-profit that was last asked for by itself.
    pub(crate) asked_profit: Option<(Price, TriggerBy)>,
    /// The configuration that its last position was opened under.
    pub(crate) opened_under: Option<ConfigId>,
    /// Whether it held a position after the last event.
    pub(crate) was_held: bool,
    /// Other rules that it goes on by when their time has come.
    pub(crate) next: Option<(Definition, Urgency)>,
    /// What its strategy was last shown of orders.
    pub(crate) sight: Sight,
    /// Whether it came while the engine ran, so that nobody has told it of the past.
    pub(crate) needs_history: bool,
}

impl Bot {
    /// How far it is held back by what is meant for it alone; a drawdown holds every bot
    /// ([`held_back`](crate::Engine::held_back)).
    pub(crate) fn hold(&self) -> Option<Hold> {
        self.asked.max(self.removal.map(Hold::from))
    }

    /// Whether anything holds it back, or is left of what has.
    pub(crate) const fn is_held_back(&self) -> bool {
        self.asked.is_some()
            || self.removal.is_some()
            || self.keeps.is_some()
            || self.is_closing
            || self.next_round.is_some()
    }

    /// Holds it back as far as `hold` at least: the stricter of two wishes counts.
    pub(crate) fn tighten(&mut self, hold: Hold) {
        self.asked = self.asked.max(Some(hold));
    }

    /// Holds it back as far as `asked` and no further, its removal apart.
    pub(crate) const fn set_hold(&mut self, asked: Option<Hold>) {
        self.asked = asked;
        self.next_round = None;
    }

    /// Whether a position in its contract is its own to protect.
    pub(crate) fn looks_after(&self, position: &Position) -> bool {
        position.is_ours() || self.foreign == Foreign::Adopt
    }
}

impl From<BotSetup> for Bot {
    fn from(setup: BotSetup) -> Self {
        let BotSetup {
            name,
            symbol,
            position_index,
            strategy,
            next,
            budget,
            leverage,
            removal,
            when_short,
            priority,
            foreign,
        } = setup;
        let wake_at = strategy.wake_at();
        let Subscription { symbols: looks_at, trades: hears, .. } = strategy.subscription();
        Self {
            name,
            symbol,
            position_index,
            strategy,
            budget,
            leverage,
            removal,
            foreign,
            looks_at,
            hears,
            wake_at,
            asked: None,
            keeps: None,
            next_round: None,
            is_closing: false,
            when_short,
            priority,
            waiting: None,
            rescue: None,
            asked_stop: None,
            asked_profit: None,
            opened_under: None,
            was_held: false,
            next: next.map(|definition| (definition, Urgency::WhenFlat)),
            sight: Sight::default(),
            needs_history: false,
        }
    }
}
