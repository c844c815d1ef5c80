//! One order of ours: what was asked, what is known of it, and what of it may still fill.

mod change;

pub(crate) use change::Source;

use crate::inquiry::Inquiry;
use crate::pending::{Amendment, Pending, Phase};
use crate::transition::OrderState;
use rust_decimal::Decimal;
use windvane_layout::layout;
use windvane_model::{
    BotName, ClientOrderId, MarketTime, Money, Mutant, Notice, OrderId, OrderKind, OrderReport,
    PositionIndex, Price, Qty, Role, Side, Stamp, Submit, Symbol, Tag, TimeInForce, TriggerBy, Triggers,
    WallTime, mutant,
};
use windvane_risk::{OpenOrder, OrderExposure, OrderKey};

/// What a market order is counted at when neither risk nor the venue has named a price: the dearest there is,
/// so that nothing opens on top of it until it is resolved.
const DEAREST: Decimal = Decimal::from_parts(0xD4A5_1000, 0xE8, 0, false, 0);

/// Looks that find nothing before an order that only reduces is no longer waited for: the third is some two seconds
/// after its outcome became unknown, later than an order usually becomes visible.
const LOOKS_FOR_A_REDUCTION: u32 = 3;

/// Who asked for a command, and what risk reserved for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Provenance {
    /// The bot; `None` for the engine's own.
    pub bot: Option<BotName>,
    /// The strategy's own mark.
    pub tag: Tag,
    /// The price that risk reserved for an order without a limit price.
    pub worst_price: Option<Price>,
}

/// An order of ours.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    pub(crate) id: ClientOrderId,
    pub(crate) bot: Option<BotName>,
    pub(crate) tag: Tag,
    pub(crate) role: Role,
    pub(crate) symbol: Symbol,
    pub(crate) position_index: PositionIndex,
    pub(crate) side: Side,
    pub(crate) kind: OrderKind,
    pub(crate) reduce_only: bool,
    /// Whether the venue refused it as a duplicate, so that the twin must be proven to be this order.
    pub(crate) expects_twin: bool,
    pub(crate) price: Option<Price>,
    pub(crate) qty: Qty,
    worst_price: Option<Price>,
    /// The stop-loss it carries for the position that it opens.
    pub(crate) stop_loss: Option<Price>,
    /// Which price fires it.
    pub(crate) stop_by: TriggerBy,
    pub(crate) state: OrderState,
    pub(crate) order_id: Option<OrderId>,
    /// Highest cumulative quantity that the venue reported.
    pub(crate) reported_qty: Qty,
    pub(crate) filled_qty: Qty,
    pub(crate) filled_value: Decimal,
    pub(crate) fees: Money,
    /// When the figures above were in force, by the venue's clock.
    version: Option<MarketTime>,
    pub(crate) amendments: Vec<Amendment>,
    pub(crate) cancellations: Vec<Pending>,
    pub(crate) submitted: Stamp,
    /// The latest moment at which the venue may have taken something of it in or told something of it.
    pub(crate) last_heard: Stamp,
    /// Whether a full picture of the account did not show it.
    pub(crate) is_missing: bool,
    pub(crate) inquiry: Option<Inquiry>,
    /// The deadline under which it stands in the agenda.
    pub(crate) scheduled: Option<WallTime>,
    pub(crate) was_told_working: bool,
    pub(crate) was_told_closed: bool,
}

impl Order {
    pub(crate) fn new(submit: &Submit, provenance: Provenance, stamp: Stamp) -> Self {
        // Until the last look's bound the request may still be waiting on our side.
        let wall = submit.send_before.map_or(stamp.wall, |latest| latest.max(stamp.wall));
        Self {
            id: submit.client_order_id,
            bot: provenance.bot,
            tag: provenance.tag,
            role: submit.role,
            symbol: submit.symbol,
            position_index: submit.position_index,
            side: submit.side,
            kind: submit.kind,
            reduce_only: submit.reduce_only,
            expects_twin: false,
            price: submit.kind.limit_price(),
            qty: submit.qty,
            worst_price: provenance.worst_price,
            stop_loss: submit.stop_loss,
            stop_by: submit.triggers.stop_loss,
            state: OrderState::Submitted,
            order_id: None,
            reported_qty: Qty::ZERO,
            filled_qty: Qty::ZERO,
            filled_value: Decimal::ZERO,
            fees: Money::ZERO,
            version: None,
            amendments: Vec::new(),
            cancellations: Vec::new(),
            submitted: stamp,
            last_heard: Stamp { wall, ..stamp },
            is_missing: false,
            inquiry: None,
            scheduled: None,
            was_told_working: false,
            was_told_closed: false,
        }
    }

