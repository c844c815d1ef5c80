//! What can be wrong between limits that are each well-formed.

use super::{DrawdownLimits, NarrowDrawdown, RiskLimits};
use crate::{Amount, Multiple};
use rust_decimal::Decimal;
use std::fmt::Display;
use windvane_model::{BotName, Coin, Instrument, Leverage, Millis, Symbol, Text};

/// The coin that the books count profit and margin in.
const SETTLE_COIN: &str = "USDT";

/// Largest amount that is taken for a limit, settle coin.
const LARGEST_AMOUNT: u64 = 1_000_000_000;
/// Most open orders that the check is measured with.
const MOST_ORDERS: u32 = 10_000;
/// Prices that are older tell nothing of the market.
const STALE_MS_MAX: Millis = 5 * 60_000;
/// The lean of a stamp to the late side and its error together must stay inside the shortest window that requests are sent
/// with (2 s), and the error alone inside the second that the venue allows a stamp to be early.
const UNCERTAINTY_MS_MAX: Millis = 500;
/// The second that the venue allows a stamp to be early.
const STEP_MS_MAX: Millis = 1_000;
/// An orderly end waits no longer than that for the disk.
const JOURNAL_MS_MAX: Millis = 10_000;

/// A limit that does not fit the others, or can never be met.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimitProblem {
    /// Amounts of different coins.
    #[error("`{key}` is in {coin}, but `max_order_notional` is in {expected}; all limits use one coin")]
    Coin {
        /// The key at fault, with its table.
        key: String,
        /// Its coin.
        coin: Coin,
        /// The coin of the others.
        expected: Coin,
    },
    /// Amounts of a coin that no contract that is traded here settles in.
    #[error("`max_order_notional` is in {coin}; only contracts that settle in {SETTLE_COIN} are traded")]
    SettleCoin {
        /// Their coin.
        coin: Coin,
    },
    /// A limit that a smaller one inside it makes unreachable, most likely a slip of a digit.
    #[error("`{inner}` ({inner_value}) is larger than `{outer}` ({outer_value})")]
    Order {
        /// The key that should be smaller.
        inner: String,
        /// Its value.
        inner_value: Amount,
        /// The key that should be larger.
        outer: &'static str,
        /// Its value.
        outer_value: Amount,
    },
    /// A leverage that the account's own limit makes unreachable.
    #[error("`{key}` ({}x) is larger than `max_leverage` ({}x)", leverage.get(), limit.get())]
    Leverage {
        /// The key at fault, with its table.
        key: String,
        /// Its value.
        leverage: Multiple,
        /// The account's.
        limit: Multiple,
    },
    /// A limit of a narrower table that holds back less than the account's own.
    #[error("`{table}.{key}` ({value}) holds back less than the account's own `{key}` ({account})")]
    Wider {
        /// Where it stands inside `[risk]`.
        table: String,
        /// The key.
        key: &'static str,
        /// Its value.
        value: String,
        /// The account's.
        account: String,
    },
    /// A count of which nothing could ever happen.
    #[error("`{key}` is 0: no order could ever be placed")]
    Nothing {
        /// The key at fault, with its table.
        key: String,
    },
    /// A value so far from every use that it holds nothing back, most likely a slip of a digit or of a unit.
    #[error("`{key}` is beyond {most}: it would hold nothing back")]
    Absurd {
        /// The key at fault, with its table.
        key: String,
        /// The largest that is taken, with its unit.
        most: &'static str,
    },
    /// The windows of the two rates are the wrong way round.
    #[error("the window of `max_order_rate_short` is not shorter than that of `max_order_rate_long`")]
    RateWindows,
    /// Steps of a drawdown that do not rise.
    #[error("`{table}.{lower}` ({lower_value}) is not below `{table}.{upper}` ({upper_value})")]
    DrawdownSteps {
        /// Where they stand inside `[risk]`: `drawdown`, `bot.trend.drawdown`.
        table: String,
        /// The step that should come first.
        lower: &'static str,
        /// Its value.
        lower_value: String,
        /// The step that should come later.
        upper: &'static str,
        /// Its value.
        upper_value: String,
    },
    /// A place in the deleveraging queue that does not exist.
    #[error("`{key}` is {rank}; places in the queue go from 0 to 5")]
    AdlRank {
        /// The key at fault, with its table.
        key: String,
        /// What was given.
        rank: u8,
    },
    /// A name that cannot be one of a contract, a bot or a group.
    #[error("`{key}`: {why}")]
    Name {
        /// The key at fault, with its table.
        key: String,
        /// What is wrong with it.
        why: String,
    },
}

