//! Bybit's JSON: how requests are read and how rows are written.
//!
//! Rows are written by hand from the core's rows, field by field. They carry what clients were seen to need,
//! deprecated constants included.
//!
//! All of it is text and values: it owns no core, no socket and no clock, so the server and whoever has a core of his own
//! use the very same.

use windvane_venue_core::{Category, Instrument, PositionRow, Uid, Venue};

use crate::config::DoubtsConfig;
use crate::listed::Listed;
use narrow::Told;
use number::Scales;
use position::Position;

pub(crate) mod account;
pub(crate) mod call;
pub(crate) mod envelope;
pub(crate) mod execution;
pub(crate) mod fields;
pub(crate) mod instrument;
pub(crate) mod list;
pub(crate) mod narrow;
pub(crate) mod number;
pub(crate) mod order;
pub(crate) mod page;
pub(crate) mod position;
pub(crate) mod push;
pub(crate) mod reply;
pub(crate) mod request;
pub(crate) mod socket;
pub(crate) mod ticker;
pub(crate) mod trade;
pub(crate) mod wallet;
pub(crate) mod window;

pub use call::{Post, body, question};
pub use envelope::{Accepted, Answer, Refusal};
pub use list::{Index, Reader};
pub use push::{Frame, Rows, ToldCoins, runs};
pub use socket::{SocketKind, acknowledgement, pong, topics};
pub use trade::{TradeCall, operation, read_frame};

/// The digits in which each instrument's prices and quantities are written.
#[derive(Debug, Clone, Default)]
pub struct Digits(Listed<Scales>);

impl Digits {
    /// Those of their grids.
    pub fn of<'a>(instruments: impl IntoIterator<Item = &'a Instrument>) -> Self {
        let of = |i: &Instrument| (i.category, i.symbol.to_string(), Scales::of(i));
        Self(instruments.into_iter().map(of).collect())
    }

    /// An instrument's grid has changed.
    pub(crate) fn change(&mut self, instrument: &Instrument) {
        if let Some(scales) = self.0.get_mut(instrument.category, &instrument.symbol) {
            *scales = Scales::of(instrument);
        }
    }

    pub(crate) fn get(&self, category: Category, symbol: &str) -> Option<Scales> {
        self.0.get(category, symbol).copied()
    }
}

/// What rows are written from: the core's truth, the digits, and the answers to what the documentation leaves open.
#[derive(Debug, Clone, Copy)]
pub struct Writer<'a> {
    /// The core.
    pub core: &'a Venue,
    /// Of what it lists.
    pub digits: &'a Digits,
    /// The answers about the wire.
    pub doubts: &'a DoubtsConfig,
}

impl<'a> Writer<'a> {
    pub(crate) fn scales(&self, category: Category, symbol: &str) -> Option<Scales> {
        self.digits.get(category, symbol)
    }

    /// A position of an account; `None` for a symbol that is not listed.
    pub(crate) fn position<'r>(&self, uid: Uid, row: &'r PositionRow, told: Told) -> Option<Position<'r>> {
        let scales = self.scales(row.category, &row.symbol)?;
        Some(Position::new(row, scales, told, (self.core.margin_mode(uid), self.doubts)))
    }
}

/// A row as JSON.
pub(crate) fn to_value(row: &impl serde::Serialize) -> serde_json::Value {
    serde_json::to_value(row).expect("a row of text and numbers encodes")
}
