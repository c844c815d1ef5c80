//! The smallest market that a bot can trade on: prices come as points, orders fill at them without queue or depth.

use rust_decimal::Decimal;
use windvane_market::Market;
use windvane_model::{
    BookLevel, BookUpdate, BookUpdateKind, Candle, ClientOrderId, Coin, Denial, DenialReason, ExitCause,
    Fixed, ForeignOrder, Instrument, InstrumentStatus, Intent, Interval, Leverage, MarketEvent, MarketTime,
    Money, Notice, Notional, OrderKind, OrderStatus, Place, Price, Qty, Rate, RefusalFamily, Refused,
    Request, Side, Stamp, Symbol, Text, Ticker, TimeInForce, Trade, TradePrints, Triggers, WallTime,
};
use windvane_strategy::{Context, Definition, Holding, Means, OwnOrder, Strategy, Urgency, Wake};

pub(crate) fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub(crate) fn price(text: &str) -> Price {
    Price::new(dec(text)).unwrap()
}

pub(crate) fn instrument(symbol: &str, tick: &str, lot: &str) -> Instrument {
    let qty = |text: &str| Qty::new(dec(text)).unwrap();
    Instrument {
        symbol: Symbol::new(symbol).unwrap(),
        settle_coin: Coin::new("USDT").unwrap(),
        status: InstrumentStatus::Trading,
        tick_size: price(tick),
        lot_size: qty(lot),
        min_qty: qty(lot),
        max_limit_qty: qty("10000000"),
        max_market_qty: qty("10000000"),
        min_notional: Notional::new(dec("5")).unwrap(),
        max_leverage: Leverage::new(dec("100")).unwrap(),
        price_limit_ratio_x: Rate::new(dec("0.05")),
        price_limit_ratio_y: Rate::new(dec("0.1")),
        funding_interval_minutes: 480,
        tiers: vec![],
    }
}

/// Means that do not change.
#[derive(Debug)]
struct Purse {
    equity: Money,
    is_held: bool,
}

impl Means for Purse {
    fn equity(&self) -> Money {
        self.equity
    }

    /// Somebody else holds three tenths of it.
    fn available(&self) -> Money {
        Money::new(self.equity.get() * dec("0.7"))
    }

    fn open_positions(&self) -> u32 {
        u32::from(self.is_held)
    }
}

/// What happened, for tests to look at.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) maker_fills: usize,
    pub(crate) taker_fills: usize,
    pub(crate) stops: usize,
    pub(crate) protects: Vec<Option<Price>>,
    /// What fires the protection that was last asked for.
    pub(crate) triggers: Triggers,
    pub(crate) places: Vec<Place>,
    pub(crate) cancels: usize,
    pub(crate) net: Decimal,
}

pub(crate) struct World {
    pub(crate) bot: Box<dyn Strategy>,
    pub(crate) instrument: Instrument,
    pub(crate) market: Market,
    pub(crate) now: i64,
    pub(crate) equity: Decimal,
    pub(crate) funding_rate: Decimal,
    pub(crate) open_interest: Option<Qty>,
    pub(crate) holding: Holding,
    pub(crate) stop: Option<Price>,
    pub(crate) take_profit: Option<Price>,
    pub(crate) orders: Vec<(OwnOrder, Place)>,
    /// Orders of others that are the bot's own by policy.
    pub(crate) adopted: Vec<ForeignOrder>,
    pub(crate) tally: Tally,
    /// Whether market orders leave the book before their fills are told; `settle` tells them.
    pub(crate) lags: bool,
    late: Vec<(OwnOrder, Place, Price)>,
    /// Whether market orders with a cap on their slippage come back unfilled.
    pub(crate) is_thin: bool,
    /// Why risk says no to everything, if it does.
    pub(crate) denies: Option<DenialReason>,
    /// How many of the next closing orders do not leave our side.
    pub(crate) unsent: usize,
    /// What such a refusal says.
    pub(crate) unsent_as: RefusalFamily,
    notices: Vec<Notice>,
    sequence: u64,
    realised: Decimal,
}