    /// An order of ours that only the venue knew; its id tells bot and role.
    pub(crate) fn adopt(
        id: ClientOrderId,
        bot: Option<BotName>,
        role: Role,
        report: &OrderReport,
        stamp: Stamp,
    ) -> Self {
        let kind = match report.price {
            Some(price) if !report.is_market => {
                OrderKind::Limit { price, time_in_force: report.time_in_force }
            }
            Some(_) | None => OrderKind::Market { max_slippage_ticks: None },
        };
        let submit = Submit {
            client_order_id: id,
            symbol: report.symbol,
            position_index: report.position_index,
            role,
            side: report.side,
            qty: report.qty,
            kind,
            reduce_only: report.reduce_only,
            stop_loss: None,
            take_profit: None,
            triggers: Triggers::default(),
            send_before: None,
        };
        let provenance = Provenance { bot, tag: Tag::default(), worst_price: report.price };
        Self::new(&submit, provenance, stamp)
    }

    /// Our id.
    #[must_use]
    pub const fn id(&self) -> ClientOrderId {
        self.id
    }

    /// The bot it belongs to; `None` when no bot of this configuration has its tag.
    #[must_use]
    pub const fn bot(&self) -> Option<BotName> {
        self.bot
    }

    /// The strategy's own mark.
    #[must_use]
    pub const fn tag(&self) -> Tag {
        self.tag
    }

    /// What it is for.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// The contract.
    #[must_use]
    pub const fn symbol(&self) -> Symbol {
        self.symbol
    }

    /// Which position it works on.
    #[must_use]
    pub const fn position_index(&self) -> PositionIndex {
        self.position_index
    }

    /// Direction.
    #[must_use]
    pub const fn side(&self) -> Side {
        self.side
    }

    /// Market or limit, as asked.
    #[must_use]
    pub const fn kind(&self) -> OrderKind {
        self.kind
    }

    /// Whether it may only reduce.
    #[must_use]
    pub const fn is_reduce_only(&self) -> bool {
        self.reduce_only
    }

    /// Limit price as the venue last showed it, else as asked; `None` for a market order.
    #[must_use]
    pub const fn price(&self) -> Option<Price> {
        self.price
    }

    /// Whole quantity as the venue last showed it, else as asked; base coin.
    #[must_use]
    pub const fn qty(&self) -> Qty {
        self.qty
    }

    /// Where it stands.
    #[must_use]
    pub const fn state(&self) -> OrderState {
        self.state
    }

    /// The venue's id, once known.
    #[must_use]
    pub const fn order_id(&self) -> Option<OrderId> {
        self.order_id
    }

    /// Filled so far by executions, base coin.
    #[must_use]
    pub const fn filled_qty(&self) -> Qty {
        self.filled_qty
    }

    /// Value of the fills, quote coin.
    #[must_use]
    pub const fn filled_value(&self) -> Decimal {
        self.filled_value
    }

    /// Fees of the fills in the settle coin; positive is paid.
    #[must_use]
    pub const fn fees(&self) -> Money {
        self.fees
    }

    /// When it was submitted, or first heard of.
    #[must_use]
    pub const fn submitted(&self) -> Stamp {
        self.submitted
    }

    /// Whether an amend is on its way.
    #[must_use]
    pub fn is_amend_pending(&self) -> bool {
        !self.amendments.is_empty()
    }

    /// Whether an amend waits for its answer. An answer names the order and not the amend, so until it is there
    /// no second one may leave: nobody could say which of the two was refused.
    #[must_use]
    pub fn is_amend_unanswered(&self) -> bool {
        self.amendments.iter().any(|amendment| amendment.pending.phase != Phase::Acknowledged)
    }

    /// Whether a cancel is on its way.
    #[must_use]
    pub fn is_cancel_pending(&self) -> bool {
        !self.cancellations.is_empty()
    }

