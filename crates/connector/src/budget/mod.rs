//! What the venue's rate limits leave, shared out by purpose: pure, with time as a value.
//!
//! One budget serves all bots and both transports. A request asks before it leaves and settles when its answer
//! has come; each limit keeps a reserve for what closes, protects and cancels. Refusals teach: 10006 waits for the
//! stamp of the reset, 403 silences the host for ten minutes, 429 and 10429 back off with full jitter.
//! Source: Bybit V5, "Rate Limit Rules" and "Error Codes".

mod purpose;
mod queue;
mod shared;
mod table;
mod window;

pub use purpose::Purpose;
pub(crate) use queue::{Next, Queue};
pub(crate) use shared::{SharedBudget, Turn};
pub use table::RateLimits;

use crate::{backoff::Backoff, category::Category};
use std::collections::BTreeMap;
use table::Limit;
use window::Window;
use windvane_model::{Millis, WallTime};

/// A 403 lifts by itself after ten minutes without any request.
pub(crate) const SILENCE_MS: Millis = 600_000;
/// Bounds of the wait after "overloaded", ms.
const FIRST_WAIT_MS: Millis = 1_000;
const LONGEST_WAIT_MS: Millis = 30_000;

/// The way a request takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carrier {
    Rest,
    TradeSocket,
}

/// A request as far as limits are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Call {
    /// Path without the version: `order/create`.
    pub(crate) endpoint: &'static str,
    pub(crate) purpose: Purpose,
    pub(crate) carrier: Carrier,
    pub(crate) is_signed: bool,
    /// Places it takes in the limit of its endpoint: a batch has one for each of its orders.
    pub(crate) places: u32,
    /// What it is about; orders of pairs have limits of their own.
    pub(crate) category: Category,
}

/// What has a limit: an endpoint, and whether it is about pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Limited {
    endpoint: &'static str,
    is_of_pairs: bool,
}

impl Call {
    /// A signed request about contracts over REST.
    pub(crate) const fn over_rest(endpoint: &'static str, purpose: Purpose) -> Self {
        Self {
            endpoint,
            purpose,
            carrier: Carrier::Rest,
            is_signed: true,
            places: 1,
            category: Category::Linear,
        }
    }

    fn limited(&self) -> Limited {
        Limited { endpoint: self.endpoint, is_of_pairs: self.category == Category::Spot }
    }
}

/// What to do with a request now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Send; its places are taken.
    Go,
    /// Ask again then.
    Wait(WallTime),
    /// The host is not to be spoken to before then.
    Silent(WallTime),
}

/// What an answer says of the limit of its endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct LimitNotice {
    /// `X-Bapi-Limit`.
    pub(crate) limit: Option<u32>,
    /// `X-Bapi-Limit-Status`.
    pub(crate) left: Option<u32>,
    /// `X-Bapi-Limit-Reset-Timestamp`, on our clock.
    pub(crate) reset: Option<WallTime>,
}

/// Every limit of one key at one venue.
#[derive(Debug)]
pub(crate) struct Budget {
    is_off: bool,
    endpoints: BTreeMap<Limited, Window>,
    rest: Road,
    socket: Road,
    public: Option<Window>,
    signed: Option<Window>,
    silent_until: WallTime,
    /// For the jitter of waits; its seed comes in, so that a session stays repeatable.
    random: fastrand::Rng,
}

/// A transport: the limit of our address on it, and how overloaded the other end says it is.
#[derive(Debug)]
struct Road {
    window: Window,
    overloaded_until: WallTime,
    backoff: Backoff,
}

impl Budget {
    pub(crate) fn new(limits: RateLimits, random: fastrand::Rng) -> Self {
        let cautious = |limit| (limits == RateLimits::Introductory).then(|| window(limit));
        Self {
            is_off: limits == RateLimits::Off,
            endpoints: BTreeMap::new(),
            rest: Road::new(table::ADDRESS),
            socket: Road::new(table::TRADE_SOCKET),
            public: cautious(table::INTRODUCTORY_PUBLIC),
            signed: cautious(table::INTRODUCTORY_SIGNED),
            silent_until: WallTime(i64::MIN),
            random,
        }
    }

    /// Asks for a place in every limit that `call` falls under, and takes them when all have one.
    pub(crate) fn ask(&mut self, now: WallTime, call: &Call) -> Verdict {
        if call.carrier == Carrier::Rest && now < self.silent_until {
            return Verdict::Silent(self.silent_until);
        }
        let mut wait = WallTime(i64::MIN);
        let overloaded_until = self.road(call.carrier).overloaded_until;
        // What is urgent goes out all the same: late it may be worth nothing.
        if !call.purpose.is_urgent() && now < overloaded_until {
            wait = overloaded_until;
        }
        self.each_window(call, |window, share, _| {
            if let Err(until) = window.look(now, share) {
                wait = wait.max(until);
            }
        });
        if wait > now {
            return Verdict::Wait(wait);
        }
        self.each_window(call, |window, _, places| window.take(places));
        Verdict::Go
    }

