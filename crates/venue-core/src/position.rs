//! A position: how fills change size, average entry price and realised profit.

mod holdings;

use rust_decimal::Decimal;

pub(crate) use holdings::Holdings;

use crate::api::{Side, StopOrderType};
use crate::order::OrderKey;
use crate::payoff::Payoff;
use crate::units::decimal;

/// One position of an account in an instrument. The size is signed and in units, money in settle coin.
#[derive(Clone, Debug)]
pub(crate) struct Position {
    pub(crate) size: i64,
    /// Average entry price.
    pub(crate) entry_price: Decimal,
    /// Price that profit and margin are counted from: the average entry price, until a session settlement puts the mark in
    /// its place.
    pub(crate) session_price: Decimal,
    pub(crate) leverage: Decimal,
    /// Isolated: margin added beyond the initial one.
    pub(crate) extra_margin: Decimal,
    /// Isolated: whether margin is added by itself before a liquidation.
    pub(crate) auto_add_margin: bool,
    /// Opening fees of what is held; closing takes its share.
    pub(crate) open_fee: Decimal,
    /// Realised in this holding, after fees and funding.
    pub(crate) cur_realised: Decimal,
    /// Realised since the account began, after fees and funding.
    pub(crate) cum_realised: Decimal,
    pub(crate) created_ms: i64,
    pub(crate) updated_ms: i64,
    pub(crate) open_ms: i64,
    pub(crate) seq: i64,
    pub(crate) protection: ProtectionOrders,
}

/// The venue-made orders that protect a position: in mode Full at most one of each kind, in mode Partial up to twenty.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProtectionOrders {
    pub(crate) stop_loss: Option<OrderKey>,
    pub(crate) take_profit: Option<OrderKey>,
    pub(crate) trailing: Option<OrderKey>,
    pub(crate) partial: Vec<OrderKey>,
}

impl ProtectionOrders {
    /// Those that have the size of the position.
    pub(crate) fn full(&self) -> impl Iterator<Item = OrderKey> + use<> {
        [self.stop_loss, self.take_profit, self.trailing].into_iter().flatten()
    }

    pub(crate) fn all(&self) -> Vec<OrderKey> {
        self.full().chain(self.partial.iter().copied()).collect()
    }

    /// The one of a kind in mode Full.
    pub(crate) fn of(&self, kind: StopOrderType) -> Option<OrderKey> {
        match kind {
            StopOrderType::StopLoss => self.stop_loss,
            StopOrderType::TakeProfit => self.take_profit,
            StopOrderType::TrailingStop => self.trailing,
            StopOrderType::PartialTakeProfit
            | StopOrderType::PartialStopLoss
            | StopOrderType::Stop
            | StopOrderType::TpslOrder
            | StopOrderType::BidirectionalTpslOrder => None,
        }
    }

    /// Files a stop by its kind. A client's own conditional order and the stops of spot belong to no position and are not
    /// filed.
    pub(crate) fn file(&mut self, kind: StopOrderType, key: OrderKey) {
        match kind {
            StopOrderType::StopLoss => self.stop_loss = Some(key),
            StopOrderType::TakeProfit => self.take_profit = Some(key),
            StopOrderType::TrailingStop => self.trailing = Some(key),
            StopOrderType::PartialTakeProfit | StopOrderType::PartialStopLoss => self.partial.push(key),
            StopOrderType::Stop | StopOrderType::TpslOrder | StopOrderType::BidirectionalTpslOrder => {}
        }
    }

    /// Takes out a stop that has ended. Says whether it was one of these.
    pub(crate) fn forget(&mut self, key: OrderKey) -> bool {
        let mut was_filed = self.partial.contains(&key);
        for slot in [&mut self.stop_loss, &mut self.take_profit, &mut self.trailing] {
            if *slot == Some(key) {
                *slot = None;
                was_filed = true;
            }
        }
        self.partial.retain(|partial| *partial != key);
        was_filed
    }
}

/// A fill as a position sees it; price and quantity in units, fee in settle coin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PositionFill {
    pub(crate) side: Side,
    pub(crate) price: i64,
    pub(crate) qty: i64,
    pub(crate) fee: Decimal,
    pub(crate) time_ms: i64,
    pub(crate) seq: i64,
}

/// What a fill closed; money in settle coin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Closed {
    pub(crate) qty: i64,
    pub(crate) entry_price: Decimal,
    pub(crate) session_price: Decimal,
    /// (exit − session price) × quantity, signed; fees apart.
    pub(crate) realised: Decimal,
    pub(crate) open_fee: Decimal,
    pub(crate) close_fee: Decimal,
}

