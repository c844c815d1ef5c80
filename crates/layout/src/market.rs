//! Layout of the market's facts.

use crate::{choices, layout};
use windvane_model::{
    BookLevel, BookUpdate, BookUpdateKind, Candle, Interval, Liquidation, Liquidations, MarketEvent,
    PriceLimit, Side, Ticker, Trade, TradePrints,
};

choices!(MarketEvent {
    1 => Book(update), 2 => Trades(prints), 3 => Ticker(ticker), 4 => Candle(candle),
    5 => Liquidations(liquidations), 6 => PriceLimit(limit),
});

choices!(BookUpdateKind { 1 => Snapshot, 2 => Delta });

choices!(Side { 1 => Buy, 2 => Sell });

choices!(Interval {
    1 => M1, 2 => M3, 3 => M5, 4 => M15, 5 => M30, 6 => H1, 7 => H2, 8 => H4, 9 => H6, 10 => H12, 11 => D1,
});

layout!(BookUpdate { symbol, at, kind, update_id, sequence, bids, asks });

layout!(BookLevel { price, size });

layout!(TradePrints { symbol, at, trades });

layout!(Trade { at, taker, price, qty });

layout!(Liquidations { symbol, at, liquidations });

layout!(Liquidation { at, position, bankruptcy_price, qty });

layout!(PriceLimit { symbol, at, highest_buy, lowest_sell });

layout!(Ticker { symbol, at, last, mark, index, funding_rate, next_funding } since 3 { open_interest });

layout!(Candle { symbol, at, interval, start, open, high, low, close, volume, is_confirmed, is_warm_up });
