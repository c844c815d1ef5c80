//! What a config says that is allowed and hardly meant: sizes that no venue takes, a warm-up that no history covers.

use super::{BotSettings, Settings, VenueSettings};
use rust_decimal::Decimal;
use windvane_strategy::Definition;
use windvane_venue::MarketConfig;

/// The smallest value of an order on every linear contract, settle coin. Source: Bybit V5, Get Instruments Info,
/// `minNotionalValue`.
const MIN_NOTIONAL: Decimal = Decimal::from_parts(5, 0, 0, false, 0);
/// Candles of history that one request brings at most.
const CANDLES_MAX: usize = 999;
/// Length of a recorded bar.
const RECORDED_BAR_MS: i64 = 300_000;

impl Settings {
    /// One line for each thing that is hardly meant.
    pub(crate) fn hints(&self) -> Vec<String> {
        let sizes = self.bots.iter().filter_map(size);
        let past = self.bots.iter().filter_map(|bot| self.warm_up(bot));
        sizes.chain(past).collect()
    }

    /// Rules that want a longer past than there is.
    fn warm_up(&self, bot: &BotSettings) -> Option<String> {
        let Definition::Rules(rules) = &bot.definition else { return None };
        let length_ms = rules.timeframe().millis();
        let (there, source) = match &self.venue {
            VenueSettings::Embedded(venue) => match &venue.market {
                MarketConfig::Replay(replay) => {
                    let past_ms = i64::try_from(replay.history_bars).ok()?.checked_mul(RECORDED_BAR_MS)?;
                    (usize::try_from(past_ms / length_ms).ok()?, "the replay's `history_bars`")
                }
                _ => return None,
            },
            VenueSettings::Remote(_) => (CANDLES_MAX, "one request to the venue"),
        };
        let wanted = rules.warm_up();
        (wanted > there).then(|| {
            format!(
                "bot `{}`: its rules want {wanted} bars of {} before every value is known, {source} brings {there}: the first \
                 {} after the start fire nothing",
                bot.name,
                rules.timeframe().as_str(),
                wanted - there
            )
        })
    }
}

/// A size that is known beforehand and too small.
fn size(bot: &BotSettings) -> Option<String> {
    let smallest = bot.definition.smallest_order(bot.budget.value)?;
    (smallest < MIN_NOTIONAL).then(|| {
        format!(
            "bot `{}`: an order of {} {} is below the {MIN_NOTIONAL} that the venue asks for; it would never be sent",
            bot.name,
            smallest.normalize(),
            bot.budget.coin
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::config::tests::settings_with;

    const BOT: &str = "[bot.one]\nsymbol = \"BTCUSDT\"\nstrategy = \"RULES\"\nbudget = \"100 USDT\"\nleverage = \"2x\"\n\
                       on_shutdown = \"cancel\"\n";

    /// What is hinted of a rule file with this size and signal.
    fn hints(size: &str, signal: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let rules = folder.path().join("rules.toml");
        let text = format!(
            "language = 1\ntimeframe = \"1h\"\n[entry.long]\nsignal = \"{signal}\"\n[entry.any]\norder = {{ type = \"market\" }}\n\
             size = {{ {size} }}\n[exit]\nstop = {{ distance = \"1%\" }}\n"
        );
        std::fs::write(&rules, text).unwrap();
        settings_with(&BOT.replace("RULES", rules.to_str().unwrap())).hints()
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
        let said = hints(fits, "close > sma(close, 1500)");
        assert!(
            said.len() == 1 && said[0].contains("want 1500 bars of 1h") && said[0].contains("first 501"),
            "{said:?}"
        );
    }
}
