//! Another configuration for a running engine, as a transaction: read → plan → fetch what is missing → apply, or nothing.
//!
//! Reading and fetching go on beside the loop and touch nothing. What they bring comes back to the loop, which plans
//! against the state of that moment and applies all of it between two events.

use super::{Live, account, start};
use crate::config::plan::{Consent, Held, Plan, Shown};
use crate::config::{self, Settings, archive};
use crate::control::Answer;
use crate::rebuild::Claims;
use std::collections::BTreeSet;
use std::rc::Rc;
use tokio::sync::{mpsc, oneshot};
use windvane_connector::{Category, PositionMode, RestClient};
use windvane_engine::{HISTORY_BARS, Reconfiguration};
use windvane_journal::Reload;
use windvane_model::{BotName, Candle, Control, Event, HaltCause, Interval, MarketEvent, Reference, Symbol};

/// Who wants a reload, and how.
pub(crate) struct Request {
    consent: Consent,
    /// Whether only the difference is asked for.
    is_dry: bool,
    /// Where the answer goes; `None` for a signal, whose answer is a log line.
    reply: Option<oneshot::Sender<Answer>>,
}

impl Request {
    /// A request of the control socket.
    pub(crate) fn asked(consent: Consent, is_dry: bool, reply: oneshot::Sender<Answer>) -> Self {
        Self { consent, is_dry, reply: Some(reply) }
    }

    /// A signal: what needs consent is refused.
    pub(crate) fn signalled() -> Self {
        Self { consent: Consent::default(), is_dry: false, reply: None }
    }
}

/// A reload on its way back to the loop.
pub(crate) struct Step {
    request: Request,
    found: Result<Found, String>,
}

/// What was read so far.
struct Found {
    settings: Settings,
    /// What the venue says of contracts and the past that are new; `None` while it has not been asked.
    news: Option<News>,
}

/// What a step of a reload came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// It was refused, and everything is as it was.
    Refused,
    /// It is in force, on its way, or was only asked for; or the engine halted for its journal.
    Other,
}

/// What is asked of the venue before a change is made.
#[derive(Debug, Default)]
struct Lack {
    contracts: Vec<Symbol>,
    series: BTreeSet<(Symbol, Interval, usize)>,
}

struct News {
    reference: Option<Reference>,
    history: Vec<Candle>,
}

/// What the loop keeps for reloads.
pub(super) struct Reloader {
    pub(super) rest: RestClient,
    /// One sender: the task of the reload under way. Receiver: the loop. One at a time, so it is never full.
    pub(super) steps: mpsc::Sender<Step>,
    pub(super) is_busy: bool,
}

impl Live {
    /// Begins a reload: the files are read on another thread.
    pub(super) fn begin_reload(&mut self, request: Request) {
        let refusal = if self.reloader.is_busy {
            Some("a reload is under way")
        } else if self.is_stopping {
            Some("the engine is stopping")
        } else {
            None
        };
        if let Some(why) = refusal {
            conclude(request, Answer::Refused(why.to_owned()));
            return;
        }
        self.reloader.is_busy = true;
        let (path, steps) = (self.settings.path.clone(), self.reloader.steps.clone());
        tokio::task::spawn_local(async move {
            let read = tokio::task::spawn_blocking(move || config::load(&path)).await;
            let found = match read {
                Ok(Ok(settings)) => Ok(Found { settings, news: None }),
                Ok(Err(failure)) => Err(failure.to_string()),
                Err(error) => Err(format!("reading the config failed: {error}")),
            };
            // The loop is gone only with the engine.
            let _ = steps.send(Step { request, found }).await;
        });
    }

    /// Takes a reload's next step. One that is refused must leave no trace: that is an assertion, looked at each time.
    pub(super) fn go_on_with(&mut self, step: Step) {
        self.reloader.is_busy = false;
        let before = self.image();
        if self.advance(step) == Outcome::Refused && self.image() != before {
            tracing::error!("a refused reload has changed the engine; nothing opens any more");
            self.take(self.clock.now(), Event::Control(Control::Halt(HaltCause::Invariant)));
        }
    }