impl World {
    pub(crate) fn new(bot: Box<dyn Strategy>, instrument: Instrument) -> Self {
        Self {
            bot,
            instrument,
            market: Market::new(500),
            now: 0,
            equity: Decimal::from(10_000),
            funding_rate: dec("0.0001"),
            open_interest: None,
            holding: Holding::default(),
            stop: None,
            take_profit: None,
            orders: Vec::new(),
            adopted: Vec::new(),
            tally: Tally::default(),
            lags: false,
            late: Vec::new(),
            is_thin: false,
            denies: None,
            unsent: 0,
            unsent_as: RefusalFamily::NotSent,
            notices: Vec::new(),
            sequence: 0,
            realised: Decimal::ZERO,
        }
    }

    fn apply(&mut self, event: &MarketEvent) {
        let stamp = Stamp { sequence: 0, wall: WallTime(self.now * 1_000_000), market: MarketTime(self.now) };
        self.market.apply(event, stamp);
    }

    fn wake(&mut self, wake: Wake<'_>) {
        let mut out = Vec::new();
        self.handle(wake, &mut out);
        // Run to completion: each wish is answered before the outside is heard again.
        loop {
            for intent in std::mem::take(&mut out) {
                self.perform(intent);
            }
            if self.notices.is_empty() {
                return;
            }
            let notice = self.notices.remove(0);
            self.handle(Wake::Notice(&notice), &mut out);
        }
    }

    fn handle(&mut self, wake: Wake<'_>, out: &mut Vec<Intent>) {
        self.in_context(|bot, context| bot.handle(wake, context, out));
    }

    /// Lets the bot go on by another definition; whether it did.
    pub(crate) fn redefine(&mut self, definition: &Definition, urgency: Urgency) -> bool {
        self.in_context(|bot, context| bot.redefine(definition, urgency, context))
    }

    /// Closes the position from outside.
    pub(crate) fn flatten(&mut self) {
        if let Some(side) = self.holding.side {
            let (qty, at) = (self.holding.qty, self.holding.average_price.unwrap());
            self.fill(side.opposite(), qty, at, false, None, ExitCause::Foreign);
            self.wake(Wake::Book);
        }
    }

