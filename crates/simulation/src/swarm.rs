//! What a seed draws: which faults there are, how often, and on what kind of market and with which bots.
//!
//! Each seed has a subset of the faults (swarm testing): a story with everything at once hides what only shows when
//! one fault meets a quiet world.

mod less;
mod written;

use crate::scenario::Settings;
use crate::tally::Fault;
use fastrand::Rng;
use serde::{Deserialize, Serialize};
use windvane_risk::margin::MarginMode;
use windvane_venue_core::{DOUBTS, Doubt, Doubts};

/// Milliseconds of the story's wall clock.
pub(crate) type Millis = i64;

/// The other bot beside the random one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Second {
    /// None.
    Nobody,
    /// A second random one.
    Chaos,
    /// `strategies/maker.toml`.
    Maker,
    /// `strategies/reversion.toml`.
    Reversion,
    /// `strategies/trend.toml`.
    Trend,
}

/// How the story ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Ending {
    /// Everything is left as it stands.
    Keep,
    /// A person winds everything down.
    Flatten,
}

/// Everything drawn before the story begins. Rates are probabilities of one occasion.
///
/// A scenario file of a shrunk seed holds all of it, by these names: a later draw may come out otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Swarm {
    pub(crate) length_ms: Millis,
    pub(crate) market_speed: i64,
    pub(crate) step_ms: Millis,
    pub(crate) second: Second,
    pub(crate) ending: Ending,
    pub(crate) requires_stop: bool,
    pub(crate) one_way_delay_ms: Millis,
    pub(crate) query_delay_ms: Millis,
    pub(crate) slow_request: f64,
    pub(crate) not_sent: f64,
    pub(crate) refused: f64,
    pub(crate) request_lost: f64,
    pub(crate) reply_lost: f64,
    pub(crate) request_twice: f64,
    pub(crate) topic_late: f64,
    pub(crate) push_twice: f64,
    pub(crate) push_again_later: f64,
    pub(crate) push_dropped: f64,
    pub(crate) query_failed: f64,
    pub(crate) late_index: f64,
    pub(crate) book_gap: f64,
    pub(crate) jump: f64,
    pub(crate) thin_book: bool,
    /// Mean time between two of these; zero is never.
    pub(crate) private_cut_every: Millis,
    pub(crate) trade_cut_every: Millis,
    pub(crate) public_cut_every: Millis,
    pub(crate) kill_every: Millis,
    pub(crate) stranger_every: Millis,
    pub(crate) operator_every: Millis,
    pub(crate) funding_every: Millis,
    /// Whether a kill takes the last lines of the record with it.
    pub(crate) power_cut: bool,
    /// Whether the account holds something long before the first start.
    pub(crate) finds_position: bool,
    /// Whether the stranger cancels our orders, too.
    pub(crate) meddles: bool,
    pub(crate) no_verdict: f64,
    pub(crate) venue_restart_every: Millis,
    pub(crate) clock_step_every: Millis,
    /// When a later engine of the same installation shows itself; zero is never.
    pub(crate) successor_at: Millis,
    pub(crate) outage_every: Millis,
    /// Whether the venue cancels our orders when the private stream is lost.
    pub(crate) is_protected: bool,
    /// When the tick of the first contract grows; zero is never.
    pub(crate) grid_change_at: Millis,
    /// Whether the first contract is in hedge mode, the random bot long and the second short.
    pub(crate) is_hedged: bool,
    /// Whether the account is so small, and the market so wild, that positions may be liquidated.
    pub(crate) is_poor: bool,
    /// Whether positions are margined in isolation.
    pub(crate) is_isolated: bool,
    #[serde(default)]
    pub(crate) torn: f64,
    #[serde(default)]
    pub(crate) market_lost: f64,
    #[serde(default)]
    pub(crate) market_twice: f64,
    #[serde(default)]
    pub(crate) market_late: f64,
    #[serde(default)]
    pub(crate) market_torn: f64,
    /// How the venue behaves where the exchange's documentation leaves it open. Last, because it is a table.
    #[serde(with = "written")]
    pub(crate) doubts: Doubts,
}

