//! What a bot hears of contracts that it looks at and does not trade.

use super::*;
use windvane_model::{Trade, TradePrints};

const FLOW: &str = r#"
language = 1
timeframe = "1m"
evaluate = "tick"
[entry.long]
signal = "trade_flow(1m)@ETHUSDT < 0%"
[entry.any]
order = { type = "market" }
size = { quote = "100 USDT", max_leverage = "2x" }
[exit]
stop = { distance = "5%" }
"#;

fn ether() -> Symbol {
    Symbol::new("ETHUSDT").unwrap()
}

impl World {
    fn trade_in(&mut self, symbol: Symbol, taker: Side) -> Vec<Output> {
        let at = self.stamp.market;
        let trade = Trade { at, taker, price: price("100"), qty: qty("1") };
        self.take(Event::Market(MarketEvent::Trades(TradePrints { symbol, at, trades: vec![trade; 2] })))
    }
}

#[test]
fn trades_of_another_contract_reach_the_bot_that_sums_them() {
    let mut setup = setup(None, Foreign::Leave);
    setup.bots[0].strategy = windvane_strategy::load("bot.toml", FLOW, &BTreeMap::new()).unwrap().bot();
    let mut world = World { engine: Engine::new(setup), stamp: Stamp::default() };
    world.connect(&[symbol(), ether()]);
    world.show(&[position("0", "10")], "1000");
    // A bot sleeps until its own contract has a price.
    world.quote();
    world.quote_in(ether());
    // A flow is known once its whole minute has been listened to.
    world.trade_in(ether(), Side::Buy);
    world.stamp.market = world.stamp.market.after(60_001);
    world.trade_in(ether(), Side::Buy);
    assert!(submits(&world.quote()).is_empty(), "somebody buys there");
    world.trade_in(symbol(), Side::Sell);
    assert!(submits(&world.quote()).is_empty(), "what is sold here does not count");
    world.stamp.market = world.stamp.market.after(60_001);
    assert!(
        submits(&world.trade_in(ether(), Side::Sell)).is_empty(),
        "the rules look at the own market's moments"
    );
    world.quote();
    assert_eq!(world.engine.bots().next().unwrap().signals, 1);
}
