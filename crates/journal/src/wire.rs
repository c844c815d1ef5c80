//! Layout of the journal's own records. The codes of [`Record`] are the kinds in a frame's header.

use crate::record::{
    Change, Record, Reload, Start, StopCause, VERSION, VERSION_OF_FIRST_EDITION, VERSION_OF_SECOND_EDITION,
    VERSION_WITHOUT_GROUNDS,
};
use windvane_layout::{Choice, Decode, DecodeError, Input, choices, layout};
use windvane_model::Grounds;

choices!(Record {
    1 => Start(start),
    2 => Event(stamped),
    3 => Command { cause, index, bot, tag, worst_price, grounds, command },
    4 => Memory { after, memory },
    5 => Denied { after, bot, reason, detail, at, symbol, signal, wish },
    6 => Marker { durable },
    7 => Stop { cause },
    9 => Reload(reload),
    10 => Signal { cause, bot, symbol, signal },
});

/// Reads the content of a record that a journal of `version` wrote.
pub(crate) fn decode(version: u8, kind: u8, input: &mut Input<'_>) -> Result<Record, DecodeError> {
    match version {
        VERSION => Record::decode_content(kind, input),
        VERSION_OF_SECOND_EDITION => {
            input.set_edition(2);
            Record::decode_content(kind, input)
        }
        VERSION_OF_FIRST_EDITION => {
            input.set_edition(1);
            Record::decode_content(kind, input)
        }
        VERSION_WITHOUT_GROUNDS => decode_without_grounds(kind, input),
        version => Err(DecodeError::UnknownVersion(version)),
    }
}

fn decode_without_grounds(kind: u8, input: &mut Input<'_>) -> Result<Record, DecodeError> {
    input.set_edition(1);
    // The fields of a struct expression are evaluated in the order they are written.
    Ok(match kind {
        3 => Record::Command {
            cause: Decode::decode(input)?,
            index: Decode::decode(input)?,
            bot: Decode::decode(input)?,
            tag: Decode::decode(input)?,
            worst_price: Decode::decode(input)?,
            grounds: Grounds::default(),
            command: Decode::decode(input)?,
        },
        5 => Record::Denied {
            after: Decode::decode(input)?,
            bot: Decode::decode(input)?,
            reason: Decode::decode(input)?,
            detail: Decode::decode(input)?,
            at: None,
            symbol: None,
            signal: None,
            wish: None,
        },
        kind => Record::decode_content(kind, input)?,
    })
}

layout!(Reload { after, config, open_positions, changes });

layout!(Change { path, old, new });

layout!(Start { epoch, install, version, config, account, wall, note });

choices!(StopCause { 1 => Finished, 2 => Interrupted, 3 => Halted(cause), 4 => Failed });

#[cfg(test)]
mod tests;
