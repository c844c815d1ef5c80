//! From bots, account and data to a backtest that can run: everything that both sides know before the first price.

use std::ops::Range;

use rust_decimal::Decimal;
use windvane_engine::{BotSetup, Engine, EngineSetup};
use windvane_model::{
    BotName, Coin, Epoch, Event, FeeRates, Fixed, InstallTag, Instrument, InstrumentStatus, Interval,
    Leverage, Link, LinkState, MarketEvent, Millis, Notional, PositionIndex, Price, Qty, Rate, Reference,
    RiskTier, Symbol,
};
use windvane_order_management::{Identity, Orders};
use windvane_risk::margin::MarginMode;
use windvane_risk::{Ownership, RiskLimits};
use windvane_strategy::CandleFeed;
use windvane_venue_core::{self as venue, Doubts, PublicAudience, Venue};

use super::Backtest;
use super::desk::{Desk, UID};
use super::lane::Lane;
use super::pass::Ahead;
use super::path::Invented;
use super::record::Record;
use crate::data::History;
use crate::settings::{Fills, Settings};

/// Funding where nothing is recorded: the interest-rate component alone. Source: Bybit help centre, "Funding Rate".
const BASELINE_RATE: Decimal = Decimal::from_parts(1, 0, 0, false, 4);

/// The account that is traded.
#[derive(Debug, Clone)]
pub struct Account {
    /// Wallet at the start, USDT.
    pub balance: Decimal,
    /// Fees of it, as fractions.
    pub fees: venue::Fees,
    /// Leverage that it is found with, as a factor.
    pub leverage: Decimal,
    /// How the venue behaves where its documentation is silent.
    pub doubts: Doubts,
}

/// What a backtest is made of.
pub struct Setup {
    /// The bots, each with a strategy that has seen nothing.
    pub bots: Vec<BotSetup>,
    /// What is allowed.
    pub limits: RiskLimits,
    /// How long a position may be without a stop at the venue.
    pub unprotected_ms_max: Millis,
    /// The account.
    pub account: Account,
    /// How the market is taken.
    pub settings: Settings,
}

/// A backtest that cannot be, or cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A contract that is not in the venue's catalogue.
    #[error("the venue's catalogue has no linear contract {0}")]
    Unknown(Symbol),
    /// Data of one length for a contract and of another for the next.
    #[error(
        "{symbol}: its bars are of {found}, those of the others of {wanted}; one length is wanted for all"
    )]
    Lengths {
        /// The contract.
        symbol: Symbol,
        /// Length of its bars.
        found: Interval,
        /// Length of the bars of the first contract.
        wanted: Interval,
    },
    /// A bot wants shorter candles than there are.
    #[error("bot `{bot}` runs on candles of {wanted}, the data of {symbol} are of {found}")]
    TooCoarse {
        /// The bot.
        bot: BotName,
        /// The contract.
        symbol: Symbol,
        /// Length of the candles it wants.
        wanted: Interval,
        /// Length of the bars there are.
        found: Interval,
    },
    /// No data of a contract that a bot looks at.
    #[error("there are no data of {0}")]
    NoData(Symbol),
    /// No bar within the span.
    #[error(
        "{symbol}: no bar lies within the span that was asked for; the data go from {first_ms} to {last_ms} ms"
    )]
    Nothing {
        /// The contract.
        symbol: Symbol,
        /// First bar's start.
        first_ms: i64,
        /// Last bar's end.
        last_ms: i64,
    },
    /// Two bots on one position.
    #[error("{0}")]
    Ownership(String),
    /// The venue does not take its market.
    #[error("{symbol} at {at_ms} ms: {problem}")]
    Market {
        /// The contract.
        symbol: Symbol,
        /// When, market milliseconds.
        at_ms: i64,
        /// The venue's words.
        problem: String,
    },
}

