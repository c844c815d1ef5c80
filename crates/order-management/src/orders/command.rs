//! What we ask: an approval becomes a command, and a command becomes state, live or read back.

use super::Orders;
use crate::order::{Order, Provenance};
use crate::pending::{Amendment, Pending};
use crate::reconcile::Reason;
use windvane_model::{
    Amend, BotName, BotTag, Cancel, CancelAll, ClientOrderId, Command, IdGrammar, Intent, Place, Query,
    SetProtection, Stamp, Submit, TriggerBy,
};
use windvane_risk::Approved;

impl Orders {
    /// Turns an approved intent into its command and counts it from now on. A placed order gets its client
    /// order id here.
    ///
    /// The caller writes the command to the journal before it sends it, with the stamp of the event that
    /// caused it: [`Orders::record`] needs both to rebuild this state.
    pub fn submit(&mut self, approved: &Approved, stamp: Stamp) -> Command {
        let symbol = approved.symbol();
        let mut provenance = Provenance {
            bot: Some(approved.bot()),
            worst_price: approved.worst_price(),
            ..Provenance::default()
        };
        let command = match *approved.intent() {
            Intent::Place(place) => {
                provenance.tag = place.tag;
                Command::Submit(self.mint(approved, &place))
            }
            Intent::Amend { client_order_id, price, qty } => {
                let send_before = approved.send_before();
                Command::Amend(Amend { client_order_id, symbol, price, qty, send_before })
            }
            Intent::Cancel { client_order_id } => {
                Command::Cancel(Cancel { client_order_id: Some(client_order_id), order_id: None, symbol })
            }
            Intent::Protect { stop_loss, take_profit, triggers, .. } => {
                Command::SetProtection(SetProtection {
                    symbol,
                    position_index: approved.position_index(),
                    stop_loss,
                    take_profit,
                    triggers,
                })
            }
        };
        self.record(&command, provenance, stamp);
        command
    }

    fn mint(&self, approved: &Approved, place: &Place) -> Submit {
        let grammar = IdGrammar {
            install: self.identity.install,
            bot: BotTag::of(&approved.bot()),
            role: place.role,
            epoch: self.identity.epoch,
            sequence: self.minted + 1,
        };
        Submit {
            client_order_id: grammar.mint(),
            symbol: place.symbol,
            position_index: approved.position_index(),
            role: place.role,
            side: place.side,
            qty: place.qty,
            kind: place.kind,
            reduce_only: place.reduce_only,
            stop_loss: place.stop_loss,
            take_profit: place.take_profit,
            triggers: place.triggers,
            send_before: approved.send_before(),
        }
    }

    /// Counts a command that leaves, or that the journal says has left.
    pub fn record(&mut self, command: &Command, provenance: Provenance, stamp: Stamp) {
        match command {
            Command::Submit(submit) => self.record_submit(submit, provenance, stamp),
            Command::Amend(amend) => self.record_amend(amend, stamp),
            Command::Cancel(cancel) => {
                if let Some(id) = cancel.client_order_id {
                    self.record_cancel(id, stamp);
                }
            }
            Command::CancelAll(all) => self.record_cancel_all(all, stamp),
            Command::Query(Query::Account { .. }) => {
                self.begin_reconcile(stamp);
            }
            Command::SetProtection(set) => {
                if let Some(position) = self.positions.get_mut(&(set.symbol, set.position_index)) {
                    position.want_stop(set.stop_loss, set.triggers.stop_loss);
                }
            }
            // Questions about one order are state since their deadline passed; leverage changes nothing here until
            // the venue shows it; an order that is only asked about changes nothing at all, and neither does a question.
            Command::Query(Query::Order { .. } | Query::PreCheck(_) | Query::Movements { .. })
            | Command::SetLeverage(_) => {}
        }
    }

    fn record_submit(&mut self, submit: &Submit, provenance: Provenance, stamp: Stamp) {
        let id = submit.client_order_id;
        if let Some(grammar) = IdGrammar::parse(&id)
            && grammar.epoch == self.identity.epoch
        {
            self.minted = self.minted.max(grammar.sequence);
        }
        if let Some(tally) = provenance.bot.and_then(|bot| self.bots.get_mut(&bot)) {
            tally.orders += 1;
        }
        self.orders.insert(Order::new(submit, provenance, stamp));
        self.settle(id, stamp.wall);
    }

    fn record_amend(&mut self, amend: &Amend, stamp: Stamp) {
        let Some(order) = self.orders.get_mut(&amend.client_order_id) else { return };
        if order.state.is_open() {
            let pending = Pending::sent(stamp.wall);
            order.amendments.push(Amendment { price: amend.price, qty: amend.qty, pending });
        }
        self.settle(amend.client_order_id, stamp.wall);
    }

    fn record_cancel(&mut self, id: ClientOrderId, stamp: Stamp) {
        let Some(order) = self.orders.get_mut(&id) else { return };
        if order.state.is_open() {
            order.cancellations.push(Pending::sent(stamp.wall));
        }
        self.settle(id, stamp.wall);
    }

    fn record_cancel_all(&mut self, all: &CancelAll, stamp: Stamp) {
        let is_meant = |order: &Order| all.symbol.is_none_or(|symbol| symbol == order.symbol);
        let ids: Vec<ClientOrderId> =
            self.orders.live().filter(|order| is_meant(order)).map(|order| order.id).collect();
        for id in ids {
            self.record_cancel(id, stamp);
        }
    }

    /// A person says that what a bot's contracts hold is the bot's own, whoever opened it: from now on it is looked
    /// after like anything that an order of ours opened.
    pub fn adopt_positions(&mut self, bot: BotName) {
        for key in self.owners.positions_of(bot) {
            if let Some(position) = self.positions.get_mut(&key) {
                // The venue does not say what fires the stops of a position.
                position.own(position.stop_loss(), TriggerBy::default());
            }
        }
    }

    /// Begins a reconciliation of the whole account, at start and after every gap of the private stream; until
    /// it ends, [`Orders::is_reconciled`] says no.
    ///
    /// One that began with the same event stays as it is, so that its query can be recorded like any command.
    pub fn begin_reconcile(&mut self, stamp: Stamp) -> Query {
        if self.reconcile.asked().is_none_or(|asked| asked.sequence != stamp.sequence) {
            self.counters.reconciliations += 1;
            self.reconcile.begin(Reason::Gap, stamp);
            self.questions.put();
        }
        self.reconcile.query()
    }
}
