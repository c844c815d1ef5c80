//! What a person asks of the running engine over the control socket, carried out.

use super::Live;
use super::reload::Request;
use crate::config::plan::Consent;
use crate::control::{Answer, Ask, Pending, Reach, Wish};
use windvane_model::{BotName, ClientOrderId, Control, Event, HaltCause, Scope};
use windvane_order_management::Unresolvable;

/// Cancels that the venue takes in a second, one order each. Source: Bybit V5, rate limits, `order/cancel`.
const CANCELS_A_SECOND: usize = 10;

impl Live {
    /// Answers the control socket.
    pub(super) fn answer(&mut self, pending: Pending) {
        if let Ask::Reload { dry_run, loosen, open_positions } = pending.ask {
            let consent = Consent { loosens: loosen, open_positions };
            return self.begin_reload(Request::asked(consent, dry_run, pending.reply));
        }
        let mut answer = self.obey(&pending.ask).unwrap_or_else(Answer::Refused);
        // What a person was promised must outlive a power cut. Rare enough to wait for the disk.
        if !matches!(pending.ask, Ask::Status {} | Ask::Events { .. } | Ask::Looks { .. })
            && let Err(error) = self.recorder.make_durable()
        {
            answer = Answer::Refused(format!("it is in force, but not on the disk: {error}"));
        }
        // A caller that has gone is no fault.
        let _ = pending.reply.send(answer);
    }

    /// # Errors
    /// With the reason against it, for people.
    fn obey(&mut self, ask: &Ask) -> Result<Answer, String> {
        let mut expects = String::new();
        let controls = match ask {
            Ask::Status {} => return Ok(Answer::Status(super::status::status(self, self.clock.now()))),
            Ask::Events { after, count } => {
                return Ok(Answer::Events(self.teller.chronicle.told(*after, *count)));
            }
            Ask::Looks { bot, count } => {
                let bot = self.known_bot(bot)?;
                return Ok(Answer::Looks(super::status::looks(self, bot, *count)));
            }
            // It is answered when it is done.
            Ask::Reload { .. } => Vec::new(),
            Ask::Halt { cancel_entries: false } => vec![Control::Halt(HaltCause::Operator)],
            Ask::Halt { cancel_entries: true } => {
                vec![Control::Halt(HaltCause::Operator), Control::CancelEntries(Scope::All)]
            }
            Ask::Kill { scope } => {
                expects = self.expectation(*scope);
                let mut controls = vec![Control::Halt(HaltCause::Operator), Control::Flatten(Scope::All)];
                // First the venue's own cancel-all, so that flattening finds nothing left to cancel one by one.
                if *scope == Reach::Account {
                    controls.insert(1, Control::CancelAccount);
                }
                controls
            }
            Ask::CancelAll { bot: None, scope: Reach::Account } => {
                vec![Control::CancelAccount, Control::CancelEntries(Scope::All)]
            }
            Ask::CancelAll { bot, scope: _ } => vec![Control::CancelEntries(self.scope(bot.as_deref())?)],
            Ask::Flatten { bot } => vec![Control::Flatten(self.scope(bot.as_deref())?)],
            Ask::Bot { name, wish } => vec![self.wish(name, *wish)?],
            Ask::Resume {} => {
                if let Some(fault) = self.recorder.fault() {
                    return Err(format!(
                        "the journal is in doubt ({fault}); see to the disk, then start anew"
                    ));
                }
                // What comes after this is news again.
                self.gauges.has_journal_fault = false;
                vec![Control::Resume]
            }
            Ask::Resolve { order } => {
                vec![Control::Resolve(self.resolvable(order).map_err(|why| format!("`{order}`: {why}"))?)]
            }
        };
        for control in controls {
            self.take(self.clock.now(), Event::Control(control));
        }
        Ok(Answer::Done(format!("{}{expects}", self.engine.run_state())))
    }

    /// What a kill is about to do, and how long its cancels take.
    fn expectation(&self, scope: Reach) -> String {
        let own = self.engine.bots().map(|bot| bot.open_orders).sum::<usize>();
        match scope {
            Reach::Account => {
                let foreign = self.engine.orders().other_orders().filter(|other| other.is_foreign_and_open());
                format!(
                    "; cancelling every order of the account ({own} own, {} others), then closing",
                    foreign.count()
                )
            }
            Reach::Own => format!(
                "; cancelling {own} own orders at {CANCELS_A_SECOND} a second, about {} s, then closing",
                own.div_ceil(CANCELS_A_SECOND)
            ),
        }
    }

    fn wish(&self, name: &str, wish: Wish) -> Result<Control, String> {
        let bot = self.known_bot(name)?;
        let scope = Scope::Bot(bot);
        Ok(match wish {
            Wish::Pause => Control::Pause(scope),
            Wish::ExitOnly => Control::CancelEntries(scope),
            Wish::Close => Control::Flatten(scope),
            Wish::Resume => Control::Release(bot),
            Wish::Adopt => {
                self.adoptable(bot)?;
                Control::Adopt(bot)
            }
        })
    }

    /// A position that is adopted is looked after like any other: without a stop it would be closed at once.
    fn adoptable(&self, name: BotName) -> Result<(), String> {
        let view = self.engine.bots().find(|bot| bot.name == name);
        let position = view.and_then(|bot| self.engine.orders().position(bot.symbol, bot.position_index));
        match position.filter(|position| position.holding().side().is_some()) {
            None => Err(format!("`{name}` holds nothing in its contract that could be adopted")),
            Some(position) if position.is_ours() => {
                Err(format!("what is held in {} is `{name}`'s own already", position.key().0))
            }
            Some(position) if position.stop_loss().is_none() => Err(format!(
                "the position in {} has no stop at the venue, so that it would be closed as soon as it is `{name}`'s \
                 own: set a stop-loss at the exchange first",
                position.key().0
            )),
            Some(_) => Ok(()),
        }
    }

    /// An order that a person may declare absent now.
    fn resolvable(&self, text: &str) -> Result<ClientOrderId, Unresolvable> {
        let id = ClientOrderId::new(text).map_err(|_| Unresolvable::NotKnown)?;
        self.engine.orders().check_resolvable(&id, self.clock.now())?;
        Ok(id)
    }

    fn scope(&self, bot: Option<&str>) -> Result<Scope, String> {
        bot.map_or(Ok(Scope::All), |name| self.known_bot(name).map(Scope::Bot))
    }

    fn known_bot(&self, name: &str) -> Result<BotName, String> {
        let mut names = self.shutdown.iter().map(|(bot, _)| *bot);
        names.find(|bot| bot.as_str() == name).ok_or_else(|| {
            let all: Vec<_> = self.shutdown.iter().map(|(bot, _)| bot.to_string()).collect();
            format!("there is no bot `{name}`; there are: {}", all.join(", "))
        })
    }
}
