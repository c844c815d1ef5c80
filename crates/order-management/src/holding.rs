//! The arithmetic of a position: what each execution does to size, average entry price and money.
//!
//! The rules, exact to the last digit: an increase makes the average the weighted mean of what is held and the
//! fill, rounded half to even at eight decimals; a decrease leaves it; a flip closes all and opens the rest at
//! the fill's price. Realised profit is (exit − average) × quantity, signed, fees and funding apart.

use rust_decimal::{Decimal, RoundingStrategy};
use windvane_layout::layout;
use windvane_model::{Coin, Execution, ExecutionKind, Money, Mutant, Price, Qty, Side, mutant};

use crate::wallet::settle_coin;

/// Decimal places of the average entry price.
const AVERAGE_PLACES: u32 = 8;

/// A position as its executions make it, with everything they brought and cost. Money in the settle coin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Holding {
    /// Size in the base coin: positive long, negative short.
    size: Decimal,
    /// Average entry price; zero when flat.
    average: Decimal,
    /// What the present holding (or, when flat, the last one) has brought so far, after fees and funding.
    net: Decimal,
    /// What the last closed holding brought in all.
    last_net: Decimal,
    /// What all executions brought and cost since the books began.
    pub(crate) totals: Totals,
}

/// What executions brought and cost. Money in the settle coin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Executions that moved a position.
    pub fills: u64,
    /// Those of them that rested.
    pub maker_fills: u64,
    /// Value traded, quote coin.
    pub volume: Decimal,
    /// Profit of what was closed, before fees and funding.
    pub realised_pnl: Decimal,
    /// Fees of fills that rested; negative is a rebate.
    pub maker_fees: Decimal,
    /// Fees of fills that took.
    pub taker_fees: Decimal,
    /// Funding; positive is paid.
    pub funding: Decimal,
    /// Funding payments.
    pub funding_payments: u64,
}

impl Totals {
    /// Realised profit after fees and funding.
    #[must_use]
    pub fn net(&self) -> Money {
        let costs = self.maker_fees.saturating_add(self.taker_fees).saturating_add(self.funding);
        Money::new(self.realised_pnl.saturating_sub(costs))
    }

    /// Fills that took.
    #[must_use]
    pub const fn taker_fills(&self) -> u64 {
        self.fills - self.maker_fills
    }

    /// Those of two positions together.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            fills: self.fills + other.fills,
            maker_fills: self.maker_fills + other.maker_fills,
            volume: self.volume.saturating_add(other.volume),
            realised_pnl: self.realised_pnl.saturating_add(other.realised_pnl),
            maker_fees: self.maker_fees.saturating_add(other.maker_fees),
            taker_fees: self.taker_fees.saturating_add(other.taker_fees),
            funding: self.funding.saturating_add(other.funding),
            funding_payments: self.funding_payments + other.funding_payments,
        }
    }
}

impl Holding {
    /// A position that was there before our books began.
    pub(crate) fn found(side: Option<Side>, qty: Qty, average: Option<Price>) -> Self {
        Self {
            size: signed(side.unwrap_or(Side::Buy), qty),
            average: average.map_or(Decimal::ZERO, Price::get),
            ..Self::default()
        }
    }

    /// Size in the base coin: positive long, negative short.
    #[must_use]
    pub const fn size(&self) -> Decimal {
        self.size
    }

    /// Direction; `None` when flat.
    #[must_use]
    pub fn side(&self) -> Option<Side> {
        if self.size.is_zero() {
            None
        } else if self.size.is_sign_positive() {
            Some(Side::Buy)
        } else {
            Some(Side::Sell)
        }
    }

    /// Size in the base coin without sign.
    #[must_use]
    pub fn qty(&self) -> Qty {
        Qty::new(self.size.abs()).unwrap_or(Qty::ZERO)
    }

    /// Average entry price; `None` when flat.
    #[must_use]
    pub fn average_price(&self) -> Option<Price> {
        Price::new(self.average).ok()
    }

    /// What all executions brought and cost since the books began.
    #[must_use]
    pub const fn totals(&self) -> &Totals {
        &self.totals
    }

    /// What the last closed holding brought after fees and funding, settle coin.
    #[must_use]
    pub const fn last_net(&self) -> Money {
        Money::new(self.last_net)
    }

