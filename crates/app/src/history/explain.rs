//! Why something happened: for an order, a bot or a contract, each step from what woke the bot to what became of the
//! position, out of journal and tape.

use super::{History, words};
use crate::config::plan::Shown;
use crate::exit::Failure;
use crate::rebuild::{Claims, Rebuilt};
use anyhow::Context;
use std::collections::BTreeSet;
use std::path::Path;
use windvane_journal::{Item, Record, Reload};
use windvane_model::{
    AccountEvent, BotName, BotTag, ClientOrderId, Command, Event, ExecutionId, IdGrammar, InstallTag,
    OrderId, PositionIndex, Query, QueryAnswer, Stamp, Stamped, Symbol,
};

/// Steps that are shown of a bot or a contract when no moment is asked for.
const LAST_STEPS: usize = 40;
/// Before and after a moment that is asked about, market clock.
const BEFORE_MS: i64 = 60_000;
const AFTER_MS: i64 = 10_000;

/// What is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    /// One order, by our id.
    Order(ClientOrderId),
    /// One order, by the venue's id.
    VenueOrder(OrderId),
    /// Everything of a bot.
    Bot(BotName),
    /// Everything of a contract.
    Symbol(Symbol),
}

impl Question {
    /// Finds out what `text` names in a journal.
    ///
    /// # Errors
    /// With the names that there are when it is none of them.
    pub(crate) fn of(text: &str, history: &History) -> Result<Self, Failure> {
        let orders = history.books.orders();
        if let Some((bot, _)) = history.claims.iter().find(|(bot, _)| bot.as_str() == text) {
            return Ok(Self::Bot(*bot));
        }
        let mut symbols: BTreeSet<Symbol> = orders.positions().map(|position| position.key().0).collect();
        symbols.extend(history.claims.iter().flat_map(|(_, keys)| keys.iter().map(|(symbol, _)| *symbol)));
        if let Some(symbol) = symbols.iter().find(|symbol| symbol.as_str() == text) {
            return Ok(Self::Symbol(*symbol));
        }
        if let Ok(id) = ClientOrderId::new(text)
            && orders.order(&id).is_some()
        {
            return Ok(Self::Order(id));
        }
        if let Ok(id) = OrderId::new(text)
            && orders.fills().any(|(fill, _)| fill.order_id == id)
        {
            return Ok(Self::VenueOrder(id));
        }
        let bots: Vec<String> = history.claims.iter().map(|(bot, _)| bot.to_string()).collect();
        let symbols: Vec<String> = symbols.iter().map(ToString::to_string).collect();
        Err(Failure::Config(format!(
            "`{text}` is no order, bot or contract of this journal; bots: {}; contracts: {}; orders are listed by \
             `windvane orders --all`",
            bots.join(", "),
            symbols.join(", ")
        )))
    }
}

/// The steps that answer a question.
pub(crate) struct Explanation<'h> {
    question: Question,
    claims: &'h Claims,
    books: Rebuilt,
    /// The venue's names of the order that is asked about.
    names: BTreeSet<OrderId>,
    known_fills: BTreeSet<(Symbol, ExecutionId)>,
    /// The last event, which is what woke a bot whose command follows.
    woken_by: Option<(u64, String)>,
    steps: Vec<(i64, String)>,
}

