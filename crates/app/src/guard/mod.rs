//! The dead man's switch: a process of its own, with a key of its own, that cancels the engine's entries when the engine
//! no longer can.
//!
//! It looks at the heartbeat file once a second and does nothing while the engine is healthy. It cancels orders of this
//! engine that may open, and nothing else: stops, take-profits, exits and other people's orders stay. When the engine
//! comes back it finds its orders cancelled by somebody else, which halts it, so that the two never fight.

mod sign;
mod watch;

pub(crate) use sign::Presence;
pub(crate) use watch::Patience;

use crate::heartbeat;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::time::MissedTickBehavior;
use watch::{Verdict, Watch};
use windvane_connector::RestClient;
use windvane_model::{AccountEvent, Cancel, IdGrammar, Millis, OrderReport, RefusalFamily, StopKind};

/// From one look to the next.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Guards the engine whose data folder is `folder`, until the future is dropped.
pub(crate) async fn stand(rest: &RestClient, folder: &Path, patience: Patience) {
    let (mut watch, began) = (Watch::new(patience), Instant::now());
    let mut sign = sign::Sign::new(folder);
    let mut looks = tokio::time::interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = None;
    loop {
        looks.tick().await;
        sign.show();
        let verdict = watch.judge(heartbeat::read(folder), since(began));
        // How long it lasts is news to nobody.
        let kind = std::mem::discriminant(&verdict);
        if last.replace(kind) != Some(kind) {
            tell(verdict);
        }
        if verdict.calls() {
            sweep(rest, folder, &mut watch, began).await;
        }
    }
}

fn since(began: Instant) -> Millis {
    Millis::try_from(began.elapsed().as_millis()).unwrap_or(Millis::MAX)
}

fn tell(verdict: Verdict) {
    match verdict {
        Verdict::Unborn => tracing::info!("no engine has beaten here yet"),
        Verdict::Healthy => tracing::info!("the engine is healthy"),
        Verdict::Ended => tracing::info!("the engine ended in order; nothing is touched"),
        Verdict::Silent(silent_ms) => {
            tracing::error!(silent_ms, "the engine is silent; cancelling its entries");
        }
        Verdict::Cut(cut_ms) => {
            tracing::error!(cut_ms, "the engine is cut off from the venue; cancelling its entries");
        }
    }
}

/// Cancels every entry of the engine's that is open now. Before each one it looks again, so that an engine that has come
/// back is not interfered with.
async fn sweep(rest: &RestClient, folder: &Path, watch: &mut Watch, began: Instant) {
    let Some(install) = watch.beat().map(|beat| beat.install.clone()) else { return };
    let open = match rest.open_orders().await {
        Ok(open) => open,
        Err(error) => {
            tracing::warn!(%error, "the open orders cannot be read; trying again");
            return;
        }
    };
    for order in open.iter().filter(|order| is_entry_of(order, &install)) {
        if !watch.judge(heartbeat::read(folder), since(began)).calls() {
            return;
        }
        let cancel = Cancel { client_order_id: None, order_id: Some(order.order_id), symbol: order.symbol };
        match rest.cancel(cancel).await {
            AccountEvent::Acknowledged(_) => {
                tracing::warn!(symbol = %order.symbol, order_id = %order.order_id, "entry cancelled");
            }
            // It went by itself.
            AccountEvent::Refused(refused) if refused.family == RefusalFamily::OrderNotFound => {}
            answer => tracing::warn!(?answer, "a cancel was not taken; trying again"),
        }
    }
}

/// Whether an order is this engine's and may open something.
fn is_entry_of(order: &OrderReport, install: &str) -> bool {
    let grammar = order.client_order_id.as_ref().and_then(IdGrammar::parse);
    let is_ours = grammar.is_some_and(|grammar| grammar.install.as_str() == install);
    let may_open = match order.stop_kind {
        None | Some(StopKind::Conditional) => !order.reduce_only,
        Some(StopKind::StopLoss | StopKind::TakeProfit | StopKind::Trailing) => false,
    };
    is_ours && may_open && !order.status.is_terminal()
}
