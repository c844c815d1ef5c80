//! Another customer of the venue, who takes what the engine's bots quote again and again, in pieces: each is a report to the
//! engine, and a stop to be moved.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};
use windvane_connector::{
    Category, Credentials, Mutation, Observer, PastOrder, RateLimits, RestClient, Secret, VenueClock,
    VenueEndpoints, WallClock,
};
use windvane_model::{
    ClientOrderId, Instrument, OrderKind, PositionIndex, Price, Qty, Role, Side, Submit, Symbol, TimeInForce,
    Triggers,
};

/// The account, as a change of the shipped venue config.
pub(crate) const ACCOUNT: &str = "leverage = \"10\"\n\n[[accounts]]\nuid = 2002\nkey = \"taker-key\"\nsecret = \"taker-secret\"\n\
                                  balance_usdt = \"1000000000\"\nleverage = \"10\"\n";

/// How long it goes on taking.
const ROUND: Duration = Duration::from_millis(900);
/// In so many pieces a quote is taken.
const PIECES: u64 = 8;
/// Value of more than stands in the book before a quote, in the quote coin.
const ALL_BEFORE: u64 = 6_000_000;

/// It takes when it is told to, until it is dropped.
pub(crate) struct Taker {
    /// Sender: the test. Receiver: the taker's thread, which takes one round after the other.
    rounds: Sender<()>,
}

impl Taker {
    /// It takes on these contracts.
    pub(crate) fn start(venue: SocketAddr, symbols: &[&str]) -> Self {
        let symbols: Vec<Symbol> = symbols.iter().map(|name| Symbol::new(name).unwrap()).collect();
        let (rounds, wanted) = channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let taker = client(venue, "taker-key", "taker-secret");
            let quoted = client(venue, "paper-key", "paper-secret");
            let traded = runtime.block_on(taker.instruments(&symbols)).unwrap();
            let mut count = 0;
            while wanted.recv().is_ok() {
                runtime.block_on(round(&taker, &quoted, &traded, &mut count));
            }
        });
        Self { rounds }
    }

    /// Takes what is quoted, for a second.
    pub(crate) fn round(&self) {
        self.rounds.send(()).unwrap();
    }
}

fn client(venue: SocketAddr, key: &str, secret: &str) -> RestClient {
    let endpoints = VenueEndpoints::loopback(&venue.to_string()).unwrap();
    let credentials = Credentials::new(key.to_owned(), Secret::new(secret.to_owned())).unwrap();
    let (observations, _) = tokio::sync::mpsc::channel(1);
    let clock = Arc::new(VenueClock::new(WallClock::start()));
    let observer = Observer::new(observations);
    RestClient::new(&endpoints, Arc::new(credentials), clock, observer, RateLimits::Off).unwrap()
}

async fn round(taker: &RestClient, quoted: &RestClient, traded: &[Instrument], count: &mut u64) {
    let began = Instant::now();
    while began.elapsed() < ROUND {
        let Ok(quotes) = quoted.open_orders_of(Category::Linear).await else { continue };
        let quotes = quotes.iter().filter(|quote| quote.kind == "Limit").filter_map(|quote| {
            Some((quote, quote.price?, traded.iter().find(|one| one.symbol == quote.symbol)?))
        });
        // One after the other: the venue ends a public stream on which too much of a moment waits to be read.
        for (quote, price, instrument) in quotes {
            take(taker, quote, price, instrument, *count).await;
            *count += 1;
        }
    }
}

/// Takes whatever stands before a quote, and then the quote in pieces, of which each is an execution. What is gone meanwhile,
/// or has moved, is taken the next time.
async fn take(taker: &RestClient, quote: &PastOrder, price: Decimal, instrument: &Instrument, number: u64) {
    let tick = instrument.tick_size.get();
    let before = match quote.side {
        Side::Buy => price + tick,
        Side::Sell => price - tick,
    };
    let all = instrument.round_down_to_lot(Decimal::from(ALL_BEFORE) / price).min(instrument.max_limit_qty);
    let left = quote.qty - quote.filled;
    let piece = instrument.round_down_to_lot(left / Decimal::from(PIECES)).max(instrument.lot_size);
    let count = (left / piece.get()).floor().to_u64().unwrap_or_default();
    let number = number * 2 * PIECES;
    let send = |order| async move { taker.perform(Category::Linear, &Mutation::Submit(order)).await };
    send(order(quote, before, all, number)).await;
    let pieces = (1..=count).map(|n| send(order(quote, price, piece, number + n)));
    futures_util::future::join_all(pieces).await;
}

fn order(quote: &PastOrder, price: Decimal, qty: Qty, number: u64) -> Submit {
    Submit {
        client_order_id: ClientOrderId::new(&format!("taker-{number}")).unwrap(),
        symbol: quote.symbol,
        position_index: PositionIndex(0),
        role: Role::Entry,
        side: match quote.side {
            Side::Buy => Side::Sell,
            Side::Sell => Side::Buy,
        },
        qty,
        kind: OrderKind::Limit { price: Price::new(price).unwrap(), time_in_force: TimeInForce::Ioc },
        reduce_only: false,
        stop_loss: None,
        take_profit: None,
        triggers: Triggers::default(),
        send_before: None,
    }
}
