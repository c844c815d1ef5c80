//! Whether the engine may open positions: every reason that it may not, in one place.

use windvane_model::{HaltCause, Link, LinkState, RunState};

/// What must be true before anything opens, and what forbids it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gate {
    public_is_up: bool,
    private_is_up: bool,
    trade_is_up: bool,
    /// Demo accounts have no trade socket; orders go by REST there.
    needs_trade_link: bool,
    knows_contracts: bool,
    is_reconciled: bool,
    has_leverage: bool,
    /// The process has crashed again and again: nothing opens until a person says so.
    has_crashed_often: bool,
    /// The equity has fallen to a step of the drawdown at which nothing opens.
    is_falling: bool,
    /// Latched: ends by a person alone.
    halted: Option<HaltCause>,
    /// Whether request stamps can be relied on. Kept apart from the latched causes, because it mends by itself and
    /// must then lift no other cause.
    clock_is_sound: bool,
    /// The venue says that it is under maintenance; likewise, and it ends when the venue says so.
    is_under_maintenance: bool,
    /// The process is ending in order; ends with it.
    is_stopping: bool,
    is_fenced: bool,
}

/// What keeps the engine from opening, for status and logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// The contracts' grids, tiers and fees.
    Contracts,
    /// The public stream.
    PublicStream,
    /// The private stream.
    PrivateStream,
    /// The trade socket.
    TradeSocket,
    /// A reconciliation with the venue.
    Reconciliation,
    /// The leverage of a contract, being set.
    Leverage,
    /// The end of a drawdown, or a person's word.
    Drawdown,
    /// A person's word after crash upon crash.
    Crashes,
}

impl Waiting {
    /// What is waited for, in words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Contracts => "the contracts' grids and fees",
            Self::PublicStream => "the public stream",
            Self::PrivateStream => "the private stream",
            Self::TradeSocket => "the trade socket",
            Self::Reconciliation => "a reconciliation with the venue",
            Self::Leverage => "the leverage of a contract",
            Self::Drawdown => "the end of a drawdown, or `windvane resume`",
            Self::Crashes => {
                "`windvane resume`, because the engine has crashed three times within ten minutes"
            }
        }
    }
}

impl Gate {
    pub(crate) const fn new(needs_trade_link: bool) -> Self {
        Self {
            public_is_up: false,
            private_is_up: false,
            trade_is_up: false,
            needs_trade_link,
            knows_contracts: false,
            is_reconciled: false,
            has_leverage: false,
            has_crashed_often: false,
            is_falling: false,
            halted: None,
            clock_is_sound: true,
            is_under_maintenance: false,
            is_stopping: false,
            is_fenced: false,
        }
    }

    pub(crate) const fn link(&mut self, link: Link) {
        let (slot, state) = match link {
            Link::Public(state) => (&mut self.public_is_up, state),
            Link::Private(state) => (&mut self.private_is_up, state),
            Link::Trade(state) => (&mut self.trade_is_up, state),
        };
        *slot = matches!(state, LinkState::Up);
    }

    pub(crate) const fn private_is_up(&self) -> bool {
        self.private_is_up
    }

    pub(crate) const fn know_contracts(&mut self) {
        self.knows_contracts = true;
    }

    pub(crate) const fn set_reconciled(&mut self, is_reconciled: bool) {
        self.is_reconciled = is_reconciled;
    }

    /// Whether the venue has told the leverage that the configuration wants, of every contract.
    pub(crate) const fn leverage_is_known(&self) -> bool {
        self.has_leverage
    }

    pub(crate) const fn set_leverage_known(&mut self, has_leverage: bool) {
        self.has_leverage = has_leverage;
    }

    pub(crate) const fn distrust_after_crashes(&mut self) {
        self.has_crashed_often = true;
    }

    pub(crate) const fn set_falling(&mut self, is_falling: bool) {
        self.is_falling = is_falling;
    }

    /// Latches. A later cause does not replace the first: the person who is called wants to know what began it.
    /// The orderly end of the process is no cause to be found halted at the next start, so it is kept apart.
    pub(crate) const fn halt(&mut self, cause: HaltCause) {
        if matches!(cause, HaltCause::Shutdown) {
            self.is_stopping = true;
        } else if matches!(cause, HaltCause::Clock) {
            self.clock_is_sound = false;
        } else if matches!(cause, HaltCause::Maintenance) {
            self.is_under_maintenance = true;
        } else if self.halted.is_none() {
            self.halted = Some(cause);
        }
    }

    /// A cause has ended by itself. No others than a clock in doubt and a maintenance do.
    pub(crate) const fn lift(&mut self, cause: HaltCause) {
        if matches!(cause, HaltCause::Clock) {
            self.clock_is_sound = true;
        } else if matches!(cause, HaltCause::Maintenance) {
            self.is_under_maintenance = false;
        }
    }

    /// Whether the process is ending in order.
    pub(crate) const fn is_stopping(&self) -> bool {
        self.is_stopping
    }

