//! Which limits of a new set hold back less than the set before.

use super::{Narrower, RiskLimits};
use crate::{Amount, OrderRate, Percent, TimeSpan};
use std::collections::BTreeMap;

impl RiskLimits {
    /// The keys of the limits that `next` loosens or takes away, with their table inside `[risk]`.
    #[must_use]
    pub fn loosened_by(&self, next: &Self) -> Vec<String> {
        let drawdown = (&self.drawdown, &next.drawdown);
        let rows = [
            ("max_order_notional", is_above(self.max_order_notional, next.max_order_notional)),
            ("min_order_notional", is_below(self.min_order_notional, next.min_order_notional)),
            ("max_position_notional", is_above(self.max_position_notional, next.max_position_notional)),
            ("max_gross_exposure", is_above(self.max_gross_exposure, next.max_gross_exposure)),
            ("max_leverage", next.max_leverage > self.max_leverage),
            ("max_open_orders", next.max_open_orders > self.max_open_orders),
            ("max_order_rate_short", is_faster(self.max_order_rate_short, next.max_order_rate_short)),
            ("max_order_rate_long", is_faster(self.max_order_rate_long, next.max_order_rate_long)),
            ("price_collar", next.price_collar > self.price_collar),
            ("book_collar", next.book_collar > self.book_collar),
            ("max_loss_per_day", is_above(self.max_loss_per_day, next.max_loss_per_day)),
            ("max_loss_per_week", is_above(self.max_loss_per_week, next.max_loss_per_week)),
            ("require_stop_on_entry", self.require_stop_on_entry && !next.require_stop_on_entry),
            ("stale_after", next.stale_after > self.stale_after),
            ("min_liquidation_distance", next.min_liquidation_distance < self.min_liquidation_distance),
            ("max_adl_rank", next.max_adl_rank > self.max_adl_rank),
            ("max_margin_error", next.max_margin_error > self.max_margin_error),
            ("max_clock_uncertainty", next.max_clock_uncertainty > self.max_clock_uncertainty),
            ("max_clock_step", next.max_clock_step > self.max_clock_step),
            ("max_journal_lag", next.max_journal_lag > self.max_journal_lag),
            ("crossed_book_pause", next.crossed_book_pause < self.crossed_book_pause),
            ("max_error_rate", is_faster(self.max_error_rate, next.max_error_rate)),
            ("cool_down_after_stop", next.cool_down_after_stop < self.cool_down_after_stop),
            ("max_losing_streak", next.max_losing_streak > self.max_losing_streak),
            ("losing_streak_pause", next.losing_streak_pause < self.losing_streak_pause),
            ("drawdown.yellow", drawdown.1.yellow > drawdown.0.yellow),
            ("drawdown.orange", drawdown.1.orange > drawdown.0.orange),
            ("drawdown.red", drawdown.1.red > drawdown.0.red),
            ("drawdown.persists_for", drawdown.1.persists_for > drawdown.0.persists_for),
        ];
        let mut keys: Vec<String> =
            rows.into_iter().filter(|(_, is_looser)| *is_looser).map(|(key, _)| key.to_owned()).collect();
        let tables: BTreeMap<String, Narrower> = next.narrower().collect();
        for (table, limits) in self.narrower() {
            // A table that is gone holds nothing back any more.
            let next = tables.get(&table).copied().unwrap_or_default();
            keys.extend(limits.loosened_by(&next).map(|key| format!("{table}.{key}")));
        }
        for (name, group) in &self.group {
            let of_next = next.group.get(name).map(|next| next.symbols.as_slice()).unwrap_or_default();
            if group.symbols.iter().any(|symbol| !of_next.contains(symbol)) {
                keys.push(format!("group.{name}.symbols"));
            }
        }
        keys
    }
}