impl<'h> Explanation<'h> {
    /// Reads the answer out of a data folder.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub(crate) fn read(
        folder: &Path,
        question: Question,
        history: &'h History,
        at_ms: Option<i64>,
    ) -> Result<Vec<String>, Failure> {
        let claims = &history.claims;
        let reading = || format!("reading {}", folder.display());
        let reader = windvane_journal::read(folder).with_context(reading)?;
        let before = Rebuilt::begin(reader.snapshot(), claims.clone(), InstallTag::from_seed(0));
        let mut explanation = Self {
            question,
            claims,
            books: before.with_context(reading)?.keeping_everything(),
            names: BTreeSet::new(),
            known_fills: BTreeSet::new(),
            woken_by: None,
            steps: Vec::new(),
        };
        if let Question::VenueOrder(id) = question {
            explanation.names.insert(id);
        }
        for item in reader {
            explanation.take(item.with_context(reading)?);
        }
        Ok(explanation.lines(at_ms))
    }

    fn lines(self, at_ms: Option<i64>) -> Vec<String> {
        let is_whole =
            matches!(self.question, Question::Order(_) | Question::VenueOrder(_)) && at_ms.is_none();
        let mut steps = self.steps;
        if let Some(at) = at_ms {
            steps.retain(|(ms, _)| (at - BEFORE_MS..=at + AFTER_MS).contains(ms));
        } else if !is_whole {
            steps.drain(..steps.len().saturating_sub(LAST_STEPS));
        }
        steps.into_iter().map(|(ms, text)| format!("{}  {text}", words::moment(ms))).collect()
    }

    fn take(&mut self, item: Item) {
        match item {
            Item::Journal(entry) => {
                self.record(&entry.record);
                self.books.take(&entry.record);
                if let Record::Event(stamped) = &entry.record {
                    self.outcome(stamped);
                }
            }
            Item::Tape { stamped, .. } => self.wake(&stamped),
            Item::Gap { .. } => {}
        }
    }

    fn wake(&mut self, stamped: &Stamped) {
        self.woken_by = Some((stamped.stamp.sequence, words::event(&stamped.event)));
    }

    fn step(&mut self, stamp: Stamp, text: String) {
        self.steps.push((stamp.market.0, text));
    }

    fn record(&mut self, record: &Record) {
        match record {
            Record::Event(stamped) => {
                self.wake(stamped);
                self.event(stamped);
            }
            Record::Command { cause, bot, worst_price, command, .. } => {
                if !self.is_about_command(*bot, command) {
                    return;
                }
                let cause_words = self.woken_by.as_ref().filter(|(sequence, _)| *sequence == cause.sequence);
                let woken = cause_words
                    .map_or_else(|| "an event that is off the tape".to_owned(), |(_, w)| w.clone());
                let who = bot.map_or_else(|| "the engine".to_owned(), |bot| format!("bot {bot}"));
                let reserved =
                    worst_price.map_or_else(String::new, |price| format!(", counted at {price} at most"));
                self.step(*cause, format!("signal    {who}, woken by {woken}"));
                let text = words::other_command(command);
                let id = id_of(command).map_or_else(String::new, |id| format!(" [{id}]"));
                self.step(*cause, format!("risk      passed: {text}{reserved}"));
                self.step(*cause, format!("command   {text}{id}"));
            }
            Record::Denied { after, bot, detail, .. } => {
                if self.question == Question::Bot(*bot) || self.is_contract_of(*bot) {
                    let ms = self.steps.last().map_or(0, |(ms, _)| *ms);
                    let at = self.woken_by.as_ref().filter(|(sequence, _)| sequence == after);
                    let woken = at.map_or_else(String::new, |(_, words)| format!(", woken by {words}"));
                    self.steps.push((ms, format!("risk      denied bot {bot}: {detail}{woken}")));
                }
            }
            Record::Start(start) => {
                let text = format!("start     epoch {}, version {}", start.epoch.0, start.version);
                if matches!(self.question, Question::Bot(_) | Question::Symbol(_)) {
                    let ms = self.steps.last().map_or(start.wall.as_millis(), |(ms, _)| *ms);
                    self.steps.push((ms, text));
                }
            }
            Record::Reload(reload) => self.reload(reload),
            Record::Memory { .. } | Record::Marker { .. } | Record::Stop { .. } => {}
        }
    }

    fn event(&mut self, stamped: &Stamped) {
        let stamp = stamped.stamp;
        match &stamped.event {
            Event::Account(event) => self.account(event, stamp),
            Event::Control(control) => {
                if matches!(self.question, Question::Bot(_) | Question::Symbol(_)) {
                    self.step(stamp, format!("control   {}", words::control(control)));
                }
            }
            Event::Market(_) | Event::Link(_) | Event::Reference(_) | Event::Timer => {}
        }
    }

    fn account(&mut self, event: &AccountEvent, stamp: Stamp) {
        match event {
            AccountEvent::Acknowledged(ack)
                if self.is_about(ack.symbol, ack.client_order_id, ack.order_id) =>
            {
                self.names.extend(ack.order_id);
                self.step(stamp, format!("answer    {} taken", ack.request.as_str()));
            }
            AccountEvent::Refused(refused)
                if self.is_about(refused.symbol, refused.client_order_id, None) =>
            {
                let (request, family) = (refused.request.as_str(), refused.family.as_str());
                let text =
                    format!("answer    {request} refused: {family} ({}) {}", refused.code, refused.message);
                self.step(stamp, text);
            }
            AccountEvent::Undetermined(open) if self.is_about(open.symbol, open.client_order_id, None) => {
                self.step(stamp, format!("answer    none to {}: outcome unknown", open.request.as_str()));
            }
            AccountEvent::Order(report)
                if self.is_about(Some(report.symbol), report.client_order_id, Some(report.order_id)) =>
            {
                self.names.insert(report.order_id);
                self.step(stamp, format!("venue     {}", words::report(report)));
            }
            AccountEvent::Answer(answer @ QueryAnswer::Order(lookup))
                if self.is_about(Some(lookup.symbol), Some(lookup.client_order_id), None) =>
            {
                self.names.extend(lookup.order.map(|order| order.order_id));
                self.step(stamp, format!("query     {}", words::answer(answer)));
            }
            _ => {}
        }
    }

    /// Fills that the event brought, by whichever way, and the position after them.
    fn outcome(&mut self, stamped: &Stamped) {
        let fills = match &stamped.event {
            Event::Account(AccountEvent::Execution(fill)) => vec![*fill],
            Event::Account(AccountEvent::Answer(QueryAnswer::Order(lookup))) => lookup.executions.clone(),
            Event::Account(AccountEvent::Answer(QueryAnswer::Account(account))) => account.executions.clone(),
            _ => return,
        };
        for fill in fills {
            let is_new = self.known_fills.insert((fill.symbol, fill.execution_id));
            if !is_new || !self.is_about(Some(fill.symbol), fill.client_order_id, Some(fill.order_id)) {
                continue;
            }
            self.step(stamped.stamp, format!("fill      {}", words::execution(&fill)));
            let held = PositionIndex::ALL
                .into_iter()
                .filter_map(|index| self.books.orders().position(fill.symbol, index))
                .map(|position| words::holding(position.holding()));
            let text = held.collect::<Vec<_>>().join("; ");
            self.step(stamped.stamp, format!("position  {}: {text}", fill.symbol));
        }
    }

    /// What a reload changed of what is asked about; the account's limits concern every bot.
    fn reload(&mut self, reload: &Reload) {
        let bots: Vec<BotName> = match self.question {
            Question::Bot(bot) => vec![bot],
            Question::Symbol(_) => {
                self.claims.iter().map(|(bot, _)| *bot).filter(|bot| self.is_contract_of(*bot)).collect()
            }
            Question::Order(_) | Question::VenueOrder(_) => return,
        };
        let tables: Vec<String> = bots.iter().map(|bot| format!("bot.{bot}.")).collect();
        let ms = self.steps.last().map_or(0, |(ms, _)| *ms);
        for change in &reload.changes {
            let is_own = tables.iter().any(|table| change.path.starts_with(table));
            if is_own || change.path.starts_with("risk.") {
                self.steps.push((ms, format!("reload    {}", Shown(change))));
            }
        }
    }

    fn is_about(&self, symbol: Option<Symbol>, id: Option<ClientOrderId>, order_id: Option<OrderId>) -> bool {
        match self.question {
            Question::Order(asked) => {
                id == Some(asked) || order_id.is_some_and(|name| self.names.contains(&name))
            }
            Question::VenueOrder(asked) => order_id == Some(asked),
            Question::Symbol(asked) => symbol == Some(asked),
            // Two bots may share a contract; an id of ours tells whose it is.
            Question::Bot(bot) => match id.as_ref().and_then(IdGrammar::parse) {
                Some(grammar) => grammar.bot == BotTag::of(&bot),
                None => symbol.is_some_and(|symbol| self.has_contract(bot, symbol)),
            },
        }
    }

    fn is_about_command(&self, bot: Option<BotName>, command: &Command) -> bool {
        if matches!(command, Command::Query(Query::Account { .. } | Query::PreCheck(_))) {
            return false;
        }
        match self.question {
            Question::Bot(asked) => bot == Some(asked),
            _ => self.is_about(symbol_of(command), id_of(command), None),
        }
    }

    fn is_contract_of(&self, bot: BotName) -> bool {
        let Question::Symbol(symbol) = self.question else { return false };
        self.has_contract(bot, symbol)
    }

    fn has_contract(&self, bot: BotName, symbol: Symbol) -> bool {
        self.claims.iter().any(|(name, keys)| *name == bot && keys.iter().any(|key| key.0 == symbol))
    }
}

fn id_of(command: &Command) -> Option<ClientOrderId> {
    match command {
        Command::Submit(submit) => Some(submit.client_order_id),
        Command::Amend(amend) => Some(amend.client_order_id),
        Command::Cancel(cancel) => cancel.client_order_id,
        Command::Query(Query::Order { client_order_id, .. }) => Some(*client_order_id),
        Command::CancelAll(_)
        | Command::SetProtection(_)
        | Command::SetLeverage(_)
        | Command::Query(Query::Account { .. } | Query::PreCheck(_)) => None,
    }
}

fn symbol_of(command: &Command) -> Option<Symbol> {
    match command {
        Command::Submit(submit) => Some(submit.symbol),
        Command::Amend(amend) => Some(amend.symbol),
        Command::Cancel(cancel) => Some(cancel.symbol),
        Command::CancelAll(all) => all.symbol,
        Command::SetProtection(set) => Some(set.symbol),
        Command::SetLeverage(set) => Some(set.symbol),
        Command::Query(Query::Order { symbol, .. }) => Some(*symbol),
        Command::Query(Query::PreCheck(question)) => Some(question.symbol),
        Command::Query(Query::Account { .. }) => None,
    }
}