    /// Whether nothing about it is awaited: no answer to a request, no fill that its report has announced, no look at
    /// how it stands. A settled order that is open rests at the venue.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        self.inquiry.is_none()
    }

    /// What may still fill at most, base coin: with an amend pending the larger of old and new; of a closed
    /// order the executions that were reported and have not come yet.
    #[must_use]
    pub fn leaves_qty(&self) -> Qty {
        let whole = if self.state.is_open() {
            let amendments = if mutant(Mutant::AmendIsNotReserved) { &[][..] } else { &self.amendments[..] };
            let asked = amendments.iter().filter_map(|amendment| amendment.qty);
            asked.fold(self.qty, Qty::max).max(self.reported_qty)
        } else {
            self.reported_qty
        };
        whole.less(self.filled_qty)
    }

    /// The highest price at which it may fill: with an amend pending the higher of old and new, for a market
    /// order what risk reserved.
    #[must_use]
    pub fn highest_price(&self) -> Option<Price> {
        let asked = self.amendments.iter().filter_map(|amendment| amendment.price);
        asked.chain(self.price.or(self.worst_price)).max()
    }

    /// Whether it never rests: market, immediate-or-cancel, fill-or-kill.
    const fn takes_at_once(&self) -> bool {
        match self.kind {
            OrderKind::Market { .. } => true,
            OrderKind::Limit { time_in_force, .. } => match time_in_force {
                TimeInForce::Ioc | TimeInForce::Fok => true,
                TimeInForce::Gtc | TimeInForce::PostOnly => false,
            },
        }
    }

    /// Whether it would only reduce, nobody knows whether it exists, and looking for it has found nothing so far.
    /// Then nothing may wait for it: a close that the venue did not take would keep the position open for as long as
    /// the proof of absence takes. Should it exist after all, two reduce-only orders close no more than there is.
    fn is_lost_reduction(&self) -> bool {
        let is_lost = |inquiry: &Inquiry| inquiry.empty_looks() >= LOOKS_FOR_A_REDUCTION;
        self.reduce_only && self.state == OrderState::Unknown && self.inquiry.as_ref().is_some_and(is_lost)
    }

    /// The row that risk counts; `None` when nothing can fill any more. A market order without a reserved
    /// price counts at `reference`, else at the dearest price there is.
    pub(crate) fn exposure(&self, reference: Option<Price>) -> Option<OrderExposure> {
        let leaves_qty = self.leaves_qty();
        let is_free = !self.state.is_confirmed() && mutant(Mutant::UnconfirmedIsFree);
        if leaves_qty.is_zero() || self.is_lost_reduction() || is_free {
            return None;
        }
        let price = self.highest_price().or(reference).or_else(|| Price::new(DEAREST).ok())?;
        Some(OrderExposure {
            key: OrderKey::Client(self.id),
            symbol: self.symbol,
            index: self.position_index,
            side: self.side,
            leaves_qty,
            price,
            reduce_only: self.reduce_only,
            is_market: self.takes_at_once(),
            is_confirmed: matches!(self.state, OrderState::Working(_))
                && !self.is_amend_pending()
                && !self.is_cancel_pending(),
        })
    }

    /// The order as risk judges an amend or a cancel of it; `None` when it is closed, or no bot's.
    #[must_use]
    pub fn open_order(&self) -> Option<OpenOrder> {
        let bot = self.bot.filter(|_| self.state.is_open())?;
        Some(OpenOrder {
            client_order_id: self.id,
            bot,
            symbol: self.symbol,
            position_index: self.position_index,
            side: self.side,
            price: self.price,
            qty: self.qty,
            filled_qty: self.filled_qty,
            reduce_only: self.reduce_only,
        })
    }

    pub(crate) const fn working_notice(&self) -> Notice {
        Notice::Working { client_order_id: self.id, price: self.price, qty: self.qty }
    }
}

layout!(Order {
    id,
    bot,
    tag,
    role,
    symbol,
    position_index,
    side,
    kind,
    reduce_only,
    expects_twin,
    price,
    qty,
    worst_price,
    stop_loss,
    state,
    order_id,
    reported_qty,
    filled_qty,
    filled_value,
    fees,
    version,
    amendments,
    cancellations,
    submitted,
    last_heard,
    is_missing,
    inquiry,
    scheduled,
    was_told_working,
    was_told_closed,
} since 2 { stop_by });
