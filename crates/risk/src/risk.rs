//! The state that the check decides with: limits, owners, run state, send times, breakers.

use crate::breaker::{
    Breach, Drawdown, DrawdownStep, Losses, NarrowBreaker, PositionResult, Refusals, RiskMemory, Streaks,
    Worth, is_fault,
};
use crate::calibration::{Calibration, Counted, Miscount, WalletMargins};
use crate::rate::SendTimes;
use crate::scope::Scopes;
use crate::{Exposure, Ownership, RiskLimits};
use rust_decimal::Decimal;
use windvane_model::{
    AccountEvent, BotName, ExitCause, HaltCause, LimitScope, MarketTime, Money, PositionIndex,
    PositionReport, PreChecked, Price, RunState, Stamp, Symbol,
};

/// The peak is remembered in steps of a thousandth, so that a rising account does not write down every tick.
const PEAK_STEP: Decimal = Decimal::from_parts(1001, 0, 0, false, 3);

/// The only way from a wish to an order.
#[derive(Debug, Clone)]
pub struct Risk {
    pub(crate) limits: RiskLimits,
    pub(crate) scopes: Scopes,
    pub(crate) ownership: Ownership,
    pub(crate) run_state: RunState,
    pub(crate) sent_short: SendTimes,
    pub(crate) sent_long: SendTimes,
    pub(crate) losses: Losses,
    pub(crate) streaks: Streaks,
    pub(crate) refusals: Refusals,
    calibration: Calibration,
    drawdown: Drawdown,
    remembered_peak: Option<Money>,
    /// What was last observed, where nothing came of it and no breaker waits for time to pass.
    observed: Option<(Worth, MarketTime)>,
}

impl Risk {
    /// Starts with nothing allowed that opens until the engine says so.
    ///
    /// The limits should have no [`RiskLimits::problems`]; the loader reports them all before it comes here.
    #[must_use]
    pub fn new(limits: RiskLimits, ownership: Ownership) -> Self {
        Self {
            scopes: Scopes::new(&limits, &ownership),
            sent_short: SendTimes::new(limits.max_order_rate_short),
            sent_long: SendTimes::new(limits.max_order_rate_long),
            refusals: Refusals::new(limits.max_error_rate),
            limits,
            ownership,
            run_state: RunState::Reducing,
            losses: Losses::default(),
            streaks: Streaks::default(),
            calibration: Calibration::default(),
            drawdown: Drawdown::default(),
            remembered_peak: None,
            observed: None,
        }
    }

    /// Goes on under other limits and owners: what was sent, lost and refused so far counts on.
    ///
    /// The limits should have no [`RiskLimits::problems`].
    pub fn reconfigure(&mut self, limits: RiskLimits, ownership: Ownership) {
        self.scopes = Scopes::new(&limits, &ownership).count_on(&self.scopes);
        self.sent_short = self.sent_short.under(limits.max_order_rate_short);
        self.sent_long = self.sent_long.under(limits.max_order_rate_long);
        self.refusals.set_limit(limits.max_error_rate);
        self.observed = None;
        self.limits = limits;
        self.ownership = ownership;
    }

    /// Takes the run state that holds from now on.
    pub const fn set_run_state(&mut self, state: RunState) {
        self.run_state = state;
    }

    /// The run state that holds now.
    #[must_use]
    pub const fn run_state(&self) -> RunState {
        self.run_state
    }

    /// The limits in force.
    #[must_use]
    pub const fn limits(&self) -> &RiskLimits {
        &self.limits
    }

    /// Whose position is whose.
    #[must_use]
    pub const fn ownership(&self) -> &Ownership {
        &self.ownership
    }