impl Narrower {
    /// The keys of the limits that `next` loosens or takes away.
    fn loosened_by(&self, next: &Self) -> impl Iterator<Item = &'static str> {
        let amount = |old, new| is_freer(old, new, is_above);
        let count = |old, new| is_freer(old, new, |old: u32, new| new > old);
        let rate = |old, new| is_freer(old, new, is_faster);
        let share = |old, new| is_freer(old, new, |old: Percent, new| new > old);
        let length = |old, new| is_freer(old, new, |old: TimeSpan, new| new > old);
        let breaker = (&self.breaker, &next.breaker);
        let fall = (breaker.0.drawdown, breaker.1.drawdown);
        let rows = [
            ("max_order_qty", amount(self.order_qty, next.order_qty)),
            ("max_order_notional", amount(self.order_notional, next.order_notional)),
            ("max_position_notional", amount(self.position_notional, next.position_notional)),
            ("max_gross_exposure", amount(self.gross_exposure, next.gross_exposure)),
            ("max_leverage", is_freer(self.leverage, next.leverage, |old, new| new > old)),
            ("max_open_orders", count(self.open_orders, next.open_orders)),
            ("max_order_rate", rate(self.order_rate, next.order_rate)),
            ("min_order_notional", is_freer(self.order_minimum, next.order_minimum, is_below)),
            ("price_collar", share(self.price_collar, next.price_collar)),
            ("book_collar", share(self.book_collar, next.book_collar)),
            ("stale_after", length(self.stale_after, next.stale_after)),
            (
                "min_liquidation_distance",
                is_freer(self.liquidation_distance, next.liquidation_distance, |old, new| new < old),
            ),
            ("max_adl_rank", is_freer(self.adl_rank, next.adl_rank, |old, new| new > old)),
            ("max_losing_streak", count(self.losing_streak, next.losing_streak)),
            ("max_loss_per_day", amount(breaker.0.day, breaker.1.day)),
            ("max_loss_per_week", amount(breaker.0.week, breaker.1.week)),
            ("drawdown.yellow", amount(fall.0.map(|fall| fall.yellow), fall.1.map(|fall| fall.yellow))),
            ("drawdown.orange", amount(fall.0.map(|fall| fall.orange), fall.1.map(|fall| fall.orange))),
            ("drawdown.red", amount(fall.0.map(|fall| fall.red), fall.1.map(|fall| fall.red))),
            (
                "drawdown.persists_for",
                length(fall.0.map(|fall| fall.persists_for), fall.1.map(|fall| fall.persists_for)),
            ),
            ("max_error_rate", rate(breaker.0.errors, breaker.1.errors)),
        ];
        rows.into_iter().filter(|(_, is_looser)| *is_looser).map(|(key, _)| key)
    }
}

/// Whether a limit that may be left out holds back less.
fn is_freer<T>(old: Option<T>, next: Option<T>, is_looser: impl Fn(T, T) -> bool) -> bool {
    match (old, next) {
        (Some(old), Some(next)) => is_looser(old, next),
        (Some(_), None) => true,
        (None, _) => false,
    }
}

/// Amounts of different coins cannot be compared: that counts as looser.
fn is_above(old: Amount, next: Amount) -> bool {
    next.coin != old.coin || next.value > old.value
}

fn is_below(old: Amount, next: Amount) -> bool {
    next.coin != old.coin || next.value < old.value
}

