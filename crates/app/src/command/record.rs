//! `windvane record`: messages of public streams, and of the account's own, into packed files.

use super::on_one_thread;
use crate::cli::Record;
use crate::exit::Failure;
use crate::live::{Signals, Wanted, keys};
use crate::progress::{Line, bytes};
use crate::reach::Reached;
use crate::recording::{self, Rotation, Tally};
use anyhow::Context;
use serde_json::json;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use windvane_connector::{
    Address, Category, Credentials, Feed, Observation, Observer, RateLimits, Recorder, RestClient, Tap,
    Timing, VenueClock, WallClock,
};
use windvane_telemetry::LogFormat;

/// Topics of the account's own stream unless others are named.
const PRIVATE_TOPICS: [&str; 4] = ["order", "execution", "position", "wallet"];
/// The name of its files, and of the others' when they are told apart.
const PRIVATE: &str = "private";
/// Observations that may wait; the loop below takes them as they come.
const OBSERVATIONS: usize = 4_096;
/// How often the line on the terminal is renewed.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What is recorded from where.
struct Wish {
    address: Address,
    credentials: Option<Arc<Credentials>>,
    topics: Vec<String>,
    name: &'static str,
}

/// Records until a signal, or for as long as was asked.
///
/// # Errors
/// With the exit code and the sentence for whoever called.
pub(crate) fn record(arguments: &Record) -> Result<ExitCode, Failure> {
    let reached = Reached::find(&arguments.venue)?;
    let wishes = wishes(arguments, &reached)?;
    windvane_telemetry::start_logging("warn", LogFormat::Text, std::io::stderr).map_err(Failure::Config)?;
    on_one_thread(run(arguments, reached, wishes))
}

fn wishes(arguments: &Record, reached: &Reached) -> Result<Vec<Wish>, Failure> {
    let mut wishes = Vec::new();
    let topics = if arguments.topic.is_empty() { usual(arguments) } else { arguments.topic.clone() };
    if !topics.is_empty() {
        let product = arguments.product;
        let address = reached.endpoints.public_ws_of(product).ok_or_else(|| {
            Failure::Config(format!(
                "the config's public address {} does not end with a product's name",
                reached.endpoints.public_ws()
            ))
        })?;
        wishes.push(Wish { address, credentials: None, topics, name: product.as_str() });
    }
    if arguments.private || !arguments.private_topic.is_empty() {
        let venue = reached.of_config.as_ref();
        let venue =
            venue.ok_or_else(|| Failure::Config("--private needs a --config with a key".to_owned()))?;
        wishes.push(Wish {
            address: reached.endpoints.private_ws().clone(),
            credentials: Some(Arc::new(keys::find(venue)?)),
            topics: match arguments.private_topic.as_slice() {
                [] => PRIVATE_TOPICS.map(str::to_owned).to_vec(),
                named => named.to_vec(),
            },
            name: PRIVATE,
        });
    }
    if wishes.is_empty() {
        return Err(Failure::Config(
            "nothing to record: name --symbol, --topic, --private or --private-topic".to_owned(),
        ));
    }
    Ok(wishes)
}

/// What is recorded of a symbol unless topics are named.
fn usual(arguments: &Record) -> Vec<String> {
    let mut kinds = vec!["orderbook.50", "publicTrade", "tickers", "kline.1"];
    if arguments.product != Category::Spot {
        kinds.push("allLiquidation");
    }
    arguments
        .symbol
        .iter()
        .flat_map(|symbol| kinds.iter().map(move |kind| format!("{kind}.{symbol}")))
        .collect()
}

