//! How long a record takes to the kernel and to the disk while records keep coming, as a distribution: criterion's means
//! hide what one order in a hundred waits.
//!
//! `cargo xtask bench latency`; set `TMPDIR` to a folder on the disk to be measured.

mod world;

use std::collections::VecDeque;
use std::hint::black_box;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use windvane_journal::{Durability, OnSync, SyncNotice};
use world::{started, submit};

/// Records a second, and how many of them are measured.
const LOADS: [(u32, u32); 3] = [(100, 500), (1_000, 5_000), (10_000, 50_000)];

/// Commits that the disk has not confirmed yet, with when their append began; filled by the writer, emptied on the sync
/// thread. Their numbers rise.
#[derive(Default)]
struct Open {
    waiting: VecDeque<(u64, Instant)>,
    took: Vec<Duration>,
    syncs: u32,
}

fn main() {
    println!(
        "records a second, durability: append and write p50 p99 most; to the disk p50 p99 most; records in a sync"
    );
    for durability in [Durability::Group, Durability::BeforeSend] {
        for (rate, count) in LOADS {
            measure(durability, rate, count);
        }
    }
}

fn measure(durability: Durability, rate: u32, count: u32) {
    let folder = tempfile::tempdir().expect("a folder");
    let open = Arc::new(Mutex::new(Open::default()));
    let mut journal = started(&folder, durability, confirm(&open));
    let record = submit();
    let pace = Duration::from_secs(1) / rate;
    let mut written = Vec::new();
    let first = Instant::now();
    for number in 0..count {
        wait_until(first + pace * number);
        let begun = Instant::now();
        journal.append(black_box(&record)).expect("the disk works");
        let ticket = journal.hand_over().expect("the disk works");
        written.push(begun.elapsed());
        locked(&open).waiting.push_back((ticket.0, begun));
        // As in a run: the disk's thread is woken, and zeros are written ahead, once the command has left.
        journal.rouse();
        journal.settle().expect("the disk works");
    }
    journal.make_durable().expect("the disk works");
    let mut open = locked(&open);
    let in_sync = f64::from(count) / f64::from(open.syncs.max(1));
    let name = match durability {
        Durability::Group => "group",
        Durability::BeforeSend => "before-send",
    };
    let (written, durable) = (spread(&mut written), spread(&mut open.took));
    println!("{rate}, {name}: {written}; {durable}; {in_sync:.1}");
}

/// Notes what a sync has made durable.
fn confirm(open: &Arc<Mutex<Open>>) -> OnSync {
    let open = Arc::clone(open);
    Box::new(move |notice| {
        let SyncNotice::Durable { number, .. } = notice else { panic!("{notice:?}") };
        let mut open = locked(&open);
        open.syncs += 1;
        while let Some((_, begun)) = open.waiting.pop_front_if(|(ticket, _)| *ticket <= number) {
            open.took.push(begun.elapsed());
        }
    })
}

fn locked(open: &Mutex<Open>) -> std::sync::MutexGuard<'_, Open> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sleeps the most of it; what is left is shorter than a sleep is exact.
fn wait_until(moment: Instant) {
    let left = moment.saturating_duration_since(Instant::now());
    if let Some(most) = left.checked_sub(Duration::from_micros(200)) {
        std::thread::sleep(most);
    }
    while Instant::now() < moment {
        std::hint::spin_loop();
    }
}

/// Median, 99th percentile and the longest, as text.
fn spread(took: &mut [Duration]) -> String {
    took.sort_unstable();
    let at = |part: usize| took[(took.len() - 1) * part / 100];
    let shown = |duration: Duration| format!("{:.1} µs", duration.as_secs_f64() * 1e6);
    format!("{} {} {}", shown(at(50)), shown(at(99)), shown(at(100)))
}
