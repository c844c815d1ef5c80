//! What `windvane explain` is asked about: an order of ours, one that the venue made, a bot, a contract.

use super::History;
use crate::exit::Failure;
use anyhow::Context;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use windvane_journal::{Item, Record};
use windvane_model::{AccountEvent, BotName, ClientOrderId, Command, Event, OrderId, QueryAnswer, Symbol};
use windvane_order_management::PositionKey;

/// What is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    /// One order, by our id.
    Order(ClientOrderId),
    /// One order that is not ours by its id: a stop that the venue made, or a stranger's.
    VenueOrder {
        /// The venue's id.
        id: OrderId,
        /// The order of ours whose position it protects, where there is one.
        parent: Option<ClientOrderId>,
        /// The position that it works on.
        key: PositionKey,
    },
    /// Everything of a bot.
    Bot(BotName),
    /// Everything of a contract.
    Symbol(Symbol),
}

impl Question {
    /// Finds out what `text` names in the journal in `folder`.
    ///
    /// # Errors
    /// With the names that there are when it is none of them, and when the journal cannot be read.
    pub(crate) fn of(text: &str, history: &History, folder: &Path) -> Result<Self, Failure> {
        let orders = history.books.orders();
        let position_symbols = orders.positions().map(|position| position.key().0);
        let symbols: BTreeSet<Symbol> = position_symbols.chain(history.symbols.iter().copied()).collect();
        if let Some(bot) = history.bots.iter().find(|bot| bot.as_str() == text) {
            return Ok(Self::Bot(*bot));
        }
        if let Some(symbol) = symbols.iter().find(|symbol| symbol.as_str() == text) {
            return Ok(Self::Symbol(*symbol));
        }
        if let Ok(id) = ClientOrderId::new(text)
            && orders.order(&id).is_some()
        {
            return Ok(Self::Order(id));
        }
        if let Ok(id) = OrderId::new(text) {
            if let Some(order) = orders.orders().find(|order| order.order_id() == Some(id)) {
                return Ok(Self::Order(order.id()));
            }
            if let Some((key, parent)) = birth(id, folder)? {
                return Ok(Self::VenueOrder { id, parent, key });
            }
        }
        let list = |names: &mut dyn Iterator<Item = String>| names.collect::<Vec<_>>().join(", ");
        Err(Failure::Config(format!(
            "`{text}` is no order, bot or contract of this journal; bots: {}; contracts: {}; orders are listed by \
             `windvane orders --all`",
            list(&mut history.bots.iter().map(ToString::to_string)),
            list(&mut symbols.iter().map(ToString::to_string))
        )))
    }
}

/// Where an order came from that the venue made, or a stranger: its position, and the order of ours that opened that, if
/// any did. `None` where the journal in `folder` has no word of it.
fn birth(id: OrderId, folder: &Path) -> Result<Option<(PositionKey, Option<ClientOrderId>)>, Failure> {
    let reading = || format!("reading {}", folder.display());
    let mut openers: BTreeMap<PositionKey, ClientOrderId> = BTreeMap::new();
    for item in windvane_journal::read(folder).with_context(reading)? {
        let Item::Journal(entry) = item.with_context(reading)? else { continue };
        match &entry.record {
            Record::Command { command: Command::Submit(submit), .. } if !submit.reduce_only => {
                openers.insert((submit.symbol, submit.position_index), submit.client_order_id);
            }
            Record::Event(stamped) => {
                let Event::Account(event) = &stamped.event else { continue };
                let Some((key, said)) = told(event, id) else { continue };
                return Ok(Some((key, said.or_else(|| openers.get(&key).copied()))));
            }
            _ => {}
        }
    }
    Ok(None)
}

/// Which position a fact says the order `id` works on, and the order that it calls its parent.
fn told(event: &AccountEvent, id: OrderId) -> Option<(PositionKey, Option<ClientOrderId>)> {
    match event {
        AccountEvent::Order(report) if report.order_id == id => {
            Some(((report.symbol, report.position_index), report.parent))
        }
        AccountEvent::Answer(QueryAnswer::Account(account)) => account
            .open_orders
            .iter()
            .find(|report| report.order_id == id)
            .map(|report| ((report.symbol, report.position_index), report.parent)),
        _ => None,
    }
}