    fn in_context<T>(&mut self, act: impl FnOnce(&mut dyn Strategy, &Context<'_>) -> T) -> T {
        let orders: Vec<OwnOrder> = self.orders.iter().map(|(order, _)| *order).collect();
        let context = Context {
            instrument: &self.instrument,
            market: self.market.contract(self.instrument.symbol).unwrap(),
            markets: &self.market,
            holding: self.holding,
            orders: &orders,
            adopted: &self.adopted,
            means: &Purse { equity: Money::new(self.equity), is_held: self.holding.side.is_some() },
            now: MarketTime(self.now),
            wall: WallTime(self.now * 1_000_000),
        };
        act(self.bot.as_mut(), &context)
    }

    fn perform(&mut self, intent: Intent) {
        match intent {
            Intent::Place(place) => self.submit(place),
            Intent::Amend { client_order_id, price, .. } => {
                let order =
                    self.orders.iter_mut().find(|(order, _)| order.client_order_id == client_order_id);
                order.unwrap().0.price = price;
            }
            Intent::Cancel { client_order_id } => {
                self.tally.cancels += 1;
                self.finish(client_order_id, OrderStatus::Cancelled);
            }
            Intent::Protect { stop_loss, take_profit, triggers, .. } => {
                assert!(self.holding.side.is_some(), "protection without a position");
                self.tally.protects.push(stop_loss);
                self.tally.triggers = triggers;
                self.stop = stop_loss.or(self.stop);
                self.take_profit = take_profit.or(self.take_profit);
            }
        }
    }

    fn submit(&mut self, place: Place) {
        assert!(self.instrument.is_on_lot(place.qty) && !place.qty.is_zero());
        self.tally.places.push(place);
        if let Some(reason) = self.denies {
            let denial = Denial { symbol: place.symbol, reason };
            self.notices.push(Notice::Denied { tag: Some(place.tag), client_order_id: None, denial });
            return;
        }
        let opens = !place.reduce_only;
        assert!(
            opens || self.holding.side == Some(place.side.opposite()),
            "what reduces has something to reduce"
        );
        assert_eq!(opens, place.stop_loss.is_some(), "what opens carries its stop, what reduces does not");
        self.sequence += 1;
        let client_order_id = ClientOrderId::new(&format!("order-{}", self.sequence)).unwrap();
        self.notices.push(Notice::Submitted { tag: place.tag, client_order_id });
        if place.reduce_only && self.unsent > 0 {
            self.unsent -= 1;
            self.notices.push(Notice::Refused(self.refused(
                Request::Submit,
                Some(client_order_id),
                self.unsent_as,
            )));
            return;
        }
        let order = OwnOrder {
            client_order_id,
            role: place.role,
            side: place.side,
            price: place.kind.limit_price(),
            qty: place.qty,
            cumulative_qty: Qty::ZERO,
            submitted: MarketTime(self.now),
            is_in_flight: false,
        };
        self.orders.push((order, place));
        let book = self.market.contract(place.symbol).unwrap().book();
        let touch = book.best(place.side.opposite()).unwrap();
        match place.kind {
            OrderKind::Market { max_slippage_ticks: Some(_) } if self.is_thin => {
                self.finish(client_order_id, OrderStatus::Cancelled);
            }
            OrderKind::Market { .. } if self.lags => {
                self.orders.pop();
                self.late.push((order, place, touch));
            }
            OrderKind::Market { .. } => self.fill_order(client_order_id, touch, false),
            OrderKind::Limit { price, time_in_force } => {
                assert!(self.instrument.is_on_tick(price));
                let takes = if place.side == Side::Buy { price >= touch } else { price <= touch };
                match (takes, time_in_force) {
                    (true, TimeInForce::PostOnly) => self.finish(client_order_id, OrderStatus::Cancelled),
                    (true, _) => self.fill_order(client_order_id, touch, false),
                    (false, _) => {}
                }
            }
        }
    }

    /// Tells the fills that were held back.
    pub(crate) fn settle(&mut self) {
        for (order, place, price) in std::mem::take(&mut self.late) {
            self.orders.push((order, place));
            self.fill_order(order.client_order_id, price, false);
        }
        self.wake(Wake::Book);
    }

    fn finish(&mut self, client_order_id: ClientOrderId, status: OrderStatus) {
        let at = self.orders.iter().position(|(order, _)| order.client_order_id == client_order_id).unwrap();
        let (order, _) = self.orders.remove(at);
        let cumulative_qty = if status == OrderStatus::Filled { order.qty } else { order.cumulative_qty };
        self.notices.push(Notice::Closed { client_order_id, status, cumulative_qty });
    }

    fn fill_order(&mut self, client_order_id: ClientOrderId, price: Price, is_maker: bool) {
        let (order, place) =
            *self.orders.iter().find(|(order, _)| order.client_order_id == client_order_id).unwrap();
        let held = self.holding;
        let mut qty = order.qty;
        if place.reduce_only {
            if held.side != Some(order.side.opposite()) {
                // The stop was faster.
                return self.finish(client_order_id, OrderStatus::Cancelled);
            }
            qty = qty.min(held.qty);
        }
        self.fill(order.side, qty, price, is_maker, Some(client_order_id), ExitCause::Strategy);
        if held.side.is_none() || self.holding.side != held.side {
            (self.stop, self.take_profit) = (place.stop_loss, place.take_profit);
        }
        self.finish(client_order_id, OrderStatus::Filled);
    }

    fn fill(
        &mut self,
        side: Side,
        qty: Qty,
        price: Price,
        is_maker: bool,
        id: Option<ClientOrderId>,
        cause: ExitCause,
    ) {
        *(if is_maker { &mut self.tally.maker_fills } else { &mut self.tally.taker_fills }) += 1;
        let fee = price.times(qty).get() * if is_maker { dec("0.0002") } else { dec("0.00055") };
        let sign = if side == Side::Buy { Decimal::ONE } else { Decimal::NEGATIVE_ONE };
        let held = match self.holding.side {
            Some(Side::Buy) => self.holding.qty.get(),
            Some(Side::Sell) => -self.holding.qty.get(),
            None => Decimal::ZERO,
        };
        let average = self.holding.average_price.map_or(Decimal::ZERO, Price::get);
        let after = held + sign * qty.get();
        let closed = if held * sign < Decimal::ZERO { qty.get().min(held.abs()) } else { Decimal::ZERO };
        let pnl = (price.get() - average) * -sign * closed - fee;
        self.realised += pnl;
        self.tally.net += pnl;
        let entry = if held * sign >= Decimal::ZERO {
            ((average * held.abs() + price.get() * qty.get()) / after.abs()).round_dp(8)
        } else if held * after > Decimal::ZERO {
            average
        } else {
            price.get()
        };
        self.holding = Holding {
            side: if after.is_zero() {
                None
            } else if after > Decimal::ZERO {
                Some(Side::Buy)
            } else {
                Some(Side::Sell)
            },
            qty: Qty::new(after.abs()).unwrap(),
            average_price: if after.is_zero() { None } else { Price::new(entry).ok() },
        };
        self.notices.push(Notice::Filled { client_order_id: id, side, price, qty, is_maker });
        if after.is_zero() {
            (self.stop, self.take_profit) = (None, None);
            let net_pnl = Money::new(std::mem::take(&mut self.realised));
            self.notices.push(Notice::PositionClosed { symbol: self.instrument.symbol, cause, net_pnl });
        }
    }

    /// What the bot remembers now.
    pub(crate) fn memory(&mut self) -> Vec<u8> {
        self.bot.changed_memory().unwrap()
    }

    /// Somebody else cancels an order, and nobody is told.
    pub(crate) fn lose_order(&mut self, is_meant: impl Fn(&OwnOrder) -> bool) {
        let at = self.orders.iter().position(|(order, _)| is_meant(order)).unwrap();
        self.orders.remove(at);
    }

    /// Somebody else moves an order.
    pub(crate) fn move_order(&mut self, is_meant: impl Fn(&OwnOrder) -> bool, price: Price) {
        let found = self.orders.iter_mut().find(|(order, _)| is_meant(order));
        found.unwrap().0.price = Some(price);
    }

    /// The book becomes this, as `(price, size)`, best first.
    pub(crate) fn book(&mut self, now: i64, bids: &[(&str, &str)], asks: &[(&str, &str)]) {
        self.now = now;
        let levels = |side: &[(&str, &str)]| {
            let level = |(price, size): &(&str, &str)| BookLevel {
                price: Fixed::parse(price).unwrap(),
                size: Fixed::parse(size).unwrap(),
            };
            side.iter().map(level).collect()
        };
        self.sequence += 1;
        self.apply(&MarketEvent::Book(BookUpdate {
            symbol: self.instrument.symbol,
            at: MarketTime(now),
            kind: BookUpdateKind::Snapshot,
            update_id: self.sequence + 1,
            sequence: 0,
            bids: levels(bids),
            asks: levels(asks),
        }));
        self.wake(Wake::Book);
    }

    /// The market moves to `mid`: quotes one tick wide, mark and last in between.
    pub(crate) fn point(&mut self, now: i64, mid: Price) {
        self.now = now;
        let symbol = self.instrument.symbol;
        let at = MarketTime(now);
        let ask = Price::new(mid.get() + self.instrument.tick_size.get()).unwrap();
        let level = |price: Price| {
            vec![BookLevel { price: price.to_fixed().unwrap(), size: Fixed::parse("1000").unwrap() }]
        };
        self.sequence += 1;
        self.apply(&MarketEvent::Book(BookUpdate {
            symbol,
            at,
            kind: BookUpdateKind::Snapshot,
            update_id: self.sequence + 1,
            sequence: 0,
            bids: level(mid),
            asks: level(ask),
        }));
        self.apply(&MarketEvent::Ticker(Ticker {
            symbol,
            at,
            last: Some(mid),
            mark: Some(mid),
            index: Some(mid),
            funding_rate: Some(Rate::new(self.funding_rate)),
            next_funding: None,
            open_interest: self.open_interest,
        }));
        let crossed = |order: &OwnOrder| match (order.side, order.price) {
            (Side::Buy, Some(limit)) => limit > mid,
            (Side::Sell, Some(limit)) => limit < mid,
            (_, None) => false,
        };
        while let Some((order, _)) = self.orders.iter().find(|(order, _)| crossed(order)).copied() {
            self.fill_order(order.client_order_id, order.price.unwrap(), true);
        }
        self.trigger(mid);
        self.wake(Wake::Book);
    }

    fn trigger(&mut self, mark: Price) {
        let Some(side) = self.holding.side else { return };
        let behind = |level: Price| if side == Side::Buy { mark <= level } else { mark >= level };
        let ahead = |level: Price| if side == Side::Buy { mark >= level } else { mark <= level };
        let cause = match (self.stop, self.take_profit) {
            (Some(stop), _) if behind(stop) => ExitCause::StopLoss,
            (_, Some(target)) if ahead(target) => ExitCause::TakeProfit,
            _ => return,
        };
        self.tally.stops += usize::from(cause == ExitCause::StopLoss);
        self.fill(side.opposite(), self.holding.qty, mark, false, None, cause);
    }

    pub(crate) fn candle(
        &mut self,
        interval: Interval,
        start: i64,
        ohlc: [Price; 4],
        volume: Decimal,
        is_warm_up: bool,
    ) {
        self.candle_of(self.instrument.symbol, interval, start, ohlc, volume, is_warm_up);
    }

    /// A candle of any contract.
    pub(crate) fn candle_of(
        &mut self,
        symbol: Symbol,
        interval: Interval,
        start: i64,
        ohlc: [Price; 4],
        volume: Decimal,
        is_warm_up: bool,
    ) {
        let [open, high, low, close] = ohlc;
        let candle = Candle {
            symbol,
            at: MarketTime(self.now),
            interval,
            start: MarketTime(start),
            open,
            high,
            low,
            close,
            volume,
            is_confirmed: true,
            is_warm_up,
        };
        self.apply(&MarketEvent::Candle(candle));
        self.wake(Wake::Candle(&candle));
    }

    /// Mark, index and next funding of a contract, of which nobody is told.
    pub(crate) fn ticker_of(&mut self, symbol: Symbol, mark: &str, index: &str, next_funding: i64) {
        self.apply(&MarketEvent::Ticker(Ticker {
            symbol,
            at: MarketTime(self.now),
            last: None,
            mark: Some(price(mark)),
            index: Some(price(index)),
            funding_rate: None,
            next_funding: Some(MarketTime(next_funding)),
            open_interest: self.open_interest,
        }));
    }

    /// Mark and index of its own contract move, and the bot is woken by that.
    pub(crate) fn ticker(&mut self, mark: &str) {
        self.ticker_of(self.instrument.symbol, mark, mark, 0);
        self.wake(Wake::Ticker);
    }

    /// Somebody trades so much in a contract.
    pub(crate) fn trade_of(&mut self, symbol: Symbol, now: i64, taker: Side, qty: &str) {
        self.now = now;
        let trade =
            Trade { at: MarketTime(now), taker, price: price("100"), qty: Qty::new(dec(qty)).unwrap() };
        let prints = TradePrints { symbol, at: MarketTime(now), trades: vec![trade] };
        self.apply(&MarketEvent::Trades(prints.clone()));
        self.wake(Wake::Trades(&prints));
    }

    pub(crate) fn timer(&mut self, now: i64) {
        self.now = now;
        self.wake(Wake::Timer);
    }

    /// The venue answers the last request for protection with a refusal of this family.
    pub(crate) fn refuse_protection(&mut self, family: RefusalFamily) {
        let refused = self.refused(Request::SetProtection, None, family);
        self.wake(Wake::Notice(&Notice::Refused(refused)));
    }

    fn refused(
        &self,
        request: Request,
        client_order_id: Option<ClientOrderId>,
        family: RefusalFamily,
    ) -> Refused {
        let (symbol, message) = (Some(self.instrument.symbol), Text::lossy(family.as_str()));
        Refused { request, symbol, client_order_id, code: 1, family, message }
    }
}