/// A rate of fewer orders in a shorter window may be either; only one that is neither more nor in less time is not looser.
fn is_faster(old: OrderRate, next: OrderRate) -> bool {
    next.count > old.count || next.window < old.window
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: &str = r#"
        margin_mode = "cross"
        max_order_notional = "100 USDT"
        min_order_notional = "10 USDT"
        max_position_notional = "200 USDT"
        max_gross_exposure = "300 USDT"
        max_leverage = "5x"
        max_open_orders = 9
        max_order_rate_short = "5 per 1s"
        max_order_rate_long = "50 per 1m"
        price_collar = "3%"
        book_collar = "1%"
        max_loss_per_day = "20 USDT"
        max_loss_per_week = "40 USDT"
        require_stop_on_entry = true
        stale_after = "3s"
        min_liquidation_distance = "5%"
        max_adl_rank = 3
        max_margin_error = "2.5%"
        max_clock_uncertainty = "400ms"
        max_clock_step = "50ms"
        max_journal_lag = "200ms"
        crossed_book_pause = "4s"
        max_error_rate = "10 per 1m"
        cool_down_after_stop = "1m"
        max_losing_streak = 4
        losing_streak_pause = "1h"
        drawdown = { yellow = "10%", orange = "15%", red = "20%", persists_for = "15m" }
        symbol.BTCUSDT = { max_order_qty = "1 BTC", max_open_orders = 3, max_leverage = "2x" }
        bot.trend = { max_order_rate = "3 per 1s", max_gross_exposure = "90 USDT", max_leverage = "4x", max_losing_streak = 2 }
        group.majors = { symbols = ["BTCUSDT", "ETHUSDT"], max_gross_exposure = "250 USDT", max_position_notional = "180 USDT", max_open_orders = 7, max_order_rate = "4 per 1s" }
        symbol.SOLUSDT = { min_order_notional = "12 USDT", price_collar = "2.1%", book_collar = "0.8%", stale_after = "900ms", min_liquidation_distance = "7%", max_adl_rank = 1 }
        bot.grid = { max_order_qty = "8 SOL", price_collar = "2.2%", stale_after = "800ms", drawdown = { yellow = "3 USDT", orange = "6 USDT", red = "8 USDT", persists_for = "20m" } }
        group.minors = { symbols = ["SOLUSDT"], max_gross_exposure = "240 USDT", min_order_notional = "13 USDT", max_adl_rank = 0 }
    "#;

    fn limits(changes: &[(&str, &str)]) -> RiskLimits {
        let text = changes.iter().fold(LIMITS.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replacen(from, to, 1)
        });
        toml::from_str(&text).unwrap()
    }

    #[test]
    fn each_limit_knows_which_way_is_looser() {
        // (what stands there, something looser, something tighter, the key)
        let table = [
            (
                "max_order_notional = \"100",
                "max_order_notional = \"101",
                "max_order_notional = \"99",
                "max_order_notional",
            ),
            ("= \"10 USDT\"", "= \"9 USDT\"", "= \"11 USDT\"", "min_order_notional"),
            ("\"200 USDT\"", "\"201 USDT\"", "\"199 USDT\"", "max_position_notional"),
            ("\"300 USDT\"", "\"301 USDT\"", "\"299 USDT\"", "max_gross_exposure"),
            ("\"5x\"", "\"6x\"", "\"4x\"", "max_leverage"),
            ("orders = 9", "orders = 10", "orders = 8", "max_open_orders"),
            ("\"5 per 1s\"", "\"6 per 1s\"", "\"4 per 1s\"", "max_order_rate_short"),
            ("\"50 per 1m\"", "\"50 per 59s\"", "\"50 per 2m\"", "max_order_rate_long"),
            ("\"3%\"", "\"4%\"", "\"2%\"", "price_collar"),
            ("\"1%\"", "\"2%\"", "\"0.5%\"", "book_collar"),
            ("\"20 USDT\"", "\"21 USDT\"", "\"19 USDT\"", "max_loss_per_day"),
            ("\"40 USDT\"", "\"41 USDT\"", "\"39 USDT\"", "max_loss_per_week"),
            ("\"3s\"", "\"4s\"", "\"2s\"", "stale_after"),
            ("\"5%\"", "\"4%\"", "\"6%\"", "min_liquidation_distance"),
            ("rank = 3", "rank = 4", "rank = 2", "max_adl_rank"),
            ("\"2.5%\"", "\"2.6%\"", "\"2.4%\"", "max_margin_error"),
            ("\"400ms\"", "\"401ms\"", "\"399ms\"", "max_clock_uncertainty"),
            ("\"50ms\"", "\"51ms\"", "\"49ms\"", "max_clock_step"),
            ("\"200ms\"", "\"201ms\"", "\"199ms\"", "max_journal_lag"),
            ("\"4s\"", "\"3s\"", "\"5s\"", "crossed_book_pause"),
            ("\"10 per 1m\"", "\"11 per 1m\"", "\"9 per 1m\"", "max_error_rate"),
            ("stop = \"1m\"", "stop = \"59s\"", "stop = \"2m\"", "cool_down_after_stop"),
            ("streak = 4", "streak = 5", "streak = 3", "max_losing_streak"),
            ("\"1h\"", "\"59m\"", "\"2h\"", "losing_streak_pause"),
            ("\"10%\"", "\"11%\"", "\"9%\"", "drawdown.yellow"),
            ("\"15%\"", "\"16%\"", "\"14%\"", "drawdown.orange"),
            ("\"20%\"", "\"21%\"", "\"19%\"", "drawdown.red"),
            ("\"15m\"", "\"16m\"", "\"14m\"", "drawdown.persists_for"),
            ("\"1 BTC\"", "\"2 BTC\"", "\"0.5 BTC\"", "symbol.BTCUSDT.max_order_qty"),
            ("orders = 3", "orders = 4", "orders = 2", "symbol.BTCUSDT.max_open_orders"),
            ("\"3 per 1s\"", "\"5 per 1s\"", "\"2 per 1s\"", "bot.trend.max_order_rate"),
            ("\"90 USDT\"", "\"91 USDT\"", "\"89 USDT\"", "bot.trend.max_gross_exposure"),
            ("\"250 USDT\"", "\"251 USDT\"", "\"249 USDT\"", "group.majors.max_gross_exposure"),
            ("\"2x\"", "\"3x\"", "\"1x\"", "symbol.BTCUSDT.max_leverage"),
            ("\"4x\"", "\"4.5x\"", "\"3x\"", "bot.trend.max_leverage"),
            ("streak = 2", "streak = 3", "streak = 1", "bot.trend.max_losing_streak"),
            ("\"180 USDT\"", "\"181 USDT\"", "\"179 USDT\"", "group.majors.max_position_notional"),
            ("orders = 7", "orders = 8", "orders = 6", "group.majors.max_open_orders"),
            ("\"4 per 1s\"", "\"4 per 999ms\"", "\"4 per 2s\"", "group.majors.max_order_rate"),
            ("\"12 USDT\"", "\"11 USDT\"", "\"12.5 USDT\"", "symbol.SOLUSDT.min_order_notional"),
            ("\"2.1%\"", "\"2.3%\"", "\"2%\"", "symbol.SOLUSDT.price_collar"),
            ("\"0.8%\"", "\"0.9%\"", "\"0.7%\"", "symbol.SOLUSDT.book_collar"),
            ("\"900ms\"", "\"901ms\"", "\"899ms\"", "symbol.SOLUSDT.stale_after"),
            ("\"7%\"", "\"6.9%\"", "\"7.1%\"", "symbol.SOLUSDT.min_liquidation_distance"),
            ("rank = 1", "rank = 2", "rank = 0", "symbol.SOLUSDT.max_adl_rank"),
            ("\"8 SOL\"", "\"9 SOL\"", "\"7 SOL\"", "bot.grid.max_order_qty"),
            ("\"2.2%\"", "\"2.3%\"", "\"2%\"", "bot.grid.price_collar"),
            ("\"3 USDT\"", "\"4 USDT\"", "\"2 USDT\"", "bot.grid.drawdown.yellow"),
            ("\"6 USDT\"", "\"7 USDT\"", "\"5 USDT\"", "bot.grid.drawdown.orange"),
            ("\"8 USDT\"", "\"9 USDT\"", "\"7 USDT\"", "bot.grid.drawdown.red"),
            ("\"20m\"", "\"21m\"", "\"19m\"", "bot.grid.drawdown.persists_for"),
            ("\"800ms\"", "\"1s\"", "\"1ms\"", "bot.grid.stale_after"),
            ("\"13 USDT\"", "\"12.9 USDT\"", "\"14 USDT\"", "group.minors.min_order_notional"),
            (", max_adl_rank = 0 }", " }", ", max_adl_rank = 0 }", "group.minors.max_adl_rank"),
        ];
        let now = limits(&[]);
        assert!(now.loosened_by(&now).is_empty());
        for (here, looser, tighter, key) in table {
            assert_eq!(now.loosened_by(&limits(&[(here, looser)])), [key], "{looser}");
            assert!(now.loosened_by(&limits(&[(here, tighter)])).is_empty(), "{tighter}");
        }
    }

    #[test]
    fn what_is_taken_away_is_loosened_and_what_is_added_is_not() {
        let less = limits(&[
            ("require_stop_on_entry = true", "require_stop_on_entry = false"),
            (
                "symbol.BTCUSDT = { max_order_qty = \"1 BTC\", max_open_orders = 3, max_leverage = \"2x\" }",
                "",
            ),
            ("\"ETHUSDT\"", "\"SOLUSDT\""),
        ]);
        let keys = limits(&[]).loosened_by(&less);
        let gone = ["require_stop_on_entry"];
        let narrower = [
            "symbol.BTCUSDT.max_order_qty",
            "symbol.BTCUSDT.max_leverage",
            "symbol.BTCUSDT.max_open_orders",
            "group.majors.symbols",
        ];
        assert_eq!(keys, [&gone[..], &narrower[..]].concat());
        let back = less.loosened_by(&limits(&[]));
        assert_eq!(back, ["group.majors.symbols"], "a group that counts another contract is another limit");
    }
}
