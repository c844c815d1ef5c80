//! A scenario as it is typed: one array of tables for each kind of happening, in any order.

use super::value::{Moment, Number, RestingOrder, Span, fault, word};
use crate::swarm::Swarm;
use crate::tally::Fault;
use crate::world::{Stream, Topic};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use toml::Spanned;
use windvane_model::{PositionIndex, Request, Side, TimeInForce};

type Rows<T> = Vec<Spanned<T>>;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScenarioFile {
    pub(super) title: String,
    /// Rows of the failure catalogue that it stands for.
    #[serde(rename = "catalogue")]
    _catalogue: Vec<String>,
    /// Public incidents of the kind.
    #[serde(default, rename = "evidence")]
    _evidence: Vec<String>,
    pub(super) length: Span,
    #[serde(default)]
    pub(super) world: WorldTable,
    /// A story by chance instead of rows.
    pub(super) chance: Option<ChanceTable>,
    #[serde(default)]
    pub(super) market: Rows<MarketRow>,
    #[serde(default)]
    pub(super) print: Rows<PrintRow>,
    #[serde(default)]
    pub(super) funding: Rows<FundingRow>,
    #[serde(default)]
    pub(super) place: Rows<PlaceRow>,
    #[serde(default)]
    pub(super) amend: Rows<AmendRow>,
    #[serde(default)]
    pub(super) cancel: Rows<CancelRow>,
    #[serde(default)]
    pub(super) protect: Rows<ProtectRow>,
    #[serde(default)]
    pub(super) stranger: Rows<StrangerRow>,
    #[serde(default)]
    pub(super) operator: Rows<OperatorRow>,
    #[serde(default)]
    pub(super) kill: Rows<KillRow>,
    #[serde(default)]
    pub(super) cut: Rows<CutRow>,
    #[serde(default)]
    pub(super) clock: Rows<ClockRow>,
    #[serde(default)]
    pub(super) disk: Rows<DiskRow>,
    #[serde(default)]
    pub(super) fault: Rows<FaultRow>,
    #[serde(default)]
    pub(super) expect: Rows<ExpectRow>,
}

/// A story by chance.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChanceTable {
    /// What decides everything that is not drawn before the story begins.
    pub(super) seed: u64,
    /// What is, as it was drawn and made less.
    pub(super) swarm: Swarm,
}

/// What holds all the time.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WorldTable {
    /// Of a message, one way.
    pub(super) delay: Option<Span>,
    /// Of each part of a query's answer.
    pub(super) query_delay: Option<Span>,
    /// Whether risk demands a stop of every entry.
    #[serde(default)]
    pub(super) require_stop: bool,
    /// USDT on the account.
    pub(super) balance: Option<Number>,
    /// Who trades one of the contracts in the place of this file.
    pub(super) bot: Option<Spanned<BotTable>>,
    /// `hedge`: the first contract has two positions, each with a bot of its own, and the other is traded by none.
    #[serde(default, rename = "position_mode", deserialize_with = "is_hedge")]
    pub(super) is_hedged: bool,
}

/// A bot by a strategy file: one that is shipped, or one that stands here.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BotTable {
    pub(super) symbol: Option<Spanned<String>>,
    /// The name of a file in `strategies/`, without its ending.
    pub(super) preset: Option<Spanned<String>>,
    /// A strategy file's text.
    pub(super) text: Option<Spanned<String>>,
}

/// The price goes there and stays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MarketRow {
    pub(super) at: Span,
    pub(super) symbol: Option<Spanned<String>>,
    pub(super) price: Number,
    /// Quantity of each level of the outside book.
    pub(super) depth: Option<Number>,
}

/// Somebody else's trade on the public tape; it fills what rests better, and at its price what its size allows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PrintRow {
    pub(super) at: Span,
    pub(super) symbol: Option<Spanned<String>>,
    #[serde(deserialize_with = "side")]
    pub(super) side: Side,
    pub(super) price: Number,
    pub(super) qty: Number,
}

/// Funding is paid.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FundingRow {
    pub(super) at: Span,
    pub(super) symbol: Option<Spanned<String>>,
    pub(super) rate: Number,
}

/// A bot wants an order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlaceRow {
    pub(super) at: Span,
    pub(super) symbol: Option<Spanned<String>>,
    pub(super) order: Spanned<String>,
    #[serde(deserialize_with = "side")]
    pub(super) side: Side,
    pub(super) qty: Spanned<Number>,
    /// Absent: a market order.
    pub(super) price: Option<Spanned<Number>>,
    #[serde(default, deserialize_with = "time_in_force")]
    pub(super) time_in_force: Option<TimeInForce>,
    #[serde(default)]
    pub(super) reduce_only: bool,
    pub(super) stop_loss: Option<Spanned<Number>>,
    pub(super) take_profit: Option<Spanned<Number>>,
}

/// A bot wants other figures for its order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AmendRow {
    pub(super) at: Span,
    pub(super) order: Spanned<String>,
    pub(super) price: Option<Spanned<Number>>,
    pub(super) qty: Option<Spanned<Number>>,
}

/// A bot wants its order away.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CancelRow {
    pub(super) at: Span,
    pub(super) order: Spanned<String>,
}

/// A bot wants another stop.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProtectRow {
    pub(super) at: Span,
    pub(super) symbol: Option<Spanned<String>>,
    /// In hedge mode: which of the two.
    #[serde(default, deserialize_with = "position")]
    pub(super) position: Option<PositionIndex>,
    pub(super) stop_loss: Option<Spanned<Number>>,
    pub(super) take_profit: Option<Spanned<Number>>,
}

