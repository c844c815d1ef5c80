//! A small venue for tests, with the words that make a test five lines.

use rust_decimal::Decimal;
use windvane_venue_core::*;

/// The account most tests trade on.
pub(crate) const ME: Uid = 1;
/// Another one.
pub(crate) const OTHER: Uid = 2;
/// The symbol most tests trade.
pub(crate) const BTC: &str = "BTCUSDT";
/// A second one.
pub(crate) const ETH: &str = "ETHUSDT";

pub(crate) fn dec(text: &str) -> Decimal {
    text.parse().expect("a decimal in a test")
}

fn instrument(symbol: &str, tick: &str, step: &str) -> Instrument {
    Instrument {
        category: Category::Linear,
        symbol: symbol.into(),
        base_coin: symbol.trim_end_matches("USDT").to_owned(),
        quote_coin: "USDT".to_owned(),
        launch_time_ms: 0,
        tick_size: dec(tick),
        min_price: dec(tick),
        max_price: dec("1999999.8"),
        qty_step: dec(step),
        min_order_qty: dec(step),
        max_order_qty: dec("1000"),
        max_market_order_qty: dec("500"),
        min_notional: dec("5"),
        price_limit_ratio_x: dec("0.01"),
        price_limit_ratio_y: dec("0.02"),
        max_leverage: dec("100"),
        leverage_step: dec("0.01"),
        funding_interval_min: 480,
        funding_rate_cap: dec("0.005"),
        risk_tiers: vec![
            RiskTier { limit: dec("2000000"), maintenance_rate: dec("0.005"), max_leverage: dec("100") },
            RiskTier { limit: dec("2600000"), maintenance_rate: dec("0.0056"), max_leverage: dec("90") },
        ],
    }
}

/// Two instruments, two accounts of 10 000 USDT at 10x, taker 0.055 %, maker 0.02 %.
pub(crate) fn setup() -> Setup {
    let fees = Fees { taker: dec("0.00055"), maker: dec("0.0002") };
    let account = |uid| AccountSetup::usdt(uid, dec("10000"), dec("10"), fees);
    Setup {
        instruments: vec![instrument(BTC, "0.1", "0.001"), instrument(ETH, "0.01", "0.01")],
        coins: vec![],
        accounts: vec![account(ME), account(OTHER)],
        doubts: Doubts::default(),
        seed: 7,
    }
}

/// A venue and the outputs of its last input.
pub(crate) struct Desk {
    pub(crate) venue: Venue,
    pub(crate) out: Vec<Output>,
    pub(crate) doubts: Doubts,
    now_ms: i64,
}

impl Desk {
    /// BTC at 60 000 with an outside book of 1 BTC a level, one tick beside the mark.
    pub(crate) fn open() -> Self {
        Self::with(setup())
    }

    pub(crate) fn with(setup: Setup) -> Self {
        let mut desk = Self::bare(setup);
        desk.mark("60000");
        desk.book(&[("59999.9", "1"), ("59999.8", "1")], &[("60000.1", "1"), ("60000.2", "1")]);
        desk
    }

    /// No prices and no book.
    pub(crate) fn bare(setup: Setup) -> Self {
        let doubts = setup.doubts;
        Self { venue: Venue::new(setup), out: Vec::new(), doubts, now_ms: 1_700_000_000_000 }
    }

    fn tick(&mut self) -> i64 {
        self.now_ms += 1;
        self.out.clear();
        self.now_ms
    }

    pub(crate) fn request(&mut self, uid: Uid, request: Request) -> Result<Acknowledgement, Refusal> {
        let now_ms = self.tick();
        self.venue.apply_request(now_ms, uid, &request, &mut self.out)
    }

    pub(crate) fn market(&mut self, input: MarketInput) {
        let now_ms = self.tick();
        self.venue.apply_market(now_ms, &input, &mut self.out).expect("a sensible market input");
    }

    /// An input that may be refused.
    pub(crate) fn try_market(&mut self, input: &MarketInput) -> Option<Refusal> {
        let now_ms = self.tick();
        self.venue.apply_market(now_ms, input, &mut self.out).err()
    }

    /// Lets market time pass.
    pub(crate) fn pass_ms(&mut self, ms: i64) {
        self.now_ms += ms;
    }

    /// Mark, index and last together.
    pub(crate) fn mark(&mut self, price: &str) {
        let price = Some(dec(price));
        self.reference(Category::Linear, BTC, price);
    }

    pub(crate) fn reference(&mut self, category: Category, symbol: &str, price: Option<Decimal>) {
        let (symbol, mark, index, last) = (symbol.to_owned(), price, price, price);
        self.market(MarketInput::Prices { category, symbol, mark, index, last });
    }

