//! What candidates came to: rows of a table, and which of them is the best.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use windvane_model::Money;

use super::space::{Candidate, Space};
use crate::report::trade_count;
use crate::run::Outcome;

/// What a candidate came to on one part of the data. Money in the settle coin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// Profit after fees and funding, what is open at the last price included.
    pub net: Money,
    /// Deepest fall of the profit below its highest point.
    pub drawdown: Money,
    /// Fees.
    pub fees: Money,
    /// Closed trades.
    pub trades: usize,
    /// Those of them that earned.
    pub won: usize,
}

/// Columns of one part of the data.
const FIGURES: [&str; 5] = ["net", "drawdown", "fees", "trades", "won"];

impl Figures {
    /// The sums over every bot of a run.
    #[must_use]
    pub fn of(outcome: &Outcome) -> Self {
        let sum = |figure: fn(&windvane_engine::BotView) -> Money| {
            outcome.engine.bots().map(|bot| figure(&bot)).sum()
        };
        let (trades, won) = trade_count(outcome, None);
        Self {
            net: sum(|bot| bot.account.net_pnl()),
            drawdown: sum(|bot| bot.account.curve.max_drawdown()),
            fees: sum(|bot| {
                Money::new(bot.account.totals.maker_fees.saturating_add(bot.account.totals.taker_fees))
            }),
            trades,
            won,
        }
    }

    fn cells(&self) -> [String; FIGURES.len()] {
        [
            self.net.to_string(),
            self.drawdown.to_string(),
            self.fees.to_string(),
            self.trades.to_string(),
            self.won.to_string(),
        ]
    }

    fn read(cells: &[&str]) -> Option<Self> {
        let [net, drawdown, fees, trades, won] = cells else { return None };
        let money = |text: &str| text.parse().ok().map(Money::new);
        Some(Self {
            net: money(net)?,
            drawdown: money(drawdown)?,
            fees: money(fees)?,
            trades: trades.parse().ok()?,
            won: won.parse().ok()?,
        })
    }
}

/// What one candidate came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its number in the sweep.
    pub number: usize,
    /// Its values.
    pub candidate: Candidate,
    /// On the part that the choice is made by.
    pub inside: Figures,
    /// On the part that it has not seen; `None` when there is no such part.
    pub outside: Option<Figures>,
}

/// What the best candidate has most of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    /// Profit.
    Net,
    /// Profit for the drawdown that it took.
    NetToDrawdown,
}

impl Aim {
    fn of(self, figures: &Figures) -> Decimal {
        let net = figures.net.get();
        match self {
            Self::Net => net,
            // Where nothing was lost on the way, a coin stands for it.
            Self::NetToDrawdown => {
                net.checked_div(figures.drawdown.get().max(Decimal::ONE)).unwrap_or(Decimal::MIN)
            }
        }
    }
}

/// The row with the most of `aim` inside, among those with at least `trades_min` trades; of equals the first.
#[must_use]
pub fn best(rows: &[Row], aim: Aim, trades_min: usize) -> Option<&Row> {
    let fit = rows.iter().filter(|row| row.inside.trades >= trades_min);
    fit.max_by(|a, b| aim.of(&a.inside).cmp(&aim.of(&b.inside)).then(b.number.cmp(&a.number)))
}

/// All rows as CSV, in the order of their numbers.
#[must_use]
pub fn table(space: &Space, rows: &[Row]) -> String {
    let of_part = |part: &str| FIGURES.map(|name| format!("{part}_{name}")).join(",");
    let names = space.names().collect::<Vec<_>>().join(",");
    let mut text = format!("candidate,{names},{},{}\n", of_part("in"), of_part("out"));
    let sorted: BTreeMap<usize, &Row> = rows.iter().map(|row| (row.number, row)).collect();
    for row in sorted.values() {
        text.push_str(&log_line(row));
        text.push('\n');
    }
    text
}

/// One row: number, values in the order of their names, figures.
#[must_use]
pub fn log_line(row: &Row) -> String {
    let outside =
        row.outside.map_or_else(|| [const { String::new() }; FIGURES.len()], |figures| figures.cells());
    let values = row.candidate.values().cloned();
    let cells =
        std::iter::once(row.number.to_string()).chain(values).chain(row.inside.cells()).chain(outside);
    cells.collect::<Vec<_>>().join(",")
}

/// Reads rows back that [`log_line`] wrote. A line that was cut, or is of other candidates, is passed over: it is played
/// again.
#[must_use]
pub fn read_log(text: &str, candidates: &[Candidate]) -> Vec<Row> {
    let mut rows = BTreeMap::new();
    for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
        if let Some(row) = read_row(line, candidates) {
            rows.insert(row.number, row);
        }
    }
    rows.into_values().collect()
}

fn read_row(line: &str, candidates: &[Candidate]) -> Option<Row> {
    let cells: Vec<&str> = line.split(',').collect();
    let number = cells.first()?.parse().ok()?;
    let candidate: &Candidate = candidates.get(number)?;
    let figures = cells.get(1 + candidate.len()..)?;
    let is_same = cells[1..].iter().zip(candidate.values()).all(|(cell, value)| cell == value);
    if !is_same || figures.len() != 2 * FIGURES.len() {
        return None;
    }
    let (inside, outside) = figures.split_at(FIGURES.len());
    let outside =
        if outside.iter().all(|cell| cell.is_empty()) { None } else { Some(Figures::read(outside)?) };
    Some(Row { number, candidate: candidate.clone(), inside: Figures::read(inside)?, outside })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: usize, net: i64, drawdown: i64, trades: usize) -> Row {
        let money = |amount: i64| Money::new(amount.into());
        let inside =
            Figures { net: money(net), drawdown: money(drawdown), fees: money(1), trades, won: trades / 2 };
        let candidate = Candidate::from([("fast".to_owned(), number.to_string())]);
        Row { number, candidate, inside, outside: number.is_multiple_of(2).then_some(inside) }
    }

    #[test]
    fn rows_are_read_back_as_they_were_written_and_cut_ones_are_played_again() {
        let rows = [row(0, 5, 1, 9), row(1, -3, 7, 2), row(2, 8, 2, 4)];
        let candidates: Vec<_> = rows.iter().map(|row| row.candidate.clone()).collect();
        let text: String = rows.iter().rev().map(|row| log_line(row) + "\n").collect();
        assert_eq!(read_log(&text, &candidates), rows);
        let cut = &text[..text.len() - 3];
        assert_eq!(read_log(cut, &candidates), rows[1..], "the last line was cut");
        assert_eq!(read_log(&text, &candidates[1..]), [], "other candidates");
    }

    #[test]
    fn the_best_has_the_most_and_enough_trades() {
        let rows = [row(0, 50, 40, 30), row(1, 90, 90, 2), row(2, 40, 5, 30), row(3, 50, 40, 30)];
        assert_eq!(best(&rows, Aim::Net, 10).map(|row| row.number), Some(0), "of equals the first");
        assert_eq!(best(&rows, Aim::NetToDrawdown, 10).map(|row| row.number), Some(2));
        assert_eq!(best(&rows, Aim::Net, 0).map(|row| row.number), Some(1));
        assert_eq!(best(&rows, Aim::Net, 31), None);
    }
}
