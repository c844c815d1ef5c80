//! What the thread of sockets and engine does while there is nothing to do.

use crate::config::WhenIdle;
use tokio::task::{spawn_local, yield_now};

/// Keeps this thread from sleeping, where the config asks for it.
///
/// A task that always comes again makes the runtime ask the system for ready sockets without waiting, after every
/// task that has something to do. What that brings depends on the machine and is measured beside sleep: `cargo xtask
/// bench wire`. Ends with the runtime.
pub(crate) fn keep_awake(when_idle: WhenIdle) {
    match when_idle {
        WhenIdle::Sleep => {}
        WhenIdle::Spin => drop(spawn_local(async {
            loop {
                yield_now().await;
            }
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::{WhenIdle, keep_awake};
    use std::time::Duration;
    use tokio::runtime::{Builder, LocalOptions};
    use tokio::time::sleep;

    #[test]
    fn timers_and_the_end_of_the_runtime_do_not_wait_for_a_thread_that_spins() {
        for when_idle in [WhenIdle::Sleep, WhenIdle::Spin] {
            let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
            let woken = runtime.unwrap().block_on(async {
                keep_awake(when_idle);
                tokio::task::spawn_local(sleep(Duration::from_millis(2))).await
            });
            assert!(woken.is_ok(), "{when_idle:?}");
        }
    }
}