impl LimitProblem {
    /// The key to point at, with its table inside `[risk]`: `symbol.BTCUSDT.max_order_qty`.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Coin { key, .. }
            | Self::Leverage { key, .. }
            | Self::Nothing { key }
            | Self::Absurd { key, .. }
            | Self::AdlRank { key, .. }
            | Self::Name { key, .. } => key.clone(),
            Self::Order { inner, .. } => inner.clone(),
            Self::Wider { table, key, .. } => format!("{table}.{key}"),
            Self::SettleCoin { .. } => "max_order_notional".to_owned(),
            Self::RateWindows => "max_order_rate_short".to_owned(),
            Self::DrawdownSteps { table, lower, .. } => format!("{table}.{lower}"),
        }
    }
}

impl LimitProblem {
    /// The key of the other value, where two do not go together, with its table inside `[risk]`.
    #[must_use]
    pub fn other_key(&self) -> Option<String> {
        match self {
            Self::Order { outer, .. } => Some((*outer).to_owned()),
            Self::Leverage { .. } => Some("max_leverage".to_owned()),
            Self::Wider { key, .. } => Some((*key).to_owned()),
            Self::Coin { .. } => Some("max_order_notional".to_owned()),
            Self::RateWindows => Some("max_order_rate_long".to_owned()),
            Self::DrawdownSteps { table, upper, .. } => Some(format!("{table}.{upper}")),
            Self::SettleCoin { .. }
            | Self::Nothing { .. }
            | Self::Absurd { .. }
            | Self::AdlRank { .. }
            | Self::Name { .. } => None,
        }
    }
}

/// What is wrong with the leverages of a config beside what the venue's contracts allow: those of bots with their names, and
/// `max_leverage`. A leverage above a contract's own is refused by the venue; a limit above that of every contract holds
/// nothing back. `None` when all fit.
#[must_use]
pub fn leverage_problem(
    limits: &RiskLimits,
    bots: impl IntoIterator<Item = (BotName, Symbol, Leverage)>,
    contracts: &[Instrument],
) -> Option<String> {
    let allowed = |instrument: &Instrument| {
        let of_tiers = instrument.tiers.iter().map(|tier| tier.max_leverage).max();
        of_tiers.map_or(instrument.max_leverage, |most| most.min(instrument.max_leverage))
    };
    for (bot, symbol, leverage) in bots {
        let contract = contracts.iter().find(|instrument| instrument.symbol == symbol);
        if let Some(most) = contract.map(allowed).filter(|most| leverage > *most) {
            return Some(format!(
                "bot `{bot}`: leverage {}x is above what {symbol} allows ({}x)",
                leverage.get(),
                most.get()
            ));
        }
    }
    let highest = contracts.iter().map(allowed).max()?;
    let limit = limits.max_leverage.get();
    (limit > highest.get()).then(|| {
        format!(
            "`max_leverage` ({limit}x) in `[risk]` is above what every contract allows ({}x): it would hold nothing back",
            highest.get()
        )
    })
}

/// Names the steps of a drawdown that are not each above the one before.
fn rising<T: Display + PartialOrd>(table: String, steps: [T; 3], problems: &mut Vec<LimitProblem>) {
    for (pair, (lower, upper)) in steps.windows(2).zip([("yellow", "orange"), ("orange", "red")]) {
        if pair[0] >= pair[1] {
            let (lower_value, upper_value) = (pair[0].to_string(), pair[1].to_string());
            problems.push(LimitProblem::DrawdownSteps {
                table: table.clone(),
                lower,
                lower_value,
                upper,
                upper_value,
            });
        }
    }
}

/// A narrower value and the account's, where the narrower one holds back less.
fn wider<T: Display>(
    own: Option<T>,
    account: T,
    is_wider: impl Fn(&T, &T) -> bool,
) -> Option<(String, String)> {
    own.filter(|own| is_wider(own, &account)).map(|own| (own.to_string(), account.to_string()))
}

impl RiskLimits {
    /// Everything that is wrong between the values; empty when they can be used.
    #[must_use]
    pub fn problems(&self) -> Vec<LimitProblem> {
        let mut problems = Vec::new();
        if self.coin().as_str() != SETTLE_COIN {
            problems.push(LimitProblem::SettleCoin { coin: self.coin() });
        }
        for (key, amount) in self.amounts() {
            if amount.coin != self.coin() {
                problems.push(LimitProblem::Coin { key, coin: amount.coin, expected: self.coin() });
            }
        }
        self.sizes(&mut problems);
        self.widths(&mut problems);
        self.counts(&mut problems);
        self.bounds(&mut problems);
        self.steps(&mut problems);
        self.names(&mut problems);
        problems
    }

