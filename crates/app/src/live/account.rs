//! What is asked of the venue by REST before the engine starts: clock, key, account, contracts, history.

use super::setup::Setup;
use crate::config::{BotSettings, Environment, Settings};
use crate::exit::Failure;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use windvane_connector::{
    ApiKeyInfo, Category, Customer, KeyPolicy, MarginMode, PositionMode, RestClient, RestError, key_hint,
};
use windvane_journal::Lock;
use windvane_model::{
    AccountEvent, Candle, Epoch, IdGrammar, InstallTag, Interval, MarketTime, Millis, PositionIndex,
    PositionReport, Query, QueryAnswer, Reference, Symbol, WallTime,
};
use windvane_risk::leverage_problem;
use windvane_risk::margin::{self as risk, Elsewhere};

const DAY_MS: Millis = 86_400_000;
/// Candles of one series that are read before the start at most: twenty requests. `windvane check` names rules that want
/// more.
pub(crate) const CANDLES_MAX: usize = 20_000;

/// The account as far as it must be known before the journal is opened.
pub(crate) struct Account {
    /// The venue's number of it.
    pub(crate) uid: u64,
    /// The right to trade it from this host, until the end of the run.
    pub(crate) lock: Option<Lock>,
    /// Whose maintenances matter.
    pub(crate) customer: Customer,
    /// Whether the venue is under maintenance.
    pub(crate) is_under_maintenance: bool,
    /// Contracts and fees.
    pub(crate) reference: Reference,
    /// History for the bots, oldest first.
    pub(crate) history: Vec<Candle>,
    /// When the key expires; `None` for one that does not.
    pub(crate) key_expires: Option<WallTime>,
}

/// Asks for everything, and refuses what must not be traded on: above all an account in another margin mode than risk
/// counts by. With a `setup`, the account is first taken for this process and made what that says.
///
/// # Errors
/// [`Failure::Unreachable`] when the venue does not answer, [`Failure::Refused`] when key or account are not fit.
pub(crate) async fn prepare(
    rest: &RestClient,
    settings: &Settings,
    policy: KeyPolicy,
    setup: Option<Setup>,
) -> Result<Account, Failure> {
    rest.server_time().await.map_err(|error| unreachable("the venue's clock", &error))?;
    let key = rest.api_key_info().await.map_err(|error| unreachable("what the API key may do", &error))?;
    check_key(&key, policy)?;
    tracing::info!(
        uid = key.uid,
        is_of_main_account = key.is_of_main_account,
        is_unified = key.is_unified,
        is_read_only = key.is_read_only,
        kind = key.kind,
        "account of the api key"
    );
    let (bots, mode) = (&settings.bots, settings.risk.margin_mode);
    let symbols = symbols(bots);
    let mut lock = None;
    if let Some(setup) = setup {
        lock = super::single::take(settings, key.uid)?;
        setup.make(rest, &symbols, mode).await?;
    }
    let account = rest.account_info().await.map_err(|error| unreachable("the account's mode", &error))?;
    let wanted = mode_at_venue(mode);
    if account.margin_mode != wanted {
        return Err(Failure::Refused(format!(
            "the account is in margin mode {}, and `margin_mode = \"{}\"` in `[risk]` asks for {}: set it at the exchange, \
             have it set by `account = \"set\"` in `[venue]`, or change the config (portfolio margin is not traded)",
            account.margin_mode.as_str(),
            mode.as_str(),
            wanted.as_str()
        )));
    }
    let wallet = rest.wallet().await.map_err(|error| unreachable("the wallet", &error))?;
    if let Some(found) = Elsewhere::of(&wallet, settings.risk.coin()) {
        return Err(Failure::Refused(format!(
            "{found}, which takes margin that is not counted here: repay or close it at the exchange, or trade from a \
             sub-account of its own (other coins that merely count as collateral may stay)"
        )));
    }
    let customer = Customer { uid: key.uid, is_demo: settings.environment == Environment::Demo };
    let is_under_maintenance = rest.is_under_maintenance(customer).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "whether the venue is under maintenance could not be read");
        false
    });
    let reference = reference(rest, &symbols).await?;
    let leverages = bots.iter().map(|bot| (bot.name, bot.symbol, bot.leverage));
    if let Some(problem) = leverage_problem(&settings.risk, leverages, &reference.instruments) {
        return Err(Failure::Config(problem));
    }
    let history = read_history(rest, &history_wanted(bots)).await?;
    let now = rest.clock().now();
    let key_expires = key.expires_in_days.map(|days| now.after(days.saturating_mul(DAY_MS)));
    Ok(Account { uid: key.uid, lock, customer, is_under_maintenance, reference, history, key_expires })
}

/// The mode that `[risk]` asks for, in the venue's words.
pub(super) const fn mode_at_venue(mode: risk::MarginMode) -> MarginMode {
    match mode {
        risk::MarginMode::Cross => MarginMode::Cross,
        risk::MarginMode::Isolated => MarginMode::Isolated,
    }
}

