//! How much memory open orders take, and what a fill of each adds: every byte that is asked of the allocator.
//!
//! `cargo xtask bench memory`

mod world;

use allocation_counter::measure;
use world::{books, fill, stamp};

fn main() {
    for count in [100, 1_000, 10_000] {
        let mut orders = None;
        let open = measure(|| orders = Some(books(count)));
        let mut orders = orders.expect("just made");
        let filled = measure(|| {
            let mut effects = Vec::new();
            for number in 1..=count {
                orders.apply(&fill(number, number), stamp(2_000_000), &mut effects);
                effects.clear();
            }
        });
        println!(
            "{count} open orders: {} KiB in {} pieces; a fill of each: {} KiB more in {}",
            open.bytes_current / 1024,
            open.count_current,
            filled.bytes_current / 1024,
            filled.count_current,
        );
    }
}