async fn run(arguments: &Record, reached: Reached, wishes: Vec<Wish>) -> Result<ExitCode, Failure> {
    let mut signals = Signals::new().context("taking over the signals")?;
    // Sender: the connections. Receiver: the loop below. When full: dropped and counted, as everywhere.
    let (observe, mut observations) = mpsc::channel(OBSERVATIONS);
    let observer = Observer::new(observe);
    let clock = Arc::new(VenueClock::new(WallClock::start()));
    if let Some(credentials) = wishes.iter().find_map(|wish| wish.credentials.clone()) {
        // A log-in is stamped by the venue's clock.
        let rest = RestClient::new(
            &reached.endpoints,
            credentials,
            Arc::clone(&clock),
            observer.clone(),
            RateLimits::Off,
        )
        .context("setting up REST")?;
        rest.server_time().await.map_err(|error| crate::live::unreachable("the venue's clock", &error))?;
    }
    let rotation = Rotation { every: arguments.rotate_every, bytes: arguments.rotate_mib << 20 };
    let tally = Arc::<Tally>::default();
    // Senders: the writers, once each. Receiver: the loop below. Never full: there is a place for each.
    let (writer_ended, mut writers_ended) = mpsc::channel(wishes.len());
    let mut feeds = Vec::new();
    let mut ends = Vec::new();
    for Wish { address, credentials, topics, name } in wishes {
        let (tap, drain) = Tap::new();
        feeds.push(Feed { address, credentials, topics, tap });
        ends.push((drain, name));
    }
    let recorder = Recorder::start(feeds, &clock, &observer, Timing::default());
    let mut writers: Vec<JoinHandle<std::io::Result<()>>> = Vec::new();
    for (drain, name) in ends {
        let destination = recording::destination(&arguments.out, name, name == PRIVATE, rotation);
        let ended = writer_ended.clone();
        let tell = move || {
            let _ = ended.try_send(());
        };
        let writer = recording::write_down(drain, destination, recorder.renewal(), Arc::clone(&tally), tell)
            .with_context(|| format!("writing into {}", arguments.out.display()))?;
        writers.push(writer);
    }
    let began = Instant::now();
    let time_is_up = async {
        match arguments.duration {
            Some(length) => tokio::time::sleep(length).await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(time_is_up);
    let mut line = Line::start();
    let mut look = tokio::time::interval(LOOK_EVERY);
    let mut refused = None;
    // Each branch is cancel safe: receives, a timer, a signal.
    loop {
        tokio::select! {
            () = &mut time_is_up => break,
            wanted = signals.next() => if wanted == Wanted::End { break },
            // A writer ends early only by an error, which it has kept.
            Some(()) = writers_ended.recv() => break,
            Some(observation) = observations.recv() => {
                if let Observation::TopicRefused { stream, code } = observation
                    && tally.messages.load(Ordering::Relaxed) == 0
                {
                    refused = Some((stream, code));
                    break;
                }
            }
            _ = look.tick() => line.show(&words(&tally)),
        }
    }
    line.finish();
    recorder.stop().await;
    for writer in writers {
        let outcome =
            writer.join().map_err(|_| Failure::Fault(anyhow::anyhow!("a writer's thread broke off")))?;
        outcome.with_context(|| format!("writing into {}", arguments.out.display()))?;
    }
    if let Some((stream, code)) = refused {
        return Err(Failure::Refused(format!(
            "the venue refused a log-in or topic of the {} stream (code {code}); the log above names it",
            stream.as_str()
        )));
    }
    summary(arguments, &tally, began.elapsed());
    Ok(ExitCode::SUCCESS)
}

fn words(tally: &Tally) -> String {
    let count = |of: &std::sync::atomic::AtomicU64| of.load(Ordering::Relaxed);
    let lost = match count(&tally.lost) {
        0 => String::new(),
        lost => format!(", {lost} LOST"),
    };
    format!(
        "{} messages{lost}, {} in {} packed, {} file(s)",
        count(&tally.messages),
        bytes(count(&tally.bytes)),
        bytes(count(&tally.packed)),
        count(&tally.files)
    )
}

fn summary(arguments: &Record, tally: &Tally, length: Duration) {
    if arguments.json {
        let count = |of: &std::sync::atomic::AtomicU64| of.load(Ordering::Relaxed);
        let object = json!({
            "schema": "windvane.record/1",
            "folder": arguments.out.display().to_string(),
            "seconds": length.as_secs_f64(),
            "messages": count(&tally.messages),
            "lost": count(&tally.lost),
            "bytes": count(&tally.bytes),
            "packed_bytes": count(&tally.packed),
            "files": count(&tally.files),
        });
        println!("{object}");
    } else {
        println!("recorded into {}: {}", arguments.out.display(), words(tally));
    }
}
