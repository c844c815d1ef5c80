//! Funding: at each interval's end longs pay shorts, or the other way round, in proportion to the position at mark.

use rust_decimal::Decimal;

use super::Venue;
use super::fill::Entry;
use crate::api::{ExecutionType, Refusal};
use crate::order::Place;
use crate::record::Execution;
use crate::units::decimal;

impl Venue {
    /// Settles a market's funding now: value at mark × rate, exact; with a positive rate longs pay.
    pub(super) fn settle_funding(&mut self, market: usize) -> Result<(), Refusal> {
        let Some(mark) = self.markets[market].mark else {
            return Err(Refusal::new(10001, "no mark price to settle funding at"));
        };
        self.seq += 1;
        for (account, position_idx) in self.markets[market].holders.clone() {
            self.settle_position(Place { account, market, position_idx }, mark);
        }
        Ok(())
    }

    fn settle_position(&mut self, place: Place, mark: i64) {
        let of_market = &self.markets[place.market];
        let (rate, coin, payoff) = (of_market.funding_rate, of_market.settle, of_market.payoff);
        let (now_ms, seq) = (self.now_ms, self.seq);
        let account = &mut self.accounts[place.account];
        let position = account.position_mut(place);
        let Some(side) = position.side() else { return };
        let position_value = payoff.value(decimal(mark), decimal(position.size));
        let paid = position_value * rate;
        let size = position.size;
        position.apply_funding(paid, now_ms);
        account.balances[coin].cum_realised -= paid;
        self.executions += 1;
        let execution = Execution {
            number: self.executions,
            order: None,
            market: place.market,
            side,
            kind: ExecutionType::Funding,
            order_price: 0,
            order_qty: 0,
            leaves: 0,
            price: mark,
            qty: size.abs(),
            value: position_value.abs(),
            coin,
            fee: paid,
            fee_rate: rate,
            is_maker: false,
            mark,
            index: self.markets[place.market].index.unwrap_or(0),
            closed: 0,
            realised: Decimal::ZERO,
            time_ms: now_ms,
            seq,
        };
        self.keep(place.account, execution);
        let entry = Entry { coin, size, cash_flow: Decimal::ZERO, funding: -paid, fee: Decimal::ZERO };
        self.book_execution(place.account, entry);
        self.tell_execution(place.account, &execution);
        self.touch(place);
    }
}
