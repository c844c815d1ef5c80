//! What is told of a turn: log lines, counters, and the chronicle that people read.

use super::Live;
use super::day::Account;
use std::collections::BTreeMap;
use windvane_engine::{Naked, Output, Remedy};
use windvane_market::BookGap;
use windvane_model::{
    BotName, ClientOrderId, Command, Denial, Event, ExitCause, ForeignOrder, LinkState, MarketTime, Notice,
    PositionStatus, RefusalFamily, RunState, Stamp, Submit, WallTime,
};
use windvane_risk::{DrawdownStep, Miscount};
use windvane_telemetry::{Chronicle, Kind, Notifier, Story};

/// A wish that is denied for the same reason again and again is told once in so long, wall clock.
const DENIAL_AGAIN_MS: i64 = 60_000;

/// What people are told.
pub(super) struct Teller {
    pub(super) chronicle: Chronicle,
    /// Who is told besides; `None` when nobody is.
    notifier: Option<Notifier>,
    pub(super) denials: BTreeMap<BotName, Denials>,
}

/// What risk denied a bot.
pub(super) struct Denials {
    /// How often.
    pub(super) count: u64,
    /// The newest reason, in words.
    pub(super) text: String,
    /// When that was, market clock.
    pub(super) at: MarketTime,
    reason: &'static str,
    told_ms: i64,
}

impl Teller {
    pub(super) fn new(notifier: Option<Notifier>) -> Self {
        Self { chronicle: Chronicle::default(), notifier, denials: BTreeMap::new() }
    }

    fn note(&mut self, story: Story, stamp: Stamp) {
        self.note_at(story, stamp.wall, stamp.market);
    }

    fn note_at(&mut self, story: Story, wall: WallTime, market: MarketTime) {
        let entry = self.chronicle.note(story, wall.as_millis(), market.0);
        if let Some(notifier) = &self.notifier {
            notifier.offer(entry);
        }
    }

    fn denied(&mut self, bot: BotName, denial: &Denial, stamp: Stamp) {
        let (reason, text, now_ms) =
            (denial.reason.as_str(), denial.reason.to_string(), stamp.wall.as_millis());
        let known = self.denials.entry(bot).or_insert_with(|| Denials {
            count: 0,
            text: String::new(),
            at: stamp.market,
            reason: "",
            told_ms: 0,
        });
        known.count += 1;
        known.at = stamp.market;
        known.text.clone_from(&text);
        if known.reason == reason && now_ms - known.told_ms < DENIAL_AGAIN_MS {
            return;
        }
        (known.reason, known.told_ms) = (reason, now_ms);
        let story = Story { symbol: Some(denial.symbol.to_string()), ..about(bot, Kind::Denial, text) };
        self.note(story, stamp);
    }
}