    /// Profit if all were closed at `mark`, settle coin.
    #[must_use]
    pub fn unrealised_pnl(&self, mark: Price) -> Money {
        Money::new(mark.get().saturating_sub(self.average).saturating_mul(self.size))
    }

    /// The position after one execution.
    pub(crate) fn after(mut self, execution: &Execution) -> Self {
        self.charge(execution);
        let is_trade = execution.kind.moves_position() || mutant(Mutant::FundingIsTrade);
        if is_trade {
            self.trade(execution);
        }
        self
    }

    /// Fee or funding. A fill's whole fee counts to the holding that it closes, if it closes one: splitting it
    /// at a flip would not be exact.
    fn charge(&mut self, execution: &Execution) {
        let fee = fee_in(settle_coin(), execution);
        if self.size.is_zero() {
            self.net = Decimal::ZERO;
        }
        let fee = if mutant(Mutant::FeesTwice) { fee * Decimal::TWO } else { fee };
        self.net = self.net.saturating_sub(fee);
        let totals = &mut self.totals;
        match execution.kind {
            ExecutionKind::Funding => {
                totals.funding = totals.funding.saturating_add(fee);
                totals.funding_payments += 1;
            }
            _ if execution.is_maker => totals.maker_fees = totals.maker_fees.saturating_add(fee),
            _ => totals.taker_fees = totals.taker_fees.saturating_add(fee),
        }
    }

    fn trade(&mut self, execution: &Execution) {
        let (price, moved) = (execution.price.get(), signed(execution.side, execution.qty));
        self.totals.fills += 1;
        self.totals.maker_fills += u64::from(execution.is_maker);
        self.totals.volume = self.totals.volume.saturating_add(execution.price.times(execution.qty).get());

        let is_against = !self.size.is_zero() && self.size.is_sign_positive() != moved.is_sign_positive();
        let closed = if is_against { moved.abs().min(self.size.abs()) } else { Decimal::ZERO };
        let opened = moved.abs() - closed;
        if !closed.is_zero() {
            self.close(price, closed);
            if !opened.is_zero() {
                // The flip's new holding begins with nothing: its fee was charged to the one it closed.
                self.net = Decimal::ZERO;
            }
        }
        if !opened.is_zero() {
            self.open(price, if moved.is_sign_positive() { opened } else { -opened });
        }
    }

    fn close(&mut self, price: Decimal, qty: Decimal) {
        let closed = if self.size.is_sign_positive() { qty } else { -qty };
        let profit = price.saturating_sub(self.average).saturating_mul(closed);
        self.totals.realised_pnl = self.totals.realised_pnl.saturating_add(profit);
        self.net = self.net.saturating_add(profit);
        self.size -= closed;
        if mutant(Mutant::DecreaseMovesAverage) {
            self.average = price;
        }
        if self.size.is_zero() {
            self.average = Decimal::ZERO;
            self.last_net = self.net;
        }
    }

    fn open(&mut self, price: Decimal, moved: Decimal) {
        let size = self.size.saturating_add(moved);
        let cost = self.average.saturating_mul(self.size).saturating_add(price.saturating_mul(moved));
        self.average = if self.size.is_zero() {
            price
        } else {
            // Both terms have one sign, so the new size is not zero.
            cost.checked_div(size)
                .unwrap_or(price)
                .round_dp_with_strategy(AVERAGE_PLACES, RoundingStrategy::MidpointNearestEven)
                .normalize()
        };
        self.size = size;
    }
}

/// The fee of an execution if it is paid in `coin`, else nothing.
pub(crate) fn fee_in(coin: Coin, execution: &Execution) -> Decimal {
    if execution.fee_coin == coin { execution.fee.get() } else { Decimal::ZERO }
}

fn signed(side: Side, qty: Qty) -> Decimal {
    match side {
        Side::Buy => qty.get(),
        Side::Sell => -qty.get(),
    }
}

layout!(Holding { size, average, net, last_net, totals });

