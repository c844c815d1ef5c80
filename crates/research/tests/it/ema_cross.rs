//! The average cross of the bar benchmark against its list of trades, to the last digit.

use std::path::{Path, PathBuf};
use std::process::Command;

use rust_decimal::Decimal;
use windvane_research::{Backtest, Fills, Outcome};

use crate::desk::{read, setup};

const RULES: &str = include_str!("ema-cross.toml");
const BAR_MS: i64 = 60_000;

/// Every closed trade in the columns of the benchmark's list.
fn trades(outcome: &Outcome, first_ms: i64) -> Vec<String> {
    let closed = outcome.engine.orders().positions().flat_map(|position| position.trades());
    let number = |value: Decimal| value.normalize();
    let line = |trade: windvane_order_management::Trade| {
        // A fill at a bar's close is at the start of the next one.
        let opens = [Some(trade.opened), trade.closed].map(|at| at.map(|at| at.0 - BAR_MS));
        let [entry_ms, exit_ms] = [opens[0]?, opens[1]?];
        Some(format!(
            "{},{entry_ms},{},{},{exit_ms},{},{},{}",
            (entry_ms - first_ms) / BAR_MS,
            number(trade.entry_price()?),
            (exit_ms - first_ms) / BAR_MS,
            number(trade.exit_price()?),
            number(trade.fees.get()),
            number(trade.net_pnl().get()),
        ))
    };
    closed.filter_map(line).collect()
}

/// The benchmark's list with its figures in shortest form.
fn expected(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let cell = |(column, cell): (usize, &str)| match column {
        2 | 5 | 6 | 7 => cell.parse::<Decimal>().unwrap().normalize().to_string(),
        _ => cell.to_owned(),
    };
    let row = |line: &str| line.split(',').enumerate().map(cell).collect::<Vec<_>>().join(",");
    text.lines().skip(1).map(row).collect()
}

/// The benchmark's folder; it is not part of the repository.
fn benchmark() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("WINDVANE_SHARED").map_or_else(beside, PathBuf::from);
    Some(shared.join("bench/backtest")).filter(|folder| folder.join("gen_bars.py").is_file())
}

#[test]
fn the_trades_are_those_of_the_benchmark_to_the_last_digit() {
    let Some(folder) = benchmark() else {
        // Whoever names the folder wants these tests; without that they are left out, and say so.
        assert!(std::env::var_os("WINDVANE_SHARED").is_none(), "WINDVANE_SHARED has no {}", "bench/backtest");
        eprintln!(
            "SKIPPED: the bar benchmark is not here; set WINDVANE_SHARED to the folder that has bench/backtest"
        );
        return;
    };
    let made = tempfile::tempdir().unwrap();
    let python = std::env::var_os("WINDVANE_PYTHON").unwrap_or_else(|| "python3".into());
    for (count, models) in [("20000", &[Fills::Close, Fills::NextOpen][..]), ("100000", &[Fills::Close])] {
        let script =
            Command::new(&python).arg(folder.join("gen_bars.py")).arg(count).arg(made.path()).output();
        if !script.is_ok_and(|output| output.status.success()) {
            eprintln!(
                "SKIPPED: the benchmark's bars are made with numpy; set WINDVANE_PYTHON to a Python that has it"
            );
            return;
        }
        let data = read(&made.path().join(format!("bars_{count}.csv")));
        let first_ms = data[0].bars[0].start_ms;
        let expected = expected(&folder.join(format!("expected/ref_{count}.csv")));
        for fills in models.iter().copied() {
            // Each bar opens at the close of the one before, so both fill at the same prices.
            let outcome =
                Backtest::new(setup(RULES, fills), &data, &(0..i64::MAX)).unwrap().run(|_| {}).unwrap();
            assert_eq!(trades(&outcome, first_ms), expected, "{count} bars, {fills:?}");
        }
    }
}
