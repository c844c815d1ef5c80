//! Positions that a bot opened which no longer looks after them: none may be left so by accident.
//!
//! Who takes a bot out of the config while it holds a position must say what is to become of it. Else nobody moves
//! its stop, books its exit or closes it, and another bot on the same contract would trade it by rules that it was
//! not opened under.

use crate::config::{BotSettings, Settings};
use crate::exit::Failure;
use crate::rebuild::Rebuilt;
use windvane_connector::RestClient;
use windvane_model::{
    AccountEvent, AccountSnapshot, BotName, MarketTime, PositionIndex, Qty, Query, QueryAnswer, Symbol,
};

/// A position whose bot is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Orphan {
    /// The bot that opened it.
    bot: BotName,
    symbol: Symbol,
    index: PositionIndex,
    /// What the journal says is held, base coin.
    qty: Qty,
}

/// Refuses to start while a position is held by a bot that the config says nothing of.
///
/// # Errors
/// With a sentence that names the position and the ways out.
pub(crate) async fn refuse(rest: &RestClient, settings: &Settings, books: &Rebuilt) -> Result<(), Failure> {
    let mut orphans = find(settings, books);
    if orphans.is_empty() {
        return Ok(());
    }
    // The journal ends with the last run; a stop may have closed the position since.
    let symbols: Vec<Symbol> = orphans.iter().map(|orphan| orphan.symbol).collect();
    let query = Query::Account { executions_since: MarketTime(rest.clock().now().as_millis()) };
    if let AccountEvent::Answer(QueryAnswer::Account(snapshot)) = rest.answer(query, &symbols).await {
        orphans.retain(|orphan| is_held(orphan, &snapshot));
    }
    if orphans.is_empty() {
        return Ok(());
    }
    Err(Failure::Refused(
        orphans.iter().map(|orphan| sentence(orphan, settings)).collect::<Vec<_>>().join("\n"),
    ))
}

/// The positions that a bot opened which the config neither keeps nor leaves on purpose.
fn find(settings: &Settings, books: &Rebuilt) -> Vec<Orphan> {
    let held = books.orders().positions().filter(|position| position.holding().side().is_some());
    held.filter_map(|position| {
        let (symbol, index) = position.key();
        let bot = books.opener(position.key())?;
        let owner = owner_of(settings, symbol, index).map(|bot| bot.name);
        let is_left = owner.is_none() && settings.left.contains(&bot);
        let qty = position.holding().qty();
        (owner != Some(bot) && !is_left).then_some(Orphan { bot, symbol, index, qty })
    })
    .collect()
}

fn is_held(orphan: &Orphan, snapshot: &AccountSnapshot) -> bool {
    snapshot.positions.iter().any(|report| {
        (report.symbol, report.position_index) == (orphan.symbol, orphan.index) && !report.qty.is_zero()
    })
}

fn owner_of(settings: &Settings, symbol: Symbol, index: PositionIndex) -> Option<&BotSettings> {
    settings.bots.iter().find(|bot| (bot.symbol, bot.position_index) == (symbol, index))
}

fn sentence(orphan: &Orphan, settings: &Settings) -> String {
    let Orphan { bot, symbol, index, qty } = orphan;
    let held = format!("bot `{bot}` holds {qty} {symbol}");
    match owner_of(settings, *symbol, *index) {
        Some(heir) => format!(
            "{held}, and this config gives {symbol} to `{}`, which did not open it; put `{bot}` back in its place \
             until the position is closed (`removed = \"close\"` in its table closes it)",
            heir.name
        ),
        None => format!(
            "{held} and is not in this config; put its table `[bot.{bot}]` back with `removed = \"close\"` (closes \
             the position), `removed = \"exit-only\"` (its exits go on, it opens nothing) or `removed = \"leave\"` \
             (the position is yours from now on)"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rebuild::tests::{bought, symbol};

    fn settings(bots: &str) -> Settings {
        crate::config::tests::settings_with(bots)
    }

    const TREND: &str = "[bot.trend]\nsymbol = \"BTCUSDT\"\nstrategy = \"maker.toml\"\nbudget = \"100 USDT\"\n\
                         leverage = \"2x\"\non_shutdown = \"keep\"\n";

    #[test]
    fn the_owner_of_a_position_is_no_orphan_maker() {
        assert_eq!(find(&settings(TREND), &bought("trend")), []);
    }

    #[test]
    fn a_bot_that_is_gone_from_the_config_leaves_an_orphan_and_the_sentence_says_what_to_do() {
        let other = TREND.replace("trend", "grid").replace("BTCUSDT", "ETHUSDT");
        let settings = settings(&other);
        let orphans = find(&settings, &bought("trend"));
        assert_eq!(orphans.len(), 1);
        let sentence = sentence(&orphans[0], &settings);
        for word in ["`trend`", "1 BTCUSDT", "[bot.trend]", "close", "exit-only", "leave"] {
            assert!(sentence.contains(word), "{word}: {sentence}");
        }
    }

    #[test]
    fn another_bot_does_not_inherit_a_position() {
        let settings = settings(&TREND.replace("trend", "grid"));
        let orphans = find(&settings, &bought("trend"));
        assert!(sentence(&orphans[0], &settings).contains("gives BTCUSDT to `grid`"));
    }

    #[test]
    fn a_position_that_is_left_on_purpose_is_no_orphan() {
        let grid = TREND.replace("trend", "grid").replace("BTCUSDT", "ETHUSDT");
        let settings = settings(&format!("{TREND}removed = \"leave\"\n{grid}"));
        assert_eq!(settings.bots.len(), 1, "the bot itself is not started");
        assert_eq!(find(&settings, &bought("trend")), []);
    }

    #[test]
    fn what_the_venue_no_longer_shows_is_not_held() {
        let orphan = Orphan {
            bot: BotName::new("trend").unwrap(),
            symbol: symbol(),
            index: PositionIndex::default(),
            qty: Qty::ZERO,
        };
        assert!(!is_held(&orphan, &AccountSnapshot::default()));
    }
}
