//! What a config says that is allowed and hardly meant: sizes that no venue takes, a warm-up that no history covers.

use super::{BotSettings, Settings, VenueSettings};
use crate::live::CANDLES_MAX;
use rust_decimal::Decimal;
use windvane_model::Symbol;
use windvane_research::data::History;
use windvane_strategy::{Definition, WarmUp};
use windvane_venue::MarketConfig;

/// The smallest value of an order on a linear contract that the catalogue does not know, settle coin. Source: Bybit V5,
/// Get Instruments Info, `minNotionalValue` of all USDT contracts.
const MIN_NOTIONAL: Decimal = Decimal::from_parts(5, 0, 0, false, 0);
/// Length of a recorded bar.
const RECORDED_BAR_MS: i64 = 300_000;

impl Settings {
    /// One line for each thing that is hardly meant, those of the strategy files among them.
    pub(crate) fn hints(&self) -> Vec<String> {
        let mut hints: Vec<String> =
            self.bots.iter().flat_map(|bot| bot.source.warnings.iter().cloned()).collect();
        // Bots may share a file.
        hints.sort();
        hints.dedup();
        hints.extend(self.bots.iter().filter_map(|bot| size(bot, None)));
        let past = self.bots.iter().flat_map(|bot| {
            let there = |series: &WarmUp| self.past(series);
            warm_ups(bot, there)
        });
        hints.extend(past);
        hints
    }

    /// What is hardly meant of a backtest over these data up to `until` (market milliseconds): rules that want more bars
    /// than there are, and sizes that are too small at the prices of the data.
    pub(crate) fn hints_over(&self, data: &[History], until: i64) -> Vec<String> {
        let of = |symbol: Symbol| data.iter().find(|history| history.symbol == symbol);
        let mut hints = Vec::new();
        for bot in &self.bots {
            let first = of(bot.symbol).and_then(|history| history.bars.first());
            let price = first.map(|bar| bar.open.to_decimal());
            hints.extend(size(bot, price));
            hints.extend(warm_ups(bot, |series| {
                let history = of(series.symbol.unwrap_or(bot.symbol))?;
                let first_ms = history.bars.first()?.start_ms;
                let length_ms = history.end_ms().min(until).saturating_sub(first_ms);
                let bars = usize::try_from(length_ms / series.interval.millis()).ok()?;
                Some((bars, "the data"))
            }));
        }
        hints
    }

    /// How many bars of a series there are at the start, and where they come from; `None` where there is no end of them.
    fn past(&self, series: &WarmUp) -> Option<(usize, &'static str)> {
        match &self.venue {
            VenueSettings::Embedded(venue) => match &venue.market {
                MarketConfig::Replay(replay) => {
                    let past_ms = i64::try_from(replay.history_bars).ok()?.checked_mul(RECORDED_BAR_MS)?;
                    let bars = usize::try_from(past_ms / series.interval.millis()).ok()?;
                    Some((bars, "the replay's `history_bars`"))
                }
                _ => None,
            },
            VenueSettings::Remote(_) => Some((CANDLES_MAX, "the history that is read at the start")),
        }
    }
}

/// Rules that want a longer past of a series than there is.
fn warm_ups<'b>(
    bot: &'b BotSettings,
    there: impl Fn(&WarmUp) -> Option<(usize, &'static str)> + 'b,
) -> impl Iterator<Item = String> + 'b {
    let rules = match &bot.definition {
        Definition::Rules(rules) => Some(rules),
        _ => None,
    };
    rules.into_iter().flat_map(|rules| rules.warm_ups()).filter_map(move |series| {
        let (bars, source) = there(&series).filter(|(bars, _)| *bars < series.bars)?;
        Some(format!(
            "bot `{}`: its rules want {} bars of {}{} before every value is known, {source} brings {bars}: the first {} \
             after the start fire nothing",
            bot.name,
            series.bars,
            series.symbol.map_or_else(String::new, |symbol| format!("{symbol} at ")),
            series.interval.as_str(),
            series.bars - bars
        ))
    })
}