/// Grids, bounds, tiers and fees of contracts.
///
/// # Errors
/// When the venue does not answer, or knows one of them not.
pub(crate) async fn reference(rest: &RestClient, symbols: &[Symbol]) -> Result<Reference, Failure> {
    let instruments = rest.instruments(symbols).await.map_err(|error| match error {
        RestError::NoSuchInstrument(symbol) => Failure::Config(format!(
            "the venue knows no linear contract `{symbol}`; check the bots' `symbol`"
        )),
        error => unreachable("the contracts", &error),
    })?;
    let fees = rest
        .fee_rates(Category::Linear, symbols)
        .await
        .map_err(|error| unreachable("the fee rates", &error))?;
    Ok(Reference { instruments, fees })
}

/// The contracts of all bots, each once.
pub(crate) fn symbols(bots: &[BotSettings]) -> Vec<Symbol> {
    bots.iter().map(|bot| bot.symbol).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The highest epoch among the open orders of this installation at the venue: a start must be above it even if
/// its own journal is an old copy.
///
/// # Errors
/// [`Failure::Unreachable`] when the account cannot be read: a start must not go by what it could not see.
/// [`Failure::Refused`] when a contract is in another position mode, which the same look shows.
pub(crate) async fn highest_epoch(
    rest: &RestClient,
    install: InstallTag,
    symbols: &[Symbol],
    mode: PositionMode,
) -> Result<Option<Epoch>, Failure> {
    // Executions are not wanted here; since now there are none.
    let query = Query::Account { executions_since: MarketTime(rest.clock().now().as_millis()) };
    let AccountEvent::Answer(QueryAnswer::Account(snapshot)) = rest.answer(query, symbols).await else {
        return Err(Failure::Unreachable(
            "cannot read open orders and positions, by which epoch and position mode are checked; try again"
                .to_owned(),
        ));
    };
    let mode_of = |row: &PositionReport| match row.position_index {
        PositionIndex::ONE_WAY => PositionMode::OneWay,
        _ => PositionMode::Hedge,
    };
    if let Some(row) = snapshot.positions.iter().find(|row| mode_of(row) != mode) {
        return Err(wrong_mode(row.symbol, mode));
    }
    let ours = snapshot.open_orders.iter().filter_map(|order| IdGrammar::parse(&order.client_order_id?));
    Ok(ours.filter(|grammar| grammar.install == install).map(|grammar| grammar.epoch).max())
}

/// A contract whose position mode is not the config's.
pub(crate) fn wrong_mode(symbol: Symbol, wanted: PositionMode) -> Failure {
    let is = match wanted {
        PositionMode::OneWay => PositionMode::Hedge,
        PositionMode::Hedge => PositionMode::OneWay,
    };
    Failure::Refused(format!(
        "{symbol} is in {} mode, and the config says `position_mode = \"{}\"`: switch it at the exchange while it has \
         neither position nor order, or have it switched by `account = \"set\"` in `[venue]`",
        is.as_str(),
        wanted.as_str()
    ))
}

/// The series that bots want the past of, with so many bars.
fn history_wanted(bots: &[BotSettings]) -> BTreeSet<(Symbol, Interval, usize)> {
    let feeds = |bot: &BotSettings| bot.definition.bot().subscription().candles;
    bots.iter()
        .flat_map(|bot| {
            feeds(bot)
                .into_iter()
                .map(|feed| (feed.symbol.unwrap_or(bot.symbol), feed.interval, feed.history))
        })
        .collect()
}

/// Candles of these series, with so many bars each, oldest first.
///
/// # Errors
/// When the venue does not answer.
pub(crate) async fn read_history(
    rest: &RestClient,
    wanted: &BTreeSet<(Symbol, Interval, usize)>,
) -> Result<Vec<Candle>, Failure> {
    let mut candles = Vec::new();
    for (symbol, interval, bars) in wanted {
        let read = rest.candles(*symbol, *interval, (*bars).min(CANDLES_MAX)).await;
        candles.extend(read.map_err(|error| unreachable("the history of candles", &error))?);
    }
    // Of those that closed together the longer first: rules that look at the short one see both.
    candles.sort_by_key(|candle| (candle.at, Reverse(candle.interval), candle.symbol));
    Ok(candles)
}

/// Refuses a key that must not be used, and says what should be seen to.
///
/// # Errors
/// [`Failure::Refused`] with every reason.
pub(crate) fn check_key(key: &ApiKeyInfo, policy: KeyPolicy) -> Result<(), Failure> {
    for warning in key.warnings(policy) {
        tracing::warn!(%warning, "api key");
    }
    let faults: Vec<String> = key.faults(policy).iter().map(ToString::to_string).collect();
    if faults.is_empty() {
        return Ok(());
    }
    Err(Failure::Refused(format!("the API key is refused: {}", faults.join("; "))))
}

/// A question that got no answer, with what the venue's code says about the key.
pub(crate) fn unreachable(what: &str, error: &RestError) -> Failure {
    let hint = key_hint(error.code()).map_or_else(String::new, |hint| format!(" ({hint})"));
    match error {
        RestError::Refused { .. } => Failure::Refused(format!("cannot read {what}: {error}{hint}")),
        _ => Failure::Unreachable(format!("cannot read {what}: {error}")),
    }
}
