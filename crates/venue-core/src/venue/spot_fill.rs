//! A spot fill: two balances move, and the fee is paid in the coin that is received.

use rust_decimal::Decimal;

use super::Venue;
use super::fill::{Booked, Entry, Role};
use crate::api::{Side, SpotStops};
use crate::order::OrderKey;
use crate::position::PositionFill;
use crate::units::{decimal, value};

impl Venue {
    pub(super) fn fill_spot(&mut self, key: OrderKey, fill: PositionFill, role: Role) {
        let place = self.orders[key].place();
        let (base, quote) = (self.markets[place.market].base, self.markets[place.market].quote);
        let fee_rate = role.rate(self.accounts[place.account].spot_fees);
        let (qty, exec_value) = (decimal(fill.qty), value(fill.price, fill.qty));
        // The fee is paid in what is received; a rebate comes in the other coin. Source: Bybit V5, "Place Order" FAQ.
        let in_base = (fill.side == Side::Buy) == (fee_rate >= Decimal::ZERO);
        let (coin, fee) = if in_base { (base, qty * fee_rate) } else { (quote, exec_value * fee_rate) };
        let fill = PositionFill { fee, ..fill };
        self.fill_order(key, &fill, exec_value, coin);
        let booked = Booked { role, fee_rate, coin, exec_value, closed: None };
        let execution = self.execution(key, &fill, booked);
        self.keep(place.account, execution);
        let direction = Decimal::from(fill.side.sign());
        for (moved, cash_flow) in [(base, qty * direction), (quote, -exec_value * direction)] {
            let fee = if moved == coin { fee } else { Decimal::ZERO };
            let entry = Entry { coin: moved, size: 0, cash_flow, funding: Decimal::ZERO, fee };
            self.book_execution(place.account, entry);
        }
        if self.doubts.spot_stops == SpotStops::AsItFills {
            self.note_spot_stops(key);
        }
        self.tell_execution(place.account, &execution);
    }
}
