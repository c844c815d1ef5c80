//! Which part of a larger whole an order is, for whoever counts what leaves.

use crate::engine::Engine;
use windvane_model::{BotName, Command, Notional};
use windvane_strategy::Parent;

/// An order that is a part of a sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Child {
    /// Whose.
    pub bot: BotName,
    /// The sum.
    pub parent: Parent,
    /// What the order is worth at its limit, else at the middle of the book, quote coin.
    pub value: Notional,
}

impl Engine {
    /// Which part of a larger whole a bot's command is; `None` where it opens nothing, or is all there is.
    #[must_use]
    pub fn child(&self, name: Option<BotName>, command: &Command) -> Option<Child> {
        let Command::Submit(submit) = command else { return None };
        let bot = self.bots.iter().find(|bot| Some(bot.name) == name)?;
        let parent = bot.strategy.parent().filter(|_| command.opens())?;
        let middle = || self.market.contract(submit.symbol)?.book().mid();
        // Risk lets nothing open in a contract without a mark price.
        let price =
            submit.kind.limit_price().or_else(middle).or_else(|| self.quotes.get(submit.symbol).mark)?;
        Some(Child { bot: bot.name, parent, value: price.times(submit.qty) })
    }
}
