//! The task that works over REST.
//!
//! What is most urgent leaves first. A close, a stop or a cancel never waits behind an order that opens, behind a
//! query or behind a slow answer; only requests about the same order keep their order.

use super::{bells::Bells, scope::Scope, stream::Outlets};
use crate::{
    budget::{Carrier, Next, Purpose, Queue},
    category::Category,
    encode::Mutation,
    halt::{HaltEpoch, Handed},
    outcome::{Asked, halts},
    rest::RestClient,
};
use futures_util::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};
use windvane_model::{AccountEvent, Event, Query, QueryFailed, WallTime};

/// Mutations under way at once; more would only meet the rate limit of ten a second.
const AT_ONCE: usize = 8;
/// As many again for what is urgent, so that slow answers to entries do not hold up a close.
const URGENT_AT_ONCE: usize = 16;
/// Questions about single orders under way at once; besides them, one about the whole account.
const LOOKUPS_AT_ONCE: usize = 4;
/// Work that waits for its turn. When there is so much the channel is not read.
const WAITING: usize = 256;
/// How long until the next look when only an answer can make room.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Something to do over REST.
#[derive(Debug)]
pub(super) enum Work {
    /// Change something.
    Mutation(Handed),
    /// Ask something.
    Query(Query),
}

/// What is under way, when it has ended.
struct Done {
    what: Ended,
    answers: Vec<AccountEvent>,
}

enum Ended {
    Mutations(Vec<Mutation>),
    Query(Query),
}

/// The REST task.
pub(super) struct Lane {
    rest: RestClient,
    outlets: Outlets,
    bells: Arc<Bells>,
    /// Contracts whose positions a query of the account reads.
    scope: watch::Receiver<Scope>,
    queue: Queue,
    in_flight: Vec<Mutation>,
    questions: VecDeque<Query>,
    asked: Vec<Query>,
    under_way: FuturesUnordered<BoxFuture<'static, Done>>,
}

impl Lane {
    pub(super) fn new(
        rest: RestClient,
        outlets: Outlets,
        scope: watch::Receiver<Scope>,
        bells: Arc<Bells>,
        halts: HaltEpoch,
    ) -> Self {
        Self {
            rest,
            outlets,
            bells,
            scope,
            queue: Queue::new(halts),
            in_flight: Vec::new(),
            questions: VecDeque::new(),
            asked: Vec::new(),
            under_way: FuturesUnordered::new(),
        }
    }

    /// Works until the channel closes or the connector stops.
    pub(super) async fn run(mut self, mut work: mpsc::Receiver<Work>, mut stop: watch::Receiver<bool>) {
        loop {
            let Ok(look_again) = self.start().await else { return };
            let has_room = self.queue.len() + self.questions.len() < WAITING;
            tokio::select! {
                biased;
                _ = stop.changed() => break,
                // Cancel safe: the futures stay in the set.
                Some(done) = self.under_way.next() => {
                    if self.finish(done).await.is_err() {
                        return;
                    }
                }
                // Cancel safe: a plain receive.
                new = work.recv(), if has_room => match new {
                    Some(new) => self.take(new),
                    None => break,
                },
                () = sleep(look_again.unwrap_or(LOOK_AGAIN)), if look_again.is_some() => {}
            }
        }
        work.close();
        while let Ok(new) = work.try_recv() {
            self.take(new);
        }
        let _ = self.end().await;
    }

    fn take(&mut self, new: Work) {
        match new {
            Work::Mutation(handed) => self.queue.push(self.rest.clock().now(), handed),
            Work::Query(query) => {
                let purpose = Purpose::of_query(&query);
                let place = self.questions.partition_point(|other| Purpose::of_query(other) <= purpose);
                self.questions.insert(place, query);
            }
        }
    }