/// A size that is known beforehand and too small.
fn size(bot: &BotSettings, price: Option<Decimal>) -> Option<String> {
    let smallest = bot.definition.smallest_order(bot.budget.value, price)?;
    let listed = windvane_venue::linear(bot.symbol.as_str());
    let by_value = listed.map_or(MIN_NOTIONAL, |listed| listed.min_notional);
    let by_qty = listed.zip(price).and_then(|(listed, price)| listed.min_order_qty.checked_mul(price));
    let least = by_value.max(by_qty.unwrap_or_default());
    (smallest < least).then(|| {
        format!(
            "bot `{}`: an order of {} {} is below the {} that the venue asks for; it would never be sent",
            bot.name,
            smallest.round_dp(4).normalize(),
            bot.budget.coin,
            least.normalize()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::settings_with;
    use windvane_model::{Fixed, Interval};
    use windvane_research::data::Bar;

    const BOT: &str = "[bot.one]\nsymbol = \"BTCUSDT\"\nstrategy = \"RULES\"\nbudget = \"100 USDT\"\nleverage = \"2x\"\n\
                       on_shutdown = \"cancel\"\n";

    fn hints(size: &str, signal: &str) -> Vec<String> {
        settings(size, signal).hints()
    }

    /// One bot on BTCUSDT by a rule file with this size and signal.
    fn settings(size: &str, signal: &str) -> Settings {
        let folder = tempfile::tempdir().unwrap();
        let rules = folder.path().join("rules.toml");
        let text = format!(
            "language = 1\ntimeframe = \"1h\"\n[entry.long]\nsignal = \"{signal}\"\n[entry.any]\norder = {{ type = \"market\" }}\n\
             size = {{ {size} }}\n[exit]\nstop = {{ distance = \"1%\" }}\n"
        );
        std::fs::write(&rules, text).unwrap();
        settings_with(&BOT.replace("RULES", rules.to_str().unwrap()))
    }

    #[test]
    fn a_size_that_no_venue_takes_and_a_warm_up_that_no_history_covers_are_said() {
        let (small, fits) =
            ("quote = \"4 USDT\", max_leverage = \"1x\"", "quote = \"40 USDT\", max_leverage = \"1x\"");
        assert!(hints(fits, "close > sma(close, 200)").is_empty());
        let said = hints(small, "close > sma(close, 200)");
        assert!(said.len() == 1 && said[0].contains("4 USDT is below the 5"), "{said:?}");
        assert_eq!(hints("equity = \"4%\", max_leverage = \"1x\"", "close > open").len(), 1);
        let raised = "quote = \"4 USDT\", max_leverage = \"1x\", below_minimum = \"round_up\"";
        assert!(hints(raised, "close > open").is_empty());
        assert!(hints(fits, "close > sma(close, 4999)").is_empty(), "the past is read page by page");
    }

    #[test]
    fn sizes_of_every_kind_are_judged_where_they_can_be_known() {
        for (size, expected) in [
            // 0.04% of 100 USDT over a stop of 1%: 4 USDT.
            ("risk = \"0.04%\", max_leverage = \"1x\"", Some("4 USDT is below")),
            ("risk = \"0.06%\", max_leverage = \"1x\"", None),
            ("risk = \"0.06%\", fees = \"1%\", max_leverage = \"1x\"", Some("3 USDT is below")),
            ("equity = \"50%\", max_leverage = \"0.03x\"", Some("3 USDT is below")),
            ("qty = \"0.00001\", max_leverage = \"1x\"", None),
        ] {
            let said = hints(size, "close > open");
            let is_said = |part: &str| said.len() == 1 && said[0].contains(part);
            assert!(expected.map_or(said.is_empty(), is_said), "{size}: {said:?}");
        }
        // At the price of the data a quantity has a value, and the venue's smallest quantity too.
        let said = |size: &str| settings(size, "close > open").hints_over(&[data(10)], i64::MAX);
        let tiny = said("qty = \"0.00001\", max_leverage = \"1x\"");
        assert!(tiny.len() == 1 && tiny[0].contains("0.5 USDT is below the 50 "), "{tiny:?}");
        assert!(said("qty = \"0.001\", max_leverage = \"1x\"").is_empty());
        assert_eq!(said("quote = \"40 USDT\", max_leverage = \"1x\"").len(), 1);
    }

    /// So many hours of BTCUSDT at 50,000.
    fn data(hours: i64) -> History {
        let price = Fixed::parse("50000").unwrap();
        let bar = |hour: i64| Bar {
            start_ms: hour * 3_600_000,
            open: price,
            high: price,
            low: price,
            close: price,
            volume: price,
        };
        let symbol = Symbol::new("BTCUSDT").unwrap();
        History { symbol, interval: Interval::H1, bars: (0..hours).map(bar).collect(), funding: vec![] }
    }

    #[test]
    fn longer_bars_and_other_contracts_are_counted_and_data_that_are_too_short_are_said() {
        let settings = settings(
            "quote = \"60 USDT\", max_leverage = \"1x\"",
            "close > sma(close, 20) and close > sma(close, 5)@4h and close@ETHUSDT > sma(close, 30)@ETHUSDT",
        );
        let said = settings.hints_over(
            &[data(19), History { symbol: Symbol::new("ETHUSDT").unwrap(), ..data(19) }],
            i64::MAX,
        );
        assert_eq!(said.len(), 3, "{said:?}");
        assert!(said[0].contains("want 20 bars of 1h before") && said[0].contains("brings 19"), "{said:?}");
        assert!(said[1].contains("want 5 bars of 4h before") && said[1].contains("brings 4"), "{said:?}");
        assert!(said[2].contains("want 30 bars of ETHUSDT at 1h before"), "{said:?}");
        assert_eq!(
            settings.hints_over(&[data(100)], 10 * 3_600_000).len(),
            2,
            "the span ends after ten hours"
        );
        assert!(settings.hints_over(&[data(100)], i64::MAX).is_empty());
    }

    #[test]
    fn what_is_hardly_meant_in_a_rule_file_is_said_with_its_place() {
        let said = hints("quote = \"40 USDT\", max_leverage = \"1x\"", "rsi(close, 14) > 100");
        assert!(said.len() == 1 && said[0].contains("rules.toml:4:11: this can never be true"), "{said:?}");
    }
}