    /// Takes what the account is worth by mark; days, weeks and durations are the market clock's. Says what is to be
    /// done when a loss has reached its limit or the drawdown its next step.
    pub fn observe_worth(&mut self, worth: Worth, stamp: Stamp) -> Option<Breach> {
        // Most facts of an account change nothing of its worth, and what has been seen at this moment does nothing twice.
        if self.observed == Some((worth, stamp.market)) {
            return None;
        }
        self.observed = None;
        self.losses.observe(worth, stamp.market);
        let breach = self.drawdown.observe(worth, stamp.market, &self.limits.drawdown);
        let peak = self.drawdown.peak;
        let is_higher =
            |kept: Money| peak.is_some_and(|peak| peak.get() > kept.get().saturating_mul(PEAK_STEP));
        if self.remembered_peak.is_none_or(is_higher) {
            self.remembered_peak = peak;
        }
        if self.losses.of_day() >= self.limits.max_loss_per_day.value {
            return breach.or(Some(Breach::Halt(HaltCause::DayLoss)));
        }
        if self.losses.of_week() >= self.limits.max_loss_per_week.value {
            return breach.or(Some(Breach::Halt(HaltCause::WeekLoss)));
        }
        if breach.is_none() && self.drawdown.steps.is_settled() {
            self.observed = Some((worth, stamp.market));
        }
        breach
    }