    /// All that a reload could touch, to compare: the books as a snapshot holds them, the run state, every bot as
    /// operators see it.
    fn image(&self) -> Vec<u8> {
        let mut image = Vec::new();
        self.engine.orders().write(&mut image);
        let bots: Vec<_> = self.engine.bots().collect();
        let waiting: Vec<_> = self.engine.waiting_for_flat().collect();
        image.extend_from_slice(format!("{:?}{bots:?}{waiting:?}", self.engine.run_state()).as_bytes());
        image
    }

    fn advance(&mut self, step: Step) -> Outcome {
        let Step { request, found } = step;
        let mut found = match found {
            Ok(found) => found,
            Err(why) => return self.refuse(request, why),
        };
        found.settings.is_shadow = self.settings.is_shadow;
        let plan = match self.plan(&found.settings, request.consent) {
            Ok(plan) => plan,
            Err(problems) => return self.refuse(request, problems.join("\n")),
        };
        if request.is_dry || plan.is_empty() {
            self.observer.reload("unchanged");
            conclude(request, Answer::Done(self.words(&plan, "would change")));
            return Outcome::Other;
        }
        if let Some(why) = too_deep(&found.settings, &plan) {
            return self.refuse(request, why);
        }
        let lack = self.lack(&found.settings, &plan);
        if (lack.is_none() || found.news.is_some())
            && let Some(problem) = self.leverage_problem(&found)
        {
            return self.refuse(request, problem);
        }
        match (found.news, lack) {
            (None, Some(lack)) => {
                self.fetch(request, found.settings, lack);
                Outcome::Other
            }
            (news, _) => self.apply(request, found.settings, &plan, news),
        }
    }

    fn plan(&self, settings: &Settings, consent: Consent) -> Result<Plan, Vec<String>> {
        let held = |bot: BotName| {
            let Some(known) = self.settings.bots.iter().find(|known| known.name == bot) else {
                return Held::Nothing;
            };
            let position = self.engine.orders().position(known.symbol, known.position_index);
            if position.is_some_and(|position| position.holding().side().is_some()) {
                Held::Position
            } else if self.engine.orders().live_orders().any(|order| order.bot() == Some(bot)) {
                Held::Orders
            } else {
                Held::Nothing
            }
        };
        let waiting = self.engine.waiting_for_flat().collect();
        Plan::of(&self.settings, settings, consent, held, &waiting)
    }

    /// What the venue must be asked before `plan` can be made true; `None` where everything is known.
    fn lack(&self, settings: &Settings, plan: &Plan) -> Option<Lack> {
        let mut lack = Lack::default();
        let is_new = |bot: &&config::BotSettings| {
            plan.added.contains(&bot.name) || plan.redefined.contains_key(&bot.name)
        };
        for bot in settings.bots.iter().filter(is_new) {
            if self.engine.orders().exposure().listed(bot.symbol).is_none() {
                lack.contracts.push(bot.symbol);
            }
            for feed in bot.definition.bot().subscription().candles {
                let symbol = feed.symbol.unwrap_or(bot.symbol);
                let known = self.known(symbol, feed.interval).map_or(0, |series| series.confirmed().len());
                if known < feed.history {
                    lack.series.insert((symbol, feed.interval, feed.history));
                }
            }
        }
        (!lack.contracts.is_empty() || !lack.series.is_empty()).then_some(lack)
    }

    /// What is wrong with the leverages beside what the contracts allow, once all of those are known.
    fn leverage_problem(&self, found: &Found) -> Option<String> {
        let exposure = self.engine.orders().exposure();
        let mut contracts: Vec<_> = found
            .news
            .iter()
            .filter_map(|news| Some(news.reference.as_ref()?.instruments.clone()))
            .flatten()
            .collect();
        let known =
            account::symbols(&found.settings.bots).into_iter().filter_map(|symbol| exposure.listed(symbol));
        contracts.extend(known.map(|contract| contract.instrument.clone()));
        let leverages = found.settings.bots.iter().map(|bot| (bot.name, bot.symbol, bot.leverage));
        windvane_risk::leverage_problem(&found.settings.risk, leverages, &contracts)
    }

