//! What we asked and what we hold: the engine's truth about its orders, fills, positions and money.
//!
//! [`Orders`] is the aggregate. A command that risk approved becomes state when it is recorded, before it
//! leaves; from then on only facts of the account change it: answers of the gate, reports of the private
//! stream, answers to queries. Nothing is guessed. A request without an answer is [`OrderState::Unknown`] and
//! counts as live and as filled until the venue's own records prove what became of it.
//!
//! The crate is pure: time comes in with each event, nothing is iterated in hash order, and the same journal
//! of commands, facts and timers gives the same state to the last bit.

mod bot;
mod counters;
mod effect;
mod holding;
mod identity;
mod inquiry;
mod ledger;
mod movement;
mod order;
mod orders;
mod other;
mod pending;
mod position;
mod rebuild;
mod reconcile;
mod sought;
mod table;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod trade;
mod transition;
mod truth;
mod wallet;

pub use bot::{BotAccount, EquityCurve};
pub use counters::Counters;
pub use effect::{Difference, DifferenceKind, Effect};
pub use holding::{Holding, Totals};
pub use identity::{Identity, PositionKey};
pub use inquiry::AbsenceBounds;
pub use order::{Order, Provenance};
pub use orders::{Orders, Unresolvable};
pub use other::OtherOrder;
pub use position::{Position, WantedStop};
pub use rebuild::Rebuild;
pub use trade::Trade;
pub use transition::{Evidence, OrderState, Working};
pub use truth::{FillRow, Mismatch, OrderRow, PositionRow, Truth, WalletRow};
pub use wallet::Wallet;
