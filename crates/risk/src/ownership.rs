//! Whose position is whose. Two bots on one netted position would strip each other's stops, so each position
//! has one owner.

use std::collections::BTreeMap;
use windvane_model::{BotName, PositionIndex, Symbol};

/// Which bot owns which position.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ownership(BTreeMap<(Symbol, PositionIndex), BotName>);

/// Two bots want one position.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "bots `{first}` and `{second}` both trade {symbol} (position index {index}), and one netted position \
     cannot serve two: give one of them another symbol, use hedge mode with one side each, or run it on a \
     sub-account in its own process",
    index = index.0
)]
pub struct OwnershipError {
    /// The contract.
    pub symbol: Symbol,
    /// Which of its positions.
    pub index: PositionIndex,
    /// The bot named first.
    pub first: BotName,
    /// The bot that wants it too.
    pub second: BotName,
}

impl Ownership {
    /// Gives each position to its bot.
    ///
    /// # Errors
    /// When two bots name the same position: one error for each bot that came too late.
    pub fn new(
        claims: impl IntoIterator<Item = (Symbol, PositionIndex, BotName)>,
    ) -> Result<Self, Vec<OwnershipError>> {
        let mut owners = BTreeMap::new();
        let mut conflicts = Vec::new();
        for (symbol, index, bot) in claims {
            let first = *owners.entry((symbol, index)).or_insert(bot);
            if first != bot {
                conflicts.push(OwnershipError { symbol, index, first, second: bot });
            }
        }
        if conflicts.is_empty() { Ok(Self(owners)) } else { Err(conflicts) }
    }

    /// The positions of a bot, in order.
    pub(crate) fn positions(&self, bot: BotName) -> impl Iterator<Item = (Symbol, PositionIndex)> {
        self.0.iter().filter(move |(_, owner)| **owner == bot).map(|(position, _)| *position)
    }

    /// Which position of a contract is the bot's; `None` when none is.
    pub(crate) fn index_of(&self, symbol: Symbol, bot: BotName) -> Option<PositionIndex> {
        let every_index = (symbol, PositionIndex(0))..=(symbol, PositionIndex(u8::MAX));
        self.0.range(every_index).find(|(_, owner)| **owner == bot).map(|((_, index), _)| *index)
    }

    /// The bot that owns a position; `None` when no bot of this engine does.
    #[must_use]
    pub fn owner(&self, symbol: Symbol, index: PositionIndex) -> Option<BotName> {
        self.0.get(&(symbol, index)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_and_a_short_bot_share_a_contract_in_hedge_mode() {
        let [up, down, other] = ["up", "down", "other"].map(|bot| BotName::new(bot).unwrap());
        let symbol = Symbol::new("BTCUSDT").unwrap();
        let claims = [(symbol, PositionIndex(1), up), (symbol, PositionIndex(2), down)];
        let owners = Ownership::new(claims).unwrap();
        assert_eq!(owners.index_of(symbol, up), Some(PositionIndex(1)));
        assert_eq!(owners.index_of(symbol, down), Some(PositionIndex(2)));
        assert_eq!(owners.index_of(symbol, other), None);
    }

    #[test]
    fn a_second_bot_on_a_position_is_refused_with_the_ways_out() {
        let claim = |bot| (Symbol::new("BTCUSDT").unwrap(), PositionIndex(0), BotName::new(bot).unwrap());
        let errors = Ownership::new([claim("trend"), claim("trend"), claim("grid")]).unwrap_err();
        assert_eq!(errors.len(), 1, "a bot may name its own position twice");
        let text = errors[0].to_string();
        assert!(text.contains("`trend` and `grid`") && text.contains("sub-account"), "{text}");
    }
}