    fn known(&self, symbol: Symbol, interval: Interval) -> Option<&windvane_market::CandleSeries> {
        self.engine.market().contract(symbol).and_then(|contract| contract.candles(interval))
    }

    /// Asks the venue, beside the loop.
    fn fetch(&mut self, request: Request, settings: Settings, lack: Lack) {
        self.reloader.is_busy = true;
        let (rest, steps) = (self.reloader.rest.clone(), self.reloader.steps.clone());
        let mode = settings.position_mode;
        tokio::task::spawn_local(async move {
            let found = match ask(&rest, lack, mode).await {
                Ok(news) => Ok(Found { settings, news: Some(news) }),
                Err(failure) => Err(failure.to_string()),
            };
            let _ = steps.send(Step { request, found }).await;
        });
    }

    /// Makes it true. The files are kept and the record is written before anything changes; where that fails, nothing does:
    /// the journal is asked first whether it can be written at all, and streams are joined last.
    fn apply(&mut self, request: Request, settings: Settings, plan: &Plan, news: Option<News>) -> Outcome {
        if let Err(error) = archive::keep(&settings, &self.gauges.data) {
            return self.refuse(request, format!("{error:#}"));
        }
        if let Err(error) = self.recorder.make_durable() {
            self.halt_for_journal(&error);
            self.refuse(request, format!("the journal cannot be written: {error}"));
            return Outcome::Other;
        }
        let extension = match &self.connector {
            Some(connector) => {
                let symbols = account::symbols(&settings.bots);
                match connector.extension(&symbols, &start::topics(&settings)) {
                    Ok(extension) => Some(extension),
                    Err(error) => return self.refuse(request, error.to_string()),
                }
            }
            None => None,
        };
        // What the venue told are facts, whatever becomes of the reload; the rules are not looked at for them.
        if let Some(news) = news {
            self.take_news(news);
        }
        let record = Reload {
            after: self.stamper.sequence(),
            config: settings.fingerprint,
            open_positions: request.consent.open_positions,
            changes: plan.changes.clone(),
        };
        if let Err(error) = self.recorder.reload(record) {
            self.halt_for_journal(&error);
            self.refuse(request, format!("the journal did not take it: {error}"));
            return Outcome::Other;
        }
        if let (Some(connector), Some(extension)) = (&mut self.connector, extension) {
            connector.join(extension);
        }
        self.engine.reconfigure(reconfiguration(&settings, plan));
        self.stamper.set_bounds(start::clock_bounds(&settings.risk));
        self.recorder.set_lag_max(start::lag_max(&settings.risk));
        self.shutdown = settings.bots.iter().map(|bot| (bot.name, bot.on_shutdown)).collect();
        self.gone
            .extend(start::claims(&self.settings).into_iter().filter(|(bot, _)| plan.gone.contains(bot)));
        let bots: Vec<_> = settings.bots.iter().map(|bot| (bot.name, bot.symbol)).collect();
        let now = self.clock.now();
        self.observer.reloaded(&settings.short_fingerprint(), &bots, now);
        self.settings = Rc::new(settings);
        self.compactor.set_claims(self.claims());
        self.take(now, Event::Timer);
        for change in &plan.changes {
            tracing::info!(change = %Shown(change), "reloaded");
        }
        let mut answer = Answer::Done(self.words(plan, "changed"));
        self.tell_reload(&format!("reloaded: {} value(s)", plan.changes.len()));
        // What a person was promised must outlive a power cut.
        if let Err(error) = self.recorder.make_durable() {
            answer = Answer::Refused(format!("it is in force, but not on the disk: {error}"));
        }
        conclude(request, answer);
        Outcome::Other
    }

    /// The bots with the positions they own, those that were taken out included: they have a past in the journal.
    pub(super) fn claims(&self) -> Claims {
        let mut claims = start::claims(&self.settings);
        for (bot, keys) in &self.gone {
            if !claims.iter().any(|(_, held)| held == keys) {
                claims.push((*bot, keys.clone()));
            }
        }
        claims
    }

