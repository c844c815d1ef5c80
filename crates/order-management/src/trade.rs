//! Trades: what each holding brought, from the fill that opened it to the one that closed it.
//!
//! A trade's figures are those of its executions and nothing else, so the sum over all trades of a position, the
//! open one included, is the change of the wallet that the venue's transaction log shows; and where the position is
//! flat, the sum without funding is that of the venue's closed-pnl rows. Both to the last digit.

use crate::holding::{Holding, fee_in};
use crate::position::Position;
use crate::wallet::settle_coin;
use rust_decimal::Decimal;
use windvane_model::{Execution, ExecutionKind, MarketTime, Money, PositionIndex, Side, Symbol};

/// One holding from flat to flat, or so far. Money in the settle coin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trade {
    /// The contract.
    pub symbol: Symbol,
    /// Which of the contract's positions.
    pub index: PositionIndex,
    /// Direction.
    pub side: Side,
    /// Opened in all, base coin; what was there before the books began is not in it.
    pub opened_qty: Decimal,
    /// Value of the opening fills, quote coin.
    pub opened_value: Decimal,
    /// Closed in all, base coin.
    pub closed_qty: Decimal,
    /// Value of the closing fills, quote coin.
    pub closed_value: Decimal,
    /// When the first fill came, market clock.
    pub opened: MarketTime,
    /// When it was flat again; `None` while it is open.
    pub closed: Option<MarketTime>,
    /// Fills.
    pub fills: u32,
    /// Profit of what was closed, before fees and funding.
    pub realised_pnl: Money,
    /// Fees; positive is paid. Of a fill that flips the position each side has its part by quantity.
    pub fees: Money,
    /// Funding; positive is paid.
    pub funding: Money,
}

impl Trade {
    fn begin(position: &Position, side: Side, opened: MarketTime) -> Self {
        let (symbol, index) = position.key();
        Self {
            symbol,
            index,
            side,
            opened_qty: Decimal::ZERO,
            opened_value: Decimal::ZERO,
            closed_qty: Decimal::ZERO,
            closed_value: Decimal::ZERO,
            opened,
            closed: None,
            fills: 0,
            realised_pnl: Money::ZERO,
            fees: Money::ZERO,
            funding: Money::ZERO,
        }
    }

    /// What it brought after fees and funding.
    #[must_use]
    pub fn net_pnl(&self) -> Money {
        self.closed_pnl().less(self.funding)
    }

    /// What it brought after fees, without funding: the meaning of the venue's `closedPnl`. Source: Bybit V5, Get
    /// Closed PnL.
    #[must_use]
    pub fn closed_pnl(&self) -> Money {
        self.realised_pnl.less(self.fees)
    }

    /// Mean price of the opening fills; `None` when the books know of none.
    #[must_use]
    pub fn entry_price(&self) -> Option<Decimal> {
        self.opened_value.checked_div(self.opened_qty)
    }

    /// Mean price of the closing fills; `None` when nothing was closed.
    #[must_use]
    pub fn exit_price(&self) -> Option<Decimal> {
        self.closed_value.checked_div(self.closed_qty)
    }

    fn close(&mut self, execution: &Execution, qty: Decimal, profit: Money, fee: Money) {
        self.closed_qty = self.closed_qty.saturating_add(qty);
        self.closed_value = self.closed_value.saturating_add(execution.price.get().saturating_mul(qty));
        self.realised_pnl = self.realised_pnl.plus(profit);
        self.fees = self.fees.plus(fee);
        self.fills += 1;
    }

    fn open(&mut self, execution: &Execution, qty: Decimal, fee: Money) {
        self.opened_qty = self.opened_qty.saturating_add(qty);
        self.opened_value = self.opened_value.saturating_add(execution.price.get().saturating_mul(qty));
        self.fees = self.fees.plus(fee);
        self.fills += 1;
    }
}

