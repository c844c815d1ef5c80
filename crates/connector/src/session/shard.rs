//! Topics over several public connections, which together are one link.

use super::Topic;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

/// Most characters of topics on one connection. Source: Bybit V5, "Connect", public channel args limits.
pub(crate) const MAX_TOPIC_CHARACTERS: usize = 21_000;

/// How many of the public connections are up, told to each of their sessions: the engine knows one public link,
/// which is up when all of them are.
#[derive(Debug, Clone)]
pub struct Shards {
    up: Arc<AtomicUsize>,
    of: Arc<AtomicUsize>,
    /// Whether this connection has not been up yet and does not count before that.
    joins: Arc<AtomicBool>,
    /// How often the engine was told that the link is down.
    losses: Arc<AtomicUsize>,
}

impl Shards {
    /// So many connections, none of them up.
    #[must_use]
    pub fn of(connections: usize) -> Self {
        Self {
            up: Arc::default(),
            of: Arc::new(AtomicUsize::new(connections)),
            joins: Arc::default(),
            losses: Arc::default(),
        }
    }

    /// For a connection that comes to those that there are. It counts from its first time up on, so that they are not
    /// taken for down while it connects.
    pub(crate) fn joining(&self) -> Self {
        Self { joins: Arc::new(AtomicBool::new(true)), ..self.clone() }
    }

    /// One came up; whether they all are now that were not all before.
    pub(super) fn came_up(&self) -> bool {
        let up = self.up.fetch_add(1, Ordering::Relaxed) + 1;
        if self.joins.swap(false, Ordering::Relaxed) {
            self.of.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        up == self.of.load(Ordering::Relaxed)
    }

    /// One went down; whether they all were up before.
    pub(super) fn went_down(&self) -> bool {
        let is_loss = self.up.fetch_sub(1, Ordering::Relaxed) == self.of.load(Ordering::Relaxed);
        if is_loss {
            self.losses.fetch_add(1, Ordering::Relaxed);
        }
        is_loss
    }

    /// How often the link went down. The engine then forgets every book, those of connections that stay up as well.
    pub(super) fn losses(&self) -> usize {
        self.losses.load(Ordering::Relaxed)
    }
}

/// Splits topics over as few connections as the limits allow; what belongs to one contract stays together where it
/// can, so that a lost connection blinds few contracts. `most` is the largest number of topics of one connection.
pub(crate) fn split(mut topics: Vec<Topic>, most: Option<usize>) -> Vec<Vec<Topic>> {
    topics.sort_unstable_by_key(|topic| (topic.symbol(), *topic));
    topics.dedup();
    let most = most.unwrap_or(usize::MAX).max(1);
    let mut shards: Vec<Vec<Topic>> = vec![vec![]];
    let mut characters = 0;
    for topic in topics {
        let length = topic.to_string().len() + 3;
        let shard = shards.len() - 1;
        if shards[shard].len() == most || characters + length > MAX_TOPIC_CHARACTERS {
            shards.push(vec![topic]);
            characters = length;
        } else {
            shards[shard].push(topic);
            characters += length;
        }
    }
    shards
}

#[cfg(test)]
mod tests {
    use super::*;
    use windvane_model::Symbol;

    fn topics(contracts: usize) -> Vec<Topic> {
        let symbol = |n| Symbol::new(&format!("C{n:04}USDT")).unwrap();
        (0..contracts)
            .flat_map(|n| [Topic::Book(symbol(n)), Topic::Trades(symbol(n)), Topic::Ticker(symbol(n))])
            .collect()
    }

    #[test]
    fn connections_keep_to_both_limits_and_lose_nothing() {
        for (contracts, most, connections) in
            [(3, None, 1), (400, None, 2), (100, Some(100), 3), (1, Some(1), 3), (0, None, 1)]
        {
            let shards = split(topics(contracts), most);
            assert_eq!(shards.len(), connections, "{contracts} contracts, at most {most:?}");
            assert_eq!(shards.iter().map(Vec::len).sum::<usize>(), 3 * contracts);
            for shard in &shards {
                let characters: usize = shard.iter().map(|topic| topic.to_string().len() + 3).sum();
                assert!(characters <= MAX_TOPIC_CHARACTERS && shard.len() <= most.unwrap_or(usize::MAX));
            }
        }
    }

    #[test]
    fn the_link_is_up_when_every_connection_is() {
        let shards = Shards::of(2);
        assert!(!shards.came_up() && shards.clone().came_up());
        assert!(shards.went_down() && !shards.went_down());
        assert!(!shards.came_up() && shards.came_up());
    }

    #[test]
    fn a_connection_that_joins_takes_nothing_down_and_counts_from_then_on() {
        let shards = Shards::of(1);
        assert!(shards.came_up());
        let joining = shards.joining();
        assert!(shards.went_down() && shards.came_up(), "what connects is not missed yet");
        assert!(!joining.came_up(), "the link was up all the time");
        assert!(joining.went_down() && joining.came_up(), "from now on it is missed");
        assert!(shards.went_down() && !joining.went_down() && !shards.came_up() && joining.came_up());
    }
}
