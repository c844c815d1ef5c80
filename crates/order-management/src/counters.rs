//! What happened so far, for telemetry; nothing is decided by it.

use crate::DifferenceKind;
use std::collections::BTreeMap;
use windvane_layout::layout;

/// Counts since the account's journal began.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counters {
    /// Reconciliations begun, repeated tries not counted.
    pub reconciliations: u64,
    /// Reconciliations that ended without agreement.
    pub unresolved_reconciliations: u64,
    /// Differences by kind.
    pub differences: BTreeMap<DifferenceKind, u64>,
    /// Executions that only a query told.
    pub backfilled_executions: u64,
    /// Executions that were known already.
    pub duplicate_executions: u64,
    /// Orders that are neither ours nor children of ours.
    pub foreign_orders: u64,
    /// Executions of such orders.
    pub foreign_executions: u64,
    /// Orders whose outcome was unknown for a while.
    pub unknown_orders: u64,
    /// Unknown orders that were proven absent.
    pub retired_orders: u64,
    /// Unknown orders that a person declared absent.
    pub resolved_orders: u64,
    /// Orders of ours that were adopted from the venue.
    pub adopted_orders: u64,
}

layout!(Counters {
    reconciliations,
    unresolved_reconciliations,
    differences,
    backfilled_executions,
    duplicate_executions,
    foreign_orders,
    foreign_executions,
    unknown_orders,
    retired_orders,
    resolved_orders,
    adopted_orders,
});