impl Position {
    pub(crate) fn new(leverage: Decimal) -> Self {
        Self {
            size: 0,
            entry_price: Decimal::ZERO,
            session_price: Decimal::ZERO,
            leverage,
            extra_margin: Decimal::ZERO,
            auto_add_margin: false,
            open_fee: Decimal::ZERO,
            cur_realised: Decimal::ZERO,
            cum_realised: Decimal::ZERO,
            created_ms: 0,
            updated_ms: 0,
            open_ms: 0,
            seq: -1,
            protection: ProtectionOrders::default(),
        }
    }

    pub(crate) fn side(&self) -> Option<Side> {
        match self.size.signum() {
            1 => Some(Side::Buy),
            -1 => Some(Side::Sell),
            _ => None,
        }
    }

    /// How much an order of this side could close, in units.
    pub(crate) fn reducible(&self, side: Side) -> i64 {
        (-self.size * side.sign()).max(0)
    }

    /// Unrealised profit at a price in units.
    pub(crate) fn unrealised(&self, payoff: Payoff, price: i64) -> Decimal {
        payoff.profit(decimal(self.size), self.session_price, decimal(price))
    }

    /// Books a fill. An increase moves the average entry price to the weighted mean of what was held and the fill, half
    /// to even at eight decimals; a decrease leaves it; what goes beyond flat opens the other side at the fill's price.
    pub(crate) fn apply_fill(&mut self, payoff: Payoff, fill: PositionFill) -> Option<Closed> {
        let closed_qty = fill.qty.min(self.reducible(fill.side));
        let opened_qty = fill.qty - closed_qty;
        let closed = (closed_qty > 0).then(|| self.close(payoff, &fill, closed_qty));
        let close_fee = closed.map_or(Decimal::ZERO, |closed| closed.close_fee);
        // A flip ends one holding with its share of the fee and begins the next with the rest.
        self.realise(closed.map_or(Decimal::ZERO, |closed| closed.realised) - close_fee);
        if opened_qty > 0 {
            self.open(payoff, &fill, opened_qty, fill.fee - close_fee);
            self.realise(close_fee - fill.fee);
        }
        self.updated_ms = fill.time_ms;
        self.seq = fill.seq;
        closed
    }

    fn realise(&mut self, amount: Decimal) {
        self.cur_realised += amount;
        self.cum_realised += amount;
    }

    fn close(&mut self, payoff: Payoff, fill: &PositionFill, qty: i64) -> Closed {
        let held = decimal(self.size.abs());
        let closed_size = decimal(self.size.signum() * qty);
        let closed = Closed {
            qty,
            entry_price: self.entry_price,
            session_price: self.session_price,
            realised: payoff.profit(closed_size, self.session_price, decimal(fill.price)),
            open_fee: if qty == self.size.abs() {
                self.open_fee
            } else {
                self.open_fee * decimal(qty) / held
            },
            close_fee: if qty == fill.qty { fill.fee } else { fill.fee * decimal(qty) / decimal(fill.qty) },
        };
        self.open_fee -= closed.open_fee;
        self.size += fill.side.sign() * qty;
        if self.size == 0 {
            (self.entry_price, self.session_price) = (Decimal::ZERO, Decimal::ZERO);
            self.extra_margin = Decimal::ZERO;
            self.open_ms = 0;
        }
        closed
    }

    fn open(&mut self, payoff: Payoff, fill: &PositionFill, qty: i64, fee: Decimal) {
        if self.size == 0 {
            self.cur_realised = Decimal::ZERO;
            self.open_fee = Decimal::ZERO;
            (self.entry_price, self.session_price) = (decimal(fill.price), decimal(fill.price));
            self.open_ms = fill.time_ms;
            if self.created_ms == 0 {
                self.created_ms = fill.time_ms;
            }
        } else {
            let held = decimal(self.size.abs());
            let increased = |price| payoff.average(held, price, decimal(qty), decimal(fill.price));
            let (entry, session) = (self.entry_price, self.session_price);
            self.entry_price = increased(entry);
            self.session_price = if session == entry { self.entry_price } else { increased(session) };
        }
        self.open_fee += fee;
        self.size += fill.side.sign() * qty;
    }

    /// Books funding; positive is paid.
    pub(crate) fn apply_funding(&mut self, paid: Decimal, now_ms: i64) {
        self.realise(-paid);
        self.updated_ms = now_ms;
    }

