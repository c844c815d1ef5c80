//! A long and a short bot on one contract in hedge mode: set up, trading side by side, killed, flattened, added up.

use crate::demo::cut_tables;
use serde_json::Value;
use std::time::Duration;
use windvane_tests::{Ground, Market, PATIENCE, binary, config, finish, root, start, wait_until, windvane};

/// Days that are replayed: both sides have entered by then.
const DAYS: usize = 6;

/// The bots of the shared config out, and two of the DCA's on the two sides of one contract in.
fn share_a_contract(ground: &Ground, account: &str) {
    let preset = std::fs::read_to_string(root().join("strategies/dca.toml")).unwrap();
    std::fs::write(ground.folder().join("long.toml"), &preset).unwrap();
    let short = preset.replace("side        = \"long\"", "side        = \"short\"");
    assert_ne!(short, preset);
    std::fs::write(ground.folder().join("short.toml"), short).unwrap();
    ground.write_config(&[(
        "environment = \"custom\" ",
        &format!("position_mode = \"hedge\"\n{account}environment = \"custom\" "),
    )]);
    let text = std::fs::read_to_string(ground.config()).unwrap();
    let (head, _) = text.split_once("[bot.trend]").unwrap();
    let bot = |name: &str| {
        format!(
            "[bot.{name}]\nsymbol = \"BTCUSDT\"\ndirection = \"{name}\"\nstrategy = \"{name}.toml\"\n\
             budget = \"30000 USDT\"\nleverage = \"5x\"\non_shutdown = \"flatten\"\n"
        )
    };
    std::fs::write(ground.config(), format!("{head}{}{}", bot("long"), bot("short"))).unwrap();
}

/// Size and stop of both positions, once both are there.
fn both_sides(ground: &Ground) -> Option<[(String, String); 2]> {
    let rows = ground.rows("positions");
    let side = |index: u64| {
        let held = rows.iter().find(|row| row["positionIdx"] == index && row["symbol"] == "BTCUSDT")?;
        let (size, stop) = (held["size"].as_str()?, held["stopLoss"].as_str()?);
        (size.parse::<f64>().ok()? > 0.0).then(|| (size.to_owned(), stop.to_owned()))
    };
    Some([side(1)?, side(2)?])
}

#[test]
fn a_long_and_a_short_bot_share_a_contract_and_every_position_stays_its_own() {
    let ground = Ground::new(Market::Walking);
    share_a_contract(&ground, "");
    let mut refused = ground.engine("refused", &["--duration", "5s"]);
    assert_eq!(refused.wait(PATIENCE), Some(3), "{}", refused.err());
    assert!(refused.err().contains("BTCUSDT is in one-way mode"), "{}", refused.err());

    share_a_contract(&ground, "account = \"set\"\n");
    let mut engine = ground.engine("engine", &[]);
    wait_until("a long and a short position with their stops", PATIENCE, || {
        assert!(engine.is_running(), "{}", engine.err());
        both_sides(&ground).is_some_and(|sides| sides.iter().all(|(_, stop)| !stop.is_empty()))
    });
    let [(_, long_stop), (_, short_stop)] = both_sides(&ground).unwrap();
    let number = |text: &str| text.parse::<f64>().unwrap();
    assert!(number(&long_stop) < number(&short_stop), "each stop lies on its own side");
    let sees_both = || {
        let (_, shown, _) = finish(&windvane(&["status", "--config", &ground.config()]));
        let status: Value = serde_json::from_str(&shown).unwrap_or_default();
        let rows = status["bots"].as_array().cloned().unwrap_or_default();
        let sides: Vec<_> = rows.iter().map(|bot| bot["side"].as_str().unwrap_or_default()).collect();
        sides == ["Buy", "Sell"] && status["run_state"] == "active"
    };
    wait_until("the engine to see both sides", PATIENCE, sees_both);

    engine.kill();
    let mut engine = ground.engine("again", &[]);
    wait_until("the next engine to find both sides", PATIENCE, sees_both);
    // One bot alone is flattened; the other's position stays where it is.
    let (code, out, err) = finish(&windvane(&["bot", "short", "close", "--config", &ground.config()]));
    assert_eq!(code, Some(0), "{out}{err}");
    wait_until("the short to be closed and the long to be left", PATIENCE, || {
        let rows = ground.rows("positions");
        let size = |index: u64| {
            let row = rows.iter().find(|row| row["positionIdx"] == index && row["symbol"] == "BTCUSDT");
            row.map(|row| number(row["size"].as_str().unwrap()))
        };
        size(2) == Some(0.0) && size(1).is_some_and(|size| size > 0.0)
    });
    ground.end(&mut engine);
    let is_open = |row: &&Value| number(row["size"].as_str().unwrap()) > 0.0;
    assert_eq!(ground.rows("positions").iter().filter(is_open).count(), 0, "both bots end flat");
    let folder = ground.data();
    let trades = finish(&windvane(&["trades", "--config", &ground.config()])).1;
    assert!(trades.contains("long") && trades.contains("short"), "{trades}");
    let verified = finish(&windvane(&["journal", "verify", "--data", folder.to_str().unwrap()]));
    assert_eq!(verified.0, Some(0), "{}{}", verified.1, verified.2);
}

#[test]
fn two_sides_of_a_contract_over_days_add_up_and_replay() {
    let folder = tempfile::tempdir().unwrap();
    let tables = folder.path().join("market");
    cut_tables(&tables, DAYS);
    let shipped = format!("dir = \"{}/config/market\"", root().display());
    let tables = format!("dir = \"{}\"", tables.display());
    let changes = [("listen = \"127.0.0.1:9464\"", "enabled = false"), (shipped.as_str(), tables.as_str())];
    let text = config("paper.toml", &folder.path().join("data"), &changes);
    let (head, _) = text.split_once("[bot.trend]").unwrap();
    let head =
        head.replace("environment = \"embedded\" ", "position_mode = \"hedge\"\nenvironment = \"embedded\" ");
    let bot = |name: &str| {
        format!(
            "[bot.{name}]\nsymbol = \"BTCUSDT\"\ndirection = \"{name}\"\nstrategy = \"{}/strategies/trend.toml\"\n\
             budget = \"30000 USDT\"\nleverage = \"5x\"\non_shutdown = \"flatten\"\n",
            root().display()
        )
    };
    let path = folder.path().join("hedge.toml");
    std::fs::write(&path, format!("{head}{}{}", bot("long"), bot("short"))).unwrap();
    let path = path.to_str().unwrap();
    let mut run = start("hedge", &binary(), &["run", "--json", "--config", path], folder.path());
    assert_eq!(run.wait(Duration::from_secs(420)), Some(0), "{}{}", run.out(), run.err());
    let summary: Value = serde_json::from_str(&run.out()).expect("a summary in JSON");
    assert_eq!(summary["verdict"]["is_equal"], Value::Bool(true), "{summary}");
    for bot in summary["bots"].as_array().unwrap() {
        assert!(bot["fills"].as_u64().unwrap() > 0, "{summary}");
    }
    let journal = summary["journal"].as_str().unwrap();
    let (code, out, err) = finish(&windvane(&["journal", "replay", "--config", path, "--data", journal]));
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains("equal: every one was repeated"), "{out}");

    let (code, out, err) = finish(&windvane(&["backtest", "--json", "--config", path, "--data", journal]));
    assert_eq!(code, Some(0), "{out}{err}");
    let again: Value = serde_json::from_str(&out).expect("a report in JSON");
    for bot in again["bots"].as_array().unwrap() {
        assert!(bot["fills"].as_u64().unwrap() > 0, "{again}");
    }
}