impl Live {
    /// Everything that an answer may be besides a command.
    pub(super) fn tell(&mut self, output: Output, stamp: Stamp) {
        match output {
            Output::Denied { bot, denial, .. } => {
                self.observer.denied(bot, &denial);
                tracing::info!(%bot, symbol = %denial.symbol, reason = %denial.reason, "denied by risk");
                self.teller.denied(bot, &denial, stamp);
            }
            Output::Notice(told) => {
                log_notice(&told.bot, &told.notice);
                if let Some(tracer) = &mut self.tracer {
                    tracer.notice(&told.notice, stamp.wall);
                }
                if let Notice::PositionClosed { symbol, .. } = told.notice {
                    self.observer.flat(symbol, stamp.wall);
                }
                if let Some(mut story) = story_of(told.bot, &told.notice) {
                    // A bot has one contract; not every notice repeats it.
                    let of_bot = || self.settings.bots.iter().find(|bot| bot.name == told.bot);
                    story.symbol = story.symbol.or_else(|| Some(of_bot()?.symbol.to_string()));
                    self.teller.note(story, stamp);
                }
            }
            Output::Resubscribe(symbol, gap) => {
                self.observer.book_resync(symbol, matches!(gap, BookGap::Crossed { .. }));
                if let Some(connector) = &self.connector {
                    connector.resubscribe(symbol);
                }
                tracing::warn!(%symbol, %gap, "the book cannot be trusted; subscribing again");
                let story = Story::of(Kind::Link, format!("{gap}; subscribing again"));
                self.teller.note(Story { symbol: Some(symbol.to_string()), ..story }, stamp);
            }
            Output::RunState(state) => {
                let waiting = self.engine.waiting().map(windvane_engine::Waiting::as_str);
                tracing::info!(%state, waiting_for = waiting, "run state");
                let kind = match state {
                    RunState::Active | RunState::Reducing => Kind::State,
                    RunState::Halted(_) | RunState::Fenced => Kind::Halt,
                };
                let waits = waiting.map_or_else(String::new, |what| format!(", waits for {what}"));
                self.teller.note(Story::of(kind, format!("{state}{waits}")), stamp);
            }
            Output::Difference(difference) => {
                tracing::warn!(%difference, "the venue's picture differs");
                let text = format!("the venue's picture differs: {difference}");
                self.teller.note(Story::of(Kind::Doubt, text), stamp);
            }
            Output::Doubt { symbol, on } => {
                let text = if on {
                    "the position cannot be explained; nothing opens there until it is"
                } else {
                    "the position is explained again"
                };
                if on {
                    tracing::error!(%symbol, "{text}");
                } else {
                    tracing::info!(%symbol, "{text}");
                }
                let story = Story::of(Kind::Doubt, text);
                self.teller.note(Story { symbol: Some(symbol.to_string()), ..story }, stamp);
            }
            Output::Undergoing { symbol, status: PositionStatus::Normal } => {
                tracing::info!(%symbol, "the venue has let go of the position");
                let story = Story::of(Kind::Doubt, "the venue has let go of the position");
                self.teller.note(Story { symbol: Some(symbol.to_string()), ..story }, stamp);
            }
            Output::Undergoing { symbol, status } => {
                let what = status.as_str();
                tracing::error!(%symbol, what, "the position undergoes something at the venue; nothing opens there");
                let story =
                    Story::of(Kind::Stop, format!("the position undergoes {what}; nothing opens there"));
                self.teller.note(Story { symbol: Some(symbol.to_string()), ..story }, stamp);
            }
            Output::Fall { scope, step: DrawdownStep::Red } => {
                tracing::error!(%scope, "what it made has fallen to its last step; it is closed");
                let text = format!(
                    "{scope}: what it made has fallen to `drawdown.red`; closed, and nothing opens there until \
                     `windvane resume`"
                );
                self.teller.note(Story::of(Kind::Halt, text), stamp);
            }
            Output::Fall { scope, step } => {
                tracing::warn!(%scope, step = step.as_str(), "what it made has fallen; its positions are cut to half");
                let text = format!(
                    "{scope}: what it made has fallen to `drawdown.{}`; entries are cancelled, positions cut to half",
                    step.as_str()
                );
                self.teller.note(Story::of(Kind::State, text), stamp);
            }
            Output::Miscount(Miscount { counted, symbol, ours, theirs }) => {
                let counted = counted.as_str();
                tracing::error!(counted, symbol = symbol.map(|symbol| symbol.to_string()), %ours, %theirs, "our margin differs from the venue's; nothing opens");
                let text = format!(
                    "{counted}: we count {ours}, the venue {theirs}; nothing opens until `windvane resume`"
                );
                let story = Story::of(Kind::Doubt, text);
                self.teller.note(Story { symbol: symbol.map(|symbol| symbol.to_string()), ..story }, stamp);
            }
            Output::Closing { symbol, on } => self.observer.closing(symbol, on, stamp.wall),
            Output::Elsewhere(found) => {
                tracing::error!(%found, "margin of the account is held by what is not counted; nothing opens");
                let text = format!("{found}; nothing opens until that has ended, and then `windvane resume`");
                self.teller.note(Story::of(Kind::Doubt, text), stamp);
            }
            Output::Naked(Naked { bot, symbol, remedy, .. }) => {
                tracing::error!(%bot, %symbol, remedy = remedy.as_str(), "a position has no stop at the venue");
                let text = match remedy {
                    Remedy::Attach => "the position has no stop at the venue; it is asked for again",
                    Remedy::Flatten => "the position has no stop at the venue and gets none; it is closed",
                    Remedy::Leave => "a position that we did not open has no stop; it is left alone",
                };
                let story = about(bot, Kind::Doubt, text.to_owned());
                self.teller.note(Story { symbol: Some(symbol.to_string()), ..story }, stamp);
            }
            Output::Forced { bot, symbol } => {
                tracing::error!(bot = bot.map(|bot| bot.to_string()), %symbol, "the venue has taken off a position by itself");
                let text =
                    "liquidated or deleveraged by the venue; the bot opens nothing until a person resumes it";
                let story = match bot {
                    Some(bot) => about(bot, Kind::Doubt, text.to_owned()),
                    None => Story::of(Kind::Doubt, "liquidated or deleveraged by the venue"),
                };
                self.teller.note(Story { symbol: Some(symbol.to_string()), ..story }, stamp);
            }
            Output::Command { .. } | Output::Memory(_) | Output::Signal { .. } => {}
        }
    }

