//! The last look before the socket: an order that opens is no larger than what risk approved, and leaves once.
//!
//! A sender that does not count what it sends against what was asked for can trade without end before anybody notices; in
//! 2012 one did. This knows nothing of orders, positions or the engine: only the quantity that risk put its seal on, and
//! the number of the last order. What reduces is never held up here; it cannot open anything.

use windvane_model::{Command, IdGrammar, Qty};

/// What has left so far.
#[derive(Debug, Default)]
pub(super) struct Parentage {
    /// The highest number of an order in this start of the engine.
    last: u64,
}

/// An order that is not what was approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Stray {
    /// Risk has put no seal on it.
    #[error("an order that opens has no approval")]
    Unapproved,
    /// It is for more than was approved.
    #[error("an order that opens is for {qty}, approved is {approved}")]
    TooLarge {
        /// What it is for.
        qty: Qty,
        /// What risk approved.
        approved: Qty,
    },
    /// An order of its number, or a later one, has left already.
    #[error("an order that opens does not follow the ones before it")]
    Again,
}

impl Parentage {
    /// Looks at a command that is about to leave; `approved` is the quantity in the wish that risk let pass.
    ///
    /// # Errors
    /// With the reason why it must not leave, and why nothing should open any more.
    pub(super) fn check(&mut self, command: &Command, approved: Option<Qty>) -> Result<(), Stray> {
        let (qty, number) = match command {
            Command::Submit(submit) => {
                (Some(submit.qty), IdGrammar::parse(&submit.client_order_id).map(|id| id.sequence))
            }
            Command::Amend(amend) => (amend.qty, None),
            Command::Cancel(_)
            | Command::CancelAll(_)
            | Command::SetProtection(_)
            | Command::SetLeverage(_)
            | Command::Query(_) => return Ok(()),
        };
        let is_first = number.is_none_or(|number| number > self.last);
        self.last = self.last.max(number.unwrap_or(0));
        if !command.opens() {
            return Ok(());
        }
        match (qty, approved) {
            _ if !is_first => Err(Stray::Again),
            (None, _) => Ok(()),
            (Some(_), None) => Err(Stray::Unapproved),
            (Some(qty), Some(approved)) if qty > approved => Err(Stray::TooLarge { qty, approved }),
            (Some(_), Some(_)) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::Decimal;
    use windvane_model::{
        BotName, BotTag, Epoch, InstallTag, OrderKind, PositionIndex, Role, Side, Submit, Symbol, WallTime,
    };

    fn qty(lots: u32) -> Qty {
        Qty::new(Decimal::from(lots)).unwrap()
    }

    fn order(sequence: u64, lots: u32) -> Submit {
        let (install, bot) = (InstallTag::new("w01").unwrap(), BotTag::of(&BotName::new("trend").unwrap()));
        Submit {
            client_order_id: IdGrammar { install, bot, role: Role::Entry, epoch: Epoch(1), sequence }.mint(),
            symbol: Symbol::new("BTCUSDT").unwrap(),
            position_index: PositionIndex(0),
            role: Role::Entry,
            side: Side::Buy,
            qty: qty(lots),
            kind: OrderKind::Market { max_slippage_ticks: None },
            reduce_only: false,
            stop_loss: None,
            take_profit: None,
            send_before: Some(WallTime(1)),
        }
    }

    #[test]
    fn a_child_is_no_larger_than_its_parent_and_leaves_once() {
        let mut parentage = Parentage::default();
        let mut check = |submit: Submit, approved| parentage.check(&Command::Submit(submit), approved);
        assert_eq!(check(order(1, 5), Some(qty(5))), Ok(()));
        assert_eq!(check(order(1, 5), Some(qty(5))), Err(Stray::Again), "the same order twice");
        let too_large = Stray::TooLarge { qty: qty(50), approved: qty(5) };
        assert_eq!(check(order(2, 50), Some(qty(5))), Err(too_large), "a slip of a digit");
        assert_eq!(check(order(3, 5), None), Err(Stray::Unapproved));
        let close = Submit { reduce_only: true, send_before: None, ..order(3, 50) };
        assert_eq!(check(close, None), Ok(()), "what reduces always leaves");
        assert_eq!(check(order(4, 3), Some(qty(5))), Ok(()), "less is no harm");
    }
}