impl Position {
    /// Its trades, oldest first; the last one may be open. Money that came while it was flat (a late funding) is
    /// given to the trade before.
    #[must_use]
    pub fn trades(&self) -> Vec<Trade> {
        let mut trades: Vec<Trade> = Vec::new();
        let mut before = *self.found();
        if let Some(side) = before.side() {
            let since = self.executions().next().map_or(MarketTime::default(), |(execution, _)| execution.at);
            trades.push(Trade::begin(self, side, since));
        }
        for (execution, after) in self.executions() {
            self.add(&mut trades, &before, execution, after);
            before = *after;
        }
        trades
    }

    fn add(&self, trades: &mut Vec<Trade>, before: &Holding, execution: &Execution, after: &Holding) {
        let fee = Money::new(fee_in(settle_coin(), execution));
        if !execution.kind.moves_position() {
            if let Some(last) = trades.last_mut() {
                if execution.kind == ExecutionKind::Funding {
                    last.funding = last.funding.plus(fee);
                } else {
                    last.fees = last.fees.plus(fee);
                }
            }
            return;
        }
        let qty = execution.qty.get();
        let is_closing = before.side().is_some_and(|side| side != execution.side);
        let closed = if is_closing { qty.min(before.size().abs()) } else { Decimal::ZERO };
        let closing_fee = part(fee, closed, qty);
        if let Some(last) = trades.last_mut().filter(|_| !closed.is_zero()) {
            let profit = Money::new(after.totals.realised_pnl - before.totals.realised_pnl);
            last.close(execution, closed, profit, closing_fee);
            if after.side() != before.side() {
                last.closed = Some(execution.at);
            }
        }
        let opened = qty - closed;
        if opened.is_zero() {
            return;
        }
        if trades.last().is_none_or(|last| last.closed.is_some()) {
            trades.push(Trade::begin(self, execution.side, execution.at));
        }
        if let Some(last) = trades.last_mut() {
            last.open(execution, opened, fee.less(closing_fee));
        }
    }
}

/// The part of a fee that falls to `part` of `whole`: exact, because a fee is value times rate.
fn part(fee: Money, part: Decimal, whole: Decimal) -> Money {
    if part == whole {
        return fee;
    }
    let share = fee.get().checked_mul(part).and_then(|product| product.checked_div(whole));
    Money::new(share.unwrap_or(Decimal::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{execution, money, number, symbol};
    use windvane_model::WallTime;

    #[test]
    fn a_trade_goes_from_flat_to_flat_and_a_flip_ends_one_and_begins_another() {
        let mut position = Position::new((symbol("BTCUSDT"), PositionIndex(0)));
        let fills = [
            execution("a").side(Side::Buy).filled("1", "100").fee("0.1").at(1).build(),
            execution("b").side(Side::Buy).filled("1", "102").fee("0.2").at(2).build(),
            execution("f").funding("2", "102", "0.01").at(3).build(),
            execution("c").side(Side::Sell).filled("3", "104").fee("0.3").at(4).build(),
            execution("d").side(Side::Buy).filled("1", "103").fee("0.1").at(5).build(),
        ];
        for (arrival, fill) in (0..).zip(&fills) {
            position.book(fill, arrival, WallTime(0));
        }
        let trades = position.trades();
        let [long, short] = trades[..] else { panic!("two trades, not {trades:?}") };
        assert_eq!((long.side, long.opened_qty, long.closed_qty), (Side::Buy, number("2"), number("2")));
        assert_eq!((long.entry_price(), long.exit_price()), (Some(number("101")), Some(number("104"))));
        assert_eq!((long.realised_pnl, long.fees), (money("6"), money("0.5")));
        assert_eq!((long.net_pnl(), long.closed), (money("5.49"), Some(MarketTime(4))));
        assert_eq!((short.side, short.realised_pnl, short.fees), (Side::Sell, money("1"), money("0.2")));
        let net: Money = trades.iter().map(Trade::net_pnl).sum();
        assert_eq!(net, position.holding().totals().net(), "nothing is lost between the trades");
    }
}
