//! Mutations that wait for their turn, the most urgent first.
//!
//! What is urgent overtakes everything but an earlier request about the same thing: a cancel does not leave
//! before the order it cancels. What became too old while it waited is refused, never sent late; so is what opens when a
//! halt came after its approval.

use super::{Budget, Call, Carrier, Purpose, Verdict};
use crate::{
    encode::{Mutation, batch_kind, batch_max},
    halt::{Epoch, HaltEpoch, Handed},
    outcome::is_too_late,
};
use windvane_model::{ClientOrderId, Millis, OrderId, PositionIndex, Symbol, WallTime};

/// An amend is a view of the market; after this many milliseconds it is an old one.
const AMEND_PATIENCE_MS: Millis = 2_000;

/// Mutations that have not left yet.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    /// By purpose, then by arrival.
    waiting: Vec<Waiting>,
    arrivals: u64,
    halts: HaltEpoch,
}

/// What the owner of a queue does next.
#[derive(Debug, PartialEq)]
pub(crate) enum Next {
    /// Send it; its places in the limits are taken and must be settled.
    Send(Mutation, Call),
    /// Send these in one batch; likewise.
    SendBatch(Vec<Mutation>, Call),
    /// Tell that it was not sent, and why.
    Refuse(Mutation, &'static str),
    /// Nothing may leave before then; `None` when only an answer can change that, or nothing waits.
    Wait(Option<WallTime>),
}

#[derive(Debug)]
struct Waiting {
    purpose: Purpose,
    arrival: u64,
    since: WallTime,
    mutation: Mutation,
    epoch: Epoch,
}

/// What a mutation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Order(ClientOrderId),
    VenueOrder(OrderId),
    Orders(Option<Symbol>),
    Protection(Symbol, PositionIndex),
    Leverage(Symbol),
}

impl Queue {
    pub(crate) fn new(halts: HaltEpoch) -> Self {
        Self { halts, ..Self::default() }
    }

    pub(crate) const fn halts(&self) -> &HaltEpoch {
        &self.halts
    }

    pub(crate) const fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(crate) fn push(&mut self, now: WallTime, handed: Handed) {
        let Handed { mutation, epoch } = handed;
        let purpose = Purpose::of(&mutation);
        let place = self.waiting.partition_point(|waiting| waiting.purpose <= purpose);
        self.arrivals += 1;
        self.waiting.insert(place, Waiting { purpose, arrival: self.arrivals, since: now, mutation, epoch });
    }

    /// The next step. `in_flight` are mutations whose order must be kept although they have left: none on a
    /// socket, which keeps it by itself. `has_room` says whether one of that purpose may be under way besides.
    pub(crate) fn next(
        &mut self,
        now: WallTime,
        budget: &mut Budget,
        carrier: Carrier,
        in_flight: &[Mutation],
        has_room: impl Fn(Purpose) -> bool,
    ) -> Next {
        let epoch = self.halts.now();
        let mut earliest: Option<WallTime> = None;
        for place in 0..self.waiting.len() {
            let waiting = &self.waiting[place];
            if let Some(why) = waiting.is_stale(now, epoch) {
                return Next::Refuse(self.waiting.remove(place).mutation, why);
            }
            if let Some(limit) = waiting.good_until() {
                earliest = Some(earliest.map_or(limit, |known| known.min(limit)));
            }
            if !has_room(waiting.purpose) || self.must_wait(waiting, in_flight) {
                continue;
            }
            let call = Call { carrier, ..Call::over_rest(waiting.mutation.endpoint(), waiting.purpose) };
            match budget.ask(now, &call) {
                Verdict::Wait(until) => {
                    earliest = Some(earliest.map_or(until, |known| known.min(until)));
                    if let Some(batch) = self.batch(place, now, budget, carrier, in_flight) {
                        return batch;
                    }
                }
                Verdict::Go => return Next::Send(self.waiting.remove(place).mutation, call),
                Verdict::Silent(_) => {
                    let why = "the venue banned this address from http";
                    return Next::Refuse(self.waiting.remove(place).mutation, why);
                }
            }
        }
        Next::Wait(earliest)
    }