layout!(Totals {
    fills,
    maker_fills,
    volume,
    realised_pnl,
    maker_fees,
    taker_fees,
    funding,
    funding_payments,
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{execution, number};

    fn held(rows: &[(Side, &str, &str)]) -> Holding {
        rows.iter().fold(Holding::default(), |holding, (side, qty, price)| {
            holding.after(&execution("e").side(*side).filled(qty, price).fee("0.1").build())
        })
    }

    #[test]
    fn fills_change_size_average_and_profit_by_rule() {
        use Side::{Buy, Sell};
        // (fills, size, average, realised)
        type Row<'a> = (&'a [(Side, &'a str, &'a str)], &'a str, &'a str, &'a str);
        let rows: [Row<'_>; 6] = [
            (&[(Buy, "1", "100"), (Buy, "2", "101")], "3", "100.66666667", "0"),
            (&[(Buy, "1", "100"), (Buy, "2", "101"), (Sell, "1", "102")], "2", "100.66666667", "1.33333333"),
            (&[(Sell, "1", "100"), (Buy, "3", "90")], "2", "90", "10"),
            (&[(Sell, "2", "100"), (Sell, "2", "110")], "-4", "105", "0"),
            (&[(Sell, "2", "100"), (Buy, "2", "101")], "0", "0", "-2"),
            (&[(Buy, "1", "0.00000001"), (Buy, "1", "0.00000002")], "2", "0.00000002", "0"),
        ];
        for (fills, size, average, realised) in rows {
            let holding = held(fills);
            assert_eq!(holding.size, number(size), "{fills:?}");
            assert_eq!(holding.average, number(average), "{fills:?}");
            assert_eq!(holding.totals.realised_pnl, number(realised), "{fills:?}");
        }
    }

    #[test]
    fn a_closed_holding_says_what_it_brought_after_fees() {
        let closed = held(&[(Side::Buy, "1", "100"), (Side::Sell, "1", "103")]);
        assert_eq!(closed.last_net(), Money::new(number("2.8")));
        let flipped = closed
            .after(&execution("a").side(Side::Buy).filled("1", "100").fee("0.1").build())
            .after(&execution("b").side(Side::Sell).filled("2", "101").fee("0.2").build());
        assert_eq!(flipped.last_net(), Money::new(number("0.7")));
        assert_eq!(flipped.net, Decimal::ZERO, "the new holding starts with nothing");
    }

    #[test]
    fn what_rested_and_what_took_is_counted_apart_and_sums_over_positions() {
        let rested = execution("m").filled("1", "100").fee("0.02").maker().build();
        let took = |id| execution(id).filled("1", "100").fee("0.05").build();
        let one = Holding::default().after(&rested).after(&took("a")).after(&took("b")).totals;
        assert_eq!((one.fills, one.maker_fills, one.taker_fills()), (3, 1, 2));
        assert_eq!((one.maker_fees, one.taker_fees), (number("0.02"), number("0.1")));

        let one = Totals { funding_payments: 3, ..one };
        let both = one.plus(one);
        assert_eq!(both.funding_payments, 6);
        assert_eq!((both.fills, both.maker_fills, both.taker_fills()), (6, 2, 4));
        assert_eq!((both.maker_fees, both.taker_fees), (number("0.04"), number("0.2")));
        assert_eq!((both.volume, both.net()), (number("600"), Money::new(number("-0.24"))));
    }

    #[test]
    fn a_mark_values_what_is_held_in_its_direction() {
        let mark = crate::testing::price("103");
        for (side, worth) in [(Side::Buy, "6"), (Side::Sell, "-6")] {
            assert_eq!(held(&[(side, "2", "100")]).unrealised_pnl(mark), Money::new(number(worth)));
            let found =
                Holding::found(Some(side), crate::testing::qty("2"), Some(crate::testing::price("100")));
            assert_eq!(
                found.unrealised_pnl(mark),
                Money::new(number(worth)),
                "what was there before us, too"
            );
        }
    }

    #[test]
    fn funding_moves_money_only() {
        let long = held(&[(Side::Buy, "1", "100")]);
        let paid = long.after(&execution("f").funding("1", "100", "0.01").build());
        assert_eq!((paid.size, paid.average), (long.size, long.average));
        assert_eq!(paid.totals.fills, 1);
        assert_eq!(paid.totals.funding, number("0.01"));
        assert_eq!(paid.totals.net(), Money::new(number("-0.11")));
    }
}