    /// What became of a reload.
    pub(super) fn tell_reload(&mut self, text: &str) {
        let (wall_ms, market_ms) = (self.clock.now().as_millis(), self.stamper.market_now().0);
        self.teller.chronicle.note(Story::of(Kind::State, text), wall_ms, market_ms);
    }

    /// An order that was sent.
    pub(super) fn tell_command(&mut self, bot: Option<BotName>, command: &Command, stamp: Stamp) {
        log_command(bot, command);
        if let Command::Submit(submit) = command {
            let story = Story {
                bot: bot.map(|bot| bot.to_string()),
                symbol: Some(submit.symbol.to_string()),
                client_order_id: Some(submit.client_order_id.to_string()),
                ..Story::of(Kind::Order, order_words(submit))
            };
            self.teller.note(story, stamp);
        }
    }

    /// What the event itself has to say.
    pub(super) fn tell_event(&mut self, event: &Event, stamp: Stamp) {
        if let Event::Link(link) = event {
            self.gauges.links.change(*link);
            let (stream, state) = match link {
                windvane_model::Link::Public(state) => ("public", state),
                windvane_model::Link::Private(state) => ("private", state),
                windvane_model::Link::Trade(state) => ("trade", state),
            };
            let is_up = *state == LinkState::Up;
            let words = if is_up { "is up" } else { "was lost; connecting again" };
            self.teller.note(Story::of(Kind::Link, format!("the {stream} stream {words}")), stamp);
        }
    }

    /// What the day that has ended brought, when one has.
    pub(super) fn tell_day(&mut self) {
        let wallet = self.engine.orders().wallet();
        let Some(coin) = wallet.coins().next() else { return };
        let now = self.stamper.market_now();
        let account = Account {
            equity: self.engine.margin().equity(),
            transfers: wallet.transfers(),
            fills: self.engine.bots().map(|bot| bot.account.totals.fills).sum(),
        };
        if let Some(day) = self.gauges.days.observe(now, account) {
            let text = day.words(&coin.to_string());
            tracing::info!(profit = %day.profit, equity = %day.equity, fills = day.fills, "day ended");
            self.teller.note_at(Story::of(Kind::Day, text), self.clock.now(), now);
        }
    }
}

fn about(bot: BotName, kind: Kind, text: String) -> Story {
    Story { bot: Some(bot.to_string()), ..Story::of(kind, text) }
}

fn order_words(submit: &Submit) -> String {
    let what = if submit.reduce_only { "closes" } else { "opens" };
    let price = submit.kind.limit_price().map_or_else(|| "market".to_owned(), |price| price.to_string());
    let stop = submit.stop_loss.map_or_else(String::new, |stop| format!(", stop {stop}"));
    format!("{} {} at {price}, {what}{stop}", submit.side.as_str().to_lowercase(), submit.qty)
}

/// What a bot was told, where a person wants to know it, too.
fn story_of(bot: BotName, notice: &Notice) -> Option<Story> {
    match notice {
        Notice::Filled { client_order_id, side, price, qty, is_maker } => {
            let how = if *is_maker { "rested" } else { "took" };
            let text = format!("{} {qty} at {price}, {how}", side.as_str().to_lowercase());
            let client_order_id = client_order_id.map(|id| id.to_string());
            Some(Story { client_order_id, ..about(bot, Kind::Fill, text) })
        }
        Notice::PositionClosed { symbol, cause, net_pnl } => {
            let kind = match cause {
                ExitCause::Strategy | ExitCause::TakeProfit | ExitCause::Protect => Kind::Exit,
                ExitCause::StopLoss
                | ExitCause::Trailing
                | ExitCause::Liquidation
                | ExitCause::Delivery
                | ExitCause::Foreign => Kind::Stop,
            };
            let text = format!("flat by {}, {:+.2}", cause.as_str().replace('_', "-"), net_pnl.get());
            Some(Story { symbol: Some(symbol.to_string()), ..about(bot, kind, text) })
        }
        Notice::Refused(refused) if is_race(refused.family) => None,
        Notice::Refused(refused) => {
            let text = format!("{} refused: {} {}", refused.request.as_str(), refused.code, refused.message);
            let client_order_id = refused.client_order_id.map(|id| id.to_string());
            Some(Story { client_order_id, ..about(bot, Kind::Refusal, text) })
        }
        Notice::Undetermined { request, client_order_id } => {
            let text = format!("the outcome of a {} is not known; looking it up", request.as_str());
            let client_order_id = client_order_id.map(|id| id.to_string());
            Some(Story { client_order_id, ..about(bot, Kind::Doubt, text) })
        }
        Notice::ForeignOrder(order) => {
            let symbol = Some(order.symbol.to_string());
            Some(Story { symbol, ..about(bot, Kind::Order, foreign_words(order)) })
        }
        // Told where they arise, or implied by a fill.
        Notice::Submitted { .. }
        | Notice::Working { .. }
        | Notice::Closed { .. }
        | Notice::Denied { .. }
        | Notice::PositionChanged { .. }
        | Notice::RunState(_) => None,
    }
}