    /// A batch that begins with the request at `place`, which found no room among single requests. Batches have limits
    /// of their own, so it need not wait if there is room in those.
    fn batch(
        &mut self,
        place: usize,
        now: WallTime,
        budget: &mut Budget,
        carrier: Carrier,
        in_flight: &[Mutation],
    ) -> Option<Next> {
        let purpose = self.waiting[place].purpose;
        let kind = batch_kind(&self.waiting[place].mutation)?;
        let call = Call { carrier, ..Call::over_rest(kind.endpoint(), purpose) };
        let room =
            usize::try_from(budget.room(now, &call)).unwrap_or(usize::MAX).min(batch_max(call.category));
        let epoch = self.halts.now();
        let is_of_it = |waiting: &&Waiting| {
            waiting.purpose == purpose
                && batch_kind(&waiting.mutation) == Some(kind)
                && waiting.is_stale(now, epoch).is_none()
                && !self.must_wait(waiting, in_flight)
        };
        let arrivals: Vec<u64> =
            self.waiting[place..].iter().filter(is_of_it).map(|waiting| waiting.arrival).take(room).collect();
        let call = Call { places: u32::try_from(arrivals.len()).ok()?, ..call };
        if arrivals.is_empty() || budget.ask(now, &call) != Verdict::Go {
            return None;
        }
        let left = self.waiting.extract_if(.., |waiting| arrivals.contains(&waiting.arrival));
        Some(Next::SendBatch(left.map(|waiting| waiting.mutation).collect(), call))
    }

    /// Everything that waits, in order; nothing of it has left.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Mutation> {
        self.waiting.drain(..).map(|waiting| waiting.mutation)
    }

    fn must_wait(&self, later: &Waiting, in_flight: &[Mutation]) -> bool {
        let is_earlier = |other: &&Waiting| other.arrival < later.arrival;
        let waiting = self.waiting.iter().filter(is_earlier).map(|other| &other.mutation);
        in_flight.iter().chain(waiting).any(|earlier| must_follow(&later.mutation, earlier))
    }
}

impl Waiting {
    fn is_stale(&self, now: WallTime, epoch: Epoch) -> Option<&'static str> {
        if (Handed { mutation: self.mutation, epoch: self.epoch }).is_overtaken(epoch) {
            return Some("a halt came before its turn");
        }
        if is_too_late(&self.mutation, now) {
            return Some("too old at the last look");
        }
        self.good_until().is_some_and(|limit| now > limit).then_some("waited too long for its turn")
    }

    fn good_until(&self) -> Option<WallTime> {
        match &self.mutation {
            Mutation::Submit(submit) => submit.send_before.map(|limit| WallTime(limit.0.saturating_add(1))),
            Mutation::Amend(amend) => {
                let limit = amend.send_before.map(|limit| WallTime(limit.0.saturating_add(1)));
                Some(limit.unwrap_or_else(|| self.since.after(AMEND_PATIENCE_MS)))
            }
            Mutation::Cancel(_)
            | Mutation::CancelAll(_)
            | Mutation::SetProtection(_)
            | Mutation::SetLeverage(_) => None,
        }
    }
}

fn must_follow(later: &Mutation, earlier: &Mutation) -> bool {
    match (earlier, later) {
        // An order that opens goes by the leverage that was asked for before it.
        (Mutation::SetLeverage(leverage), Mutation::Submit(submit)) => {
            leverage.symbol == submit.symbol && !submit.reduce_only
        }
        _ => subject(earlier) == subject(later),
    }
}