/// Every contract that the bots trade or look at.
#[must_use]
pub(crate) fn symbols(bots: &[BotSetup]) -> Vec<Symbol> {
    let looked_at = |bot: &BotSetup| {
        let subscription = bot.strategy.subscription();
        let feeds = subscription.candles.iter().filter_map(|feed| feed.symbol).collect::<Vec<_>>();
        subscription.symbols.into_iter().chain(feeds)
    };
    let mut symbols: Vec<Symbol> =
        bots.iter().flat_map(|bot| std::iter::once(bot.symbol).chain(looked_at(bot))).collect();
    symbols.sort_unstable();
    symbols.dedup();
    symbols
}

impl Setup {
    /// Every contract that the bots trade or look at: what data are needed of.
    #[must_use]
    pub fn symbols(&self) -> Vec<Symbol> {
        symbols(&self.bots)
    }
}

impl<'d> Backtest<'d> {
    /// Joins both sides and lets them come to the point where they may trade, at the first open within `span` (market
    /// milliseconds). Bars before it warm the bots up.
    ///
    /// # Errors
    /// When bots, contracts and data do not go together.
    pub fn new(setup: Setup, data: &'d [History], span: &Range<i64>) -> Result<Self, RunError> {
        let symbols = setup.symbols();
        let wanted: Vec<(Symbol, CandleFeed)> = feeds(&setup.bots);
        let of = |symbol: Symbol| data.iter().find(|history| history.symbol == symbol);
        let mut bar = None;
        let (mut lanes, mut instruments) = (Vec::new(), Vec::new());
        for symbol in &symbols {
            let history = of(*symbol).ok_or(RunError::NoData(*symbol))?;
            let wanted_length = *bar.get_or_insert(history.interval);
            if history.interval != wanted_length {
                let (found, wanted) = (history.interval, wanted_length);
                return Err(RunError::Lengths { symbol: *symbol, found, wanted });
            }
            let instrument = windvane_venue::linear(symbol.as_str()).ok_or(RunError::Unknown(*symbol))?;
            let played = history.within(span);
            if played.is_empty() {
                let first_ms = history.bars.first().map_or(0, |bar| bar.start_ms);
                return Err(RunError::Nothing { symbol: *symbol, first_ms, last_ms: history.end_ms() });
            }
            let streamed = wanted.iter().filter(|(of, feed)| of == symbol && feed.is_streamed);
            lanes.push(Lane::new(
                history,
                played,
                Fixed::try_from(instrument.tick_size).unwrap_or_default(),
                setup.settings.spread_ticks(),
                funding(history, instrument, &setup.settings),
                streamed.map(|(_, feed)| feed.interval).collect(),
            ));
            instruments.push(instrument.clone());
        }
        check_lengths(&setup.bots, data)?;
        let bar_ms = bar.map_or(60_000, Interval::millis);
        let fills = setup.settings.fills;
        let invented = match fills {
            Fills::Path => instruments.iter().map(Invented::new).collect(),
            Fills::Close | Fills::NextOpen => Vec::new(),
        };
        let latency_ms = setup.settings.latency_ms();
        let reference = reference(&instruments, setup.account.fees);
        let mut venue =
            open_venue(instruments, &setup.account, setup.limits.margin_mode, hedged(&setup.bots));
        // Book and prices come from here; prints are passed on only where bots see each step.
        venue.listen_public(PublicAudience { trades: fills == Fills::Path, ..PublicAudience::NOTHING });
        let mut starts: Vec<i64> = lanes.iter().flat_map(|lane| lane.starts()).collect();
        starts.sort_unstable();
        starts.dedup();
        let mut desk = Desk::new(build_engine(setup)?, venue, symbols, latency_ms);
        desk.now_ms = starts.first().copied().unwrap_or(0);
        let ahead = Ahead::new(&lanes, fills);
        let mut backtest = Self {
            desk,
            ahead,
            lanes,
            invented,
            fills,
            bar_ms,
            bars: starts.len(),
            record: Record::default(),
            candles: Vec::new(),
            keeps_curve: true,
            timer_after: i64::MIN,
        };
        backtest.begin(reference, &wanted)?;
        Ok(backtest)
    }

