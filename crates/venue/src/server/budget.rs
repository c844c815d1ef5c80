//! Rate budgets: requests per rolling second, per account and endpoint, as the exchange publishes them.
//!
//! Source: Bybit V5, "Rate Limit" (default tier). Market endpoints have no budget per account.

use std::collections::{BTreeMap, VecDeque};

use windvane_venue_core::Category;

/// Length of the rolling window in milliseconds.
const WINDOW_MS: i64 = 1_000;

/// A refused client is told to come back no sooner than so many milliseconds from now. The time must still lie ahead
/// when it is read: pybit 5.17 sleeps until then and fails when that time is past.
const RESET_AHEAD_MS: i64 = 50;

/// What a request may use, and what the three `X-Bapi-Limit…` headers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allowance {
    /// Requests per second of this endpoint.
    pub(crate) limit: usize,
    /// Requests left in the window after this one.
    pub(crate) left: usize,
    /// When the window frees a place, in wall milliseconds; about now while places are left.
    pub(crate) reset_ms: i64,
    /// How many of the asked units fit.
    pub(crate) granted: usize,
}

/// The budgets of all accounts.
#[derive(Debug, Default)]
pub(crate) struct Budgets {
    spent: BTreeMap<(u64, &'static str), VecDeque<i64>>,
}

impl Budgets {
    /// Takes up to `units` from the budget that `endpoint` has for spot or for contracts; `None` for an endpoint without a
    /// budget.
    pub(crate) fn take(
        &mut self,
        uid: u64,
        (endpoint, category): (&str, Option<Category>),
        units: usize,
        now_ms: i64,
    ) -> Option<Allowance> {
        let (bucket, limit) = bucket_of(endpoint, category == Some(Category::Spot))?;
        let spent = self.spent.entry((uid, bucket)).or_default();
        while spent.front().is_some_and(|at| *at <= now_ms - WINDOW_MS) {
            spent.pop_front();
        }
        let granted = units.min(limit.saturating_sub(spent.len()));
        spent.extend(std::iter::repeat_n(now_ms, granted));
        let reset_ms = match spent.front() {
            Some(oldest) if granted < units => (oldest + WINDOW_MS).max(now_ms + RESET_AHEAD_MS),
            _ => now_ms,
        };
        Some(Allowance { limit, left: limit - spent.len(), reset_ms, granted })
    }
}

/// The budget an endpoint draws from and its size per second. REST paths without `/v5/` and the trade
/// socket's operations (`order.create`) share one budget, since one account sends both. Orders of spot have budgets of their
/// own beside those of contracts.
fn bucket_of(endpoint: &str, is_spot: bool) -> Option<(&'static str, usize)> {
    let of_orders = |contract, spot, spot_limit| if is_spot { (spot, spot_limit) } else { (contract, 10) };
    let bucket = match endpoint.trim_start_matches("/v5/") {
        "order/create" | "order.create" => of_orders("order/create", "spot order/create", 20),
        "order/amend" | "order.amend" => of_orders("order/amend", "spot order/amend", 10),
        "order/cancel" | "order.cancel" => of_orders("order/cancel", "spot order/cancel", 20),
        "order/cancel-all" => of_orders("order/cancel-all", "spot order/cancel-all", 20),
        "order/create-batch" | "order.create-batch" => {
            of_orders("order/create-batch", "spot order/create-batch", 20)
        }
        "order/amend-batch" | "order.amend-batch" => {
            of_orders("order/amend-batch", "spot order/amend-batch", 20)
        }
        "order/cancel-batch" | "order.cancel-batch" => {
            of_orders("order/cancel-batch", "spot order/cancel-batch", 20)
        }
        "order/pre-check" => of_orders("order/pre-check", "spot order/pre-check", 20),
        "order/disconnected-cancel-all" => ("order/disconnected-cancel-all", 5),
        "order/spot-borrow-check" => ("order/spot-borrow-check", 50),
        "order/realtime" => ("order/realtime", 50),
        "order/history" => ("order/history", 50),
        "execution/list" => ("execution/list", 50),
        "position/list" => ("position/list", 50),
        "position/closed-pnl" => ("position/closed-pnl", 50),
        "position/set-leverage" => ("position/set-leverage", 10),
        "position/add-margin" => ("position/add-margin", 10),
        "position/confirm-pending-mmr" => ("position/confirm-pending-mmr", 10),
        "position/switch-mode" => ("position/switch-mode", 10),
        "position/set-auto-add-margin" => ("position/set-auto-add-margin", 10),
        "position/trading-stop" => ("position/trading-stop", 10),
        "account/wallet-balance" => ("account/wallet-balance", 50),
        "account/withdrawal" => ("account/withdrawal", 50),
        "account/info" => ("account/info", 50),
        "account/user-setting-config" => ("account/user-setting-config", 50),
        "account/transaction-log" => ("account/transaction-log", 25),
        "account/instruments-info" => ("account/instruments-info", 10),
        "account/fee-rate" => ("account/fee-rate", 5),
        "account/query-dcp-info" => ("account/query-dcp-info", 5),
        "account/smp-group" => ("account/smp-group", 5),
        "account/set-margin-mode" => ("account/set-margin-mode", 5),
        "account/set-collateral-switch-batch" => ("account/set-collateral-switch-batch", 5),
        "account/set-limit-px-action" => ("account/set-limit-px-action", 10),
        "asset/settlement-record" => ("asset/settlement-record", 50),
        "account/borrow-history" => ("account/borrow-history", 50),
        "account/collateral-info" => ("account/collateral-info", 50),
        "account/borrow" => ("account/borrow", 1),
        "account/repay" => ("account/repay", 1),
        "account/no-convert-repay" => ("account/no-convert-repay", 1),
        "account/quick-repayment" => ("account/quick-repayment", 1),
        "account/mmp-modify" => ("account/mmp-modify", 5),
        "account/mmp-reset" => ("account/mmp-reset", 5),
        "spot-margin-trade/switch-mode" => ("spot-margin-trade/switch-mode", 5),
        "spot-margin-trade/set-leverage" => ("spot-margin-trade/set-leverage", 5),
        "spot-margin-trade/set-auto-repay-mode" => ("spot-margin-trade/set-auto-repay-mode", 5),
        "spot-margin-trade/state" => ("spot-margin-trade/state", 50),
        "spot-margin-trade/max-borrowable" => ("spot-margin-trade/max-borrowable", 50),
        "spot-margin-trade/coinstate" => ("spot-margin-trade/coinstate", 50),
        "spot-margin-trade/repayment-available-amount" => {
            ("spot-margin-trade/repayment-available-amount", 50)
        }
        "spot-margin-trade/get-auto-repay-mode" => ("spot-margin-trade/get-auto-repay-mode", 50),
        "user/query-api" => ("user/query-api", 10),
        "user/update-api" => ("user/update-api", 5),
        "user/delete-api" => ("user/delete-api", 5),
        _ => return None,
    };
    Some(bucket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eleventh_create_of_a_second_is_refused_with_its_reset() {
        let mut budgets = Budgets::default();
        for n in 0..10 {
            let allowance = budgets.take(1, ("/v5/order/create", None), 1, 1_000 + n).unwrap();
            assert_eq!(allowance.granted, 1);
        }
        let refused = budgets.take(1, ("order.create", None), 1, 1_500).unwrap();
        assert_eq!(refused, Allowance { limit: 10, left: 0, reset_ms: 2_000, granted: 0 });
        let nearly_free = budgets.take(1, ("order.create", None), 1, 1_999).unwrap();
        assert_eq!((nearly_free.granted, nearly_free.reset_ms), (0, 2_049));
        assert_eq!(budgets.take(2, ("order.create", None), 1, 1_500).map(|a| a.granted), Some(1));
        assert_eq!(budgets.take(1, ("order.create", None), 1, 2_000).map(|a| a.granted), Some(1));
    }

    #[test]
    fn spot_has_budgets_of_its_own_and_larger_ones() {
        let mut budgets = Budgets::default();
        let mut take = |category, units| {
            budgets.take(1, ("order.create", Some(category)), units, 0).map(|a| (a.limit, a.granted))
        };
        assert_eq!(take(Category::Spot, 25), Some((20, 20)));
        assert_eq!(take(Category::Linear, 8), Some((10, 8)));
        assert_eq!(take(Category::Inverse, 8), Some((10, 2)), "contracts share theirs");
    }

    /// Endpoints and requests a second of contracts and of spot, from the notes on the exchange: those that exist here have
    /// that figure, and those that are signed and exist here have one or stand in the list of the others.
    #[test]
    fn every_signed_endpoint_has_the_published_figure() {
        let figures: [(&[&str], usize, usize); 12] = [
            (
                &[
                    "order/create",
                    "order/cancel",
                    "order/cancel-all",
                    "order/pre-check",
                    "order/create-batch",
                    "order/amend-batch",
                    "order/cancel-batch",
                ],
                10,
                20,
            ),
            (&["order/amend"], 10, 10),
            (&["order/disconnected-cancel-all"], 5, 5),
            (&["order/realtime", "order/history", "execution/list", "order/spot-borrow-check"], 50, 50),
            (&["position/list", "position/closed-pnl"], 50, 50),
            (
                &[
                    "position/set-leverage",
                    "position/add-margin",
                    "position/confirm-pending-mmr",
                    "position/switch-mode",
                    "position/set-auto-add-margin",
                    "position/trading-stop",
                ],
                10,
                10,
            ),
            (
                &[
                    "account/wallet-balance",
                    "account/withdrawal",
                    "account/borrow-history",
                    "account/collateral-info",
                    "account/info",
                    "account/user-setting-config",
                ],
                50,
                50,
            ),
            (&["account/transaction-log"], 25, 25),
            (&["account/instruments-info", "account/set-limit-px-action", "user/query-api"], 10, 10),
            (
                &[
                    "account/fee-rate",
                    "account/query-dcp-info",
                    "account/smp-group",
                    "account/set-margin-mode",
                    "account/set-collateral-switch-batch",
                    "account/mmp-modify",
                    "account/mmp-reset",
                    "user/update-api",
                    "user/delete-api",
                    "spot-margin-trade/switch-mode",
                    "spot-margin-trade/set-leverage",
                    "spot-margin-trade/set-auto-repay-mode",
                ],
                5,
                5,
            ),
            (
                &["account/borrow", "account/repay", "account/no-convert-repay", "account/quick-repayment"],
                1,
                1,
            ),
            (
                &[
                    "spot-margin-trade/state",
                    "spot-margin-trade/max-borrowable",
                    "spot-margin-trade/coinstate",
                    "spot-margin-trade/repayment-available-amount",
                    "spot-margin-trade/get-auto-repay-mode",
                ],
                50,
                50,
            ),
        ];
        for (endpoints, contracts, spot) in figures {
            for endpoint in endpoints {
                for (is_spot, limit) in [(false, contracts), (true, spot)] {
                    let found = bucket_of(&format!("/v5/{endpoint}"), is_spot).map(|(_, limit)| limit);
                    assert_eq!(found, Some(limit), "{endpoint} spot: {is_spot}");
                }
            }
        }
    }

    #[test]
    fn a_batch_over_the_budget_is_granted_in_part() {
        let mut budgets = Budgets::default();
        let allowance = budgets.take(1, ("/v5/order/create-batch", None), 13, 0).unwrap();
        assert_eq!((allowance.granted, allowance.left, allowance.reset_ms), (10, 0, 1_000));
        assert_eq!(budgets.take(1, ("/v5/market/kline", None), 1, 0), None);
    }
}