    /// Starts everything that may; says when to look again if something waits for time to pass.
    async fn start(&mut self) -> Result<Option<Duration>, ()> {
        while let Some(place) = self.questions.iter().position(|query| self.may_ask(query))
            && let Some(query) = self.questions.remove(place)
        {
            let rest = self.rest.reading_for(Purpose::of_query(&query));
            let symbols = self.scope.borrow().symbols.clone();
            self.asked.push(query);
            self.under_way.push(Box::pin(async move {
                let answer = rest.answer(query, &symbols).await;
                Done { what: Ended::Query(query), answers: vec![answer] }
            }));
        }
        loop {
            let now = self.rest.clock().now();
            let urgent = self.in_flight.iter().filter(|m| Purpose::of(m).is_urgent()).count();
            let others = self.in_flight.len() - urgent;
            let has_room = |purpose: Purpose| match purpose.is_urgent() {
                true => urgent < URGENT_AT_ONCE,
                false => others < AT_ONCE,
            };
            let (queue, in_flight) = (&mut self.queue, &self.in_flight);
            let budget = self.rest.budget().clone();
            match budget.with(|budget| queue.next(now, budget, Carrier::Rest, in_flight, has_room)) {
                Next::Send(mutation, call) => {
                    let (rest, turn) = (self.rest.clone(), budget.granted(self.rest.clock(), call));
                    self.in_flight.push(mutation);
                    self.under_way.push(Box::pin(async move {
                        let end = rest.mutate(&mutation, turn).await;
                        Done { what: Ended::Mutations(vec![mutation]), answers: vec![end] }
                    }));
                }
                Next::SendBatch(batch, call) => {
                    let (rest, turn) = (self.rest.clone(), budget.granted(self.rest.clock(), call));
                    self.in_flight.extend(&batch);
                    self.under_way.push(Box::pin(async move {
                        let answers = rest.mutate_batch(Category::Linear, &batch, turn).await;
                        Done { what: Ended::Mutations(batch), answers }
                    }));
                }
                Next::Refuse(mutation, why) => {
                    tell(&self.rest, &self.outlets, &self.bells, Asked::from(&mutation).not_sent(why)).await?
                }
                Next::Wait(until) => return Ok(until.map(|until| until_from(now, until))),
            }
        }
    }

    /// One question about the account at a time; a few about single orders beside it.
    fn may_ask(&self, query: &Query) -> bool {
        let purpose = Purpose::of_query(query);
        let same = self.asked.iter().filter(|asked| Purpose::of_query(asked) == purpose).count();
        same < if purpose == Purpose::Resolve { LOOKUPS_AT_ONCE } else { 1 }
    }

    async fn finish(&mut self, done: Done) -> Result<(), ()> {
        match done.what {
            Ended::Mutations(mutations) => {
                for mutation in mutations {
                    if let Some(place) = self.in_flight.iter().position(|sent| *sent == mutation) {
                        self.in_flight.swap_remove(place);
                    }
                }
            }
            Ended::Query(query) => {
                if let Some(place) = self.asked.iter().position(|asked| *asked == query) {
                    self.asked.swap_remove(place);
                }
            }
        }
        for event in done.answers {
            tell(&self.rest, &self.outlets, &self.bells, event).await?;
        }
        Ok(())
    }

    /// What left finishes and is told; what did not leave is refused, never sent later. Questions are dropped.
    async fn end(mut self) -> Result<(), ()> {
        let waiting: Vec<_> = self.queue.drain().collect();
        for mutation in waiting {
            tell(
                &self.rest,
                &self.outlets,
                &self.bells,
                Asked::from(&mutation).not_sent("the connector is stopping"),
            )
            .await?;
        }
        for query in std::mem::take(&mut self.questions) {
            tell(
                &self.rest,
                &self.outlets,
                &self.bells,
                AccountEvent::QueryFailed(QueryFailed { query, code: 0, is_unsupported: false }),
            )
            .await?;
        }
        while !self.in_flight.is_empty()
            && let Some(done) = self.under_way.next().await
        {
            self.finish(done).await?;
        }
        Ok(())
    }
}

async fn tell(rest: &RestClient, outlets: &Outlets, bells: &Bells, event: AccountEvent) -> Result<(), ()> {
    let halt = halts(&event);
    for event in std::iter::once(Event::Account(event)).chain(halt) {
        bells.hear(&event);
        outlets.account.send((rest.clock().now(), event)).await.map_err(drop)?;
    }
    Ok(())
}

fn until_from(now: WallTime, until: WallTime) -> Duration {
    // A millisecond at least: the timer's own grain.
    Duration::from_nanos(until.0.saturating_sub(now.0).max(1_000_000).unsigned_abs())
}