/// An order from the phone, or what became of it.
fn foreign_words(order: &ForeignOrder) -> String {
    if order.leaves_qty.is_zero() {
        return "somebody else's order beside this bot has ended".to_owned();
    }
    let price = order.price.map_or_else(|| "market".to_owned(), |price| price.to_string());
    let side = order.side.as_str().to_lowercase();
    format!("somebody else's order beside this bot: {side} {} at {price}", order.leaves_qty)
}

/// Both are the ordinary end of a race: the wish was fulfilled already, or the order went first.
const fn is_race(family: RefusalFamily) -> bool {
    matches!(family, RefusalFamily::AlreadySo | RefusalFamily::OrderNotFound)
}

/// What was commanded: by its id, the lines of an order are found from here to its end.
fn log_command(bot: Option<BotName>, command: &Command) {
    let bot = bot.map(|bot| bot.to_string());
    match command {
        Command::Submit(submit) => {
            let Submit { client_order_id, symbol, side, qty, reduce_only, .. } = submit;
            let price = submit.kind.limit_price().map(|price| price.to_string());
            tracing::info!(bot, %client_order_id, %symbol, side = side.as_str(), %qty, price, reduce_only, "submit order");
        }
        Command::Amend(amend) => {
            tracing::debug!(bot, client_order_id = %amend.client_order_id, "amend order");
        }
        Command::Cancel(cancel) => {
            tracing::debug!(bot, client_order_id = shown(cancel.client_order_id), symbol = %cancel.symbol, "cancel order");
        }
        Command::CancelAll(_) | Command::SetProtection(_) | Command::SetLeverage(_) | Command::Query(_) => {}
    }
}

fn shown(id: Option<ClientOrderId>) -> Option<String> {
    id.map(|id| id.to_string())
}

fn log_notice(bot: &BotName, notice: &Notice) {
    match notice {
        Notice::Filled { client_order_id, side, price, qty, is_maker } => {
            let client_order_id = shown(*client_order_id);
            tracing::info!(%bot, client_order_id, side = side.as_str(), %price, %qty, is_maker, "filled");
        }
        Notice::PositionClosed { symbol, cause, net_pnl } => {
            tracing::info!(%bot, %symbol, cause = cause.as_str(), %net_pnl, "position closed");
        }
        Notice::Refused(refused) if is_race(refused.family) => {
            let client_order_id = shown(refused.client_order_id);
            tracing::debug!(%bot, client_order_id, request = refused.request.as_str(), code = refused.code, "came too late");
        }
        Notice::Refused(refused) => {
            let client_order_id = shown(refused.client_order_id);
            tracing::warn!(%bot, client_order_id, request = refused.request.as_str(), code = refused.code, message = %refused.message, "refused by the venue");
        }
        Notice::Undetermined { request, client_order_id } => {
            let client_order_id = shown(*client_order_id);
            tracing::warn!(%bot, client_order_id, request = request.as_str(), "outcome unknown");
        }
        Notice::Submitted { client_order_id, .. } => tracing::debug!(%bot, %client_order_id, "submitted"),
        Notice::Working { client_order_id, .. } => tracing::debug!(%bot, %client_order_id, "working"),
        Notice::Closed { client_order_id, status, .. } => {
            tracing::info!(%bot, %client_order_id, status = status.as_str(), "order ended");
        }
        Notice::ForeignOrder(order) => {
            tracing::warn!(%bot, order_id = %order.order_id, symbol = %order.symbol, "{}", foreign_words(order));
        }
        // Logged where they arise, or implied by a fill.
        Notice::Denied { .. } | Notice::PositionChanged { .. } | Notice::RunState(_) => {}
    }
}
