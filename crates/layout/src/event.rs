//! Layout of events, links, controls and what the venue says of its contracts.

use crate::{choices, layout};
use windvane_model::{
    BotMemory, Control, Event, FeeRates, HaltCause, Instrument, InstrumentStatus, Link, LinkState, Reference,
    RiskTier, Scope, Stamp, Stamped,
};

layout!(Stamped { stamp, event });

layout!(Stamp { sequence, wall, market });

choices!(Event {
    1 => Market(event), 2 => Account(event), 3 => Link(link), 4 => Reference(reference), 5 => Timer,
    6 => Control(control),
});

choices!(Link { 1 => Public(state), 2 => Private(state), 3 => Trade(state) });

choices!(LinkState { 1 => Up, 2 => Down });

choices!(Control {
    1 => Halt(cause), 2 => Resume, 3 => Flatten(scope), 4 => CancelEntries(scope), 5 => Reconcile,
    6 => Lift(cause), 7 => Resolve(client_order_id), 8 => Pause(scope), 9 => Release(bot), 10 => Adopt(bot),
    11 => CancelAccount,
});

choices!(Scope { 1 => All, 2 => Bot(name) });

choices!(HaltCause {
    1 => Operator,
    2 => Shutdown,
    3 => Journal,
    4 => Clock,
    5 => Authentication,
    6 => Invariant,
    7 => DayLoss,
    8 => Contradiction,
    9 => CancelledByOther,
    10 => WeekLoss,
    11 => Drawdown,
    12 => ErrorRate,
    13 => MarginModel,
    14 => PositionMode,
    15 => OtherMargin,
    16 => Maintenance,
});

layout!(Reference { instruments, fees });

layout!(FeeRates { taker, maker });

layout!(Instrument {
    symbol,
    settle_coin,
    status,
    tick_size,
    lot_size,
    min_qty,
    max_limit_qty,
    max_market_qty,
    min_notional,
    max_leverage,
    price_limit_ratio_x,
    price_limit_ratio_y,
    funding_interval_minutes,
    tiers,
});

choices!(InstrumentStatus { 1 => Trading, 2 => Restricted, 3 => Closed });

layout!(RiskTier { limit, maintenance_rate, initial_rate, max_leverage, maintenance_deduction });

layout!(BotMemory { bot, bytes });
