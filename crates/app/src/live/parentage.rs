//! The last look before the socket: an order that opens is no larger than what risk approved, leaves once, and the parts of
//! a sum (the slices of a TWAP) are together no more than the sum.
//!
//! A sender that does not count what it sends against what was asked for can trade without end before anybody notices; in
//! 2012 one did. This knows nothing of orders and positions: only the quantity that risk put its seal on, the number of the
//! last order, and what has left of each sum. Only a refusal for certain takes a part back. What reduces is never held up
//! here; it cannot open anything.

use rust_decimal::Decimal;
use std::collections::BTreeMap;
use windvane_engine::Child;
use windvane_model::{
    AccountEvent, BotName, ClientOrderId, Command, Event, IdGrammar, Notional, Qty, RefusalFamily, Refused,
    Request,
};

/// What has left so far.
#[derive(Debug, Default)]
pub(super) struct Parentage {
    /// The highest number of an order in this start of the engine.
    last: u64,
    /// The sum that each bot works off, and what has left for it.
    sums: BTreeMap<BotName, Sum>,
}

#[derive(Debug)]
struct Sum {
    id: i64,
    /// Worked off by earlier starts, quote coin.
    before: Decimal,
    /// Value of each part that has left, quote coin.
    parts: BTreeMap<ClientOrderId, Decimal>,
}

impl Sum {
    /// All that has left; `None` when that is no figure any more.
    fn left(&self) -> Option<Decimal> {
        self.parts.values().try_fold(self.before, |sum, part| sum.checked_add(*part))
    }
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
    /// With the parts that have left before it, it is more than the sum it belongs to.
    #[error("an order that opens is for {value}, {left} have left of a sum of {total}")]
    BeyondSum {
        /// What it is worth, quote coin.
        value: Notional,
        /// What has left before it, quote coin.
        left: Decimal,
        /// The sum, quote coin.
        total: Notional,
    },
    /// An order of its number, or a later one, has left already.
    #[error("an order that opens does not follow the ones before it")]
    Again,
}

impl Parentage {
    /// Looks at a command that is about to leave; `approved` is the quantity in the wish that risk let pass, `child` which part
    /// of a sum it is, if it is one.
    ///
    /// # Errors
    /// With the reason why it must not leave, and why nothing should open any more.
    pub(super) fn check(
        &mut self,
        command: &Command,
        approved: Option<Qty>,
        child: Option<Child>,
    ) -> Result<(), Stray> {
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
            (Some(_), Some(_)) => self.count(command, child),
        }
    }

    /// Counts a part of a sum that is about to leave.
    fn count(&mut self, command: &Command, child: Option<Child>) -> Result<(), Stray> {
        let (Command::Submit(submit), Some(Child { bot, parent, value })) = (command, child) else {
            return Ok(());
        };
        let begun = || Sum { id: parent.id, before: parent.done.get(), parts: BTreeMap::new() };
        let sum = self.sums.entry(bot).or_insert_with(begun);
        if sum.id != parent.id {
            *sum = begun();
        }
        let left = sum.left();
        let is_within = left
            .and_then(|left| left.checked_add(value.get()))
            .is_some_and(|whole| whole <= parent.total.get());
        if !is_within {
            return Err(Stray::BeyondSum { value, left: left.unwrap_or(Decimal::MAX), total: parent.total });
        }
        sum.parts.insert(submit.client_order_id, value.get());
        Ok(())
    }

    /// Hears an event that the engine takes in: a part that was refused for certain is still to be sent. One that is refused
    /// as a duplicate exists.
    pub(super) fn hear(&mut self, event: &Event) {
        if let Event::Account(AccountEvent::Refused(Refused {
            request: Request::Submit,
            client_order_id: Some(id),
            family,
            ..
        })) = event
            && *family != RefusalFamily::Duplicate
        {
            for sum in self.sums.values_mut() {
                sum.parts.remove(id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use windvane_model::{
        BotTag, Epoch, InstallTag, OrderKind, PositionIndex, Role, Side, Submit, Symbol, Text, Triggers,
        WallTime,
    };
    use windvane_strategy::Parent;

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
            triggers: Triggers::default(),
            send_before: Some(WallTime(1)),
        }
    }

    #[test]
    fn a_child_is_no_larger_than_its_parent_and_leaves_once() {
        let mut parentage = Parentage::default();
        let mut check = |submit: Submit, approved| parentage.check(&Command::Submit(submit), approved, None);
        assert_eq!(check(order(1, 5), Some(qty(5))), Ok(()));
        assert_eq!(check(order(1, 5), Some(qty(5))), Err(Stray::Again), "the same order twice");
        let too_large = Stray::TooLarge { qty: qty(50), approved: qty(5) };
        assert_eq!(check(order(2, 50), Some(qty(5))), Err(too_large), "a slip of a digit");
        assert_eq!(check(order(3, 5), None), Err(Stray::Unapproved));
        let close = Submit { reduce_only: true, send_before: None, ..order(3, 50) };
        assert_eq!(check(close, None), Ok(()), "what reduces always leaves");
        assert_eq!(check(order(4, 3), Some(qty(5))), Ok(()), "less is no harm");
    }

    /// A part of a sum of 100, worth 10 a lot, of which an earlier start had worked off 20.
    fn part(id: i64, lots: u32) -> Option<Child> {
        let value = |value: u32| Notional::new(Decimal::from(value)).unwrap();
        let parent = Parent { id, total: value(100), done: value(20) };
        Some(Child { bot: BotName::new("twap").unwrap(), parent, value: value(10 * lots) })
    }

    #[test]
    fn the_parts_of_a_sum_are_together_no_more_than_the_sum() {
        let mut parentage = Parentage::default();
        let send = |parentage: &mut Parentage, sequence, lots, id| {
            let order = Command::Submit(order(sequence, lots));
            parentage.check(&order, Some(qty(lots)), part(id, lots))
        };
        for sequence in 1..=4 {
            assert_eq!(send(&mut parentage, sequence, 2, 7), Ok(()), "each is small, and approved");
        }
        let beyond = Stray::BeyondSum {
            value: Notional::new(Decimal::from(10)).unwrap(),
            left: Decimal::from(100),
            total: Notional::new(Decimal::from(100)).unwrap(),
        };
        assert_eq!(send(&mut parentage, 5, 1, 7), Err(beyond), "a bot that has lost count");

        let Submit { client_order_id, symbol, .. } = order(3, 2);
        let refused = |family| {
            Event::Account(AccountEvent::Refused(Refused {
                request: Request::Submit,
                symbol: Some(symbol),
                client_order_id: Some(client_order_id),
                code: 0,
                family,
                message: Text::lossy(""),
            }))
        };
        parentage.hear(&refused(RefusalFamily::Duplicate));
        assert!(send(&mut parentage, 5, 1, 7).is_err(), "it exists");
        parentage.hear(&refused(RefusalFamily::PriceLimit));
        assert_eq!(send(&mut parentage, 6, 2, 7), Ok(()), "what was refused is sent again");
        parentage.hear(&refused(RefusalFamily::PriceLimit));
        assert!(send(&mut parentage, 7, 1, 7).is_err(), "once");
        assert_eq!(send(&mut parentage, 8, 8, 8), Ok(()), "another sum begins anew");
    }
}
