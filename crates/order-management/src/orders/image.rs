//! The books as bytes, for a snapshot of the journal, and back.
//!
//! What is derived from the rest (indexes, deadlines, exposure) is derived again; marks are not in it, because they
//! are on the tape. Reading under another configuration is allowed: owners are those of the configuration.

use super::{BotTally, Orders};
use crate::bot::EquityCurve;
use crate::identity::{Identity, PositionKey};
use crate::order::Order;
use crate::position::Position;
use std::collections::BTreeMap;
use windvane_layout::{Decode, DecodeError, Encode, Input};
use windvane_model::{BotName, ClientOrderId, Money, OrderId, WallTime};

/// Version of the layout. Changing a table of this crate needs a new one, and a way to read the old.
const VERSION: u8 = 5;
/// That without what of the log of the wallet is booked.
const WITHOUT_MOVEMENTS: u8 = 4;
/// That without whether the wallet's start was torn, and what was asked.
const WITHOUT_TORN_START: u8 = 3;
/// The same by the first edition of the model's tables.
const OF_FIRST_EDITION: u8 = 2;
/// That without what the wallet is short of.
const WITHOUT_SHORTFALL: u8 = 1;

impl Orders {
    /// Appends the books to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        VERSION.encode(out);
        self.identity.encode(out);
        self.minted.encode(out);
        let orders: BTreeMap<ClientOrderId, &Order> =
            self.orders.iter().map(|order| (order.id, order)).collect();
        orders.encode(out);
        self.by_order_id.encode(out);
        self.missing.encode(out);
        self.sought.encode(out);
        self.others.encode(out);
        self.ledger.encode(out);
        self.latest_execution.encode(out);
        self.positions.encode(out);
        self.wallet.encode(out);
        let tallies: BTreeMap<BotName, u64> =
            self.bots.iter().map(|(bot, tally)| (*bot, tally.orders)).collect();
        tallies.encode(out);
        self.reconcile.encode(out);
        self.counters.encode(out);
        self.next_look_back.encode(out);
        self.forgotten_until.encode(out);
        self.exposure.shortfall().encode(out);
        self.start_is_torn.encode(out);
        self.questions.encode(out);
        self.movements.encode(out);
    }

    /// Reads books back. `bots` names each bot of the configuration with the positions it owns.
    ///
    /// # Errors
    /// When the bytes are not books, or those of another version.
    pub fn read(input: &mut Input<'_>, bots: &[(BotName, Vec<PositionKey>)]) -> Result<Self, DecodeError> {
        let version = u8::decode(input)?;
        let edition = input.edition();
        match version {
            VERSION | WITHOUT_MOVEMENTS | WITHOUT_TORN_START => {}
            OF_FIRST_EDITION | WITHOUT_SHORTFALL => _ = input.set_edition(1),
            version => return Err(DecodeError::UnknownVersion(version)),
        }
        let mut books = Self::new(Identity::decode(input)?, bots);
        books.minted = Decode::decode(input)?;
        for (_, order) in BTreeMap::<ClientOrderId, Order>::decode(input)? {
            books.orders.insert(order);
        }
        books.by_order_id = Decode::decode(input)?;
        books.missing = Decode::decode(input)?;
        books.sought = Decode::decode(input)?;
        books.others = Decode::decode(input)?;
        books.ledger = Decode::decode(input)?;
        books.latest_execution = Decode::decode(input)?;
        books.positions.extend(BTreeMap::<PositionKey, Position>::decode(input)?);
        books.wallet = Decode::decode(input)?;
        for (bot, orders) in BTreeMap::<BotName, u64>::decode(input)? {
            if let Some(tally) = books.bots.get_mut(&bot) {
                *tally = BotTally { orders, curve: EquityCurve::default() };
            }
        }
        books.reconcile = Decode::decode(input)?;
        books.counters = Decode::decode(input)?;
        books.next_look_back = Decode::decode(input)?;
        books.forgotten_until = Decode::decode(input)?;
        input.set_edition(edition);
        let shortfall = if version == WITHOUT_SHORTFALL { Money::ZERO } else { Decode::decode(input)? };
        if matches!(version, VERSION | WITHOUT_MOVEMENTS) {
            books.start_is_torn = Decode::decode(input)?;
            books.questions = Decode::decode(input)?;
        }
        if version == VERSION {
            books.movements = Decode::decode(input)?;
        } else {
            // What was before is in the books as it was taken then.
            books.movements.begin(books.latest_execution);
        }
        books.derive();
        books.exposure.set_shortfall(shortfall);
        Ok(books)
    }

    /// Makes everything anew that follows from the rest.
    fn derive(&mut self) {
        self.hear_of_modes();
        type Known = (ClientOrderId, Option<WallTime>, bool);
        let known = |order: &Order| (order.id, order.scheduled, order.state.is_open());
        let orders: Vec<Known> = self.orders.iter().map(known).collect();
        for (id, scheduled, is_open) in orders {
            self.orders.set_live(&id, is_open || scheduled.is_some());
            self.agenda.extend(scheduled.map(|due| (due, id)));
            self.expose_order(id);
        }
        let others: Vec<OrderId> = self.others.ids().collect();
        others.into_iter().for_each(|id| self.expose_other(id));
        let positions: Vec<PositionKey> = self.positions.keys().copied().collect();
        positions.into_iter().for_each(|key| self.expose_position(key));
        self.expose_wallet();
        self.look_for_unprotected();
    }
}
