//! Layout of the journal's own records. The codes of [`Record`] are the kinds in a frame's header.

use crate::record::{Change, Record, Reload, Start, StopCause};
use windvane_layout::{choices, layout};

choices!(Record {
    1 => Start(start),
    2 => Event(stamped),
    3 => Command { cause, index, bot, tag, worst_price, command },
    4 => Memory { after, memory },
    5 => Denied { after, bot, reason, detail },
    6 => Marker { durable },
    7 => Stop { cause },
    9 => Reload(reload),
});

layout!(Reload { after, config, open_positions, changes });

layout!(Change { path, old, new });

layout!(Start { epoch, install, version, config, account, wall, note });

choices!(StopCause { 1 => Finished, 2 => Interrupted, 3 => Halted(cause), 4 => Failed });

#[cfg(test)]
mod tests;
