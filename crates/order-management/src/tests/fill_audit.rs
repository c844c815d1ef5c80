//! Many fills over a stream that doubles, reorders and loses them: the sums are exact to the last digit.
//!
//! `cargo xtask campaign fills --count N` sets another number by `WINDVANE_FILLS`.

use super::world::World;
use crate::testing::{execution, position_report, report, submit, symbol, wallet_report};
use rust_decimal::Decimal;
use windvane_model::{AccountSnapshot, Execution, OrderStatus, PositionIndex, Price, Side, Submit};

/// Fills in the ordinary test.
const FILLS: u64 = 4_000;
/// Fills of one order.
const PER_ORDER: u64 = 10;
/// Fills after which the account is read, as the audit does.
const PER_AUDIT: u64 = 500;
/// A line that begins with this is for the campaign to show.
const FIGURES: &str = "fills figures:";

/// A fixed walk, so that a failure can be repeated.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn is(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// What the venue holds, counted in whole numbers and by nothing of ours: quantities in thousandths, prices of fills in
/// hundredths, the average in hundred-millionths, money in 10⁻¹¹.
struct Venue {
    /// Positive long, negative short.
    size: i128,
    average: i128,
    realised: i128,
    fees: i128,
    volume: i128,
    fills: u64,
    clock: i64,
}

/// The wallet before the first fill, in 10⁻¹¹.
const WALLET: i128 = 1_000 * 100_000_000_000;

impl Venue {
    const fn begun() -> Self {
        Self { size: 0, average: 0, realised: 0, fees: 0, volume: 0, fills: 0, clock: 10 }
    }

    fn fill(&mut self, order: &Submit, number: u64, chance: &mut Chance) -> Execution {
        self.clock += 1;
        let (lots, cents) = (1 + chance.below(9), 9_000 + chance.below(2_000));
        let (lots, cents) = (i128::from(lots), i128::from(cents));
        // 0.055 %, exact in 10⁻¹⁰.
        let fee = lots * cents * 55;
        self.fees += fee * 10;
        self.volume += lots * cents;
        self.fills += 1;
        self.book(if order.side == Side::Buy { lots } else { -lots }, cents * 1_000_000);
        execution(&format!("e-{number}"))
            .of(order)
            .filled(&decimal(lots, 3).to_string(), &decimal(cents, 2).to_string())
            .fee(&decimal(fee, 10).to_string())
            .at(self.clock)
            .build()
    }

    /// Closes what is held against `moved`, and opens with the rest, at `price` in hundred-millionths.
    fn book(&mut self, moved: i128, price: i128) {
        let closed = if self.size.signum() == -moved.signum() { moved.abs().min(self.size.abs()) } else { 0 };
        self.realised += (price - self.average) * closed * self.size.signum();
        self.size -= closed * self.size.signum();
        let opened = moved - closed * moved.signum();
        if opened != 0 {
            let size = self.size + opened;
            self.average =
                half_to_even((self.average * self.size + price * opened) * size.signum(), size.abs());
            self.size = size;
        }
        if self.size == 0 {
            self.average = 0;
        }
    }

    fn balance(&self) -> Decimal {
        decimal(WALLET + self.realised - self.fees, 11)
    }

    fn snapshot(&self, executions: Vec<Execution>) -> AccountSnapshot {
        let (size, average) = (decimal(self.size, 3).to_string(), decimal(self.average, 8).to_string());
        AccountSnapshot {
            executions,
            positions: vec![position_report("BTCUSDT", &size, &average).at(self.clock).build()],
            wallet: wallet_report(&self.balance().to_string()),
            ..AccountSnapshot::default()
        }
    }
}

fn decimal(units: i128, places: u32) -> Decimal {
    Decimal::from_i128_with_scale(units, places)
}

/// A quotient of whole numbers, the first of which is not negative here.
fn half_to_even(dividend: i128, divisor: i128) -> i128 {
    let (quotient, rest) = (dividend / divisor, dividend % divisor);
    let is_up = 2 * rest > divisor || (2 * rest == divisor && quotient % 2 == 1);
    quotient + i128::from(is_up)
}

#[test]
fn sums_are_exact_whatever_the_streams_double_reorder_and_lose() {
    let asked = std::env::var("WINDVANE_FILLS").ok();
    let count: u64 = asked.map_or(FILLS, |text| text.parse().expect("WINDVANE_FILLS is a number"));
    let mut chance = Chance(7);
    let mut world = World::begun();
    let mut venue = Venue::begun();
    let (mut doubled, mut late, mut lost) = (0_u64, 0_u64, 0_u64);
    let (mut since_audit, mut held_back) = (Vec::new(), Vec::new());
    let mut order = submit(1, "1", "100");
    let mut filled = Decimal::ZERO;
    for number in 0..count {
        if number % PER_ORDER == 0 {
            order = submit(number / PER_ORDER + 1, "1", "100");
            order.side = if chance.is(50) { Side::Buy } else { Side::Sell };
            filled = Decimal::ZERO;
            world.submit(&order);
        }
        let fill = venue.fill(&order, number, &mut chance);
        filled += fill.qty.get();
        since_audit.push(fill);
        if chance.is(1) {
            lost += 1;
        } else if chance.is(5) {
            late += 1;
            held_back.push(fill);
        } else {
            world.execution(fill);
            if chance.is(5) {
                doubled += 1;
                world.execution(fill);
            }
        }
        if number % PER_ORDER == PER_ORDER - 1 {
            // The order topic is another socket's: it comes before what was held back of the executions.
            let whole = filled.to_string();
            let end =
                report(&order, OrderStatus::Filled).figures(&whole, "100").filled(&whole).at(venue.clock);
            world.report(end.build());
            held_back.drain(..).for_each(|fill| drop(world.execution(fill)));
        }
        if number % PER_AUDIT == PER_AUDIT - 1 || number == count - 1 {
            held_back.drain(..).for_each(|fill| drop(world.execution(fill)));
            world.reconcile_with(venue.snapshot(std::mem::take(&mut since_audit)));
        }
    }
    let books = &world.orders;
    let position = books.position(symbol("BTCUSDT"), PositionIndex(0)).unwrap();
    let (holding, totals) = (position.holding(), position.holding().totals());
    assert_eq!(
        (holding.size(), holding.average_price().map_or(Decimal::ZERO, Price::get)),
        (decimal(venue.size, 3), decimal(venue.average, 8))
    );
    assert_eq!((totals.realised_pnl, totals.volume), (decimal(venue.realised, 11), decimal(venue.volume, 5)));
    assert_eq!(totals.maker_fees + totals.taker_fees, decimal(venue.fees, 11));
    assert_eq!((totals.fills, totals.fills), (count, venue.fills));
    assert_eq!(books.fill_count() as u64, count);
    assert_eq!(books.wallet().balance().get(), venue.balance());
    assert_eq!(books.counters().backfilled_executions, lost);
    let by_order: Decimal = books.orders().map(|order| order.filled_value()).sum();
    assert_eq!(by_order, decimal(venue.volume, 5), "each fill is with its order, once");
    assert!(books.is_reconciled());
    println!(
        "{FIGURES} {count} fills, {doubled} doubled, {late} late, {lost} lost and found: every sum exact"
    );
}