    /// Whether no breaker waits for time to pass.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.drawdown.steps.is_settled()
    }

    /// Whether no breaker would do anything, nor begin to count, as long as the account's worth stays from `low` to `high`
    /// and no other day begins than that of `now`.
    #[must_use]
    pub fn bears(&self, low: Worth, high: Worth, now: MarketTime) -> bool {
        let limits = &self.limits;
        let within = |[day, week]: [Decimal; 2]| {
            day < limits.max_loss_per_day.value && week < limits.max_loss_per_week.value
        };
        // What single positions make is not foreseen.
        !self.counts_results()
            && self.losses.at(low, now).is_some_and(within)
            && self.drawdown.bears(low, high, &limits.drawdown)
    }

    /// Takes what the venue answered, about an order of `bot` where it is one; refusals are counted.
    pub fn observe_answer(
        &mut self,
        event: &AccountEvent,
        bot: Option<BotName>,
        stamp: Stamp,
    ) -> Option<Breach> {
        if let AccountEvent::Refused(refused) = event
            && is_fault(refused.family)
        {
            self.scopes.record_refusal(bot, refused.symbol, stamp.wall);
        }
        self.refusals.observe(event, stamp.wall)
    }

    /// Whether any contract, bot or group has a limit on what it may lose.
    #[must_use]
    pub fn counts_results(&self) -> bool {
        self.scopes.breakers().any(NarrowBreaker::counts_results)
    }

    /// Takes what every position has made so far by mark. Only of use while [`counts_results`](Self::counts_results). Says
    /// what is to be done where a fall has reached its next step.
    pub fn observe_results(&mut self, results: &[PositionResult], stamp: Stamp) -> Vec<Breach> {
        self.scopes.breakers_mut().filter_map(|breaker| breaker.observe(results, stamp)).collect()
    }

    /// The highest step of the falls of the contract, of its groups and of the bot, the account's apart.
    #[must_use]
    pub fn drawdown_step_of(&self, bot: BotName, symbol: Symbol) -> DrawdownStep {
        let scopes = self.scopes.concerning(Some(bot), Some(symbol));
        scopes.filter_map(|scope| scope.breaker.as_ref()).map(NarrowBreaker::step).max().unwrap_or_default()
    }

    /// The highest step of any fall, the account's and those of contracts, groups and bots.
    #[must_use]
    pub fn deepest_step(&self) -> DrawdownStep {
        self.scopes.breakers().map(NarrowBreaker::step).fold(self.drawdown_step(), DrawdownStep::max)
    }

    /// Every contract, bot and group with a step of its fall, and how far what it made has fallen from its highest, settle
    /// coin.
    pub fn falls(&self) -> impl Iterator<Item = (LimitScope, DrawdownStep, Money)> {
        let breakers = self.scopes.breakers().filter(|breaker| breaker.step() > DrawdownStep::Green);
        breakers.map(|breaker| (breaker.scope, breaker.step(), Money::new(breaker.fall())))
    }

    /// Whether a position counts in a scope that has limits of its own.
    #[must_use]
    pub fn is_within(&self, scope: LimitScope, symbol: Symbol, index: PositionIndex) -> bool {
        self.scopes.find(scope).is_some_and(|scope| scope.positions.contains(&(symbol, index)))
    }

    /// A person wants a bot to go on: its fall begins again from what is there.
    pub fn resume_bot(&mut self, bot: BotName) {
        let own = |breaker: &&mut NarrowBreaker| breaker.scope == LimitScope::Bot(bot);
        self.scopes.breakers_mut().filter(own).for_each(NarrowBreaker::resume);
    }

    /// Compares a position that the venue has reported with our own arithmetic. Says when it is wrong again and again;
    /// then nothing should open until a person has looked.
    pub fn compare_position(&mut self, report: &PositionReport, exposure: &Exposure) -> Option<Miscount> {
        self.calibration.position(report, exposure, self.limits.max_margin_error.fraction())
    }

    /// Compares what a wallet says of the account's margin, at the marks that were known when it came. Only of use while no
    /// order has anything under way.
    pub fn compare_wallet(
        &mut self,
        told: &WalletMargins,
        marks: &[(Symbol, Price)],
        exposure: &Exposure,
    ) -> Option<Miscount> {
        self.calibration.wallet(told, marks, exposure, self.limits.max_margin_error.fraction())
    }

    /// Compares the account's margin, and what an order that is only asked about would add to it, with the venue's rates.
    /// Only of use while no order has anything under way.
    pub fn compare_rates(&mut self, told: &PreChecked, exposure: &Exposure) -> Option<Miscount> {
        self.calibration.rates(told, exposure, self.limits.max_margin_error.fraction())
    }

    /// The largest error of our margin when it was last compared, with its sign: ours less the venue's as a part of the
    /// margin balance. `None` before there was anything to compare.
    #[must_use]
    pub fn margin_error(&self) -> Option<Decimal> {
        self.calibration.error()
    }

    /// The same of one figure; `None` where it was not compared.
    #[must_use]
    pub fn margin_error_of(&self, counted: Counted) -> Option<Decimal> {
        self.calibration.error_of(counted)
    }

    /// How often a figure of our margin was compared with the venue's own since the start.
    #[must_use]
    pub fn margin_comparisons(&self, counted: Counted) -> u64 {
        self.calibration.comparisons(counted)
    }

    /// Takes that a bot's position went flat, by what, and with which profit after fees and funding.
    pub fn observe_close(&mut self, bot: BotName, cause: ExitCause, net_pnl: Money, stamp: Stamp) {
        self.streaks.observe(bot, cause, net_pnl, stamp.market, &self.limits);
    }

    /// A person wants to go on: a drawdown that had taken a step begins again from what is there, bots no longer pause.
    /// Losses of the day and the week stay what they are.
    pub fn resume(&mut self) {
        self.observed = None;
        if self.drawdown.steps.step > DrawdownStep::Green {
            self.drawdown.restart();
            self.remembered_peak = None;
        }
        self.scopes.breakers_mut().for_each(NarrowBreaker::resume);
        self.streaks.forgive();
    }

    /// The step of the drawdown; from yellow on, nothing may open.
    #[must_use]
    pub const fn drawdown_step(&self) -> DrawdownStep {
        self.drawdown.steps.step
    }

    /// Fall of the equity from its peak, transfers apart, as a part of the peak.
    #[must_use]
    pub fn drawdown(&self) -> Decimal {
        self.drawdown.fall()
    }

    /// Loss of the UTC day so far, settle coin; zero in profit.
    #[must_use]
    pub fn loss_of_day(&self) -> Money {
        Money::new(self.losses.of_day())
    }

    /// Loss of the week so far, settle coin; zero in profit.
    #[must_use]
    pub fn loss_of_week(&self) -> Money {
        Money::new(self.losses.of_week())
    }

    /// What the breakers must remember over a restart.
    #[must_use]
    pub fn memory(&self) -> RiskMemory {
        RiskMemory {
            day: self.losses.day,
            week: self.losses.week,
            step: self.drawdown.steps.step,
            peak: self.remembered_peak,
            beyond_since: self.drawdown.steps.beyond_since,
            within_since: self.drawdown.steps.within_since,
            narrow: self.scopes.breakers().filter_map(NarrowBreaker::memory).collect(),
            streaks: self.streaks.0.iter().map(|(bot, streak)| (*bot, *streak)).collect(),
        }
    }

    /// Takes back what an earlier start of the engine remembered.
    pub fn restore(&mut self, memory: &RiskMemory) {
        self.observed = None;
        self.losses = Losses::restored(memory.day, memory.week);
        self.drawdown = Drawdown::restored(memory);
        self.remembered_peak = memory.peak;
        self.scopes.breakers_mut().for_each(|breaker| breaker.restore(&memory.narrow));
        self.streaks = Streaks(memory.streaks.iter().copied().collect());
    }
}
