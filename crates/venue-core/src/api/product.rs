//! Words about products, accounts and positions, with their text or number on the wire.
//! Source: Bybit V5, "Enums Definitions", "Switch Position Mode", "Set Margin Mode".

use rust_decimal::Decimal;

use super::word::words;

words! {
    /// Product group. A symbol may be listed in several.
    Category {
        /// Perpetuals settled in USDT or USDC.
        Linear = "linear",
        /// Perpetuals quoted in USD and settled in their base coin.
        Inverse = "inverse",
        /// Coin against coin.
        Spot = "spot",
    }
}

impl Category {
    /// All of them, in the order of [`Self::slot`].
    pub const ALL: [Self; 3] = [Self::Linear, Self::Inverse, Self::Spot];

    pub(crate) const fn slot(self) -> usize {
        match self {
            Self::Linear => 0,
            Self::Inverse => 1,
            Self::Spot => 2,
        }
    }
}

words! {
    /// How positions are margined, for the whole account.
    MarginMode {
        /// Each position by its own margin.
        Isolated = "ISOLATED_MARGIN",
        /// All positions by the whole balance.
        Cross = "REGULAR_MARGIN",
    }
}

words! {
    /// What the quantity of a spot market order counts.
    MarketUnit {
        /// The coin that is traded.
        BaseCoin = "baseCoin",
        /// The coin that is paid with.
        QuoteCoin = "quoteCoin",
    }
}

words! {
    /// How much of a position a take-profit or stop-loss closes.
    TpslMode {
        /// All of it, whatever its size becomes.
        Full = "Full",
        /// A fixed size.
        Partial = "Partial",
    }
}

words! {
    /// Unit of a slippage tolerance.
    SlippageUnit {
        /// Ticks, 1 to 10 000.
        TickSize = "TickSize",
        /// Per cent, 0.01 to 10, two decimals.
        Percent = "Percent",
    }
}

/// How far from the best opposite price a market order may trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlippageTolerance {
    /// What `value` counts.
    pub unit: SlippageUnit,
    /// Ticks or per cent.
    pub value: Decimal,
}

words! {
    /// Whether an instrument trades.
    InstrumentStatus {
        /// Orders are taken.
        Trading = "Trading",
        /// It is delisted.
        Closed = "Closed",
    }
}

words! {
    /// What a position is undergoing.
    PositionStatus {
        /// Nothing out of the ordinary.
        Normal = "Normal",
        /// Liquidation.
        Liquidation = "Liq",
        /// Auto-deleveraging.
        Adl = "Adl",
    }
}

/// Which position of a symbol. On the wire an integer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PositionIdx {
    /// The only one of one-way mode (wire: 0).
    #[default]
    OneWay,
    /// Buy side of hedge mode (wire: 1).
    Long,
    /// Sell side of hedge mode (wire: 2).
    Short,
}

impl PositionIdx {
    /// The wire integer.
    #[must_use]
    pub const fn as_int(self) -> u8 {
        match self {
            Self::OneWay => 0,
            Self::Long => 1,
            Self::Short => 2,
        }
    }

    /// The position with this wire integer, if there is one.
    #[must_use]
    pub const fn parse(number: i64) -> Option<Self> {
        match number {
            0 => Some(Self::OneWay),
            1 => Some(Self::Long),
            2 => Some(Self::Short),
            _ => None,
        }
    }
}

/// How many positions an account may hold in a symbol. On the wire an integer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PositionMode {
    /// One, long or short (wire: 0).
    #[default]
    OneWay,
    /// A long and a short one at once (wire: 3).
    Hedge,
}

impl PositionMode {
    /// The mode with this wire integer, if there is one.
    #[must_use]
    pub const fn parse(number: i64) -> Option<Self> {
        match number {
            0 => Some(Self::OneWay),
            3 => Some(Self::Hedge),
            _ => None,
        }
    }

    /// The positions of this mode.
    #[must_use]
    pub const fn positions(self) -> &'static [PositionIdx] {
        match self {
            Self::OneWay => &[PositionIdx::OneWay],
            Self::Hedge => &[PositionIdx::Long, PositionIdx::Short],
        }
    }
}
