//! Our table of return codes against the exchange's list, read where it lies.

use super::fixtures::shared;
use windvane_connector::{Channel, Effect, meaning};
use windvane_model::RefusalFamily;

/// Groups whose codes this engine's requests can meet, in the order in which a number is looked up.
const GROUPS: [&str; 6] = ["ws_trade", "uta", "spot", "spot_margin", "older_api", "not_in_v5"];

#[test]
fn every_listed_code_has_the_outcome_of_the_list() {
    let Some(path) = shared("bybit-errors.tsv") else { return };
    let list = std::fs::read_to_string(path).unwrap();
    let rows: Vec<Vec<&str>> = list.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    let mut checked = 0;
    for row in &rows {
        let (code, group) = (row[0].parse::<i32>().unwrap(), row[1]);
        let Some(rank) = GROUPS.iter().position(|name| *name == group).filter(|_| code != 0) else {
            continue;
        };
        // A number that an earlier group uses as well has that one's meaning.
        let is_hidden = rows.iter().any(|other| {
            other[0] == row[0] && GROUPS[..rank].iter().any(|name| *name == other[1] && *name != "ws_trade")
        });
        if is_hidden {
            continue;
        }
        let channel = if group == "ws_trade" { Channel::TradeSocket } else { Channel::Rest };
        let found = meaning(channel, code, "");
        let effect = match row[5] {
            "none" => Effect::Nothing,
            "exists" => Effect::Exists,
            "unknown" => Effect::Unknown,
            other => panic!("{other}"),
        };
        assert_eq!(found.effect, effect, "{code} of {group}");
        if row[3] == "insufficient_margin" {
            assert_eq!(found.family, RefusalFamily::InsufficientMargin, "{code}");
        }
        checked += 1;
    }
    assert!(checked > 350, "{checked} codes are too few to have been read right");
}
