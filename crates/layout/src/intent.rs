//! Layout of what bots want and why.

use crate::{choices, layout};
use windvane_model::{Grounds, Intent, Place, Signal};

choices!(Intent {
    1 => Place(place),
    2 => Amend { client_order_id, price, qty },
    3 => Cancel { client_order_id },
    4 => Protect { symbol, stop_loss, take_profit } since 2 { triggers },
});

layout!(Place {
    tag,
    symbol,
    role,
    side,
    qty,
    kind,
    reduce_only,
    stop_loss,
    take_profit,
    send_before,
} since 2 { triggers });

layout!(Grounds { signal, asked, granted });

layout!(Signal { side, blocker, conditions });
