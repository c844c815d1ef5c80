//! What others are shown of the engine, gathered from the parts that own it.

use crate::bot::{Bot, Foreign, Hold};
use crate::engine::Engine;
use std::collections::BTreeMap;
use windvane_market::Market;
use windvane_model::{BotName, ClientOrderId, ForeignOrder, Instrument, Money, PositionIndex, Stamp, Symbol};
use windvane_order_management::{BotAccount, Order, OrderState, Orders, OtherOrder, PositionKey};
use windvane_risk::margin::AccountMargin;
use windvane_risk::{ContractExposure, OpenOrder, SideExposure};
use windvane_strategy::{Condition, Context, Holding, Look, Means, OwnOrder};

/// One bot as operators see it.
#[derive(Debug, Clone)]
pub struct BotView {
    /// Its name.
    pub name: BotName,
    /// Its contract.
    pub symbol: Symbol,
    /// Which of the contract's positions it owns.
    pub position_index: PositionIndex,
    /// Orders, fills, fees, funding and profit.
    pub account: BotAccount,
    /// Its share at the start plus profits and losses, settle coin.
    pub equity: Money,
    /// Orders that may still fill.
    pub open_orders: usize,
    /// Signals seen since the start.
    pub signals: u64,
    /// How its named conditions stand.
    pub conditions: Vec<Condition>,
    /// How far it is held back; `None` when it trades.
    pub hold: Option<Hold>,
}

impl Engine {
    /// Every bot as operators see it, in the order of the configuration.
    pub fn bots(&self) -> impl Iterator<Item = BotView> {
        self.bots.iter().filter_map(|bot| {
            let account = self.orders.bot(bot.name)?;
            Some(BotView {
                name: bot.name,
                symbol: bot.symbol,
                position_index: bot.position_index,
                account,
                equity: bot.budget.plus(account.net_pnl()),
                open_orders: open_orders_of(&self.orders, bot.name).count(),
                signals: bot.strategy.signals(),
                conditions: bot.strategy.conditions(),
                hold: self.held_back(bot),
            })
        })
    }

    /// What each bot has made, realised or not, after fees and funding, settle coin; in the order of the configuration.
    pub fn profits(&self) -> impl Iterator<Item = Money> {
        self.bots.iter().filter_map(|bot| Some(self.orders.bot(bot.name)?.net_pnl()))
    }

    /// Signals of each bot since the start, in the order of the configuration.
    pub fn signals(&self) -> impl Iterator<Item = (BotName, u64)> {
        self.bots.iter().map(|bot| (bot.name, bot.strategy.signals()))
    }

    /// A bot's newest looks at its signals, oldest first: what held, and what stood in the way.
    #[must_use]
    pub fn looks(&self, name: BotName) -> Vec<Look> {
        self.bots.iter().find(|bot| bot.name == name).map_or_else(Vec::new, |bot| bot.strategy.looks())
    }

    /// Those of a bot's newest looks that had a signal, so many at most, oldest first.
    #[must_use]
    pub fn newest_signals(&self, name: BotName, most: usize) -> Vec<Look> {
        let bot = self.bots.iter().find(|bot| bot.name == name);
        bot.map_or_else(Vec::new, |bot| bot.strategy.newest_signals(most))
    }

    /// The account's margin at this moment, by mark.
    #[must_use]
    pub fn margin(&self) -> AccountMargin {
        self.orders.exposure().account()
    }

    /// Distance from mark to the estimated liquidation price over mark; `None` when flat or unknown.
    #[must_use]
    pub fn liquidation_distance(&self, symbol: Symbol, index: PositionIndex) -> Option<f64> {
        let mark = self.quotes.get(symbol).mark?;
        let price = self.orders.exposure().liquidation_price(symbol, index)?;
        Some((price.to_f64() - mark.to_f64()).abs() / mark.to_f64())
    }

    /// Whether nothing of a bot is left to wait for: no open order, and where it is to be flat, no position.
    #[must_use]
    pub fn is_wound_down(&self, name: BotName) -> bool {
        let Some(bot) = self.bots.iter().find(|bot| bot.name == name) else { return true };
        let is_flat = || !is_held(&self.orders, bot.symbol, bot.position_index);
        let has_entries = || open_orders_of(&self.orders, name).any(|order| !order.is_reduce_only());
        match bot.hold() {
            Some(Hold::Close) => is_flat() && open_orders_of(&self.orders, name).next().is_none(),
            Some(Hold::ExitOnly) => !has_entries(),
            Some(Hold::Pause) | None => true,
        }
    }

    /// The order that an amend or a cancel names, as risk must see it.
    pub(crate) fn open_order(&self, id: &ClientOrderId) -> Option<OpenOrder> {
        self.orders.order(id).and_then(Order::open_order)
    }
}

impl Sight {
    /// Whether no order of its own is open, as far as nothing has changed of orders since.
    pub(crate) fn is_empty_as_of(&self, orders: &Orders) -> bool {
        self.own.is_empty() && self.as_of == Some(orders.order_changes())
    }

    /// Brings the list up to date: by the orders that may have changed, else as a whole.
    fn refresh(&mut self, bot: BotName, orders: &Orders) {
        match self.as_of.and_then(|as_of| orders.orders_changed_since(as_of)) {
            Some(changed) => changed.for_each(|id| self.put(bot, id, orders.order(&id))),
            None => {
                self.own.clear();
                self.own.extend(open_orders_of(orders, bot).map(own_order));
            }
        }
        self.as_of = Some(orders.order_changes());
    }