    /// The cause that is latched.
    pub(crate) const fn latched(&self) -> Option<HaltCause> {
        self.halted
    }

    pub(crate) const fn resume(&mut self) {
        self.halted = None;
        self.has_crashed_often = false;
    }

    pub(crate) const fn fence(&mut self) {
        self.is_fenced = true;
    }

    /// What is waited for, most basic first; `None` when nothing is.
    pub(crate) const fn waiting(&self) -> Option<Waiting> {
        if !self.knows_contracts {
            Some(Waiting::Contracts)
        } else if !self.public_is_up {
            Some(Waiting::PublicStream)
        } else if !self.private_is_up {
            Some(Waiting::PrivateStream)
        } else if !self.trade_is_up && self.needs_trade_link {
            Some(Waiting::TradeSocket)
        } else if !self.is_reconciled {
            Some(Waiting::Reconciliation)
        } else if !self.has_leverage {
            Some(Waiting::Leverage)
        } else if self.is_falling {
            Some(Waiting::Drawdown)
        } else if self.has_crashed_often {
            Some(Waiting::Crashes)
        } else {
            None
        }
    }

    pub(crate) const fn state(&self) -> RunState {
        if self.is_fenced {
            return RunState::Fenced;
        }
        if let Some(cause) = self.halted {
            return RunState::Halted(cause);
        }
        if !self.clock_is_sound {
            return RunState::Halted(HaltCause::Clock);
        }
        if self.is_under_maintenance {
            return RunState::Halted(HaltCause::Maintenance);
        }
        if self.is_stopping {
            return RunState::Halted(HaltCause::Shutdown);
        }
        if self.waiting().is_some() { RunState::Reducing } else { RunState::Active }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> Gate {
        let mut gate = Gate::new(true);
        gate.know_contracts();
        gate.link(Link::Public(LinkState::Up));
        gate.link(Link::Private(LinkState::Up));
        gate.link(Link::Trade(LinkState::Up));
        gate.set_reconciled(true);
        gate.set_leverage_known(true);
        gate
    }

    #[test]
    fn everything_is_needed_and_a_lost_link_closes_the_gate() {
        assert_eq!(Gate::new(true).state(), RunState::Reducing);
        let mut gate = open();
        assert_eq!(gate.state(), RunState::Active);
        gate.link(Link::Private(LinkState::Down));
        assert_eq!((gate.state(), gate.waiting()), (RunState::Reducing, Some(Waiting::PrivateStream)));
    }

    #[test]
    fn after_many_crashes_a_person_must_say_so() {
        let mut gate = open();
        gate.distrust_after_crashes();
        assert_eq!((gate.state(), gate.waiting()), (RunState::Reducing, Some(Waiting::Crashes)));
        gate.resume();
        assert_eq!(gate.state(), RunState::Active);
    }

    #[test]
    fn without_a_trade_socket_to_have_none_is_needed() {
        let mut gate = Gate { needs_trade_link: false, ..open() };
        gate.link(Link::Trade(LinkState::Down));
        assert_eq!(gate.state(), RunState::Active);
    }

    #[test]
    fn a_halt_latches_and_keeps_its_first_cause() {
        let mut gate = open();
        gate.halt(HaltCause::Journal);
        gate.halt(HaltCause::Operator);
        assert_eq!(gate.state(), RunState::Halted(HaltCause::Journal));
        gate.resume();
        assert_eq!(gate.state(), RunState::Active);
        gate.fence();
        gate.resume();
        assert_eq!(gate.state(), RunState::Fenced, "only a new start ends a fence");
    }

    #[test]
    fn a_clock_in_doubt_halts_until_it_is_sound_and_lifts_no_other_halt() {
        let mut gate = open();
        gate.halt(HaltCause::Clock);
        assert_eq!(gate.state(), RunState::Halted(HaltCause::Clock));
        gate.resume();
        assert_eq!(gate.state(), RunState::Halted(HaltCause::Clock), "a person cannot make a clock right");
        gate.halt(HaltCause::Operator);
        gate.lift(HaltCause::Clock);
        assert_eq!(gate.state(), RunState::Halted(HaltCause::Operator));
        gate.lift(HaltCause::Operator);
        assert_eq!(gate.state(), RunState::Halted(HaltCause::Operator), "only a person ends that");
        assert_eq!(gate.latched(), Some(HaltCause::Operator), "a restart measures the clock anew");
    }
    #[test]
    fn d07_a_maintenance_halts_until_the_venue_says_that_it_is_over_and_is_not_kept() {
        let mut gate = open();
        gate.halt(HaltCause::Maintenance);
        gate.resume();
        assert_eq!(gate.state(), RunState::Halted(HaltCause::Maintenance), "a person cannot end it");
        assert_eq!(gate.latched(), None, "a restart asks the venue anew");
        gate.lift(HaltCause::Clock);
        assert_eq!(gate.state(), RunState::Halted(HaltCause::Maintenance), "it is not the clock's");
        gate.lift(HaltCause::Maintenance);
        assert_eq!(gate.state(), RunState::Active);
    }
}
