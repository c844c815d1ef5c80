//! Many fills over a stream that doubles, reorders and loses them: the sums are exact to the last digit.
//!
//! `cargo xtask campaign fills --count N` sets another number by `WINDVANE_FILLS`.

use super::world::World;
use crate::Holding;
use crate::testing::{execution, number, position_report, report, submit, symbol, wallet_report};
use rust_decimal::Decimal;
use windvane_model::{AccountSnapshot, Execution, OrderStatus, PositionIndex, Side, Submit};

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

/// What the venue holds, computed by the plain rule in the order of the fills.
struct Venue {
    holding: Holding,
    balance: Decimal,
    clock: i64,
}

impl Venue {
    fn fill(&mut self, order: &Submit, number: u64, chance: &mut Chance) -> Execution {
        self.clock += 1;
        let (lots, cents) = (1 + chance.below(9), 9_000 + chance.below(2_000));
        let (qty, price) = (Decimal::new(lots.cast_signed(), 3), Decimal::new(cents.cast_signed(), 2));
        let fee = qty * price * Decimal::new(55, 5);
        let fill = execution(&format!("e-{number}"))
            .of(order)
            .filled(&qty.to_string(), &price.to_string())
            .fee(&fee.to_string())
            .at(self.clock)
            .build();
        let before = self.holding.totals().net();
        self.holding = self.holding.after(&fill);
        self.balance += self.holding.totals().net().less(before).get();
        fill
    }

    fn snapshot(&self, executions: Vec<Execution>) -> AccountSnapshot {
        let average = self.holding.average_price().map_or(Decimal::ZERO, windvane_model::Price::get);
        let position =
            position_report("BTCUSDT", &self.holding.size().to_string(), &average.to_string()).at(self.clock);
        let wallet = wallet_report(&self.balance.to_string());
        AccountSnapshot {
            executions,
            positions: vec![position.build()],
            wallet,
            ..AccountSnapshot::default()
        }
    }
}

#[test]
fn sums_are_exact_whatever_the_streams_double_reorder_and_lose() {
    let asked = std::env::var("WINDVANE_FILLS").ok();
    let count: u64 = asked.map_or(FILLS, |text| text.parse().expect("WINDVANE_FILLS is a number"));
    let mut chance = Chance(7);
    let mut world = World::begun();
    let mut venue = Venue { holding: Holding::default(), balance: number("1000"), clock: 10 };
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
    assert_eq!(position.holding(), &venue.holding, "size, average, profit, fees and volume");
    assert_eq!(books.fill_count() as u64, count);
    assert_eq!(books.wallet().balance().get(), venue.balance);
    assert_eq!(books.counters().backfilled_executions, lost);
    let by_order: Decimal = books.orders().map(|order| order.filled_value()).sum();
    assert_eq!(by_order, venue.holding.totals().volume, "each fill is with its order, once");
    assert!(books.is_reconciled());
    println!(
        "{FIGURES} {count} fills, {doubled} doubled, {late} late, {lost} lost and found: every sum exact"
    );
}
