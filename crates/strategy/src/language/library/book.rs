//! The order book, the trades and the open contracts of this moment.

use super::Argument::{Levels, Window};
use super::{Function, Given, Gives, function};
use crate::language::live::Quote;

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        "imbalance",
        "imbalance(levels)",
        "(bids − asks) / (bids + asks) over the best levels: −100% to 100%",
        &[Levels],
        Gives::Ratio,
        |s, a| s.quote(Quote::Imbalance(levels(a))),
    ),
    function(
        "bid_depth",
        "bid_depth(levels)",
        "quantity on the best levels of the bids",
        &[Levels],
        Gives::Volume,
        |s, a| s.quote(Quote::BidDepth(levels(a))),
    ),
    function(
        "ask_depth",
        "ask_depth(levels)",
        "quantity on the best levels of the asks",
        &[Levels],
        Gives::Volume,
        |s, a| s.quote(Quote::AskDepth(levels(a))),
    ),
    function(
        "trade_flow",
        "trade_flow(window)",
        "(bought − sold) / (bought + sold) by takers over a time such as 1m",
        &[Window],
        Gives::Ratio,
        |s, a| s.quote(Quote::TradeFlow(a.whole(0))),
    ),
    function(
        "trade_volume",
        "trade_volume(window)",
        "quantity traded over a time such as 1m",
        &[Window],
        Gives::Volume,
        |s, a| s.quote(Quote::TradeVolume(a.whole(0))),
    ),
    function(
        "trade_delta",
        "trade_delta(window)",
        "bought − sold by takers over a time such as 1m, in base coin",
        &[Window],
        Gives::Volume,
        |s, a| s.quote(Quote::TradeDelta(a.whole(0))),
    ),
    function(
        "open_interest_change",
        "open_interest_change(window)",
        "open interest over that of a time such as 15m ago, less one",
        &[Window],
        Gives::Ratio,
        |s, a| s.quote(Quote::OpenInterestChange(a.whole(0))),
    ),
    function(
        "basis_change",
        "basis_change(window)",
        "basis less that of a time such as 15m ago",
        &[Window],
        Gives::Ratio,
        |s, a| s.quote(Quote::BasisChange(a.whole(0))),
    ),
];

fn levels(a: &Given) -> u16 {
    u16::try_from(a.whole(0)).unwrap_or(u16::MAX)
}
