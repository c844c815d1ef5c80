//! `[backtest]`: what a backtest takes for granted about the market and the account.

use serde::Deserialize;
use windvane_risk::{Amount, Percent, TimeSpan};

/// Where an order meets the market that was decided on at a bar's close.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fills {
    /// At that close itself.
    Close,
    /// At the open of the next bar.
    #[default]
    NextOpen,
    /// On a path through open, the nearer extreme, the other one and close, in twelve steps with books and trades: what
    /// the embedded venue replays. Bots see each step.
    Path,
}

/// `[backtest]` of a config. Everything has a default.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Where orders meet the market.
    pub fills: Fills,
    /// Distance of bid and ask in ticks. The last price stands on the side that it moved to, so a market order pays the
    /// whole of it or nothing. At 0 a market order always trades at the last price itself. Default: `1`.
    pub spread_ticks: Option<u16>,
    /// How long a request takes to the venue, and its answer back. None when left out.
    pub latency: Option<TimeSpan>,
    /// Wallet at the start, in place of the embedded venue's; else the sum of the bots' budgets.
    pub balance: Option<Amount>,
    /// Fee of what takes, in place of the embedded venue's; else 0.055 %.
    pub taker_fee: Option<Percent>,
    /// Fee of what rests, in place of the embedded venue's; else 0.02 %.
    pub maker_fee: Option<Percent>,
    /// Whether funding is settled: as recorded, and where nothing is, 0.01 % each interval of the contract.
    /// Default: `true`.
    pub funding: Option<bool>,
}

impl Settings {
    /// Distance of bid and ask in ticks; one when nothing is said.
    #[must_use]
    pub fn spread_ticks(&self) -> u16 {
        self.spread_ticks.unwrap_or(1)
    }

    /// One way to the venue, in milliseconds.
    #[must_use]
    pub fn latency_ms(&self) -> i64 {
        self.latency.map_or(0, TimeSpan::millis)
    }

    /// Whether funding is settled.
    #[must_use]
    pub fn settles_funding(&self) -> bool {
        self.funding.unwrap_or(true)
    }
}
