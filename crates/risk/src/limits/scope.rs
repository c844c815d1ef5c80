//! Limits narrower than the account's. Each may be left out; then the account's alone holds.

use super::RiskLimits;
use crate::breaker::NarrowLimits;
use crate::{Amount, Multiple, OrderRate, Percent, TimeSpan};
use serde::Deserialize;

/// Steps of the fall of what a contract, a bot or a group has made from its highest, by mark, after fees and funding: as
/// amounts, since none of them has an equity of its own.
///
/// A step is taken when the fall has lasted for `persists_for`. The first two end when the fall has been smaller for as long;
/// the last one latches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NarrowDrawdown {
    /// From here on nothing new is opened there, settle coin.
    pub yellow: Amount,
    /// From here on entries there are cancelled and each position is cut to half, once, settle coin.
    pub orange: Amount,
    /// Here everything there is closed, and nothing opens until a person resumes, settle coin.
    pub red: Amount,
    /// How long a fall must last to count, market clock.
    pub persists_for: TimeSpan,
}

/// `[risk.symbol.NAME]`: limits on one contract, all its positions together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SymbolLimits {
    /// Largest order, in the base coin: `"0.5 BTC"`.
    pub max_order_qty: Option<Amount>,
    /// Largest value of one order, settle coin.
    pub max_order_notional: Option<Amount>,
    /// Largest value of the position with everything that may still grow it, settle coin.
    pub max_position_notional: Option<Amount>,
    /// Highest leverage that a position in it may be opened at.
    pub max_leverage: Option<Multiple>,
    /// Most orders that may be open at once.
    pub max_open_orders: Option<u32>,
    /// Most orders and amends in a window, of all bots together, wall clock.
    pub max_order_rate: Option<OrderRate>,
    /// Smallest value of one order that opens, settle coin.
    pub min_order_notional: Option<Amount>,
    /// Largest distance of an opening order's price from the mark, as a part of the mark.
    pub price_collar: Option<Percent>,
    /// How far an opening order's price may go through the best price of the other side, as a part of that price.
    pub book_collar: Option<Percent>,
    /// How old the mark and the best bid and ask may be for an order that opens in it, wall clock. It must also leave
    /// within that time.
    pub stale_after: Option<TimeSpan>,
    /// Nothing opens in it that would bring the mark nearer than this to the estimated liquidation price, as a part of
    /// the mark.
    pub min_liquidation_distance: Option<Percent>,
    /// Nothing is added to a position in it whose place in the venue's deleveraging queue is above this, 0 to 5.
    pub max_adl_rank: Option<u8>,
    /// Largest loss of one UTC day of the market's clock, settle coin: what its positions made by mark, after fees and
    /// funding. Beyond it nothing opens in the contract that day.
    pub max_loss_per_day: Option<Amount>,
    /// The same of one week, from Monday 00:00 UTC.
    pub max_loss_per_week: Option<Amount>,
    /// What happens as what its positions made falls from its highest.
    pub drawdown: Option<NarrowDrawdown>,
    /// How many refusals of the venue within a window let nothing open in the contract until that window has passed, wall
    /// clock.
    pub max_error_rate: Option<OrderRate>,
}

/// `[risk.bot.NAME]`: limits on one bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BotLimits {
    /// Largest order, in the base coin of its contract: `"0.5 BTC"`.
    pub max_order_qty: Option<Amount>,
    /// Largest value of one order, settle coin.
    pub max_order_notional: Option<Amount>,
    /// Largest sum of the values of its positions with everything that may still grow them, settle coin.
    pub max_gross_exposure: Option<Amount>,
    /// Highest leverage that it may open a position at.
    pub max_leverage: Option<Multiple>,
    /// Most orders that may be open at once.
    pub max_open_orders: Option<u32>,
    /// Most orders and amends in a window, wall clock.
    pub max_order_rate: Option<OrderRate>,
    /// Smallest value of one order that opens, settle coin.
    pub min_order_notional: Option<Amount>,
    /// Largest distance of an opening order's price from the mark, as a part of the mark.
    pub price_collar: Option<Percent>,
    /// How far an opening order's price may go through the best price of the other side, as a part of that price.
    pub book_collar: Option<Percent>,
    /// How old the mark and the best bid and ask may be for an order of it that opens, wall clock. It must also leave
    /// within that time.
    pub stale_after: Option<TimeSpan>,
    /// It opens nothing that would bring the mark nearer than this to the estimated liquidation price, as a part of the
    /// mark.
    pub min_liquidation_distance: Option<Percent>,
    /// Nothing is added to a position of it whose place in the venue's deleveraging queue is above this, 0 to 5.
    pub max_adl_rank: Option<u8>,
    /// Largest loss of one UTC day of the market's clock, settle coin: what its positions made by mark, after fees and
    /// funding. Beyond it nothing opens in the bot that day.
    pub max_loss_per_day: Option<Amount>,
    /// The same of one week, from Monday 00:00 UTC.
    pub max_loss_per_week: Option<Amount>,
    /// What happens as what its positions made falls from its highest.
    pub drawdown: Option<NarrowDrawdown>,
    /// How many refusals of the venue within a window let nothing open in the bot until that window has passed, wall
    /// clock.
    pub max_error_rate: Option<OrderRate>,
    /// How many losing holdings in a row make this bot pause, in place of the account's figure.
    pub max_losing_streak: Option<u32>,
}

