//! What the fuzz tests of this crate share: a way to play many seeds, and to damage messages.
//!
//! They run on a stable toolchain and need nothing but the crate. An ordinary test run plays a few; `cargo xtask campaign
//! fuzz` plays more. `WINDVANE_FUZZ_SECONDS` sets how long each goes on, `WINDVANE_FUZZ_INPUTS` how many inputs each must
//! have given, `WINDVANE_FUZZ_SEED` plays one seed again.

use fastrand::Rng;
use std::{
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};

/// Seeds in an ordinary test run.
const SEEDS: u64 = 1_000;
/// A campaign that holds this much more memory at its end than after its first seeds keeps something it should not.
const GROWTH_KB_MAX: u64 = 32 << 10;
/// One input takes microseconds. A seed of a few hundred that takes this long hangs.
const SEED_WITHIN: Duration = Duration::from_secs(20);

/// Plays seeds: a thousand, or as many as was asked for. A seed returns how many inputs it gave.
pub(crate) fn play(name: &str, seed_of: impl Fn(&mut Rng) -> u64) {
    let from_env = |key: &str| std::env::var(key).ok().and_then(|text| text.parse::<u64>().ok());
    if let Some(seed) = from_env("WINDVANE_FUZZ_SEED") {
        seed_of(&mut Rng::with_seed(seed));
        return;
    }
    let patience = from_env("WINDVANE_FUZZ_SECONDS").map(Duration::from_secs);
    let wanted = from_env("WINDVANE_FUZZ_INPUTS");
    let began = Instant::now();
    let (mut seed, mut inputs, mut resident_kb) = (0, 0, 0);
    let goes_on = |seed: u64, inputs: u64| match (patience, wanted) {
        (None, None) => seed < SEEDS,
        (patience, wanted) => {
            wanted.is_some_and(|wanted| inputs < wanted)
                || patience.is_some_and(|patience| began.elapsed() < patience)
        }
    };
    while goes_on(seed, inputs) {
        seed += 1;
        let started = Instant::now();
        let told = std::panic::catch_unwind(AssertUnwindSafe(|| seed_of(&mut Rng::with_seed(seed))));
        let again = format!("{name}: seed {seed} does not hold: WINDVANE_FUZZ_SEED={seed}");
        inputs += told.unwrap_or_else(|_| panic!("{again}"));
        assert!(started.elapsed() < SEED_WITHIN, "{again}: it hangs");
        if seed == SEEDS {
            resident_kb = resident();
        }
    }
    let grown_kb = if seed > SEEDS { resident().saturating_sub(resident_kb) } else { 0 };
    println!(
        "fuzz figures: {name}: {seed} seeds, {inputs} inputs, {:.1} s, {grown_kb} KiB grown",
        began.elapsed().as_secs_f64()
    );
    assert!(grown_kb < GROWTH_KB_MAX, "{name} grew by {grown_kb} KiB");
}

/// Resident memory of this process, KiB; 0 where the system does not tell.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// The text with a few bytes changed, taken out, put in, or cut off.
pub(crate) fn damaged(text: &str, random: &mut Rng) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..random.usize(1..6) {
        if bytes.is_empty() {
            break;
        }
        let place = random.usize(..bytes.len());
        match random.u8(..8) {
            0 => bytes[place] = random.u8(..),
            1 => bytes[place] = *random.choice(b"0123456789\"").unwrap_or(&b'0'),
            2 | 3 => drop(bytes.remove(place)),
            4 | 5 => bytes.insert(place, *random.choice(b"\"{}[],:0-9eE.\\ ").unwrap_or(&b'{')),
            6 => {
                // A piece of it once more: keys that come twice, lists that go on.
                let length = random.usize(1..40).min(bytes.len() - place);
                let piece = bytes[place..place + length].to_vec();
                bytes.splice(place..place, piece);
            }
            _ => bytes.truncate(place),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Mostly the text as it is.
pub(crate) fn maybe_damaged(text: &str, random: &mut Rng) -> String {
    if random.u8(..) > 60 { text.to_owned() } else { damaged(text, random) }
}