    /// What a start of the live engine does: contracts, history, streams, a reconciliation, leverage.
    fn begin(&mut self, reference: Reference, wanted: &[(Symbol, CandleFeed)]) -> Result<(), RunError> {
        for slot in 0..self.lanes.len() {
            self.tell_first(slot)?;
        }
        self.take(Event::Reference(reference));
        let mut history = Vec::new();
        for (symbol, feed) in wanted {
            let lane = self.lanes.iter().find(|lane| lane.symbol == *symbol);
            history.extend(lane.map(|lane| lane.warm_up(feed.interval, feed.history)).into_iter().flatten());
        }
        // Of those that closed together the longer first: rules that look at the short one see both.
        history.sort_by_key(|candle| (candle.at, std::cmp::Reverse(candle.interval), candle.symbol));
        history.dedup_by_key(|candle| (candle.at, candle.interval, candle.symbol));
        for candle in history {
            self.take(Event::Market(MarketEvent::Candle(candle)));
        }
        self.quote();
        for link in [Link::Public, Link::Private, Link::Trade] {
            self.take(Event::Link(link(LinkState::Up)));
        }
        self.work_off()
    }

    /// The venue's first price of a contract.
    fn tell_first(&mut self, slot: usize) -> Result<(), RunError> {
        if let Some(news) = self.lanes[slot].for_venue(None) {
            for input in &news {
                self.desk.move_market(input).map_err(|problem| self.refusal(slot, problem))?;
            }
        }
        Ok(())
    }
}

/// Every series of candles that a bot wants, with its contract.
fn feeds(bots: &[BotSetup]) -> Vec<(Symbol, CandleFeed)> {
    let of = |bot: &BotSetup| {
        let own = bot.symbol;
        let feeds = bot.strategy.subscription().candles.into_iter();
        feeds.map(move |feed| (feed.symbol.unwrap_or(own), feed)).collect::<Vec<_>>()
    };
    bots.iter().flat_map(of).collect()
}

fn check_lengths(bots: &[BotSetup], data: &[History]) -> Result<(), RunError> {
    for bot in bots {
        for feed in bot.strategy.subscription().candles.iter().filter(|feed| feed.is_streamed) {
            let symbol = feed.symbol.unwrap_or(bot.symbol);
            let found = data.iter().find(|history| history.symbol == symbol).map(|history| history.interval);
            if let Some(found) = found.filter(|found| *found > feed.interval) {
                return Err(RunError::TooCoarse { bot: bot.name, symbol, wanted: feed.interval, found });
            }
        }
    }
    Ok(())
}

/// The settlements within the data: as recorded, else the baseline at each interval of the contract.
fn funding(history: &History, instrument: &venue::Instrument, settings: &Settings) -> Vec<(i64, Decimal)> {
    if !settings.settles_funding() {
        return Vec::new();
    }
    if !history.funding.is_empty() {
        return history.funding.clone();
    }
    let each_ms = i64::from(instrument.funding_interval_min) * 60_000;
    let first = history.bars.first().map_or(0, |bar| bar.start_ms);
    let mut at_ms = (first + each_ms - 1).div_euclid(each_ms) * each_ms;
    let mut points = Vec::new();
    while at_ms <= history.end_ms() {
        points.push((at_ms, BASELINE_RATE));
        at_ms += each_ms;
    }
    points
}

/// The contracts in which bots own one side each.
pub(super) fn hedged(bots: &[BotSetup]) -> impl Iterator<Item = Symbol> {
    bots.iter().filter(|bot| bot.position_index != PositionIndex::ONE_WAY).map(|bot| bot.symbol)
}

