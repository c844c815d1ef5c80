//! One instrument while it trades: its grid and limits in units, its book, its reference prices, the orders that wait for
//! them.

mod band;
mod grid;
mod premium;
mod watch;

use std::cmp::Ordering;
use std::collections::BTreeSet;

use rust_decimal::Decimal;

use crate::api::{
    Category, Instrument, InstrumentStatus, Listing, PositionIdx, Side, Symbol, TickDirection, TickerRow,
    TriggerBy,
};
use crate::book::Book;
use crate::coin::Coins;
use crate::margin::Tiers;
use crate::payoff::Payoff;
use crate::units::decimal;
use crate::venue::RankBounds;

use grid::Grid;
use premium::Premium;
use watch::Watch;

#[derive(Clone, Debug)]
pub(crate) struct Market {
    pub(crate) spec: Instrument,
    pub(crate) listing: Listing,
    pub(crate) payoff: Payoff,
    /// Coin slots. `settle` is where fees, profit and margin of a contract go; spot pays in `quote`.
    pub(crate) base: usize,
    pub(crate) quote: usize,
    pub(crate) settle: usize,
    pub(crate) tiers: Tiers,
    pub(crate) grid: Grid,
    pub(crate) book: Book,
    pub(crate) mark: Option<i64>,
    pub(crate) index: Option<i64>,
    pub(crate) last: Option<i64>,
    premium: Premium,
    /// How the last price lies to the one before.
    pub(crate) tick_direction: TickDirection,
    pub(crate) funding_rate: Decimal,
    pub(crate) next_funding_ms: i64,
    /// Untriggered orders of all accounts.
    pub(crate) watch: Watch,
    /// Open positions, as (account, position).
    pub(crate) holders: BTreeSet<(usize, PositionIdx)>,
    /// Where the steps of the indicator of auto-deleveraging lie.
    pub(crate) rank_bounds: RankBounds,
    /// Sum of all long positions, in units.
    pub(crate) open_interest: i64,
    pub(crate) update_id: i64,
    pub(crate) book_seq: i64,
    pub(crate) book_time_ms: i64,
}

impl Market {
    pub(crate) fn new(spec: Instrument, coins: &mut Coins) -> Self {
        let (base, quote) = (coins.enter(&spec.base_coin), coins.enter(&spec.quote_coin));
        Self {
            payoff: Payoff::of(spec.category),
            base,
            quote,
            settle: match spec.category {
                Category::Linear | Category::Spot => quote,
                Category::Inverse => base,
            },
            tiers: Tiers::new(&spec.risk_tiers),
            grid: Grid::of(&spec),
            book: Book::default(),
            mark: None,
            index: None,
            last: None,
            premium: Premium::of(band::premium_seconds(spec.category)),
            tick_direction: TickDirection::ZeroPlusTick,
            funding_rate: Decimal::ZERO,
            next_funding_ms: 0,
            watch: Watch::default(),
            holders: BTreeSet::new(),
            rank_bounds: RankBounds::default(),
            open_interest: 0,
            update_id: 1,
            book_seq: 0,
            book_time_ms: 0,
            listing: Listing::TRADING,
            spec,
        }
    }

    pub(crate) fn symbol(&self) -> &Symbol {
        &self.spec.symbol
    }

    /// The price positions are valued at: mark, or the nearest substitute before the first mark.
    pub(crate) fn valuation_price(&self) -> Option<i64> {
        self.mark.or(self.index).or(self.last)
    }

    /// Takes a traded price as the last one; says whether it is another one than before.
    pub(crate) fn take_last(&mut self, price: i64) -> bool {
        let before = self.last.replace(price);
        let order = before.map_or(Ordering::Equal, |before| price.cmp(&before));
        self.tick_direction = self.tick_direction.next(order);
        before != Some(price)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.listing.status == InstrumentStatus::Closed
    }

    pub(crate) fn is_spot(&self) -> bool {
        self.spec.category == Category::Spot
    }

    /// Whether unrealised profit is settled with each funding: perpetuals settled in USDC. Source: Bybit help centre, "USDC
    /// Perpetual Session Settlement Mechanism".
    pub(crate) fn has_sessions(&self) -> bool {
        self.spec.category == Category::Linear && &*self.spec.quote_coin == "USDC"
    }

    /// The price of its base coin: index, or the nearest substitute.
    pub(crate) fn coin_price(&self) -> Option<i64> {
        self.index.or(self.mark).or(self.last)
    }

    /// The price a trigger watches. Spot has no mark price and triggers by the last one.
    pub(crate) fn watched(&self, by: TriggerBy) -> Option<i64> {
        match by {
            TriggerBy::IndexPrice | TriggerBy::MarkPrice if self.is_spot() => self.last,
            TriggerBy::LastPrice => self.last,
            TriggerBy::IndexPrice => self.index,
            TriggerBy::MarkPrice => self.mark,
        }
    }

    pub(crate) fn ticker(&self, seq: i64) -> TickerRow {
        TickerRow {
            category: self.spec.category,
            symbol: self.symbol().clone(),
            last_price: self.last.map(decimal),
            tick_direction: self.tick_direction,
            mark_price: self.mark.map(decimal),
            index_price: self.index.map(decimal),
            bid1: self.book.best_level(Side::Buy),
            ask1: self.book.best_level(Side::Sell),
            funding_rate: self.funding_rate,
            next_funding_ms: self.next_funding_ms,
            delivery_ms: self.listing.delivery_ms,
            open_interest: decimal(self.open_interest),
            seq,
        }
    }
}
