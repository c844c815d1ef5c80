//! What a backtest came to: for people, for programs, for a spreadsheet, for a browser.

mod chart;
mod html;
mod sheet;
mod summary;

pub use html::page;
pub use sheet::{Sheet, sheets};
pub(crate) use summary::trade_count;
pub use summary::{json, lines};

use std::path::Path;

use crate::data::History;
use crate::run::Outcome;

/// Writes the sheets as CSV into a folder, which is made where it is not there.
///
/// # Errors
/// When a file cannot be written.
pub fn write_csv(folder: &Path, outcome: &Outcome) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for sheet in sheets(outcome) {
        std::fs::write(folder.join(format!("{}.csv", sheet.name)), sheet.csv())?;
    }
    Ok(())
}

/// Writes everything into a folder: `report.html`, `backtest.json` and the sheets as CSV.
///
/// # Errors
/// When a file cannot be written.
pub fn write_all(folder: &Path, outcome: &Outcome, data: &[History]) -> std::io::Result<()> {
    write_csv(folder, outcome)?;
    std::fs::write(folder.join("backtest.json"), format!("{}\n", json(outcome)))?;
    std::fs::write(folder.join("report.html"), page(outcome, data))
}

/// A moment of the market for people: `2026-03-02 14:05`.
fn moment(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms)
        .map_or_else(|_| format!("{ms} ms"), |at| at.strftime("%Y-%m-%d %H:%M").to_string())
}