    /// Every amount in the settle coin, with its key.
    fn amounts(&self) -> Vec<(String, Amount)> {
        let named = |key: &str, amount: Amount| (key.to_owned(), amount);
        let mut amounts = vec![
            named("min_order_notional", self.min_order_notional),
            named("max_position_notional", self.max_position_notional),
            named("max_gross_exposure", self.max_gross_exposure),
            named("max_loss_per_day", self.max_loss_per_day),
            named("max_loss_per_week", self.max_loss_per_week),
        ];
        for (table, narrower) in self.narrower() {
            let fall = narrower.breaker.drawdown;
            for (key, amount) in [
                ("max_order_notional", narrower.order_notional),
                ("min_order_notional", narrower.order_minimum),
                ("max_position_notional", narrower.position_notional),
                ("max_gross_exposure", narrower.gross_exposure),
                ("max_loss_per_day", narrower.breaker.day),
                ("max_loss_per_week", narrower.breaker.week),
                ("drawdown.yellow", fall.map(|fall| fall.yellow)),
                ("drawdown.orange", fall.map(|fall| fall.orange)),
                ("drawdown.red", fall.map(|fall| fall.red)),
            ] {
                amounts.extend(amount.map(|amount| (format!("{table}.{key}"), amount)));
            }
        }
        amounts
    }

    /// What must be smaller than what. A narrower limit above the account's would never hold anything back.
    fn sizes(&self, problems: &mut Vec<LimitProblem>) {
        let order = ("max_order_notional", self.max_order_notional);
        let position = ("max_position_notional", self.max_position_notional);
        let gross = ("max_gross_exposure", self.max_gross_exposure);
        let week = ("max_loss_per_week", self.max_loss_per_week);
        let mut pairs = vec![
            ("min_order_notional".to_owned(), self.min_order_notional, order),
            (order.0.to_owned(), order.1, position),
            (position.0.to_owned(), position.1, gross),
            ("max_loss_per_day".to_owned(), self.max_loss_per_day, week),
        ];
        let day = ("max_loss_per_day", self.max_loss_per_day);
        for (table, narrower) in self.narrower() {
            for (inner, outer) in [
                (narrower.order_notional, order),
                (narrower.position_notional, position),
                (narrower.gross_exposure, gross),
                (narrower.breaker.day, day),
                (narrower.breaker.week, week),
            ] {
                pairs.extend(inner.map(|most| (format!("{table}.{}", outer.0), most, outer)));
            }
            let smallest = narrower.order_minimum;
            pairs.extend(smallest.map(|least| (format!("{table}.min_order_notional"), least, order)));
        }
        for (inner, inner_value, (outer, outer_value)) in pairs {
            if inner_value.value > outer_value.value {
                problems.push(LimitProblem::Order { inner, inner_value, outer, outer_value });
            }
        }
    }

    /// What a narrower table sets beside the account's own figure: it may only hold back more.
    fn widths(&self, problems: &mut Vec<LimitProblem>) {
        for (table, own) in self.narrower() {
            let rows = [
                (
                    "min_order_notional",
                    wider(own.order_minimum, self.min_order_notional, |own, account| {
                        own.value < account.value
                    }),
                ),
                ("price_collar", wider(own.price_collar, self.price_collar, PartialOrd::gt)),
                ("book_collar", wider(own.book_collar, self.book_collar, PartialOrd::gt)),
                ("stale_after", wider(own.stale_after, self.stale_after, PartialOrd::gt)),
                (
                    "min_liquidation_distance",
                    wider(own.liquidation_distance, self.min_liquidation_distance, PartialOrd::lt),
                ),
                ("max_adl_rank", wider(own.adl_rank, self.max_adl_rank, PartialOrd::gt)),
            ];
            for (key, wider) in rows {
                problems.extend(wider.map(|(value, account)| LimitProblem::Wider {
                    table: table.clone(),
                    key,
                    value,
                    account,
                }));
            }
        }
    }

    fn counts(&self, problems: &mut Vec<LimitProblem>) {
        for (key, count) in self.order_counts() {
            if count == Some(0) {
                problems.push(LimitProblem::Nothing { key });
            }
        }
        if self.max_losing_streak == 0 {
            problems.push(LimitProblem::Nothing { key: "max_losing_streak".to_owned() });
        }
        for (table, narrower) in self.narrower() {
            if narrower.losing_streak == Some(0) {
                problems.push(LimitProblem::Nothing { key: format!("{table}.max_losing_streak") });
            }
            if let Some(leverage) = narrower.leverage.filter(|most| *most > self.max_leverage) {
                problems.push(LimitProblem::Leverage {
                    key: format!("{table}.max_leverage"),
                    leverage,
                    limit: self.max_leverage,
                });
            }
        }
        let of_account = std::iter::once((String::new(), Some(self.max_adl_rank)));
        let tables = self.narrower().map(|(table, narrower)| (format!("{table}."), narrower.adl_rank));
        for (table, rank) in of_account.chain(tables) {
            if let Some(rank) = rank.filter(|rank| *rank > 5) {
                problems.push(LimitProblem::AdlRank { key: format!("{table}max_adl_rank"), rank });
            }
        }
        if self.max_order_rate_short.window >= self.max_order_rate_long.window {
            problems.push(LimitProblem::RateWindows);
        }
    }

