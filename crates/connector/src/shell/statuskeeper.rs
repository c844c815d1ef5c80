//! The task that asks the venue for its own state: is it under maintenance, as far as this account is concerned?
//!
//! It looks every minute, more often while there is one, and soon when a link went down or a request was refused for it. Source: Bybit V5, "Get System
//! Status".

use super::lookout::Lookout;
use crate::rest::{
    RestClient,
    market::{Customer, MaintenanceState},
};
use std::collections::BTreeSet;
use windvane_model::{Control, Event, HaltCause, MarketTime, Millis};

/// Reconnection upon reconnection must not become a flood of questions.
const AT_MOST_EVERY_MS: Millis = 5_000;
/// Between two looks while a maintenance goes on: its end is worth knowing soon.
const WHILE_DOWN_EVERY_MS: Millis = 5_000;

/// What is known of the venue's state.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) customer: Customer,
    /// Whether the engine has been told of a maintenance that is not over.
    pub(super) is_down: bool,
}

/// Halts the engine while the venue is under maintenance. Afterwards it opens again, by itself, once the account has been
/// read anew.
pub(super) async fn keep_status(mut lookout: Lookout, mut service: Service, every_ms: Millis) {
    let every = |is_down: bool| if is_down { every_ms.min(WHILE_DOWN_EVERY_MS) } else { every_ms };
    let mut rounds = lookout.rounds(every(service.is_down), AT_MOST_EVERY_MS);
    let mut announced = BTreeSet::new();
    // The first look is at once: what is announced is worth a line in the log of a start.
    lookout.bells.status.notify_one();
    while lookout.next(&mut rounds, |bells| &bells.status).await {
        let look = is_under_maintenance(&lookout.rest, service.customer, &mut announced);
        let Some(read) = lookout.look(look).await else { return };
        // What could not be read is no proof, neither that one began nor that it is over.
        let Some(is_down) = read else { continue };
        if is_down != service.is_down {
            rounds = lookout.rounds(every(is_down), AT_MOST_EVERY_MS);
        }
        for control in turn(&mut service.is_down, is_down) {
            if !lookout.tell(Event::Control(control)).await {
                return;
            }
        }
    }
}

/// What the engine is told when the venue's state turns.
fn turn(was_down: &mut bool, is_down: bool) -> Vec<Control> {
    match (std::mem::replace(was_down, is_down), is_down) {
        (false, true) => vec![Control::Halt(HaltCause::Maintenance)],
        // What happened meanwhile must be known before anything opens.
        (true, false) => {
            tracing::info!("the venue's maintenance is over; the account is read anew");
            vec![Control::Reconcile, Control::Lift(HaltCause::Maintenance)]
        }
        _ => vec![],
    }
}

/// Whether a maintenance goes on that concerns this account; `None` when that could not be read. What is new is logged:
/// `announced` has what was.
async fn is_under_maintenance(
    rest: &RestClient,
    customer: Customer,
    announced: &mut BTreeSet<(String, MarketTime, bool)>,
) -> Option<bool> {
    let all = match rest.maintenances().await {
        Ok(all) => all,
        Err(error) => {
            tracing::warn!(%error, "the venue's state could not be read");
            return None;
        }
    };
    let now = MarketTime(rest.clock().moment().stamp_ms);
    let mut is_down = false;
    for one in all.iter().filter(|one| one.concerns(customer)) {
        let is_on = one.is_on(now);
        is_down |= is_on;
        let is_coming = one.state == MaintenanceState::Scheduled;
        if (is_on || is_coming) && announced.insert((one.title.clone(), one.begins, is_on)) {
            let (begins_ms, ends_ms) = (one.begins.0, one.ends.map(|ends| ends.0));
            if is_on {
                tracing::error!(
                    title = %one.title, begins_ms, ends_ms, "the venue is under maintenance; nothing opens until it is over"
                );
            } else {
                tracing::warn!(title = %one.title, begins_ms, ends_ms, "the venue announces a maintenance");
            }
        }
    }
    Some(is_down)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d07_the_engine_is_halted_once_and_released_once_and_reads_the_account_before() {
        let mut is_down = false;
        let told: Vec<_> =
            [false, true, true, false, false].into_iter().flat_map(|now| turn(&mut is_down, now)).collect();
        let cause = HaltCause::Maintenance;
        assert_eq!(told, [Control::Halt(cause), Control::Reconcile, Control::Lift(cause)]);
    }
}
