//! Closing by order of risk or a person: reduce-only market orders that take every owned position to flat.

use crate::approved::{Approved, Reserved, Seal};
use crate::{Action, ContractExposure, Exposure, Risk, allows};
use rust_decimal::Decimal;
use windvane_model::{
    BotName, IdGrammar, Instrument, Intent, Mutant, OrderKind, Place, PositionIndex, Price, Qty, Role, Scope,
    Side, Symbol, Tag, Triggers, mutant,
};

/// Most closes of one position at a time. A position that needs more is closed by asking again; without a bound, a
/// venue that announced a tiny largest order would make us flood it.
const MAX_SLICES: usize = 100;

/// How much of a position is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// The whole.
    All,
    /// What is beyond so much, base coin.
    Beyond(Qty),
}

impl Risk {
    /// The closes that take `share` off the positions of `scope`: reduce-only market orders, each no larger than the
    /// venue's largest, at most a hundred per position at a time. What earlier protective orders are closing
    /// already is not asked for again, so it may be called as often as one likes. Cancel the entries before;
    /// leave the stops until it is flat.
    ///
    /// Empty when fenced. A position that no bot of this engine owns is not touched.
    #[must_use]
    pub fn protective(&self, scope: Scope, share: Share, exposure: &Exposure) -> Vec<Approved> {
        let mut closes = Vec::new();
        if !allows(self.run_state, Action::Reduce) {
            return closes;
        }
        for held in exposure.contracts() {
            let position = &held.position;
            let owner = self.ownership.owner(position.symbol, position.index);
            let Some(bot) = owner.filter(|owner| includes(scope, *owner)) else { continue };
            let (Some(contract), Some(side)) = (exposure.listed(position.symbol), position.side) else {
                continue;
            };
            let Some(price) = held.valuation_price() else { continue };
            let instrument = &contract.instrument;
            let wanted = match share {
                Share::All => position.qty,
                Share::Beyond(kept) => position.qty.less(kept.min(position.qty)),
            };
            let open = wanted.less(closing_qty(held, side.opposite(), exposure));
            for qty in slices(instrument, open).take(MAX_SLICES) {
                closes.push(close(bot, held, side.opposite(), qty, price));
            }
        }
        closes
    }
}

/// What is kept of a position that is cut to half, base coin: rounded down to the lot, so that the smallest is closed.
#[must_use]
pub fn kept_half(exposure: &Exposure, symbol: Symbol, index: PositionIndex) -> Qty {
    let held = exposure.contract(symbol, index).map_or(Qty::ZERO, |held| held.position.qty);
    let half = held.get() / Decimal::TWO;
    exposure.listed(symbol).map_or(Qty::ZERO, |contract| contract.instrument.round_down_to_lot(half))
}

fn includes(scope: Scope, owner: BotName) -> bool {
    match scope {
        Scope::All => true,
        Scope::Bot(bot) => bot == owner,
    }
}

/// What protective orders are closing already, base coin. Other exits may rest far from the market and do not
/// count.
fn closing_qty(held: &ContractExposure, side: Side, exposure: &Exposure) -> Qty {
    if held.side(side).reducing_market_qty().is_zero() {
        return Qty::ZERO;
    }
    let position = &held.position;
    exposure
        .orders()
        .filter(|order| (order.symbol, order.index, order.side) == (position.symbol, position.index, side))
        .filter(|order| order.reduce_only && order.is_market)
        .filter(|order| match order.key {
            crate::OrderKey::Client(id) => {
                IdGrammar::parse(&id).is_some_and(|grammar| grammar.role == Role::Protect)
            }
            crate::OrderKey::Venue(_) => false,
        })
        .fold(Qty::ZERO, |sum, order| sum.plus(order.leaves_qty))
}

/// Cuts `qty` into orders on the lot grid within the venue's bounds. What is left of a slice too small to send is
/// taken from the slice before.
fn slices(instrument: &Instrument, qty: Qty) -> impl Iterator<Item = Qty> {
    let mut rest = instrument.round_down_to_lot(qty.get());
    let largest = instrument.round_down_to_lot(instrument.max_market_qty.get());
    let smallest = instrument.min_qty;
    std::iter::from_fn(move || {
        if rest.is_zero() || largest.is_zero() {
            return None;
        }
        let mut slice = rest.min(largest);
        let after = rest.less(slice);
        let missing = smallest.less(after);
        if !after.is_zero() && slice.less(missing) >= smallest {
            slice = slice.less(missing);
        }
        rest = rest.less(slice);
        Some(slice)
    })
}

fn close(bot: BotName, held: &ContractExposure, side: Side, qty: Qty, price: Price) -> Approved {
    let place = Place {
        tag: Tag::default(),
        symbol: held.position.symbol,
        role: Role::Protect,
        side,
        qty,
        kind: OrderKind::Market { max_slippage_ticks: None },
        reduce_only: !mutant(Mutant::CloseIsNotReduceOnly),
        stop_loss: None,
        take_profit: None,
        triggers: Triggers::default(),
        send_before: None,
    };
    Approved::new(Seal {
        bot,
        intent: Intent::Place(place),
        action: Action::Reduce,
        symbol: place.symbol,
        position_index: held.position.index,
        reserved: Some(Reserved { side, leaves_qty: qty, price, reduce_only: true }),
        takes_at_once: true,
        send_before: None,
    })
}