    pub(crate) fn prices(&mut self, mark: Option<&str>, last: Option<&str>) {
        let (category, symbol) = (Category::Linear, BTC.into());
        let (mark, last) = (mark.map(dec), last.map(dec));
        self.market(MarketInput::Prices { category, symbol, mark, index: None, last });
    }

    pub(crate) fn book(&mut self, bids: &[(&str, &str)], asks: &[(&str, &str)]) {
        let levels =
            |levels: &[(&str, &str)]| levels.iter().map(|(price, qty)| (dec(price), dec(qty))).collect();
        let (category, symbol) = (Category::Linear, BTC.into());
        self.market(MarketInput::Book { category, symbol, bids: levels(bids), asks: levels(asks) });
    }

    pub(crate) fn trade(&mut self, side: Side, price: &str, qty: &str) {
        let (category, symbol) = (Category::Linear, BTC.into());
        self.market(MarketInput::Trade { category, symbol, side, price: dec(price), qty: dec(qty) });
    }

    /// Creates an order; its row as it stands after the input.
    pub(crate) fn create(&mut self, uid: Uid, order: CreateOrder) -> Result<OrderRow, Refusal> {
        match self.request(uid, Request::Create(order))? {
            Acknowledgement::Order(ids) => Ok(self.row(uid, &ids.order_id)),
            other => panic!("a create is acknowledged with an order, not {other:?}"),
        }
    }

    pub(crate) fn limit(&mut self, uid: Uid, side: Side, qty: &str, price: &str) -> OrderRow {
        self.create(uid, limit(side, qty, price)).expect("accepted")
    }

    pub(crate) fn buy_market(&mut self, uid: Uid, qty: &str) -> OrderRow {
        self.create(uid, CreateOrder::market(BTC, Side::Buy, dec(qty))).expect("accepted")
    }

    pub(crate) fn cancel(&mut self, uid: Uid, order_row: &OrderRow) -> Result<Acknowledgement, Refusal> {
        let order = OrderReference { order_id: Some(order_row.order_id.to_string()), order_link_id: None };
        let (category, symbol) = (order_row.category, order_row.symbol.to_string());
        self.request(uid, Request::Cancel(CancelOrder { category, symbol, order, kind: None }))
    }

    pub(crate) fn amend(
        &mut self,
        order: &OrderRow,
        qty: Option<&str>,
        price: Option<&str>,
    ) -> Result<OrderRow, Refusal> {
        let reference = OrderReference { order_id: Some(order.order_id.to_string()), order_link_id: None };
        let request = AmendOrder {
            qty: qty.map(dec),
            price: price.map(dec),
            category: order.category,
            ..AmendOrder::of(&order.symbol, reference)
        };
        self.request(ME, Request::Amend(request))?;
        Ok(self.row(ME, &order.order_id))
    }

    pub(crate) fn row(&self, uid: Uid, order_id: &str) -> OrderRow {
        let reference = OrderReference { order_id: Some(order_id.to_owned()), order_link_id: None };
        self.venue.order(uid, &reference).expect("the order exists")
    }

    pub(crate) fn position(&self, uid: Uid) -> PositionRow {
        self.venue.position(uid, BTC, PositionIdx::OneWay).expect("the account exists")
    }

    /// Highest buy and lowest sell price of now.
    pub(crate) fn limits(&self, category: Category) -> (Decimal, Decimal) {
        self.venue.price_limits(self.now_ms, category, BTC).expect("there is a mark")
    }

    pub(crate) fn wallet(&self, uid: Uid) -> WalletRow {
        self.venue.wallet(uid).expect("the account exists")
    }

    /// The one coin of an account.
    pub(crate) fn usdt(&self, uid: Uid) -> CoinRow {
        self.coin(uid, "USDT")
    }

    pub(crate) fn coin(&self, uid: Uid, name: &str) -> CoinRow {
        self.wallet(uid).coin(name).cloned().expect("the account holds it")
    }

    pub(crate) fn open_orders(&self, uid: Uid) -> Vec<OrderRow> {
        self.venue.open_orders(uid, OrderFilter::default())
    }

    /// Order rows of the last input, as (status, filled quantity), for one account.
    pub(crate) fn order_rows(&self, uid: Uid) -> Vec<&OrderRow> {
        let of_uid = |output| match output {
            &Output::Order { uid: owner, ref row } if owner == uid => Some(row),
            _ => None,
        };
        self.out.iter().filter_map(of_uid).collect()
    }
}

pub(crate) fn limit(side: Side, qty: &str, price: &str) -> CreateOrder {
    CreateOrder::limit(BTC, side, dec(qty), dec(price))
}

pub(crate) fn stop(price: &str) -> Option<ProtectionPrice> {
    Some(ProtectionPrice::market(dec(price), TriggerBy::MarkPrice))
}

pub(crate) fn code<T: std::fmt::Debug>(result: Result<T, Refusal>) -> i32 {
    result.expect_err("refused").code
}