    /// How many places the limit of this call's endpoint has left for its purpose; a call of more is not asked for.
    pub(crate) fn room(&mut self, now: WallTime, call: &Call) -> u32 {
        if self.is_off {
            return u32::MAX;
        }
        let share = call.purpose.share_of_endpoint();
        self.endpoint(call.limited()).map_or(u32::MAX, |window| window.room(now, share))
    }

    /// The answer to a call that was allowed has come, or is given up.
    pub(crate) fn settle(&mut self, now: WallTime, call: &Call) {
        self.each_window(call, |window, _, places| window.settle(now, places));
    }

    /// Takes in what an answer said of its endpoint's limit. After [`Budget::settle`].
    pub(crate) fn learn(&mut self, now: WallTime, call: &Call, notice: LimitNotice) {
        if self.is_off {
            return;
        }
        let limited = call.limited();
        if let (None, Some(requests)) = (table::of_endpoint(limited), notice.limit) {
            self.endpoints.entry(limited).or_insert_with(|| Window::new(requests, 1_000));
        }
        if let Some(window) = self.endpoints.get_mut(&limited) {
            window.learn(now, notice.limit, notice.left);
        }
    }

    /// Code 10006: over the limit of the endpoint; nothing was done. Its batches, or the single requests beside them,
    /// wait as well: a limit is not evaded that the venue insists on.
    pub(crate) fn refused(&mut self, now: WallTime, call: &Call, reset: Option<WallTime>) {
        for endpoint in std::iter::once(call.endpoint).chain(table::twin(call.endpoint)) {
            let limited = Limited { endpoint, ..call.limited() };
            self.endpoints.entry(limited).or_insert_with(|| window(default_limit(limited))).close(now, reset);
        }
    }

    /// HTTP 403: the venue bans our address.
    pub(crate) fn banned(&mut self, now: WallTime) {
        self.silent_until = now.after(SILENCE_MS);
    }

    /// HTTP 429, code 10429 or one of the socket's own limits.
    pub(crate) fn overloaded(&mut self, now: WallTime, carrier: Carrier) {
        let random = self.random.u64(..);
        let road = self.road(carrier);
        road.overloaded_until = now.after(road.backoff.next_delay(random));
    }

    /// An answer that was neither: the next overload starts from the shortest wait.
    pub(crate) fn at_ease(&mut self, carrier: Carrier) {
        self.road(carrier).backoff.reset();
    }

    const fn road(&mut self, carrier: Carrier) -> &mut Road {
        match carrier {
            Carrier::Rest => &mut self.rest,
            Carrier::TradeSocket => &mut self.socket,
        }
    }

    /// Every limit that `call` falls under, with the share of it that the call's purpose may use and the places that it
    /// takes there.
    fn each_window(&mut self, call: &Call, mut act: impl FnMut(&mut Window, u32, u32)) {
        if self.is_off {
            return;
        }
        let common = call.purpose.share_of_common();
        act(&mut self.road(call.carrier).window, common, 1);
        let by_access = if call.is_signed { &mut self.signed } else { &mut self.public };
        if let Some(window) = by_access {
            act(window, common, 1);
        }
        if let Some(window) = self.endpoint(call.limited()) {
            act(window, call.purpose.share_of_endpoint(), call.places);
        }
    }

    /// The limit of an endpoint, where it has one.
    fn endpoint(&mut self, limited: Limited) -> Option<&mut Window> {
        if !self.endpoints.contains_key(&limited)
            && let Some(limit) = table::of_endpoint(limited)
        {
            self.endpoints.insert(limited, window(limit));
        }
        self.endpoints.get_mut(&limited)
    }
}

impl Road {
    fn new(limit: Limit) -> Self {
        Self {
            window: window(limit),
            overloaded_until: WallTime(i64::MIN),
            backoff: Backoff::new(FIRST_WAIT_MS, LONGEST_WAIT_MS),
        }
    }
}

const fn window(limit: Limit) -> Window {
    Window::new(limit.requests, limit.span_ms)
}

/// An endpoint without a published limit that refuses all the same: the tightest of the table.
fn default_limit(limited: Limited) -> Limit {
    table::of_endpoint(limited).unwrap_or(Limit { requests: 5, span_ms: 1_000 })
}

#[cfg(test)]
mod tests;
