//! Layout of the account's facts.

use crate::{choices, layout};
use windvane_model::{
    AccountEvent, AccountSnapshot, Acknowledged, CoinBalance, Execution, ExecutionKind, Movement,
    MovementKind, OrderLookup, OrderQuestion, OrderReport, OrderStatus, Origin, PositionReport,
    PositionStatus, PreChecked, Query, QueryAnswer, QueryFailed, RefusalFamily, Refused, Request, StopKind,
    TimeInForce, Undetermined, WalletReport,
};

choices!(AccountEvent {
    1 => Acknowledged(acknowledged),
    2 => Refused(refused),
    3 => Undetermined(undetermined),
    4 => Order(report),
    5 => Execution(execution),
    6 => Position(report),
    7 => Wallet(report),
    8 => Answer(answer),
    9 => QueryFailed(failed),
});

choices!(Request {
    1 => Submit, 2 => Amend, 3 => Cancel, 4 => CancelAll, 5 => SetProtection, 6 => SetLeverage,
});

choices!(RefusalFamily {
    1 => InsufficientMargin,
    2 => RateLimit,
    3 => Timestamp,
    4 => Authentication,
    5 => OrderNotFound,
    6 => Duplicate,
    7 => AlreadySo,
    8 => ReduceOnly,
    9 => PriceLimit,
    10 => InvalidParameter,
    11 => OrderCount,
    12 => NotTrading,
    13 => PositionMode,
    14 => NotSent,
    15 => Other,
});

choices!(Origin { 1 => User, 2 => Protection, 3 => Liquidation, 4 => Adl, 5 => Venue, 6 => Other });

choices!(StopKind { 1 => StopLoss, 2 => TakeProfit, 3 => Trailing, 4 => Conditional });

choices!(ExecutionKind {
    1 => Trade, 2 => Funding, 3 => Adl, 4 => Liquidation, 5 => Delivery, 6 => Other, 7 => Session,
});

choices!(PositionStatus { 1 => Normal, 2 => Liquidation, 3 => Adl, 4 => Other });

choices!(OrderStatus {
    1 => New,
    2 => PartiallyFilled,
    3 => Untriggered,
    4 => Triggered,
    5 => Rejected,
    6 => Filled,
    7 => Cancelled,
    8 => Deactivated,
});

choices!(TimeInForce { 1 => Gtc, 2 => Ioc, 3 => Fok, 4 => PostOnly });

choices!(Query {
    1 => Account { executions_since }, 2 => Order { symbol, client_order_id }, 3 => PreCheck(question),
    4 => Movements { since },
});

layout!(OrderQuestion { symbol, position_index, side, qty, price });

choices!(QueryAnswer { 1 => Account(snapshot), 2 => Order(lookup), 3 => PreCheck(rates), 4 => Movements(rows) });

layout!(Movement { id, at, coin, change, kind });

choices!(MovementKind { 1 => Moved, 2 => Earned });

layout!(PreChecked { question, initial_before, maintenance_before, initial_after, maintenance_after });

layout!(Acknowledged { request, symbol, client_order_id, order_id });

layout!(Refused { request, symbol, client_order_id, code, family, message });

layout!(Undetermined { request, symbol, client_order_id, code });

layout!(OrderReport {
    symbol,
    order_id,
    client_order_id,
    parent,
    position_index,
    side,
    is_market,
    time_in_force,
    price,
    qty,
    cumulative_qty,
    average_price,
    status,
    stop_kind,
    trigger_price,
    reduce_only,
    origin,
    reject_reason,
    cancel_type,
    created,
    updated,
});

layout!(Execution {
    symbol,
    execution_id,
    order_id,
    client_order_id,
    kind,
    side,
    price,
    qty,
    fee,
    fee_coin,
    is_maker,
    stop_kind,
    origin,
    closed_qty,
    venue_pnl,
    at,
    sequence,
});

layout!(PositionReport {
    symbol,
    position_index,
    side,
    qty,
    average_price,
    mark_price,
    leverage,
    stop_loss,
    take_profit,
    trailing_distance,
    liquidation_price,
    initial_margin,
    maintenance_margin,
    unrealised_pnl,
    adl_rank,
    sequence,
    updated,
} since 2 { status });

layout!(WalletReport {
    coins,
    available_usd,
    initial_margin_usd,
    maintenance_margin_usd,
    margin_balance_usd,
    initial_margin_rate,
    maintenance_margin_rate,
    at,
});

layout!(CoinBalance { coin, wallet_balance, equity, order_margin, position_margin } since 2 {
    maintenance_margin, usd_value, borrowed, locked, bonus
});

layout!(AccountSnapshot { open_orders, executions, positions, wallet });

layout!(OrderLookup { symbol, client_order_id, order, executions });

layout!(QueryFailed { query, code } since 2 { is_unsupported });