    /// What the venue told of contracts and candles that nobody knew.
    fn take_news(&mut self, news: News) {
        let now = self.clock.now();
        if let Some(reference) = news.reference {
            self.take(now, Event::Reference(reference));
        }
        // Before what a series holds already, the newest first; of a series that is new, in its order.
        let (mut before, after): (Vec<_>, Vec<_>) = news.history.into_iter().partition(|candle| {
            self.known(candle.symbol, candle.interval).is_some_and(|series| series.confirmed().len() > 0)
        });
        before.reverse();
        for candle in before.into_iter().chain(after) {
            self.take(now, Event::Market(MarketEvent::Candle(candle)));
        }
    }

    fn refuse(&mut self, request: Request, why: String) -> Outcome {
        self.observer.reload("refused");
        self.tell_reload("a reload was refused; nothing has changed");
        conclude(request, Answer::Refused(format!("nothing has changed:\n{why}")));
        Outcome::Refused
    }

    /// A plan for people: each value, and for a bot with other rules when it goes on by them.
    fn words(&self, plan: &Plan, what: &str) -> String {
        if plan.is_empty() {
            return "nothing differs from what is in force".to_owned();
        }
        let mut lines = vec![format!("{what}:")];
        lines.extend(plan.changes.iter().map(|change| format!("  {}", Shown(change))));
        for name in plan.redefined.keys() {
            let waits = self.engine.waiting_for_flat().any(|bot| bot == *name);
            lines.push(match waits {
                true => format!(
                    "bot {name}: its position lives by the rules it was opened under, until it is flat"
                ),
                false => format!("bot {name}: goes on by its new rules"),
            });
        }
        lines.extend(plan.added.iter().map(|bot| format!("bot {bot}: new")));
        lines.extend(plan.gone.iter().map(|bot| format!("bot {bot}: gone")));
        lines.join("\n")
    }
}

/// Why rules that are new cannot be had without a restart: they look farther back than a running engine keeps.
fn too_deep(settings: &Settings, plan: &Plan) -> Option<String> {
    let new = settings
        .bots
        .iter()
        .filter(|bot| plan.added.contains(&bot.name) || plan.redefined.contains_key(&bot.name));
    let mut deep = new.filter_map(|bot| {
        let candles = bot.definition.bot().subscription().candles;
        let most = candles.iter().map(|feed| feed.history).max()?;
        (most > HISTORY_BARS).then(|| {
            format!(
                "bot {}: its rules look {most} bars back, and a running engine keeps {HISTORY_BARS}: they need a restart",
                bot.name
            )
        })
    });
    deep.next()
}

/// Asks the venue for what is lacking.
async fn ask(rest: &RestClient, lack: Lack, wanted: PositionMode) -> Result<News, crate::exit::Failure> {
    for symbol in &lack.contracts {
        let mode = rest.position_mode(Category::Linear, *symbol).await;
        if mode.map_err(|error| account::unreachable("the position mode", &error))? != wanted {
            return Err(account::wrong_mode(*symbol, wanted));
        }
    }
    let reference = match lack.contracts.is_empty() {
        true => None,
        false => Some(account::reference(rest, &lack.contracts).await?),
    };
    Ok(News { reference, history: account::read_history(rest, &lack.series).await? })
}

/// What an engine is told of a config that it goes on under.
pub(crate) fn reconfiguration(settings: &Settings, plan: &Plan) -> Reconfiguration {
    Reconfiguration {
        bots: settings.bots.iter().map(|bot| bot.setup(None)).collect(),
        redefined: plan.redefined.clone(),
        limits: settings.risk.clone(),
        // The loader has reported bots that want the same position.
        ownership: settings.ownership().unwrap_or_default(),
        config: settings.fingerprint,
        unprotected_ms_max: settings.unprotected_ms_max,
    }
}

/// Answers whoever asked.
fn conclude(request: Request, answer: Answer) {
    match request.reply {
        // A caller that has gone is no fault.
        Some(reply) => drop(reply.send(answer)),
        None => match answer {
            Answer::Refused(why) => tracing::error!(%why, "SIGHUP: reload refused"),
            Answer::Done(what) => tracing::info!(%what, "SIGHUP: reload"),
            Answer::Status(_) | Answer::Events(_) | Answer::Looks(_) => {}
        },
    }
}
