//! The tasks that work over REST: one for mutations, one for queries, one that keeps the clock.
//!
//! Mutations of one contract keep their order; different contracts do not wait for each other. Queries have a
//! task of their own, so that a long read never holds up a cancel.

use super::stream::Outlets;
use crate::{encode::Mutation, outcome::Asked, rest::RestClient};
use futures_util::{StreamExt, stream::FuturesUnordered};
use std::{collections::VecDeque, time::Duration};
use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};
use windvane_model::{AccountEvent, Event, Query, Symbol};

/// Mutations in flight at once; more would only meet the rate limit of ten a second.
const AT_ONCE: usize = 8;
/// Mutations that wait for one of their contract. When it is full the channel is not read.
const WAITING: usize = 256;

/// Performs mutations until the channel closes or the connector stops.
pub(super) async fn mutations(
    rest: RestClient,
    outlets: Outlets,
    mut requests: mpsc::Receiver<Mutation>,
    mut stop: watch::Receiver<bool>,
) {
    let mut in_flight = FuturesUnordered::new();
    let mut busy: Vec<Option<Symbol>> = Vec::new();
    let mut waiting: VecDeque<Mutation> = VecDeque::new();
    loop {
        while in_flight.len() < AT_ONCE
            && let Some(place) = next_free(&waiting, &busy)
            && let Some(mutation) = waiting.remove(place)
        {
            let rest = rest.clone();
            busy.push(mutation.symbol());
            in_flight.push(async move { (mutation.symbol(), rest.mutate(&mutation).await) });
        }
        tokio::select! {
            biased;
            _ = stop.changed() => break,
            // Cancel safe: the futures stay in the set.
            Some((symbol, event)) = in_flight.next() => {
                if let Some(place) = busy.iter().position(|name| *name == symbol) {
                    busy.swap_remove(place);
                }
                if tell(&rest, &outlets, event).await.is_err() {
                    return;
                }
            }
            request = requests.recv(), if waiting.len() < WAITING => match request {
                Some(mutation) => waiting.push_back(mutation),
                None => break,
            },
        }
    }
    // What left finishes and is told; what did not leave is refused, never sent later.
    while let Some((_, event)) = in_flight.next().await {
        if tell(&rest, &outlets, event).await.is_err() {
            return;
        }
    }
    requests.close();
    while let Ok(mutation) = requests.try_recv() {
        waiting.push_back(mutation);
    }
    for mutation in waiting {
        let event = Asked::from(&mutation).not_sent("the connector is stopping");
        if tell(&rest, &outlets, event).await.is_err() {
            return;
        }
    }
}

/// The first that waits for no earlier one. A cancel of everything (no symbol) waits for nothing.
fn next_free(waiting: &VecDeque<Mutation>, busy: &[Option<Symbol>]) -> Option<usize> {
    // An earlier one of the same contract that still waits does so because the contract is busy, so looking at
    // what is busy is enough to keep the order.
    waiting.iter().position(|mutation| match mutation.symbol() {
        Some(symbol) => !busy.contains(&Some(symbol)),
        None => true,
    })
}

/// Answers queries, one after the other, until the channel closes or the connector stops.
pub(super) async fn queries(
    rest: RestClient,
    outlets: Outlets,
    symbols: Vec<Symbol>,
    mut requests: mpsc::Receiver<Query>,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        let query = tokio::select! {
            biased;
            _ = stop.changed() => return,
            query = requests.recv() => match query {
                Some(query) => query,
                None => return,
            },
        };
        let event = tokio::select! {
            biased;
            _ = stop.changed() => return,
            // Dropping it half way loses nothing: it only reads.
            event = rest.answer(query, &symbols) => event,
        };
        if tell(&rest, &outlets, event).await.is_err() {
            return;
        }
    }
}

/// Between two exchanges of time when nothing else tells the venue's clock; drift adds 3 ms meanwhile.
const TIME_EVERY: Duration = Duration::from_secs(60);

/// Keeps the offset of the venue's clock fresh until the connector stops.
pub(super) async fn time(rest: RestClient, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            biased;
            _ = stop.changed() => return,
            () = sleep(TIME_EVERY) => {}
        }
        tokio::select! {
            biased;
            _ = stop.changed() => return,
            // Dropping it half way loses a measurement and nothing else.
            time = rest.server_time() => if let Err(error) = time {
                tracing::warn!(%error, "the venue's clock could not be read");
            },
        }
    }
}

async fn tell(rest: &RestClient, outlets: &Outlets, event: AccountEvent) -> Result<(), ()> {
    outlets.account.send((rest.clock().now(), Event::Account(event))).await.map_err(drop)
}
