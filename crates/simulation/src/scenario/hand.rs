//! A bot that wants what the scenario says, when it says so.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use windvane_model::{ClientOrderId, Intent, MarketTime, Notice, Place, Price, Qty, Symbol, Tag, Triggers};
use windvane_order_management::PositionKey;
use windvane_strategy::{Condition, Context, MemoryError, Strategy, Subscription, Wake};

/// What all bots of a scenario want, and what became of it: it outlives the engines that are killed.
///
/// Behind a lock only because a strategy must be `Send`; one thread plays a story.
#[derive(Debug, Clone, Default)]
pub(crate) struct Desk(Arc<Mutex<Wishes>>);

#[derive(Debug, Default)]
struct Wishes {
    planned: Vec<Planned>,
    /// Ids of the orders that were submitted, by their numbers.
    ids: BTreeMap<usize, ClientOrderId>,
}

#[derive(Debug)]
struct Planned {
    at: MarketTime,
    /// The position whose bot wants it.
    key: PositionKey,
    wish: Wish,
    place: String,
    progress: Progress,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Waiting,
    Wanted,
    /// It named an order that was not submitted.
    Impossible,
}

/// One wish; orders are named by their numbers.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wish {
    Place(usize, Place),
    Amend(usize, Option<Price>, Option<Qty>),
    Cancel(usize),
    Protect(Option<Price>, Option<Price>),
}

impl Desk {
    fn wishes(&self) -> MutexGuard<'_, Wishes> {
        self.0.lock().expect("nobody panics while holding it")
    }

    /// Plans a wish. Those of one moment are wanted in the order in which they were planned.
    pub(super) fn plan(&self, at: MarketTime, key: PositionKey, wish: Wish, place: String) {
        let mut wishes = self.wishes();
        wishes.planned.push(Planned { at, key, wish, place, progress: Progress::Waiting });
        wishes.planned.sort_by_key(|planned| planned.at);
    }

    /// The id under which an order was submitted.
    pub(crate) fn id(&self, order: usize) -> Option<ClientOrderId> {
        self.wishes().ids.get(&order).copied()
    }

    /// What was due while no engine ran is not wanted any more.
    pub(crate) fn skip_until(&self, now: MarketTime) {
        for planned in &mut self.wishes().planned {
            if planned.at < now && planned.progress == Progress::Waiting {
                planned.progress = Progress::Wanted;
            }
        }
    }

    /// Where a wish stands that named an order which was not submitted.
    pub(super) fn unasked(&self) -> Option<String> {
        let wishes = self.wishes();
        let impossible = wishes.planned.iter().find(|planned| planned.progress == Progress::Impossible);
        impossible.map(|planned| planned.place.clone())
    }
}

/// The bot of one position.
pub(crate) struct Hand {
    desk: Desk,
    key: PositionKey,
}

impl Hand {
    pub(crate) const fn new(desk: Desk, key: PositionKey) -> Self {
        Self { desk, key }
    }
}

impl Wish {
    fn intent(self, symbol: Symbol, ids: &BTreeMap<usize, ClientOrderId>) -> Option<Intent> {
        Some(match self {
            Self::Place(_, place) => Intent::Place(place),
            Self::Amend(order, price, qty) => {
                Intent::Amend { client_order_id: *ids.get(&order)?, price, qty }
            }
            Self::Cancel(order) => Intent::Cancel { client_order_id: *ids.get(&order)? },
            Self::Protect(stop_loss, take_profit) => {
                Intent::Protect { symbol, stop_loss, take_profit, triggers: Triggers::default() }
            }
        })
    }
}

/// The mark by which a notice is recognised as that of an order.
pub(super) fn tag(order: usize) -> Tag {
    Tag(u32::try_from(order).expect("fewer orders than that fit into a file"))
}

impl Strategy for Hand {
    fn subscription(&self) -> Subscription {
        Subscription { quotes: true, ..Subscription::default() }
    }

    fn handle(&mut self, wake: Wake<'_>, context: &Context<'_>, out: &mut Vec<Intent>) {
        let mut wishes = self.desk.wishes();
        let Wishes { planned, ids } = &mut *wishes;
        if let Wake::Notice(Notice::Submitted { tag: mark, client_order_id }) = wake {
            let orders = planned.iter().filter_map(|planned| match planned.wish {
                Wish::Place(order, _) => Some(order),
                _ => None,
            });
            if let Some(order) = orders.into_iter().find(|order| tag(*order) == *mark) {
                ids.entry(order).or_insert(*client_order_id);
            }
        }
        let is_due = |planned: &&mut Planned| {
            planned.progress == Progress::Waiting && planned.key == self.key && planned.at <= context.now
        };
        for planned in planned.iter_mut().filter(is_due) {
            let intent = planned.wish.intent(self.key.0, ids);
            planned.progress = if intent.is_some() { Progress::Wanted } else { Progress::Impossible };
            out.extend(intent);
        }
    }

    fn wake_at(&self) -> Option<MarketTime> {
        let wishes = self.desk.wishes();
        let mut waiting = wishes.planned.iter().filter(|planned| planned.progress == Progress::Waiting);
        waiting.find(|planned| planned.key == self.key).map(|planned| planned.at)
    }

    fn changed_memory(&mut self) -> Option<Vec<u8>> {
        None
    }

    fn restore(&mut self, _: &[u8]) -> Result<(), MemoryError> {
        Ok(())
    }

    fn signals(&self) -> u64 {
        0
    }

    fn conditions(&self) -> Vec<Condition> {
        Vec::new()
    }
}