impl Swarm {
    /// The troubles that a seed draws.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        Self::draw(&mut Rng::with_seed(seed))
    }

    /// Draws a swarm.
    pub(crate) fn draw(rng: &mut Rng) -> Self {
        let mut rate = |worst: f64| if rng.u8(..5) < 2 { rng.f64() * worst } else { 0.0 };
        let slow_request = rate(0.05);
        let not_sent = rate(0.05);
        let refused = rate(0.1);
        let request_lost = rate(0.15);
        let reply_lost = rate(0.15);
        let push_twice = rate(0.3);
        let push_again_later = rate(0.1);
        let push_dropped = rate(0.1);
        let query_failed = rate(0.4);
        let late_index = rate(0.4);
        let book_gap = rate(0.05);
        let jump = rate(0.02);
        let request_twice = rate(0.1);
        let topic_late = rate(0.1);
        let mut every = |shortest: Millis| {
            if rng.u8(..3) == 0 { shortest + rng.i64(0..shortest * 4) } else { 0 }
        };
        let private_cut_every = every(8_000);
        let trade_cut_every = every(8_000);
        let public_cut_every = every(10_000);
        let kill_every = every(12_000);
        let stranger_every = every(5_000);
        let operator_every = every(10_000);
        let funding_every = every(10_000);
        let swarm = Self {
            length_ms: rng.i64(20_000..60_000),
            market_speed: [1, 1, 60, 300][rng.usize(..4)],
            step_ms: rng.i64(100..400),
            second: [Second::Chaos, Second::Maker, Second::Reversion, Second::Trend][rng.usize(..4)],
            ending: if rng.u8(..3) == 0 { Ending::Flatten } else { Ending::Keep },
            requires_stop: rng.bool(),
            one_way_delay_ms: [1, 5, 50, 400][rng.usize(..4)],
            query_delay_ms: [2, 50, 1_000][rng.usize(..3)],
            slow_request,
            not_sent,
            refused,
            request_lost,
            reply_lost,
            request_twice,
            topic_late,
            push_twice,
            push_again_later,
            push_dropped,
            query_failed,
            late_index,
            book_gap,
            jump,
            thin_book: rng.u8(..4) == 0,
            private_cut_every,
            trade_cut_every,
            public_cut_every,
            kill_every,
            stranger_every,
            operator_every,
            funding_every,
            power_cut: rng.u8(..3) == 0,
            meddles: rng.u8(..4) == 0,
            finds_position: rng.u8(..3) == 0,
            no_verdict: 0.0,
            venue_restart_every: 0,
            clock_step_every: 0,
            successor_at: 0,
            is_poor: false,
            is_hedged: false,
            outage_every: 0,
            is_protected: false,
            grid_change_at: 0,
            is_isolated: false,
            torn: 0.0,
            market_lost: 0.0,
            market_twice: 0.0,
            market_late: 0.0,
            market_torn: 0.0,
            doubts: draw_doubts(rng),
        };
        // Drawn last, so that the seeds of before keep the rest of their stories.
        Self {
            no_verdict: if rng.u8(..5) < 2 { rng.f64() * 0.1 } else { 0.0 },
            venue_restart_every: if rng.u8(..5) == 0 { rng.i64(10_000..50_000) } else { 0 },
            clock_step_every: if rng.u8(..5) == 0 { rng.i64(10_000..50_000) } else { 0 },
            successor_at: if rng.u8(..12) == 0 { rng.i64(5_000..swarm.length_ms) } else { 0 },
            is_poor: rng.u8(..12) == 0,
            is_hedged: rng.u8(..4) == 0,
            outage_every: if rng.u8(..6) == 0 { rng.i64(10_000..40_000) } else { 0 },
            is_protected: rng.u8(..4) == 0,
            grid_change_at: if rng.u8(..6) == 0 { rng.i64(5_000..swarm.length_ms) } else { 0 },
            is_isolated: rng.u8(..3) == 0,
            torn: if rng.u8(..5) == 0 { rng.f64() * 0.05 } else { 0.0 },
            market_lost: if rng.u8(..5) == 0 { rng.f64() * 0.05 } else { 0.0 },
            market_twice: if rng.u8(..5) == 0 { rng.f64() * 0.05 } else { 0.0 },
            market_late: if rng.u8(..5) == 0 { rng.f64() * 0.05 } else { 0.0 },
            market_torn: if rng.u8(..5) == 0 { rng.f64() * 0.02 } else { 0.0 },
            ..swarm
        }
        .made_wild()
        .with_two_sides()
    }

    /// The maker quotes both sides of one position, so in hedge mode a random bot takes its place.
    fn with_two_sides(self) -> Self {
        let second = match self.second {
            Second::Maker if self.is_hedged => Second::Chaos,
            second => second,
        };
        Self { second, ..self }
    }

    /// Where the account is small, prices jump, and somebody has left a position without a stop.
    fn made_wild(self) -> Self {
        if !self.is_poor {
            return self;
        }
        Self { jump: self.jump.max(0.1), finds_position: true, requires_stop: false, ..self }
    }

    /// A world in which half of the requests are lost and no reply comes back, and of the pushes that many are dropped.
    #[must_use]
    pub fn losing_replies(seed: u64, drops_pushes: f64) -> Self {
        let drawn = Self::of(seed);
        Self {
            length_ms: 60_000,
            market_speed: 1,
            second: Second::Chaos,
            ending: Ending::Keep,
            one_way_delay_ms: 50,
            query_delay_ms: 50,
            request_lost: 0.5,
            reply_lost: 1.0,
            push_dropped: drops_pushes,
            power_cut: false,
            finds_position: false,
            is_poor: false,
            is_hedged: false,
            ..drawn.calmed()
        }
    }

    /// A world without chance.
    pub(crate) fn quiet(settings: &Settings) -> Self {
        let drawn = Self::draw(&mut Rng::with_seed(0));
        Self {
            length_ms: settings.length_ms,
            market_speed: 1,
            step_ms: 250,
            second: Second::Chaos,
            ending: Ending::Keep,
            requires_stop: settings.requires_stop,
            one_way_delay_ms: settings.one_way_delay_ms,
            query_delay_ms: settings.query_delay_ms,
            thin_book: false,
            power_cut: false,
            meddles: false,
            finds_position: false,
            is_poor: false,
            is_hedged: settings.is_hedged,
            is_isolated: false,
            doubts: Doubts::default(),
            ..drawn.calmed()
        }
    }

    /// How the account margins its positions.
    pub(crate) const fn margin_mode(&self) -> MarginMode {
        if self.is_isolated { MarginMode::Isolated } else { MarginMode::Cross }
    }

    /// How often a fault strikes a message that it can strike.
    pub(crate) const fn rate(&self, fault: Fault) -> f64 {
        match fault {
            Fault::SlowRequest => self.slow_request,
            Fault::NotSent => self.not_sent,
            Fault::Refused => self.refused,
            Fault::RequestLost => self.request_lost,
            Fault::ReplyLost => self.reply_lost,
            Fault::RequestTwice => self.request_twice,
            Fault::TopicLate => self.topic_late,
            Fault::PushTwice => self.push_twice,
            Fault::PushAgain => self.push_again_later,
            Fault::PushDropped => self.push_dropped,
            Fault::QueryFailed => self.query_failed,
            Fault::LateIndex => self.late_index,
            Fault::BookGap => self.book_gap,
            Fault::NoVerdict => self.no_verdict,
            Fault::Torn => self.torn,
            Fault::MarketLost => self.market_lost,
            Fault::MarketTwice => self.market_twice,
            Fault::MarketLate => self.market_late,
            Fault::MarketTorn => self.market_torn,
            _ => 0.0,
        }
    }

    /// The same world with nothing going wrong any more. Delays stay: they are no fault.
    pub(crate) fn calmed(&self) -> Self {
        Self {
            slow_request: 0.0,
            not_sent: 0.0,
            refused: 0.0,
            request_lost: 0.0,
            reply_lost: 0.0,
            request_twice: 0.0,
            topic_late: 0.0,
            push_twice: 0.0,
            push_again_later: 0.0,
            push_dropped: 0.0,
            query_failed: 0.0,
            late_index: 0.0,
            book_gap: 0.0,
            jump: 0.0,
            private_cut_every: 0,
            trade_cut_every: 0,
            public_cut_every: 0,
            kill_every: 0,
            stranger_every: 0,
            operator_every: 0,
            funding_every: 0,
            no_verdict: 0.0,
            torn: 0.0,
            market_lost: 0.0,
            market_twice: 0.0,
            market_late: 0.0,
            market_torn: 0.0,
            venue_restart_every: 0,
            clock_step_every: 0,
            successor_at: 0,
            outage_every: 0,
            is_protected: false,
            grid_change_at: 0,
            ..self.clone()
        }
    }
}

/// Questions that came later. Each is drawn from a stream of its own, so that the seeds of before keep the rest of their
/// stories; a new question belongs here.
const LATER_DOUBTS: [&str; 2] = ["session-execution", "session-closed-pnl"];

/// Answers to all that the exchange's documentation leaves open: every second question as usual.
fn draw_doubts(rng: &mut Rng) -> Doubts {
    let mut doubts = Doubts::default();
    let mut draw = |doubt: &Doubt, rng: &mut Rng| {
        let choice = rng.usize(..doubt.choices.len());
        if rng.bool() {
            doubts
                .set(doubt.name, doubt.choices[choice])
                .expect("the list holds questions with their choices");
        }
    };
    let is_later = |doubt: &&Doubt| LATER_DOUBTS.contains(&doubt.name);
    DOUBTS.iter().filter(|doubt| !is_later(doubt)).for_each(|doubt| draw(doubt, rng));
    for (doubt, number) in DOUBTS.iter().filter(is_later).zip(1..) {
        draw(doubt, &mut Rng::with_seed(rng.get_seed().wrapping_add(number)));
    }
    doubts
}
