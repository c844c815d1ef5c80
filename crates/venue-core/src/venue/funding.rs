//! Funding: at each interval's end longs pay shorts, or the other way round, in proportion to the position at mark. With it
//! ends a session of contracts settled in USDC: what it brought goes to the wallet, and the next counts from the mark.
//! Source: Bybit help centre, "USDC Perpetual Session Settlement Mechanism"; Bybit V5, "Get Transaction Log" (one row for
//! both, `funding` and `cashFlow`), "Get Position Info" (`avgPrice` stays, `sessionAvgPrice` moves).

use rust_decimal::Decimal;

use super::Venue;
use super::fill::Entry;
use crate::api::{ExecutionType, Refusal, SessionExecution, Side};
use crate::order::Place;
use crate::record::{Execution, Session};
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
        let has_sessions = of_market.has_sessions();
        let now_ms = self.now_ms;
        let account = &mut self.accounts[place.account];
        let position = account.position_mut(place);
        let Some(side) = position.side() else { return };
        let position_value = payoff.value(decimal(mark), decimal(position.size));
        let paid = position_value * rate;
        let (size, leverage, price_before) = (position.size, position.leverage, position.session_price);
        position.apply_funding(paid, now_ms);
        let profit = has_sessions.then(|| position.settle_session(payoff, mark, now_ms));
        account.balances[coin].cum_realised += profit.unwrap_or_default() - paid;
        let value = position_value.abs();
        let blank = self.settlement(place, (side, size.abs()), (mark, value));
        let funding = Execution { kind: ExecutionType::Funding, fee: paid, fee_rate: rate, ..blank };
        self.keep(place.account, funding);
        let cash_flow = profit.unwrap_or_default();
        let entry = Entry { coin, size, cash_flow, funding: -paid, fee: Decimal::ZERO };
        self.book_execution(place.account, entry);
        self.tell_execution(place.account, &funding);
        if let Some(profit) = profit {
            let market = place.market;
            let session = Session {
                number: funding.number,
                market,
                size,
                leverage,
                price_before,
                mark,
                profit,
                time_ms: now_ms,
            };
            self.accounts[place.account].sessions.push(session);
            if self.doubts.session_execution == SessionExecution::Own {
                let blank = self.settlement(place, (side, size.abs()), (mark, value));
                let kind = ExecutionType::SessionSettlement;
                let execution = Execution { kind, realised: profit, ..blank };
                self.keep(place.account, execution);
                self.tell_execution(place.account, &execution);
            }
        }
        self.touch(place);
    }

    /// The execution of a settlement, which no order brought about; money and kind are the caller's.
    fn settlement(
        &mut self,
        place: Place,
        (side, qty): (Side, i64),
        (mark, value): (i64, Decimal),
    ) -> Execution {
        self.executions += 1;
        let market = &self.markets[place.market];
        Execution {
            number: self.executions,
            order: None,
            market: place.market,
            side,
            kind: ExecutionType::Funding,
            order_price: 0,
            order_qty: 0,
            leaves: 0,
            price: mark,
            qty,
            value,
            coin: market.settle,
            fee: Decimal::ZERO,
            fee_rate: Decimal::ZERO,
            is_maker: false,
            mark,
            index: market.index.unwrap_or(0),
            closed: 0,
            realised: Decimal::ZERO,
            time_ms: self.now_ms,
            seq: self.seq,
        }
    }
}