    /// What is so large that nobody can mean it. As many orders as [`MOST_ORDERS`] are what this engine is measured with.
    /// Rates and lengths of time are bounded as they are read. A leverage is bounded here so that a slip of a digit shows
    /// without a venue; what the contracts allow is known at the start ([`leverage_problem`]).
    fn bounds(&self, problems: &mut Vec<LimitProblem>) {
        let mut check = |key: String, is_beyond: bool, most: &'static str| {
            if is_beyond {
                problems.push(LimitProblem::Absurd { key, most });
            }
        };
        let largest = Decimal::from(LARGEST_AMOUNT);
        let first = ("max_order_notional".to_owned(), self.max_order_notional);
        for (key, amount) in std::iter::once(first).chain(self.amounts()) {
            check(key, amount.value > largest, "a thousand million");
        }
        check(
            "max_leverage".to_owned(),
            self.max_leverage.get() > Decimal::TWO * Decimal::ONE_HUNDRED,
            "200x",
        );
        for (key, count) in self.order_counts() {
            check(key, count.is_some_and(|count| count > MOST_ORDERS), "10000 orders");
        }
        for (key, part) in [
            ("price_collar", self.price_collar),
            ("book_collar", self.book_collar),
            ("max_margin_error", self.max_margin_error),
        ] {
            check(key.to_owned(), part.fraction() > Decimal::new(5, 1), "50%");
        }
        for (key, length, most_ms, most) in [
            ("stale_after", self.stale_after, STALE_MS_MAX, "5m"),
            ("max_clock_uncertainty", self.max_clock_uncertainty, UNCERTAINTY_MS_MAX, "500ms"),
            ("max_clock_step", self.max_clock_step, STEP_MS_MAX, "1s"),
            ("max_journal_lag", self.max_journal_lag, JOURNAL_MS_MAX, "10s"),
        ] {
            check(key.to_owned(), length.millis() > most_ms, most);
        }
    }

    /// Every limit on how many orders may be open, with its key.
    fn order_counts(&self) -> impl Iterator<Item = (String, Option<u32>)> {
        let account = std::iter::once((String::new(), Some(self.max_open_orders)));
        let tables = self.narrower().map(|(table, narrower)| (format!("{table}."), narrower.open_orders));
        let all = account.chain(tables);
        all.map(|(table, count)| (format!("{table}max_open_orders"), count))
    }

    fn steps(&self, problems: &mut Vec<LimitProblem>) {
        let DrawdownLimits { yellow, orange, red, .. } = self.drawdown;
        rising("drawdown".to_owned(), [yellow, orange, red], problems);
        for (table, narrower) in self.narrower() {
            let Some(NarrowDrawdown { yellow, orange, red, .. }) = narrower.breaker.drawdown else {
                continue;
            };
            // Amounts of another coin are named for that.
            let steps = [yellow, orange, red].map(|amount| amount.value.normalize());
            rising(format!("{table}.drawdown"), steps, problems);
        }
    }

    fn names(&self, problems: &mut Vec<LimitProblem>) {
        let mut check = |key: String, why: Option<String>| {
            problems.extend(why.map(|why| LimitProblem::Name { key, why }));
        };
        for (name, limits) in &self.symbol {
            let key = format!("symbol.{name}");
            check(key.clone(), Symbol::new(name).err().map(|error| error.to_string()));
            let foreign = limits.max_order_qty.filter(|qty| !name.starts_with(qty.coin.as_str()));
            let why = foreign.map(|qty| format!("{} is not the base coin of {name}", qty.coin));
            check(format!("{key}.max_order_qty"), why);
        }
        for name in self.bot.keys() {
            check(format!("bot.{name}"), BotName::new(name).err().map(|error| error.to_string()));
        }
        for (name, limits) in &self.group {
            let key = format!("group.{name}");
            check(key.clone(), Text::<16>::new(name).err().map(|error| error.to_string()));
            for symbol in &limits.symbols {
                let why = Symbol::new(symbol).err().map(|error| format!("{symbol}: {error}"));
                check(format!("{key}.symbols"), why);
            }
        }
    }
}
