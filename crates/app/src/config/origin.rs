//! Where each value of a config comes from: a file, a variable of the environment, or its default.

use super::Settings;
use super::file::{EngineSection, JournalSection, LogSection, ProtectionSection, TelemetrySection};
use windvane_strategy::Definition;

impl Settings {
    /// One line for each value: path, value and origin, what is given in the order of the files, then the defaults.
    pub(crate) fn origin_lines(&self) -> Vec<String> {
        let given = self.origins.iter().map(|(path, place)| {
            let value = self.values.get(path).map_or("", String::as_str);
            format!("{path} = {value}  [{place}]")
        });
        let defaults = defaults().into_iter().filter(|(path, _)| !self.values.contains_key(*path));
        let defaults = defaults.map(|(path, value)| format!("{path} = {value}  [default]"));
        given.chain(defaults).chain(self.bots.iter().flat_map(|bot| self.parameter_lines(bot))).collect()
    }

    /// The parameters that a bot leaves as its strategy has them.
    fn parameter_lines(&self, bot: &super::BotSettings) -> Vec<String> {
        let Definition::Rules(rules) = &bot.definition else { return Vec::new() };
        let (own, file) = (format!("bot.{}.params", bot.name), format!("bot.{}.rules.params", bot.name));
        let strategy = self.values.get(&format!("bot.{}.strategy", bot.name)).map_or("", String::as_str);
        let left = rules.parameters().iter().map(|parameter| &parameter.name);
        left.filter(|name| !self.values.contains_key(&format!("{own}.{name}")))
            .map(|name| {
                let value = self.values.get(&format!("{file}.{name}.default")).map_or("", String::as_str);
                format!("{own}.{name} = {value}  [default of {strategy}]")
            })
            .collect()
    }
}

/// Values that hold where a config says nothing. Taken apart field by field, so that a new one cannot be forgotten.
fn defaults() -> Vec<(&'static str, String)> {
    let ProtectionSection { without_stop_max } = ProtectionSection::default();
    let JournalSection { durability, tape_mib, keep_mib } = JournalSection::default();
    let EngineSection { when_idle } = EngineSection::default();
    let TelemetrySection { enabled, listen, remote, otlp: None | Some(_) } = TelemetrySection::default();
    let LogSection { filter, style } = LogSection::default();
    vec![
        ("venue.rate_limits", "published".to_owned()),
        ("venue.account", "verify".to_owned()),
        ("venue.fast_executions", "false".to_owned()),
        ("protection.without_stop_max", format!("{}ms", without_stop_max.get_ref().millis())),
        ("journal.durability", durability.as_str().to_owned()),
        ("journal.tape_mib", tape_mib.to_string()),
        ("journal.keep_mib", keep_mib.to_string()),
        ("engine.when_idle", format!("{when_idle:?}").to_lowercase()),
        ("telemetry.enabled", enabled.to_string()),
        ("telemetry.listen", listen.to_string()),
        ("telemetry.remote", remote.to_string()),
        ("log.filter", filter),
        ("log.style", style.as_str().to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use crate::config::load_from;
    use crate::config::source::tests::kept;
    use std::path::Path;

    #[test]
    fn every_value_has_its_origin_and_no_secret_is_shown() {
        let shipped = include_str!("../../../../config/paper.toml");
        let mut files = vec![("", shipped.replace("dir = \"market\"", "dir = \".\""))];
        for (name, text) in [
            ("../strategies/trend.toml", include_str!("../../../../strategies/trend.toml")),
            ("../strategies/reversion.toml", include_str!("../../../../strategies/reversion.toml")),
            ("../strategies/maker.toml", include_str!("../../../../strategies/maker.toml")),
        ] {
            files.push((name, text.to_owned()));
        }
        let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let lines = load_from(Path::new("./paper.toml"), kept(&files)).unwrap().origin_lines();
        let has =
            |line: &str| assert!(lines.iter().any(|known| known == line), "{line} is not in {lines:#?}");
        has("risk.max_leverage = 10x  [./paper.toml:36:16]");
        has("journal.keep_mib = 4096  [default]");
        has("bot.trend.params.fast = 12.0  [default of ../strategies/trend.toml]");
        let all = lines.join("\n");
        assert!(all.contains("***") && !all.contains("paper-secret"), "{all}");
    }
}
