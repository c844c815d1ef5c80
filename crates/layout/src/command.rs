//! Layout of what the engine asks of the venue.

use crate::{choices, layout};
use windvane_model::{
    Amend, Cancel, CancelAll, Command, OrderKind, Role, SetLeverage, SetProtection, Submit, TriggerBy,
    Triggers,
};

choices!(Command {
    1 => Submit(submit),
    2 => Amend(amend),
    3 => Cancel(cancel),
    4 => CancelAll(cancel_all),
    5 => SetProtection(set_protection),
    6 => SetLeverage(set_leverage),
    7 => Query(query),
});

choices!(Role { 1 => Entry, 2 => Exit, 3 => Protect, 4 => Level });

choices!(OrderKind { 1 => Market { max_slippage_ticks }, 2 => Limit { price, time_in_force } });

layout!(Submit {
    client_order_id,
    symbol,
    position_index,
    role,
    side,
    qty,
    kind,
    reduce_only,
    stop_loss,
    take_profit,
    send_before,
} since 2 { triggers });

layout!(Amend { client_order_id, symbol, price, qty, send_before });

layout!(Cancel { client_order_id, order_id, symbol });

layout!(CancelAll { symbol, spare_protection });

layout!(SetProtection { symbol, position_index, stop_loss, take_profit } since 2 { triggers });

choices!(TriggerBy { 1 => Last, 2 => Mark, 3 => Index });

layout!(Triggers { stop_loss, take_profit });

layout!(SetLeverage { symbol, leverage });
