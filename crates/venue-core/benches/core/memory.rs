//! What accounts and their history take of memory, by the pages that the process holds (Linux).

use windvane_venue_core::{Output, Request, Side, Venue};

use crate::world;

const ACCOUNTS: u64 = 1_000;
/// Orders of each account on the book.
const ORDERS_EACH: u64 = 10;
/// Trades of one account.
const TRADES: u64 = 100_000;

/// Prints one line a figure. Where the system does not say what the process holds, it says that instead.
pub(super) fn report() {
    let Some(before) = resident_kib() else {
        println!("memory: unknown, there is no /proc/self/status here");
        return;
    };
    let since = |before: u64| resident_kib().unwrap_or(0).saturating_sub(before);
    let mut venue = world::with_accounts(ACCOUNTS);
    println!("memory of {ACCOUNTS} accounts without history: {} KiB", since(before));
    let (before, mut out) = (resident_kib().unwrap_or(0), Vec::new());
    for number in 0..ACCOUNTS * ORDERS_EACH {
        rest(&mut venue, number, &mut out);
    }
    println!("memory of {ORDERS_EACH} resting orders for each of them: {} KiB", since(before));
    let before = resident_kib().unwrap_or(0);
    for number in 0..TRADES {
        out.clear();
        crate::matched(&mut venue, number, &mut out);
    }
    println!("memory of the history of {TRADES} trades: {} KiB", since(before));
}

fn rest(venue: &mut Venue, number: u64, out: &mut Vec<Output>) {
    out.clear();
    let request = Request::Create(world::bid(Side::Buy, number));
    venue.apply_request(1, world::UID + number / ORDERS_EACH, &request, out).expect("the accounts are rich");
}

/// Source: proc(5), `VmRSS`.
fn resident_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}
