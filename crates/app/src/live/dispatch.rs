//! Commands on their way out: at once, or held until their record is on the disk.

use crate::live::recorder::Recorder;
use std::collections::VecDeque;
use windvane_connector::Connector;
use windvane_journal::Ticket;
use windvane_model::{AccountEvent, ClientOrderId, Command, RefusalFamily, Refused, Request, Text};

/// Commands that wait for the disk.
#[derive(Default)]
pub(crate) struct Dispatch {
    held: VecDeque<(Ticket, Command)>,
}

impl Dispatch {
    /// Sends `command`, whose record is `ticket`; or holds it when it opens and the record must be on the disk
    /// first. Whatever concerns an order that is held waits behind it, so a cancel never overtakes its order.
    ///
    /// # Errors
    /// With the answer when the connector has no room: nothing was sent.
    pub(crate) fn send(
        &mut self,
        command: Command,
        ticket: Ticket,
        recorder: &Recorder,
        connector: Option<&Connector>,
    ) -> Result<(), Box<AccountEvent>> {
        let waits = recorder.waits_for_disk() && command.opens() && !recorder.is_durable(ticket);
        let follows =
            order_of(&command).is_some_and(|id| self.held.iter().any(|(_, held)| order_of(held) == Some(id)));
        if waits || follows {
            self.held.push_back((ticket, command));
            return Ok(());
        }
        connector.map_or(Ok(()), |connector| connector.send(command))
    }

    /// Sends what the disk has caught up with. Returns the answers of those that did not leave.
    pub(crate) fn release(
        &mut self,
        recorder: &Recorder,
        connector: Option<&Connector>,
    ) -> Vec<AccountEvent> {
        let mut answers = Vec::new();
        while self.held.front().is_some_and(|(ticket, _)| recorder.is_durable(*ticket)) {
            let Some((_, command)) = self.held.pop_front() else { break };
            if let Some(Err(answer)) = connector.map(|connector| connector.send(command)) {
                answers.push(*answer);
            }
        }
        answers
    }

    /// Drops what opens and is held, because nothing may open any more; a later resume does not bring it back. Returns
    /// the answers.
    pub(crate) fn refuse_what_opens(&mut self) -> Vec<AccountEvent> {
        let mut answers = Vec::new();
        self.held.retain(|(_, command)| {
            if command.opens() {
                answers.extend(not_sent(command, "nothing may open any more"));
            }
            !command.opens()
        });
        answers
    }
}

/// The answer to a command that opens and does not leave.
pub(crate) fn not_sent(command: &Command, why: &str) -> Option<AccountEvent> {
    let (request, symbol, id) = match command {
        Command::Submit(submit) => (Request::Submit, submit.symbol, submit.client_order_id),
        Command::Amend(amend) => (Request::Amend, amend.symbol, amend.client_order_id),
        Command::Cancel(_)
        | Command::CancelAll(_)
        | Command::SetProtection(_)
        | Command::SetLeverage(_)
        | Command::Query(_) => return None,
    };
    Some(AccountEvent::Refused(Refused {
        request,
        symbol: Some(symbol),
        client_order_id: Some(id),
        code: 0,
        family: RefusalFamily::NotSent,
        message: Text::lossy(why),
    }))
}

fn order_of(command: &Command) -> Option<ClientOrderId> {
    match command {
        Command::Submit(submit) => Some(submit.client_order_id),
        Command::Amend(amend) => Some(amend.client_order_id),
        Command::Cancel(cancel) => cancel.client_order_id,
        Command::CancelAll(_) | Command::SetProtection(_) | Command::SetLeverage(_) | Command::Query(_) => {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use windvane_model::{
        Cancel, OrderKind, PositionIndex, Qty, Role, Side, Submit, Symbol, Triggers, WallTime,
    };

    #[test]
    fn a_halt_drops_what_opens_and_waits_for_the_disk_and_nothing_else() {
        let symbol = Symbol::new("BTCUSDT").unwrap();
        let id = ClientOrderId::new("w01trnde0000001-000001").unwrap();
        let submit = Command::Submit(Submit {
            client_order_id: id,
            symbol,
            position_index: PositionIndex(0),
            role: Role::Entry,
            side: Side::Buy,
            qty: Qty::new("0.01".parse().unwrap()).unwrap(),
            kind: OrderKind::Market { max_slippage_ticks: None },
            reduce_only: false,
            stop_loss: None,
            take_profit: None,
            triggers: Triggers::default(),
            send_before: Some(WallTime(1)),
        });
        let cancel = Command::Cancel(Cancel { client_order_id: Some(id), order_id: None, symbol });
        let ticket = Ticket(1);
        let mut dispatch = Dispatch { held: VecDeque::from([(ticket, submit), (ticket, cancel)]) };
        let answers = dispatch.refuse_what_opens();
        assert!(matches!(answers.as_slice(), [AccountEvent::Refused(answer)]
            if answer.family == RefusalFamily::NotSent && answer.client_order_id == Some(id)));
        assert_eq!(dispatch.held, [(ticket, cancel)]);
    }
}
