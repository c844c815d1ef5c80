//! Bars that a rule bot has been shown beforehand: the program has run over them already, and each is taken from its row
//! when its time comes.

use windvane_model::Instrument;

use super::bot::RuleBot;
use super::exit::Place;
use super::file::Evaluate;
use super::intake::Intake;
use crate::context::Context;
use crate::foresight::{Close, Foresight, Glance, Stance};
use crate::language::{Bar, Columns, Program};

/// Rows of bars that have not come yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Foreseen {
    pub(super) columns: Columns,
    starts: Vec<i64>,
    next: usize,
}

impl Foreseen {
    /// Whether rows are left to be taken.
    pub(super) fn is_left(&self) -> bool {
        self.next < self.starts.len()
    }

    pub(super) fn begin(&mut self, bars: &[Bar]) {
        self.starts.clear();
        self.starts.extend(bars.iter().map(|bar| bar.start_ms));
        self.next = 0;
    }

    /// Takes the next row, which has to be that of the bar.
    pub(super) fn take(&mut self, program: &mut Program, bar: &Bar) {
        assert_eq!(
            self.starts[self.next], bar.start_ms,
            "bars come in the order in which they were foreseen"
        );
        program.take_row(&self.columns, self.next);
        self.next += 1;
    }

    /// Shows the program a row that comes, without taking it.
    fn show(&self, program: &mut Program, ahead: usize) {
        program.take_row(&self.columns, self.next + ahead);
    }

    /// Goes past rows; when the last of them began.
    pub(super) fn pass(&mut self, program: &mut Program, bars: usize) -> Option<i64> {
        let last = (self.next + bars).checked_sub(1)?;
        self.next += bars;
        program.take_row(&self.columns, last);
        Some(self.starts[last])
    }
}

impl Foresight for RuleBot {
    fn foresee(&mut self, bars: &[Bar]) -> Option<Vec<Glance>> {
        let Self { rules, intake, .. } = self;
        let signals = rules.sides.iter().flatten().map(|side| side.signal);
        let exits = [rules.exit.long_signal, rules.exit.short_signal];
        let mut asked = signals.clone().chain(exits.into_iter().flatten());
        if rules.evaluate != Evaluate::Bar
            || self.watches_equity
            || !self.courses.is_empty()
            || !asked.all(|node| rules.program.is_foreseeable(node))
            || !intake.foresee(&mut rules.program, bars)
        {
            return None;
        }
        let columns = &self.intake.foreseen.columns;
        let mut glances = vec![Glance::NEVER; bars.len()];
        for signal in signals {
            for (glance, fires) in glances.iter_mut().zip(columns.truths(signal)) {
                if fires {
                    *glance = Glance::ALWAYS;
                }
            }
        }
        for (stance, signal) in [Stance::Long, Stance::Short].into_iter().zip(exits) {
            let Some(signal) = signal else { continue };
            for (glance, fires) in glances.iter_mut().zip(columns.truths(signal)) {
                *glance = glance.with(stance, fires);
            }
        }
        Some(glances)
    }

    fn stance(&self, context: &Context<'_>) -> Option<Stance> {
        let is_busy = self.wish.is_some()
            || self.awaiting.is_some()
            || self.entry.is_some()
            || self.exit.is_some()
            || self.memory.is_closing
            || self.intake.is_waiting()
            || !context.orders.is_empty();
        if is_busy {
            return None;
        }
        let held = context.holding.side.zip(context.holding.average_price);
        match (self.memory.open, held) {
            (None, None) => Some(Stance::Flat),
            (Some(open), Some((side, price))) => {
                let is_followed =
                    open.side() == side && open.entry_price == price.to_f64() && open.stop.is_some();
                let stance = if open.is_long { Stance::Long } else { Stance::Short };
                (is_followed && !self.watches_prices()).then_some(stance)
            }
            _ => None,
        }
    }

    fn holds_still(&mut self, closes: &mut dyn Iterator<Item = Close>, instrument: &Instrument) -> usize {
        let Some(open) = self.memory.open else { return 0 };
        if !self.rules.exit.moves_stop() {
            return closes.count();
        }
        let now = self.rules.program.values();
        let (mut best, mut bars, mut candles) = (self.best_of(&open), 0, 0);
        for close in closes {
            // As when it is woken: first by the quotes, which find the values of the candle before, then by the candle.
            best = open.better(best, close.price);
            if self.may_move_stop(&open, best, close.at, instrument) {
                break;
            }
            if close.completes {
                self.intake.foreseen.show(&mut self.rules.program, candles);
                candles += 1;
                if self.may_move_stop(&open, best, close.at, instrument) {
                    break;
                }
            }
            bars += 1;
        }
        self.rules.program.restore_values(now);
        bars
    }

    fn pass_over(&mut self, bars: usize, best: Option<f64>) {
        if let Some((open, best)) = self.memory.open.zip(best).filter(|_| self.rules.exit.moves_stop()) {
            self.best = Some(open.better(self.best_of(&open), best));
        }
        self.intake.pass_over(&mut self.rules.program, bars);
    }
}

impl RuleBot {
    /// Whether an exit of the engine's own goes by prices in a way that cannot be told of bars that come.
    fn watches_prices(&self) -> bool {
        let exit = &self.rules.exit;
        exit.soft_stop.is_some()
            || exit.take_profit.is_some_and(|rule| matches!(rule.place, Place::Engine(_)))
            || (exit.moves_stop() && !self.foresees_stop())
            || exit.scale_out.is_some()
            || !exit.ladder.is_empty()
            || !exit.decay.is_empty()
    }
}

impl Intake {
    /// Whether bars were taken beforehand that have not come yet.
    pub(super) fn is_ahead(&self) -> bool {
        self.foreseen.is_left()
    }
}
