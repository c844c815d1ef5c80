//! The movements of the market outside the venue's own accounts.

use rust_decimal::Decimal;

use super::Uid;
use super::product::Category;
use super::word::Side;

/// A price level: price in quote coin, quantity in base coin (USD for inverse).
pub type Level = (Decimal, Decimal);

/// A movement of the market outside the venue's own accounts. Prices in quote coin, quantities as [`Level`].
#[derive(Clone, Debug)]
pub enum MarketInput {
    /// Replaces the outside liquidity. Resting orders it crosses fill as makers at their own price, up to the outside size.
    Book {
        /// Product group.
        category: Category,
        /// Instrument.
        symbol: String,
        /// Outside bids in any order, prices unique.
        bids: Vec<Level>,
        /// Outside asks in any order, prices unique.
        asks: Vec<Level>,
    },
    /// A print on the public tape. It fills resting orders better than its price in full, and those at its price once
    /// the outside size that was ahead of them is used up.
    Trade {
        /// Product group.
        category: Category,
        /// Instrument.
        symbol: String,
        /// Side of the taker.
        side: Side,
        /// Price.
        price: Decimal,
        /// Quantity.
        qty: Decimal,
    },
    /// Moves any of the three reference prices.
    Prices {
        /// Product group.
        category: Category,
        /// Instrument.
        symbol: String,
        /// New mark price (contracts).
        mark: Option<Decimal>,
        /// New index price.
        index: Option<Decimal>,
        /// New last price.
        last: Option<Decimal>,
    },
    /// Announces the rate of the next settlement.
    FundingRate {
        /// Product group.
        category: Category,
        /// Instrument.
        symbol: String,
        /// Fraction of the position value; positive means that longs pay.
        rate: Decimal,
        /// When it will be settled, in market ms.
        next_funding_ms: i64,
    },
    /// Settles funding now, at the announced rate and the current mark price.
    SettleFunding {
        /// Product group.
        category: Category,
        /// Instrument.
        symbol: String,
    },
    /// Liquidates positions whatever their margin says: orders first, then the positions at market.
    Liquidate {
        /// Product group.
        category: Category,
        /// Instrument.
        symbol: String,
        /// Whose; absent means everybody's.
        uid: Option<Uid>,
    },
    /// Auto-deleverages a position against somebody who went bankrupt elsewhere: its orders first, then the position.
    Deleverage {
        /// Product group.
        category: Category,
        /// Instrument.
        symbol: String,
        /// Whose; absent means the first in the queue of each side.
        uid: Option<Uid>,
        /// The price at which the other one was bankrupt; absent means the mark price.
        price: Option<Decimal>,
        /// How much; absent means all of it.
        qty: Option<Decimal>,
    },
    /// Announces that an instrument will be delisted: from now on positions may only be reduced.
    AnnounceDelisting {
        /// Product group.
        category: Category,
        /// Instrument.
        symbol: String,
        /// When, in market ms. The input of that moment is [`MarketInput::Delist`].
        delivery_ms: i64,
    },
    /// Delists an instrument: every order is cancelled, every position settled without a fee, and nothing is traded again.
    Delist {
        /// Product group.
        category: Category,
        /// Instrument.
        symbol: String,
        /// The price of settlement; absent means the index price.
        price: Option<Decimal>,
    },
    /// Changes the price step. New orders have to fit; those on the book stay or go as the doubt says.
    ChangeTickSize {
        /// Product group.
        category: Category,
        /// Instrument.
        symbol: String,
        /// The new step.
        tick_size: Decimal,
    },
}