    /// Realises what the session has brought so far and counts on from `mark` (units). Returns the profit.
    pub(crate) fn settle_session(&mut self, payoff: Payoff, mark: i64, now_ms: i64) -> Decimal {
        let profit = self.unrealised(payoff, mark);
        self.session_price = decimal(mark);
        self.realise(profit);
        self.updated_ms = now_ms;
        profit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::units;

    fn fill(side: Side, qty: &str, price: &str) -> PositionFill {
        let number = |text: &str| units(text.parse().unwrap()).unwrap();
        PositionFill { side, price: number(price), qty: number(qty), fee: Decimal::ZERO, time_ms: 1, seq: 1 }
    }

    #[test]
    fn increases_average_and_decreases_realise() {
        let mut position = Position::new(Decimal::TEN);
        assert_eq!(position.apply_fill(Payoff::Linear, fill(Side::Buy, "1", "100")), None);
        assert_eq!(position.apply_fill(Payoff::Linear, fill(Side::Buy, "2", "101")), None);
        assert_eq!(position.entry_price.to_string(), "100.66666667");
        let closed = position.apply_fill(Payoff::Linear, fill(Side::Sell, "1", "102")).unwrap();
        assert_eq!(closed.realised.to_string(), "1.33333333");
        assert_eq!(position.entry_price.to_string(), "100.66666667");
        assert_eq!(position.side(), Some(Side::Buy));
    }

    #[test]
    fn a_flip_opens_at_the_fill_price() {
        let mut position = Position::new(Decimal::TEN);
        position.apply_fill(Payoff::Linear, fill(Side::Sell, "1", "100"));
        let closed = position.apply_fill(Payoff::Linear, fill(Side::Buy, "3", "90")).unwrap();
        assert_eq!((closed.qty, closed.realised), (units(Decimal::ONE).unwrap(), Decimal::TEN));
        assert_eq!((decimal(position.size), position.entry_price), (Decimal::TWO, Decimal::from(90)));
    }

    #[test]
    fn a_settled_session_counts_on_from_the_mark_and_keeps_the_entry_price() {
        // The exchange's own worked example: 0.1 at 50,000 and 0.1 at 50,500, half closed at 50,700, settled at 52,000.
        let mut position = Position::new(Decimal::TEN);
        position.apply_fill(Payoff::Linear, fill(Side::Buy, "0.1", "50000"));
        position.apply_fill(Payoff::Linear, fill(Side::Buy, "0.1", "50500"));
        let closed = position.apply_fill(Payoff::Linear, fill(Side::Sell, "0.1", "50700")).unwrap();
        assert_eq!(closed.realised, Decimal::from(45));
        let mark = units(Decimal::from(52_000)).unwrap();
        assert_eq!(position.settle_session(Payoff::Linear, mark, 2), Decimal::from(175));
        let prices = (position.entry_price, position.session_price);
        assert_eq!(prices, (Decimal::from(50_250), Decimal::from(52_000)));
        assert_eq!(position.cur_realised, Decimal::from(45 + 175));
        assert_eq!(
            position.settle_session(Payoff::Linear, mark, 3),
            Decimal::ZERO,
            "nothing is left to settle"
        );

        position.apply_fill(Payoff::Linear, fill(Side::Buy, "0.1", "52500"));
        let prices = (position.entry_price, position.session_price);
        assert_eq!(prices, (Decimal::from(51_375), Decimal::from(52_250)), "each goes on by itself");
        let closed = position.apply_fill(Payoff::Linear, fill(Side::Sell, "0.2", "52000")).unwrap();
        assert_eq!((closed.entry_price, closed.realised), (Decimal::from(51_375), Decimal::from(-50)));
        assert_eq!((position.entry_price, position.session_price), (Decimal::ZERO, Decimal::ZERO));
    }

    #[test]
    fn a_flip_ends_one_holding_and_begins_the_next() {
        let mut position = Position::new(Decimal::TEN);
        position
            .apply_fill(Payoff::Linear, PositionFill { fee: Decimal::ONE, ..fill(Side::Buy, "1", "100") });
        assert_eq!(position.cur_realised, Decimal::NEGATIVE_ONE);
        position.apply_fill(
            Payoff::Linear,
            PositionFill { fee: Decimal::from(4), ..fill(Side::Sell, "4", "110") },
        );
        assert_eq!(position.cur_realised, Decimal::from(-3), "three quarters of the fee opened the short");
        assert_eq!(position.cum_realised, Decimal::from(10 - 1 - 4));
        assert_eq!(position.open_fee, Decimal::from(3));
    }
}
