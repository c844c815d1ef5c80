//! Why something happened: for an order, a bot or a contract, each step from what woke the bot to what became of the
//! position, out of journal and tape.

use super::{History, Question, words};
use crate::config::plan::Shown;
use crate::exit::Failure;
use crate::rebuild::{Claims, Rebuilt};
use anyhow::Context;
use std::collections::BTreeSet;
use std::path::Path;
use windvane_journal::{Item, Record, Reload};
use windvane_model::{
    AccountEvent, BotName, BotTag, ClientOrderId, Command, Event, ExecutionId, Grounds, IdGrammar,
    InstallTag, Intent, OrderId, OrderReport, PositionIndex, Price, Query, QueryAnswer, Stamp, Stamped,
    Symbol,
};

/// Steps that are shown of a bot or a contract when no moment is asked for.
const LAST_STEPS: usize = 40;
/// Before and after a moment that is asked about, market clock.
const BEFORE_MS: i64 = 60_000;
const AFTER_MS: i64 = 10_000;

/// The steps that answer a question.
pub(crate) struct Explanation<'h> {
    question: Question,
    claims: &'h Claims,
    books: Rebuilt,
    /// The venue's names of the order that is asked about.
    names: BTreeSet<OrderId>,
    /// Stops that the venue made, of which that was told.
    children: BTreeSet<OrderId>,
    /// Whether the venue-made order that is asked about has ended.
    is_over: bool,
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
            children: BTreeSet::new(),
            is_over: false,
            known_fills: BTreeSet::new(),
            woken_by: None,
            steps: Vec::new(),
        };
        if let Question::VenueOrder { id, .. } = question {
            explanation.names.insert(id);
        }
        for item in reader {
            explanation.take(item.with_context(reading)?);
        }
        Ok(explanation.lines(at_ms))
    }

    fn lines(self, at_ms: Option<i64>) -> Vec<String> {
        let is_whole =
            matches!(self.question, Question::Order(_) | Question::VenueOrder { .. }) && at_ms.is_none();
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
            Record::Command { cause, bot, worst_price, grounds, command, .. } => {
                if self.is_about_command(*bot, command) {
                    self.command(*cause, *bot, *worst_price, grounds, command);
                }
            }
            Record::Denied { after, bot, reason, detail, at, symbol, signal, wish } => {
                let is_meant = self.question == Question::Bot(*bot)
                    || symbol.map_or_else(
                        || self.is_contract_of(*bot),
                        |on| self.question == Question::Symbol(on),
                    )
                    || wish.as_ref().and_then(named).is_some_and(|id| self.is_about(None, Some(id), None));
                if is_meant {
                    let ms = at.map_or_else(|| self.last_ms(), |at| at.0);
                    if let Some(signal) = signal {
                        let woken = self.woken(*after);
                        self.steps.push((ms, format!("signal    bot {bot}: {signal}, woken by {woken}")));
                    }
                    let wish =
                        wish.as_ref().map_or_else(String::new, |wish| format!(" {}", words::wish(wish)));
                    self.steps.push((ms, format!("verdict   denied ({reason}){wish}: {detail}")));
                }
            }
            Record::Signal { cause, bot, symbol, signal } => {
                if self.question == Question::Bot(*bot) || self.question == Question::Symbol(*symbol) {
                    self.step(*cause, format!("look      bot {bot} saw {}", words::signal(signal)));
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

    /// From what a bot saw to what left for it.
    fn command(
        &mut self,
        cause: Stamp,
        bot: Option<BotName>,
        worst_price: Option<Price>,
        grounds: &Grounds,
        command: &Command,
    ) {
        let who = bot.map_or_else(|| "the engine".to_owned(), |bot| format!("bot {bot}"));
        let signal = grounds.signal.map_or_else(|| "not on record".to_owned(), |signal| signal.to_string());
        let woken = self.woken(cause.sequence);
        self.step(cause, format!("signal    {who}: {signal}, woken by {woken}"));
        let share = match (grounds.granted, grounds.asked) {
            (Some(granted), Some(asked)) if granted != asked => format!(" {granted} of {asked} asked for"),
            (Some(granted), _) => format!(" {granted} as asked for"),
            (None, _) => String::new(),
        };
        let reserved = worst_price.map_or_else(String::new, |price| format!(", counted at {price} at most"));
        // What the engine does by itself to look after its account asks risk only where it is an order.
        if bot.is_some() || grounds.granted.is_some() {
            self.step(cause, format!("verdict   approved{share}{reserved}"));
        }
        let id = id_of(command).map_or_else(String::new, |id| format!(" [{id}]"));
        self.step(cause, format!("command   {}{id}", words::other_command(command)));
    }

    /// What the event of `sequence` was, in words.
    fn woken(&self, sequence: u64) -> String {
        let woken_by = self.woken_by.as_ref().filter(|(last, _)| *last == sequence);
        woken_by.map_or_else(|| "an event that is off the tape".to_owned(), |(_, words)| words.clone())
    }

    /// The moment of the last step, for records that tell none.
    fn last_ms(&self) -> i64 {
        self.steps.last().map_or(0, |(ms, _)| *ms)
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
            AccountEvent::Order(report) => self.report(report, stamp),
            AccountEvent::Answer(answer @ QueryAnswer::Order(lookup))
                if self.is_about(Some(lookup.symbol), Some(lookup.client_order_id), None) =>
            {
                self.names.extend(lookup.order.map(|order| order.order_id));
                self.step(stamp, format!("query     {}", words::answer(answer)));
            }
            _ => {}
        }
    }

    fn report(&mut self, report: &OrderReport, stamp: Stamp) {
        let is_asked = self.is_about(Some(report.symbol), report.client_order_id, Some(report.order_id));
        // A stop that the venue made for the order is a part of its story.
        let is_child = matches!((self.question, report.parent), (Question::Order(asked), Some(parent)) if parent == asked);
        if !(is_asked || is_child) {
            return;
        }
        self.names.insert(report.order_id);
        let parent = match self.question {
            Question::VenueOrder { id, parent, .. } if id == report.order_id => parent,
            _ => report.parent,
        };
        if let Some(parent) = parent.filter(|_| self.children.insert(report.order_id)) {
            let text =
                format!("parent    {} was made by the venue for the position of [{parent}]", report.order_id);
            self.step(stamp, text);
        }
        self.step(stamp, format!("venue     {}", words::report(report)));
        if let Question::VenueOrder { id, .. } = self.question {
            self.is_over |= report.order_id == id && report.status.is_terminal();
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
            Question::Order(_) | Question::VenueOrder { .. } => return,
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
            Question::VenueOrder { id: asked, parent, .. } => {
                order_id == Some(asked)
                    || (id.is_some() && id == parent)
                    || order_id.is_some_and(|name| self.names.contains(&name))
            }
            Question::Symbol(asked) => symbol == Some(asked),
            // Two bots may share a contract; an id of ours tells whose it is.
            Question::Bot(bot) => match id.as_ref().and_then(IdGrammar::parse) {
                Some(grammar) => grammar.bot == BotTag::of(&bot),
                None => symbol.is_some_and(|symbol| self.has_contract(bot, symbol)),
            },
        }
    }

    fn is_about_command(&self, bot: Option<BotName>, command: &Command) -> bool {
        if matches!(
            command,
            Command::Query(Query::Account { .. } | Query::PreCheck(_) | Query::Movements { .. })
        ) {
            return false;
        }
        match self.question {
            Question::Bot(asked) => bot == Some(asked),
            // What moved the stop belongs to its story, from its order's first step to its own end.
            Question::VenueOrder { key, .. } if matches!(command, Command::SetProtection(_)) => {
                let Command::SetProtection(set) = command else { return false };
                key == (set.symbol, set.position_index) && !self.steps.is_empty() && !self.is_over
            }
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

/// The order that a wish is about.
fn named(wish: &Intent) -> Option<ClientOrderId> {
    match wish {
        Intent::Amend { client_order_id, .. } | Intent::Cancel { client_order_id } => Some(*client_order_id),
        Intent::Place(_) | Intent::Protect { .. } => None,
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
        | Command::Query(Query::Account { .. } | Query::PreCheck(_) | Query::Movements { .. }) => None,
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
        Command::Query(Query::Account { .. } | Query::Movements { .. }) => None,
    }
}
