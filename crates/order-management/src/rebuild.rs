//! The books out of the record alone: what recovery, the verdict and the simulation do with each line of it.

use crate::{Identity, Orders, PositionKey, Provenance};
use std::collections::BTreeMap;
use windvane_layout::{Decode, DecodeError, Encode, Input};
use windvane_model::{
    AccountEvent, BotName, BotTag, Command, Control, Epoch, Event, IdGrammar, InstallTag, Millis, Mutant,
    Stamp, Stamped, mutant,
};

/// Books that are being rebuilt line by line.
#[derive(Debug, Clone)]
pub struct Rebuild {
    orders: Orders,
    has_started: bool,
    claims: Vec<(BotName, Vec<PositionKey>)>,
    /// The bot that last opened in each position, whatever the configuration says now.
    openers: BTreeMap<PositionKey, BotName>,
}

impl Rebuild {
    /// Begins with nothing. `claims` names each bot with the positions it owns.
    #[must_use]
    pub fn new(claims: Vec<(BotName, Vec<PositionKey>)>, install: InstallTag) -> Self {
        let identity = Identity { install, epoch: Epoch::default() };
        let orders = Orders::new(identity, &claims);
        Self { orders, has_started: false, claims, openers: BTreeMap::new() }
    }

    /// The same, but what is over is kept for `span`, market time; `None` keeps everything.
    #[must_use]
    pub fn keeping(self, span: Option<Millis>) -> Self {
        Self { orders: self.orders.keeping(span), ..self }
    }

    /// Appends everything to `out`, for a snapshot.
    pub fn write(&self, out: &mut Vec<u8>) {
        self.has_started.encode(out);
        self.openers.encode(out);
        self.orders.write(out);
    }

    /// Reads books back that were written like this. `claims` names each bot with the positions it owns now.
    ///
    /// # Errors
    /// When the bytes are not books, or those of another version.
    pub fn read(
        input: &mut Input<'_>,
        claims: Vec<(BotName, Vec<PositionKey>)>,
    ) -> Result<Self, DecodeError> {
        let (has_started, openers) = (bool::decode(input)?, Decode::decode(input)?);
        let orders = Orders::read(input, &claims)?;
        Ok(Self { orders, has_started, claims, openers })
    }

    /// An engine came up.
    pub fn start(&mut self, identity: Identity) {
        if self.has_started {
            let orders = std::mem::replace(&mut self.orders, Orders::new(identity, &[]));
            self.orders = orders.with_epoch(identity.epoch);
        } else {
            self.orders = Orders::new(identity, &self.claims).keeping(self.orders.keeps());
        }
        self.has_started = true;
    }

    /// An event came in. It takes the engine's own path, without strategies: what they wanted is on record.
    pub fn event(&mut self, stamped: &Stamped) {
        // Notices and questions were carried out when they were new.
        let mut effects = Vec::new();
        match &stamped.event {
            Event::Account(AccountEvent::Execution(_)) if mutant(Mutant::DedupeForgets) => {}
            Event::Timer if mutant(Mutant::RebuildForgetsTimers) => {}
            Event::Account(event) => self.orders.apply(event, stamped.stamp, &mut effects),
            Event::Timer => self.orders.on_timer(stamped.stamp, &mut effects),
            Event::Control(Control::Resolve(id)) => self.orders.resolve(id, stamped.stamp, &mut effects),
            Event::Control(Control::Adopt(bot)) => self.orders.adopt_positions(*bot),
            Event::Market(_) | Event::Link(_) | Event::Reference(_) | Event::Control(_) => {}
        }
    }

    /// A command was about to leave, because of the event with the stamp `cause`.
    pub fn command(&mut self, cause: Stamp, provenance: Provenance, command: &Command) {
        if matches!(command, Command::Cancel(_)) && mutant(Mutant::RebuildForgetsCancels) {
            return;
        }
        let bot = provenance.bot.or_else(|| self.maker(command));
        if let (Command::Submit(submit), Some(bot)) = (command, bot)
            && !submit.reduce_only
        {
            self.openers.insert((submit.symbol, submit.position_index), bot);
        }
        self.orders.record(command, Provenance { bot, ..provenance }, cause);
    }

    /// The books so far.
    #[must_use]
    pub const fn orders(&self) -> &Orders {
        &self.orders
    }

    /// The bot that last opened in a position, whatever the configuration says now.
    #[must_use]
    pub fn opener(&self, key: PositionKey) -> Option<BotName> {
        self.openers.get(&key).copied()
    }

    /// Every position in which a bot opened, with the bot that did so last.
    pub fn openers(&self) -> impl Iterator<Item = (PositionKey, BotName)> {
        self.openers.iter().map(|(key, bot)| (*key, *bot))
    }

    /// The bot whose tag an order's id bears.
    fn maker(&self, command: &Command) -> Option<BotName> {
        let Command::Submit(submit) = command else { return None };
        let tag = IdGrammar::parse(&submit.client_order_id)?.bot;
        self.claims.iter().map(|(bot, _)| *bot).find(|bot| BotTag::of(bot) == tag)
    }
}
