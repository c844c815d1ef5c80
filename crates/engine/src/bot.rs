//! One bot inside the engine: its strategy, its contract and what it is measured against.

use crate::protection::Rescue;
use windvane_model::{BotName, Leverage, MarketTime, Money, PositionIndex, Symbol, WallTime};
use windvane_strategy::Strategy;

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
    /// Its share of the account at the start, settle coin.
    pub budget: Money,
    /// Leverage of its contract.
    pub leverage: Leverage,
}

/// A bot at work.
pub(crate) struct Bot {
    pub(crate) name: BotName,
    pub(crate) symbol: Symbol,
    pub(crate) position_index: PositionIndex,
    pub(crate) strategy: Box<dyn Strategy>,
    pub(crate) budget: Money,
    pub(crate) leverage: Leverage,
    /// Other contracts whose candles it is woken by.
    pub(crate) looks_at: Vec<Symbol>,
    /// When the strategy wants to be woken, as it last said.
    pub(crate) wake_at: Option<MarketTime>,
    /// Whether its orders are being cancelled and its position closed.
    pub(crate) is_flattening: bool,
    /// Whether its opening orders are being cancelled.
    pub(crate) is_cancelling: bool,
    /// While it is wound down: no other round of cancels and closes before then.
    pub(crate) next_round: Option<WallTime>,
    /// What has been done about its position's missing stop.
    pub(crate) rescue: Option<Rescue>,
}

impl Bot {
    /// Whether it is to get rid of what it has, so that it may open nothing.
    pub(crate) const fn is_winding_down(&self) -> bool {
        self.is_flattening || self.is_cancelling
    }
}

impl From<BotSetup> for Bot {
    fn from(setup: BotSetup) -> Self {
        let BotSetup { name, symbol, position_index, strategy, budget, leverage } = setup;
        let wake_at = strategy.wake_at();
        let looks_at = strategy.subscription().symbols;
        Self {
            name,
            symbol,
            position_index,
            strategy,
            budget,
            leverage,
            looks_at,
            wake_at,
            is_flattening: false,
            is_cancelling: false,
            next_round: None,
            rescue: None,
        }
    }
}