/// `[risk.group.NAME]`: limits on several contracts together, whoever trades them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupLimits {
    /// The contracts.
    pub symbols: Vec<String>,
    /// Largest sum of the values of their positions with everything that may still grow them, settle coin.
    pub max_gross_exposure: Amount,
    /// Largest value of one order, settle coin.
    #[serde(default)]
    pub max_order_notional: Option<Amount>,
    /// Largest value of the position in one of them with everything that may still grow it, settle coin.
    #[serde(default)]
    pub max_position_notional: Option<Amount>,
    /// Highest leverage that a position in one of them may be opened at.
    #[serde(default)]
    pub max_leverage: Option<Multiple>,
    /// Most orders that may be open in them at once.
    #[serde(default)]
    pub max_open_orders: Option<u32>,
    /// Most orders and amends in a window, of all bots together, wall clock.
    #[serde(default)]
    pub max_order_rate: Option<OrderRate>,
    /// Smallest value of one order that opens, settle coin.
    #[serde(default)]
    pub min_order_notional: Option<Amount>,
    /// Largest distance of an opening order's price from the mark, as a part of the mark.
    #[serde(default)]
    pub price_collar: Option<Percent>,
    /// How far an opening order's price may go through the best price of the other side, as a part of that price.
    #[serde(default)]
    pub book_collar: Option<Percent>,
    /// How old the mark and the best bid and ask may be for an order that opens in them, wall clock. It must also leave
    /// within that time.
    #[serde(default)]
    pub stale_after: Option<TimeSpan>,
    /// Nothing opens in them that would bring the mark nearer than this to the estimated liquidation price, as a part of
    /// the mark.
    #[serde(default)]
    pub min_liquidation_distance: Option<Percent>,
    /// Nothing is added to a position in one of them whose place in the venue's deleveraging queue is above this, 0 to 5.
    #[serde(default)]
    pub max_adl_rank: Option<u8>,
    /// Largest loss of one UTC day of the market's clock, settle coin: what its positions made by mark, after fees and
    /// funding. Beyond it nothing opens in them that day.
    #[serde(default)]
    pub max_loss_per_day: Option<Amount>,
    /// The same of one week, from Monday 00:00 UTC.
    #[serde(default)]
    pub max_loss_per_week: Option<Amount>,
    /// What happens as what its positions made falls from its highest.
    #[serde(default)]
    pub drawdown: Option<NarrowDrawdown>,
    /// How many refusals of the venue within a window let nothing open in them until that window has passed, wall
    /// clock.
    #[serde(default)]
    pub max_error_rate: Option<OrderRate>,
}

/// What one table holds back, whatever it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Narrower {
    pub(crate) order_qty: Option<Amount>,
    pub(crate) order_notional: Option<Amount>,
    pub(crate) position_notional: Option<Amount>,
    pub(crate) gross_exposure: Option<Amount>,
    pub(crate) leverage: Option<Multiple>,
    pub(crate) open_orders: Option<u32>,
    pub(crate) order_rate: Option<OrderRate>,
    pub(crate) order_minimum: Option<Amount>,
    pub(crate) price_collar: Option<Percent>,
    pub(crate) book_collar: Option<Percent>,
    pub(crate) stale_after: Option<TimeSpan>,
    pub(crate) liquidation_distance: Option<Percent>,
    pub(crate) adl_rank: Option<u8>,
    pub(crate) losing_streak: Option<u32>,
    pub(crate) breaker: NarrowLimits,
}

/// The tables have most keys in common, and each lacks some that make no sense for it.
macro_rules! narrower {
    ($table:ty { $($own:ident: $key:ident),* }) => {
        impl From<&$table> for Narrower {
            fn from(table: &$table) -> Self {
                Self {
                    order_notional: table.max_order_notional,
                    leverage: table.max_leverage,
                    open_orders: table.max_open_orders,
                    order_rate: table.max_order_rate,
                    order_minimum: table.min_order_notional,
                    price_collar: table.price_collar,
                    book_collar: table.book_collar,
                    stale_after: table.stale_after,
                    liquidation_distance: table.min_liquidation_distance,
                    adl_rank: table.max_adl_rank,
                    breaker: NarrowLimits {
                        day: table.max_loss_per_day,
                        week: table.max_loss_per_week,
                        drawdown: table.drawdown,
                        errors: table.max_error_rate,
                    },
                    $($own: table.$key.into(),)*
                    ..Self::default()
                }
            }
        }
    };
}

narrower!(SymbolLimits { order_qty: max_order_qty, position_notional: max_position_notional });
narrower!(BotLimits {
    order_qty: max_order_qty,
    gross_exposure: max_gross_exposure,
    losing_streak: max_losing_streak
});
narrower!(GroupLimits { position_notional: max_position_notional, gross_exposure: max_gross_exposure });

impl RiskLimits {
    /// Every narrower table with its place inside `[risk]`: `symbol.BTCUSDT`.
    pub(crate) fn narrower(&self) -> impl Iterator<Item = (String, Narrower)> {
        let symbols = self.symbol.iter().map(|(name, table)| (format!("symbol.{name}"), table.into()));
        let bots = self.bot.iter().map(|(name, table)| (format!("bot.{name}"), table.into()));
        let groups = self.group.iter().map(|(name, table)| (format!("group.{name}"), table.into()));
        symbols.chain(bots).chain(groups)
    }
}