/// A venue whose account margins in this mode and has these contracts in hedge mode.
pub(super) fn open_venue(
    instruments: Vec<venue::Instrument>,
    account: &Account,
    mode: MarginMode,
    hedged: impl Iterator<Item = Symbol>,
) -> Venue {
    let margin_mode = match mode {
        MarginMode::Cross => venue::MarginMode::Cross,
        MarginMode::Isolated => venue::MarginMode::Isolated,
    };
    let setup = venue::AccountSetup::usdt(UID, account.balance, account.leverage, account.fees);
    let mut opened = Venue::new(venue::Setup {
        instruments,
        coins: Vec::new(),
        accounts: vec![venue::AccountSetup { margin_mode, ..setup }],
        doubts: account.doubts,
        seed: 0,
    });
    for symbol in hedged {
        let mode = venue::PositionMode::Hedge;
        let switch = venue::SwitchMode { symbol: Some(symbol.to_string()), coin: None, mode };
        // A second bot of the contract finds it switched; what cannot be switched shows with the first order.
        let _ = opened.apply_request(0, UID, &venue::Request::SwitchMode(switch), &mut Vec::new());
    }
    opened
}

pub(super) fn build_engine(setup: Setup) -> Result<Engine, RunError> {
    let Setup { bots, limits, unprotected_ms_max, .. } = setup;
    let claims: Vec<_> = bots.iter().map(|bot| (bot.name, vec![(bot.symbol, bot.position_index)])).collect();
    let ownership = Ownership::new(bots.iter().map(|bot| (bot.symbol, bot.position_index, bot.name)));
    let ownership = ownership.map_err(|conflicts| {
        RunError::Ownership(conflicts.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    })?;
    let identity = Identity { install: InstallTag::from_seed(0), epoch: Epoch(1) };
    Ok(Engine::new(EngineSetup {
        // The report asks what was, all of it.
        orders: Orders::new(identity, &claims).keeping(None),
        bots,
        limits,
        ownership,
        config: [0; 32],
        needs_trade_link: true,
        unprotected_ms_max,
    })
    .without_memory())
}

pub(super) fn reference(instruments: &[venue::Instrument], fees: venue::Fees) -> Reference {
    let fees = FeeRates { taker: Rate::new(fees.taker), maker: Rate::new(fees.maker) };
    let known: Vec<Instrument> = instruments.iter().filter_map(instrument).collect();
    Reference { fees: known.iter().map(|known| (known.symbol, fees)).collect(), instruments: known }
}

/// A contract in the engine's words; `None` where a figure does not make sense, which the catalogue's test rules out.
fn instrument(spec: &venue::Instrument) -> Option<Instrument> {
    let mut tiers: Vec<RiskTier> = Vec::new();
    for tier in &spec.risk_tiers {
        // What makes the tiered sum one product: the lower tiers' rates are lower by so much of their values.
        let deduction = tiers.last().map_or(Decimal::ZERO, |last| {
            let step = tier.maintenance_rate - last.maintenance_rate.get();
            last.maintenance_deduction.get() + last.limit.get() * step
        });
        tiers.push(RiskTier {
            limit: Notional::new(tier.limit).ok()?,
            maintenance_rate: Rate::new(tier.maintenance_rate),
            initial_rate: Rate::new(Decimal::ONE.checked_div(tier.max_leverage)?),
            max_leverage: Leverage::new(tier.max_leverage)?,
            maintenance_deduction: Notional::new(deduction).ok()?,
        });
    }
    Some(Instrument {
        symbol: Symbol::new(&spec.symbol).ok()?,
        settle_coin: Coin::new(&spec.quote_coin).ok()?,
        status: InstrumentStatus::Trading,
        tick_size: Price::new(spec.tick_size).ok()?,
        lot_size: Qty::new(spec.qty_step).ok()?,
        min_qty: Qty::new(spec.min_order_qty).ok()?,
        max_limit_qty: Qty::new(spec.max_order_qty).ok()?,
        max_market_qty: Qty::new(spec.max_market_order_qty).ok()?,
        min_notional: Notional::new(spec.min_notional).ok()?,
        max_leverage: Leverage::new(spec.max_leverage)?,
        price_limit_ratio_x: Rate::new(spec.price_limit_ratio_x),
        price_limit_ratio_y: Rate::new(spec.price_limit_ratio_y),
        funding_interval_minutes: spec.funding_interval_min,
        tiers,
    })
}