    /// Brings the list of adopted orders up to date. They are few, and seldom change.
    fn refresh_adopted(&mut self, position: PositionKey, orders: &Orders) {
        if self.others_as_of == Some(orders.other_order_changes()) {
            return;
        }
        self.others_as_of = Some(orders.other_order_changes());
        self.adopted.clear();
        let works_here = |order: &&OtherOrder| {
            let report = order.report();
            order.is_foreign_and_open() && (report.symbol, report.position_index) == position
        };
        self.adopted.extend(orders.other_orders().filter(works_here).map(OtherOrder::shown));
    }

    /// Brings one order up to date; the list goes by their ids.
    fn put(&mut self, bot: BotName, id: ClientOrderId, order: Option<&Order>) {
        let shown = order.filter(|order| order.bot() == Some(bot) && order.state().is_open()).map(own_order);
        match (self.own.binary_search_by_key(&id, |own| own.client_order_id), shown) {
            (Ok(place), Some(shown)) => self.own[place] = shown,
            (Ok(place), None) => {
                self.own.remove(place);
            }
            (Err(place), Some(shown)) => self.own.insert(place, shown),
            (Err(_), None) => {}
        }
    }
}

impl Bot {
    /// What its strategy is shown of orders, up to date; to be given back in the bot's `sight`, which is made anew else.
    pub(crate) fn look(&mut self, orders: &Orders) -> Sight {
        let mut sight = std::mem::take(&mut self.sight);
        sight.refresh(self.name, orders);
        if self.foreign == Foreign::Adopt {
            sight.refresh_adopted((self.symbol, self.position_index), orders);
        } else {
            (sight.others_as_of, sight.adopted) = (None, Vec::new());
        }
        sight
    }

    /// What its sizes are measured against.
    pub(crate) const fn share<'a>(&self, orders: &'a Orders) -> Share<'a> {
        Share { bot: self.name, budget: self.budget, orders }
    }

    /// The world as its strategy sees it; `None` while its contract is not known.
    pub(crate) fn context<'a>(
        &self,
        market: &'a Market,
        instruments: &'a BTreeMap<Symbol, Instrument>,
        orders: &Orders,
        sight: &'a Sight,
        share: &'a Share<'a>,
        stamp: Stamp,
    ) -> Option<Context<'a>> {
        Some(Context {
            instrument: instruments.get(&self.symbol)?,
            market: market.contract(self.symbol)?,
            markets: market,
            holding: holding(orders, self.symbol, self.position_index),
            orders: &sight.own,
            adopted: &sight.adopted,
            means: share,
            now: stamp.market,
            wall: stamp.wall,
        })
    }
}

/// What a strategy is shown of orders. Most events change none or one, so it is kept from one to the next.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Sight {
    own: Vec<OwnOrder>,
    /// Those of others that are its own by policy.
    pub(crate) adopted: Vec<ForeignOrder>,
    /// How far the orders had changed when it was made; `None` before the first time.
    as_of: Option<u64>,
    /// The same of others' orders.
    others_as_of: Option<u64>,
}

/// What a bot may size its orders by: its budget with what it has made of it, and the account's free margin.
#[derive(Debug)]
pub(crate) struct Share<'a> {
    pub(crate) bot: BotName,
    pub(crate) budget: Money,
    pub(crate) orders: &'a Orders,
}

impl Means for Share<'_> {
    fn equity(&self) -> Money {
        let profit = self.orders.bot(self.bot).map_or(Money::ZERO, |account| account.net_pnl());
        self.budget.plus(profit)
    }

    fn available(&self) -> Money {
        Money::new(self.orders.exposure().account().available())
    }

    fn open_positions(&self) -> u32 {
        let is_open = |held: &&ContractExposure| {
            let opens = |side: &SideExposure| !side.opening_qty().is_zero();
            held.position.side.is_some() || opens(&held.buys) || opens(&held.sells)
        };
        u32::try_from(self.orders.exposure().contracts().filter(is_open).count()).unwrap_or(u32::MAX)
    }
}

/// The orders of a bot that may still fill, oldest first: ids rise with time.
pub(crate) fn open_orders_of(orders: &Orders, name: BotName) -> impl Iterator<Item = &Order> {
    orders.live_orders_of(name).filter(|order| order.state().is_open())
}

/// The position of a bot, as its strategy is shown it.
pub(crate) fn holding(orders: &Orders, symbol: Symbol, index: PositionIndex) -> Holding {
    orders.position(symbol, index).map_or_else(Holding::default, |position| {
        let held = position.holding();
        Holding { side: held.side(), qty: held.qty(), average_price: held.average_price() }
    })
}

/// Whether a position of a bot is open.
pub(crate) fn is_held(orders: &Orders, symbol: Symbol, index: PositionIndex) -> bool {
    orders.position(symbol, index).is_some_and(|position| position.holding().side().is_some())
}

fn own_order(order: &Order) -> OwnOrder {
    OwnOrder {
        client_order_id: order.id(),
        role: order.role(),
        side: order.side(),
        price: order.price(),
        qty: order.qty(),
        cumulative_qty: order.filled_qty(),
        submitted: order.submitted().market,
        is_in_flight: is_in_flight(order),
    }
}

/// Whether a request about the order waits for its answer.
fn is_in_flight(order: &Order) -> bool {
    let is_unanswered = matches!(order.state(), OrderState::Submitted | OrderState::Unknown);
    is_unanswered || order.is_amend_pending() || order.is_cancel_pending()
}
