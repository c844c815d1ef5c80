//! The venue: can it be reached, how far are the clocks apart, what may the key do, what do the bots need.

use super::Finding;
use crate::config::{Settings, VenueSettings};
use crate::exit::Failure;
use crate::live::{account, keys};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc;
use windvane_connector::{ClockOffset, Observer, RestClient, VenueClock, WallClock};

/// The venue refuses requests from more than a second ahead of it; half of it is close.
const OFFSET_BAD_MS: u64 = 1_000;
const OFFSET_CLOSE_MS: u64 = 300;
/// Measurements of the clocks, of which the surest counts: one alone may have waited for a busy machine.
const MEASUREMENTS: usize = 5;
/// A key that expires sooner should be renewed now.
const EXPIRES_SOON_DAYS: i64 = 14;

/// Asks the venue. Stops at the first question that must be answered for the next ones.
pub(crate) async fn look(settings: &Settings) -> Vec<Finding> {
    let VenueSettings::Remote(remote) = &settings.venue else {
        return vec![Finding::skipped("venue", "it is embedded: it needs neither key nor network")];
    };
    let credentials = match keys::find(remote) {
        Ok(credentials) => credentials,
        Err(failure) => {
            let remedy = "see `README.md`, \"Go to testnet, demo, live\"";
            return vec![Finding::bad("key", failure.to_string(), remedy)];
        }
    };
    let mut findings = vec![Finding::good("key", "found")];
    // Nobody listens: observations are dropped.
    let (observations, _) = mpsc::channel(1);
    let clock = Arc::new(VenueClock::new(WallClock::start()));
    let rest = RestClient::new(
        &remote.endpoints,
        Arc::new(credentials),
        clock,
        Observer::new(observations),
        remote.rate_limits,
    );
    let rest = match rest {
        Ok(rest) => rest,
        Err(error) => {
            findings.push(Finding::bad("connection", error.to_string(), "check `[venue.endpoints]`"));
            return findings;
        }
    };
    if findings_of_connection(&rest, &mut findings).await {
        findings_of_account(&rest, settings, &mut findings).await;
    }
    findings
}

/// Whether the venue answers; with round trip and the distance of the clocks.
async fn findings_of_connection(rest: &RestClient, findings: &mut Vec<Finding>) -> bool {
    let began = Instant::now();
    match rest.server_time().await {
        Ok(first) => {
            let took = began.elapsed();
            findings.push(Finding::good("connection", format!("answers within {} ms", took.as_millis())));
            let mut surest = first.offset;
            for _ in 1..MEASUREMENTS {
                let Ok(time) = rest.server_time().await else { break };
                if time.offset.uncertainty_ns < surest.uncertainty_ns {
                    surest = time.offset;
                }
            }
            findings.push(clocks(surest));
            true
        }
        Err(error) => {
            let remedy = "check network, proxy and firewall; nothing of the venue needs an open port here";
            findings.push(Finding::bad("connection", error.to_string(), remedy));
            false
        }
    }
}

/// Judged by what is sure: a clock that may be right is not called wrong because the answer took its time.
fn clocks(measured: ClockOffset) -> Finding {
    let ms = |ns: i64| ns.unsigned_abs() / 1_000_000;
    let (off, doubt) = (ms(measured.offset_ns), ms(measured.uncertainty_ns));
    let found = format!("{off} ms from the venue's, give or take {doubt} ms");
    match off.saturating_sub(doubt) {
        OFFSET_BAD_MS.. => Finding::bad("clock", found, "run NTP: requests from too far off are refused"),
        OFFSET_CLOSE_MS.. => Finding::warning("clock", found, "run NTP: it is drifting away"),
        _ => Finding::good("clock", found),
    }
}

/// Key and account by the same questions as at a start.
async fn findings_of_account(rest: &RestClient, settings: &Settings, findings: &mut Vec<Finding>) {
    let VenueSettings::Remote(remote) = &settings.venue else { return };
    match account::prepare(rest, settings, remote.key_policy(), None).await {
        Ok(account) => {
            let bots = settings.bots.len();
            findings.push(Finding::good(
                "account",
                format!("fit to trade: key, margin mode and the contracts of {bots} bot(s)"),
            ));
            findings.push(expiry(account.key_expires.map(|at| at.0 - rest.clock().now().0)));
        }
        Err(Failure::Unreachable(found)) => {
            findings.push(Finding::bad("account", found, "ask again; see the venue's status page"));
        }
        Err(failure) => {
            let remedy = "mend it at the venue, or name the key of another account";
            findings.push(Finding::bad("account", failure.to_string(), remedy));
        }
    }
}

fn expiry(left_ns: Option<i64>) -> Finding {
    match left_ns.map(|left| left / 86_400_000_000_000) {
        None => Finding::good("key's life", "does not expire"),
        Some(days) if days <= EXPIRES_SOON_DAYS => Finding::warning(
            "key's life",
            format!("expires in {days} days"),
            "make a new one; bound to an address it does not expire",
        ),
        Some(days) => Finding::good("key's life", format!("expires in {days} days")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;
    use windvane_model::WallTime;

    #[test]
    fn a_clock_is_judged_by_its_distance_whichever_side_it_is_on() {
        for (offset_ms, uncertainty_ms, expected) in [
            (100, 50, Verdict::Good),
            (400, 50, Verdict::Warning),
            (2_500, 50, Verdict::Bad),
            (-2_000, 50, Verdict::Bad),
            (700, 650, Verdict::Good),
            (1_500, 600, Verdict::Warning),
        ] {
            let measured = ClockOffset {
                offset_ns: offset_ms * 1_000_000,
                uncertainty_ns: uncertainty_ms * 1_000_000,
                at: WallTime(0),
            };
            assert_eq!(clocks(measured).verdict, expected, "{offset_ms} ± {uncertainty_ms} ms");
        }
    }

    #[test]
    fn a_key_that_ends_soon_is_a_warning() {
        let days = |count: i64| Some(count * 86_400_000_000_000);
        assert_eq!(expiry(days(3)).verdict, Verdict::Warning);
        assert_eq!(expiry(days(90)).verdict, Verdict::Good);
        assert_eq!(expiry(None).verdict, Verdict::Good);
    }
}
