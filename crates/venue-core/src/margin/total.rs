//! Margin of a whole account, and of each of its coins.

use rust_decimal::Decimal;

/// Decimal places of account rates; further ones are cut off.
const RATE_PLACES: u32 = 4;

/// One coin's share of the margin, in that coin.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CoinMargin {
    pub(crate) unrealised: Decimal,
    pub(crate) position_im: Decimal,
    pub(crate) position_mm: Decimal,
    pub(crate) order_im: Decimal,
    /// Maintenance margin of working orders (zero unless the venue is set to count it).
    pub(crate) order_mm: Decimal,
    /// Never positive: what working orders would lose at once against the mark price.
    pub(crate) order_loss: Decimal,
    /// Held by spot orders.
    pub(crate) locked: Decimal,
}

impl CoinMargin {
    /// Isolated margin: what new orders may use of a balance. Source: Bybit V5, "Get Wallet Balance".
    pub(crate) fn free_of(&self, wallet_balance: Decimal) -> Decimal {
        wallet_balance - self.position_im - self.order_im - self.locked
    }
}

/// Margin of a whole account, in USD.
#[derive(Clone, Debug, Default)]
pub(crate) struct AccountMargin {
    /// Balances at their collateral value.
    pub(crate) wallet_balance: Decimal,
    /// Balances and unrealised profit at full value.
    pub(crate) equity: Decimal,
    pub(crate) unrealised: Decimal,
    pub(crate) position_im: Decimal,
    pub(crate) position_mm: Decimal,
    pub(crate) order_im: Decimal,
    pub(crate) order_mm: Decimal,
    pub(crate) order_loss: Decimal,
    /// Never negative: collateral value that spot orders would cost if they filled.
    pub(crate) haircut: Decimal,
    /// By coin slot.
    pub(crate) coins: Vec<CoinMargin>,
}

impl AccountMargin {
    pub(crate) fn margin_balance(&self) -> Decimal {
        self.wallet_balance + self.unrealised
    }

    pub(crate) fn initial_margin(&self) -> Decimal {
        self.position_im + self.order_im
    }

    pub(crate) fn maintenance_margin(&self) -> Decimal {
        self.position_mm + self.order_mm
    }

    /// Margin balance − haircut − initial margin.
    pub(crate) fn available(&self) -> Decimal {
        self.margin_balance() - self.haircut - self.initial_margin()
    }

    /// What margin is set against: margin balance − haircut + order loss.
    pub(crate) fn base(&self) -> Decimal {
        self.margin_balance() - self.haircut + self.order_loss
    }

    /// Initial margin by the base, truncated.
    pub(crate) fn im_rate(&self) -> Option<Decimal> {
        self.rate(self.initial_margin())
    }

    /// Maintenance margin by the base, truncated.
    pub(crate) fn mm_rate(&self) -> Option<Decimal> {
        self.rate(self.maintenance_margin())
    }

    fn rate(&self, margin: Decimal) -> Option<Decimal> {
        let base = self.base();
        if margin.is_zero() {
            return Some(Decimal::ZERO);
        }
        (base > Decimal::ZERO).then(|| (margin / base).trunc_with_scale(RATE_PLACES).normalize())
    }

    /// Whether the maintenance margin is no longer covered.
    pub(crate) fn is_liquidated(&self) -> bool {
        let margin = self.maintenance_margin();
        margin > Decimal::ZERO && margin >= self.base()
    }
}