const fn subject(mutation: &Mutation) -> Subject {
    match mutation {
        Mutation::Submit(submit) => Subject::Order(submit.client_order_id),
        Mutation::Amend(amend) => Subject::Order(amend.client_order_id),
        Mutation::Cancel(cancel) => match (cancel.client_order_id, cancel.order_id) {
            (Some(id), _) => Subject::Order(id),
            (None, Some(id)) => Subject::VenueOrder(id),
            (None, None) => Subject::Orders(Some(cancel.symbol)),
        },
        Mutation::CancelAll(all) => Subject::Orders(all.symbol),
        Mutation::SetProtection(stop) => Subject::Protection(stop.symbol, stop.position_index),
        Mutation::SetLeverage(leverage) => Subject::Leverage(leverage.symbol),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::RateLimits;
    use windvane_model::{
        Amend, Cancel, OrderKind, Price, Qty, Role, SetLeverage, SetProtection, Side, Submit, Triggers,
    };

    fn at(ms: i64) -> WallTime {
        WallTime(ms * 1_000_000)
    }

    fn id(number: u32) -> ClientOrderId {
        ClientOrderId::new(&format!("w01-{number}")).unwrap()
    }

    fn symbol() -> Symbol {
        Symbol::new("BTCUSDT").unwrap()
    }

    fn submit(number: u32, reduce_only: bool, send_before: Option<WallTime>) -> Mutation {
        Mutation::Submit(Submit {
            client_order_id: id(number),
            symbol: symbol(),
            position_index: PositionIndex(0),
            role: Role::Entry,
            side: Side::Buy,
            qty: Qty::new("0.01".parse().unwrap()).unwrap(),
            kind: OrderKind::Market { max_slippage_ticks: None },
            reduce_only,
            stop_loss: None,
            take_profit: None,
            triggers: Triggers::default(),
            send_before,
        })
    }

    fn cancel(number: u32) -> Mutation {
        Mutation::Cancel(Cancel { client_order_id: Some(id(number)), order_id: None, symbol: symbol() })
    }

    fn amend(number: u32) -> Mutation {
        Mutation::Amend(Amend {
            client_order_id: id(number),
            symbol: symbol(),
            price: None,
            qty: None,
            send_before: None,
        })
    }

    fn stop() -> Mutation {
        let price = Price::new("90000".parse().unwrap()).ok();
        let position_index = PositionIndex(0);
        Mutation::SetProtection(SetProtection {
            symbol: symbol(),
            position_index,
            stop_loss: price,
            take_profit: None,
            triggers: Triggers::default(),
        })
    }

    struct Rig {
        queue: Queue,
        budget: Budget,
    }

    impl Rig {
        fn with(waiting: &[Mutation]) -> Self {
            let mut queue = Queue::default();
            for mutation in waiting {
                queue.push(at(0), (*mutation).into());
            }
            Self { queue, budget: Budget::new(RateLimits::Published, fastrand::Rng::with_seed(1)) }
        }

        fn next(&mut self, ms: i64, in_flight: &[Mutation]) -> Next {
            self.queue.next(at(ms), &mut self.budget, Carrier::Rest, in_flight, |_| true)
        }

        /// What leaves at `ms`, in order, answered at once.
        fn sent(&mut self, ms: i64) -> Vec<Mutation> {
            let mut sent = vec![];
            loop {
                let (batch, call) = match self.next(ms, &[]) {
                    Next::Send(mutation, call) => (vec![mutation], call),
                    Next::SendBatch(batch, call) => (batch, call),
                    Next::Refuse(..) | Next::Wait(_) => return sent,
                };
                self.budget.settle(at(ms), &call);
                sent.extend(batch);
            }
        }
    }

    #[test]
    fn the_most_urgent_leaves_first_whatever_came_first() {
        let arrived = [submit(1, false, None), amend(2), cancel(3), submit(4, true, None), stop()];
        let left = Rig::with(&arrived).sent(0);
        assert_eq!(left, [submit(4, true, None), stop(), cancel(3), amend(2), submit(1, false, None)]);
    }

    #[test]
    fn a_cancel_never_overtakes_its_order_and_nothing_opens_before_its_leverage() {
        let left = Rig::with(&[submit(1, false, None), cancel(1), cancel(2)]).sent(0);
        assert_eq!(left, [cancel(2), submit(1, false, None), cancel(1)]);
        let leverage = windvane_model::Leverage::new("3".parse().unwrap()).unwrap();
        let leverage = Mutation::SetLeverage(SetLeverage { symbol: symbol(), leverage });
        let mut rig = Rig::with(&[submit(1, false, None), submit(2, true, None)]);
        assert!(matches!(rig.next(0, &[leverage]), Next::Send(sent, _) if sent == submit(2, true, None)));
        assert_eq!(rig.next(0, &[leverage]), Next::Wait(None), "an answer must come first");
        assert!(matches!(rig.next(0, &[]), Next::Send(sent, _) if sent == submit(1, false, None)));
    }

    #[test]
    fn entries_that_fill_their_share_do_not_hold_up_a_close_or_a_cancel() {
        let mut rig = Rig::with(&(0..20).map(|n| submit(n, false, None)).collect::<Vec<_>>());
        assert_eq!(rig.sent(0).len(), 14, "seven alone and seven in a batch");
        rig.queue.push(at(1), submit(90, true, None).into());
        rig.queue.push(at(1), cancel(91).into());
        assert_eq!(rig.sent(1), [submit(90, true, None), cancel(91)]);
        assert_eq!(rig.next(1, &[]), Next::Wait(Some(at(1_000))));
    }

    #[test]
    fn a_batch_holds_what_is_alike_and_may_leave_and_no_more_than_has_room() {
        let mut waiting: Vec<_> = (0..9).map(|n| submit(n, false, None)).collect();
        waiting.extend([amend(8), cancel(30), submit(40, true, None)]);
        let mut rig = Rig::with(&waiting);
        let mut batches = vec![];
        loop {
            match rig.next(0, &[]) {
                Next::Send(..) => {}
                Next::SendBatch(batch, call) => {
                    assert_eq!((call.endpoint, call.places), ("order/create-batch", 3));
                    batches.push(batch);
                }
                Next::Wait(_) => break,
                refused @ Next::Refuse(..) => panic!("{refused:?}"),
            }
        }
        // The close took one of the ten, so that entries found six of their seven places.
        assert_eq!(batches, [[submit(6, false, None), submit(7, false, None), submit(8, false, None)]]);
        let mut rig = Rig::with(&(0..50).map(|n| submit(n, true, None)).collect::<Vec<_>>());
        assert_eq!(rig.sent(0).len(), 20, "ten alone and ten in a batch; closes may use the whole limit");
    }

    #[test]
    fn what_grew_old_while_it_waited_is_refused_in_time() {
        let mut rig = Rig::with(&(0..15).map(|n| submit(n, false, Some(at(300)))).collect::<Vec<_>>());
        assert_eq!(rig.sent(0).len(), 14);
        assert_eq!(rig.next(0, &[]), Next::Wait(Some(WallTime(300_000_001))));
        assert!(matches!(rig.next(301, &[]), Next::Refuse(..)));
        let mut rig = Rig::with(&[amend(1)]);
        assert!(matches!(rig.next(2_001, &[]), Next::Refuse(..)));
    }

    #[test]
    fn what_opens_and_was_approved_before_a_halt_leaves_neither_in_it_nor_after_it() {
        let mut rig = Rig::with(&(0..16).map(|n| submit(n, false, Some(at(9_000)))).collect::<Vec<_>>());
        rig.queue.push(at(0), submit(30, true, None).into());
        assert_eq!(rig.sent(0).len(), 14);
        let halts = rig.queue.halts().clone();
        halts.allow_opening(false);
        halts.allow_opening(false);
        for step in 1..=3 {
            assert!(matches!(rig.next(1_000, &[]), Next::Refuse(..)), "{step}");
        }
        assert_eq!(rig.next(1_000, &[]), Next::Wait(None));
        // What reduces or cancels knows no halt.
        rig.queue.push(at(1_000), submit(40, true, None).into());
        rig.queue.push(at(1_000), cancel(41).into());
        assert_eq!(rig.sent(1_000).len(), 2);

        let before = Handed { mutation: submit(50, false, Some(at(9_000))), epoch: Epoch::default() };
        rig.queue.push(at(2_000), before);
        halts.allow_opening(true);
        assert!(matches!(rig.next(2_000, &[]), Next::Refuse(..)), "a resume does not bring it back");
        rig.queue.push(at(2_000), Handed { epoch: halts.now(), ..before });
        assert_eq!(rig.sent(2_000).len(), 1);
    }

    #[test]
    fn during_a_ban_rest_refuses_at_once() {
        let mut rig = Rig::with(&[cancel(1)]);
        rig.budget.banned(at(0));
        assert!(matches!(rig.next(1, &[]), Next::Refuse(..)));
        let mut rig = Rig::with(&[cancel(1)]);
        rig.budget.banned(at(0));
        let next = rig.queue.next(at(1), &mut rig.budget, Carrier::TradeSocket, &[], |_| true);
        assert!(matches!(next, Next::Send(..)), "the trade socket still takes it");
    }
}
