//! Whose order is whose: ours by install tag and epoch, a bot's by its tag, a position's by the configuration.

use std::collections::{BTreeMap, BTreeSet};
use windvane_layout::layout;
use windvane_model::{
    BotName, BotTag, ClientOrderId, Epoch, Execution, IdGrammar, InstallTag, PositionIndex, Symbol,
};

/// Which of the account's positions: contract and position index.
pub type PositionKey = (Symbol, PositionIndex);

/// Who we are at the venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// Marks the orders of this installation.
    pub install: InstallTag,
    /// This start of the engine.
    pub epoch: Epoch,
}

/// What a client order id says of its maker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Maker {
    /// This installation, now or earlier.
    Ours(IdGrammar),
    /// This installation under a later epoch: another engine has taken the account over.
    Successor(Epoch),
    /// Somebody else.
    Foreign,
}

impl Identity {
    pub(crate) fn maker(&self, id: &ClientOrderId) -> Maker {
        match IdGrammar::parse(id) {
            Some(grammar) if grammar.install == self.install => {
                if grammar.epoch > self.epoch {
                    Maker::Successor(grammar.epoch)
                } else {
                    Maker::Ours(grammar)
                }
            }
            Some(_) | None => Maker::Foreign,
        }
    }
}

/// The bots of the configuration and the positions they own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owners {
    tags: BTreeMap<BotTag, BotName>,
    positions: BTreeMap<PositionKey, BotName>,
    /// Contracts in hedge mode: their positions have index 1 (long) and 2 (short). As the configuration has it, until
    /// the venue tells.
    hedged: BTreeSet<Symbol>,
}

impl Owners {
    pub(crate) fn new(bots: &[(BotName, Vec<PositionKey>)]) -> Self {
        let claims = || bots.iter().flat_map(|(bot, keys)| keys.iter().map(move |key| (*key, *bot)));
        Self {
            tags: bots.iter().map(|(bot, _)| (BotTag::of(bot), *bot)).collect(),
            positions: claims().collect(),
            hedged: claims().filter(|((_, index), _)| index.0 != 0).map(|((symbol, _), _)| symbol).collect(),
        }
    }

    pub(crate) fn bot(&self, tag: BotTag) -> Option<BotName> {
        self.tags.get(&tag).copied()
    }

    pub(crate) fn owner(&self, key: PositionKey) -> Option<BotName> {
        self.positions.get(&key).copied()
    }

    /// Takes which position of a contract the venue has told of: what its index says of the mode holds from then on.
    /// The mode can only change while nothing is held, and each start reads the account before it trades.
    pub(crate) fn hear_of(&mut self, (symbol, index): PositionKey) {
        if index == PositionIndex::ONE_WAY {
            self.hedged.remove(&symbol);
        } else {
            self.hedged.insert(symbol);
        }
    }

    /// The positions of one bot, in order.
    pub(crate) fn positions_of(&self, bot: BotName) -> impl Iterator<Item = PositionKey> {
        self.positions.iter().filter(move |(_, owner)| **owner == bot).map(|(key, _)| *key)
    }

    /// The position that an execution moves. Executions do not name it: in one-way mode there is only one, and
    /// in hedge mode a fill closes the side against it and opens its own, never both.
    pub(crate) fn position_of(&self, execution: &Execution) -> PositionKey {
        let index = if !self.hedged.contains(&execution.symbol) {
            PositionIndex::ONE_WAY
        } else if execution.closed_qty.is_zero() {
            PositionIndex::of_side(execution.side)
        } else {
            PositionIndex::of_side(execution.side.opposite())
        };
        (execution.symbol, index)
    }
}

layout!(Identity { install, epoch });

#[cfg(test)]
mod tests {
    use super::*;
    use windvane_model::{Role, Side};

    #[test]
    fn an_id_tells_ours_from_a_successor_and_from_strangers() {
        let identity = Identity { install: InstallTag::new("w01").unwrap(), epoch: Epoch(10) };
        let bot = BotTag::of(&BotName::new("trend").unwrap());
        let id = |install: &str, epoch| {
            let install = InstallTag::new(install).unwrap();
            IdGrammar { install, bot, role: Role::Entry, epoch: Epoch(epoch), sequence: 1 }.mint()
        };
        assert!(matches!(identity.maker(&id("w01", 9)), Maker::Ours(_)));
        assert!(matches!(identity.maker(&id("w01", 10)), Maker::Ours(_)));
        assert_eq!(identity.maker(&id("w01", 11)), Maker::Successor(Epoch(11)));
        assert_eq!(identity.maker(&id("w02", 11)), Maker::Foreign);
        assert_eq!(identity.maker(&ClientOrderId::new("phone-1").unwrap()), Maker::Foreign);
    }

    #[test]
    fn in_hedge_mode_a_fill_opens_its_own_side_or_closes_the_other() {
        use crate::testing::{bot, execution, qty, symbol};
        let key = |index| (symbol("BTCUSDT"), PositionIndex(index));
        let hedged = Owners::new(&[(bot(), vec![key(1), key(2)])]);
        let one_way = Owners::new(&[(bot(), vec![key(0)])]);
        for (side, closed, index) in
            [(Side::Buy, "0", 1), (Side::Sell, "1", 1), (Side::Sell, "0", 2), (Side::Buy, "1", 2)]
        {
            let mut fill = execution("a").side(side).build();
            fill.closed_qty = qty(closed);
            assert_eq!(hedged.position_of(&fill), key(index), "{side:?} closing {closed}");
            assert_eq!(one_way.position_of(&fill), key(0));
        }
    }

    #[test]
    fn what_the_venue_tells_of_the_mode_counts_more_than_the_configuration() {
        use crate::testing::{bot, execution, symbol};
        let key = |index| (symbol("BTCUSDT"), PositionIndex(index));
        let mut owners = Owners::new(&[(bot(), vec![key(1)])]);
        let fill = execution("a").side(Side::Sell).build();
        assert_eq!(owners.position_of(&fill), key(2));
        owners.hear_of(key(0));
        assert_eq!(owners.position_of(&fill), key(0), "a journal from before the switch");
        owners.hear_of(key(1));
        assert_eq!(owners.position_of(&fill), key(2));
    }
}