/// Somebody with a phone: an order on the account, or an order of ours cancelled.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StrangerRow {
    pub(super) at: Span,
    pub(super) symbol: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "some_side")]
    pub(super) side: Option<Side>,
    pub(super) qty: Option<Number>,
    pub(super) price: Option<Number>,
    /// In hedge mode: which of the two it works on; where nothing is said, the one that it opens.
    #[serde(default, deserialize_with = "position")]
    pub(super) position: Option<PositionIndex>,
    pub(super) cancels: Option<Spanned<String>>,
    /// Cancels the order of ours that rests at this price.
    pub(super) cancels_at: Option<Number>,
    /// Moves the order of ours that rests at this price to `to`.
    pub(super) moves_from: Option<Number>,
    pub(super) to: Option<Number>,
    /// It is a later engine of the same installation.
    #[serde(default)]
    pub(super) is_successor: bool,
}

/// What a person at the controls wants.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Wanted {
    Halt,
    Resume,
    Flatten,
    CancelEntries,
    Reconcile,
}

/// A person at the controls.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OperatorRow {
    pub(super) at: Span,
    pub(super) wants: Wanted,
}

/// The engine's process ends at once.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KillRow {
    pub(super) at: Span,
    /// Until the next start.
    pub(super) back_after: Span,
    /// What was written in this time before the end is lost: the power failed.
    pub(super) loses: Option<Span>,
    /// It ends in the turn of the next command, when the record holds it and nothing has left.
    #[serde(default)]
    pub(super) before_send: bool,
}

/// A connection dies.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CutRow {
    pub(super) at: Span,
    #[serde(deserialize_with = "stream")]
    pub(super) stream: Stream,
    /// Until our side notices.
    pub(super) noticed_after: Span,
    /// From then until it is up again.
    pub(super) back_after: Span,
}

/// The host's clock jumps, and is set right later.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClockRow {
    pub(super) at: Span,
    pub(super) step: Span,
    pub(super) right_after: Span,
}

/// The disk is full: the record goes on in the reserve, and nothing opens until a person resumes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DiskRow {
    pub(super) full_at: Span,
}

/// Single messages go wrong.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FaultRow {
    #[serde(deserialize_with = "fault")]
    pub(super) kind: Fault,
    /// It strikes no message before this moment.
    #[serde(default)]
    pub(super) from: Span,
    /// How many messages it strikes.
    #[serde(default = "once")]
    pub(super) count: u32,
    #[serde(default, deserialize_with = "request")]
    pub(super) request: Option<Request>,
    #[serde(default, deserialize_with = "topic")]
    pub(super) topic: Option<Topic>,
    pub(super) order: Option<Spanned<String>>,
    /// How late, or for how long.
    pub(super) by: Option<Span>,
    /// `retCode` of a refusal.
    pub(super) code: Option<i32>,
}

/// What must be so.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectRow {
    pub(super) at: Moment,
    pub(super) order: Option<Spanned<String>>,
    /// Of that order, in the engine's words.
    pub(super) state: Option<String>,
    /// Of that order at the venue; `absent` where there is none.
    pub(super) venue: Option<String>,
    pub(super) qty: Option<Number>,
    pub(super) filled: Option<Number>,
    pub(super) price: Option<Number>,
    pub(super) symbol: Option<Spanned<String>>,
    /// In hedge mode: which of the two.
    #[serde(default, deserialize_with = "position")]
    pub(super) position: Option<PositionIndex>,
    /// Of the position in that contract; negative is short.
    pub(super) size: Option<Number>,
    pub(super) average_price: Option<Number>,
    /// `"0"`: none.
    pub(super) stop_loss: Option<Number>,
    /// All limit orders in that contract, lowest first, as the engine and the venue have them.
    pub(super) resting: Option<Vec<RestingOrder>>,
    pub(super) run_state: Option<String>,
    /// Requests that have left so far, by their words.
    pub(super) sent: Option<BTreeMap<String, u64>>,
    /// What the engine has counted so far, by its words.
    pub(super) counted: Option<BTreeMap<String, u64>>,
}

const fn once() -> u32 {
    1
}

fn side<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Side, D::Error> {
    word(deserializer, [("buy", Side::Buy), ("sell", Side::Sell)].into())
}

fn some_side<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Side>, D::Error> {
    side(deserializer).map(Some)
}

fn position<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PositionIndex>, D::Error> {
    let positions = [("long", PositionIndex::LONG), ("short", PositionIndex::SHORT)];
    word(deserializer, positions.into()).map(Some)
}

fn is_hedge<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    word(deserializer, [("one-way", false), ("hedge", true)].into())
}

fn time_in_force<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<TimeInForce>, D::Error> {
    use TimeInForce::{Fok, Gtc, Ioc, PostOnly};
    word(deserializer, [("gtc", Gtc), ("ioc", Ioc), ("fok", Fok), ("post-only", PostOnly)].into()).map(Some)
}

fn request<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Request>, D::Error> {
    use Request::{Amend, Cancel, SetLeverage, SetProtection, Submit};
    let requests = [Submit, Amend, Cancel, SetProtection, SetLeverage];
    word(deserializer, requests.map(|request| (request.as_str(), request)).into()).map(Some)
}

fn topic<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Topic>, D::Error> {
    word(deserializer, Topic::ALL.map(|topic| (topic.as_str(), topic)).into()).map(Some)
}

fn stream<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Stream, D::Error> {
    word(deserializer, Stream::ALL.map(|stream| (stream.as_str(), stream)).into())
}
