//! The requests of an account.

use rust_decimal::Decimal;

use super::order_request::{AmendOrder, CancelAll, CancelOrder, CreateOrder, ProtectionPrice};
use super::product::{Category, MarginMode, PositionIdx, PositionMode, TpslMode};

/// A request of one account.
#[derive(Clone, Debug)]
pub enum Request {
    /// `order/create`.
    Create(CreateOrder),
    /// `order/amend`.
    Amend(AmendOrder),
    /// `order/cancel`.
    Cancel(CancelOrder),
    /// `order/cancel-all`.
    CancelAll(CancelAll),
    /// `position/trading-stop`.
    TradingStop(TradingStop),
    /// `position/set-leverage`.
    SetLeverage(SetLeverage),
    /// `position/switch-mode`.
    SwitchMode(SwitchMode),
    /// `account/set-margin-mode`.
    SetMarginMode(MarginMode),
    /// `position/add-margin`.
    AddMargin(AddMargin),
    /// `position/set-auto-add-margin`.
    SetAutoAddMargin(SetAutoAddMargin),
    /// `account/set-limit-px-action`.
    SetLimitPriceAction {
        /// Product group; one kind of contract sets both.
        category: Category,
        /// Whether a price beyond the bound is moved to it (else the order is refused).
        modify: bool,
    },
    /// `account/set-collateral-switch`.
    SetCollateral {
        /// Which coin.
        coin: String,
        /// Whether it counts as margin.
        counts: bool,
    },
    /// Ends what the account has working in a product group, because its connections are gone. Source: Bybit V5, "Set
    /// Disconnect Cancel All".
    Disconnected(Category),
    /// Credit (positive) or debit (negative) from outside.
    Transfer {
        /// Which coin.
        coin: String,
        /// Amount in that coin.
        amount: Decimal,
    },
}

/// Source: Bybit V5, "Set Trading Stop". Absent fields stay, zero removes (mode Full); mode Partial only adds.
#[derive(Clone, Debug)]
pub struct TradingStop {
    /// Product group of the instrument.
    pub category: Category,
    /// Instrument.
    pub symbol: String,
    /// Which position.
    pub position_idx: PositionIdx,
    /// Whole position or a fixed size.
    pub mode: TpslMode,
    /// Stop-loss.
    pub stop_loss: Option<ProtectionPrice>,
    /// Take-profit.
    pub take_profit: Option<ProtectionPrice>,
    /// Size of a partial stop-loss.
    pub stop_loss_size: Option<Decimal>,
    /// Size of a partial take-profit.
    pub take_profit_size: Option<Decimal>,
    /// Distance of the trailing stop in quote coin.
    pub trailing_stop: Option<Decimal>,
    /// Price at which the trailing stop starts to follow; absent or zero means at once.
    pub active_price: Option<Decimal>,
}

impl TradingStop {
    /// One in mode Full for a linear contract in one-way mode that changes nothing yet.
    #[must_use]
    pub fn full(symbol: &str) -> Self {
        Self {
            category: Category::Linear,
            symbol: symbol.to_owned(),
            position_idx: PositionIdx::OneWay,
            mode: TpslMode::Full,
            stop_loss: None,
            take_profit: None,
            stop_loss_size: None,
            take_profit_size: None,
            trailing_stop: None,
            active_price: None,
        }
    }
}

/// Source: Bybit V5, "Set Leverage". The sides may differ in hedge mode with isolated margin only.
#[derive(Clone, Debug)]
pub struct SetLeverage {
    /// Product group of the instrument.
    pub category: Category,
    /// Instrument.
    pub symbol: String,
    /// Buy side, a factor.
    pub buy_leverage: Decimal,
    /// Sell side, a factor.
    pub sell_leverage: Decimal,
}

/// Source: Bybit V5, "Switch Position Mode". The symbol wins over the coin; one of them is required.
#[derive(Clone, Debug)]
pub struct SwitchMode {
    /// Only this instrument.
    pub symbol: Option<String>,
    /// Every instrument settled in this coin that has neither position nor order.
    pub coin: Option<String>,
    /// The mode to switch to.
    pub mode: PositionMode,
}

/// Source: Bybit V5, "Add Or Reduce Margin"; isolated margin only.
#[derive(Clone, Debug)]
pub struct AddMargin {
    /// Product group of the instrument.
    pub category: Category,
    /// Instrument.
    pub symbol: String,
    /// Which position.
    pub position_idx: PositionIdx,
    /// Amount in settle coin; negative takes back.
    pub margin: Decimal,
}

/// Source: Bybit V5, "Set Auto Add Margin"; isolated margin only.
#[derive(Clone, Debug)]
pub struct SetAutoAddMargin {
    /// Product group of the instrument.
    pub category: Category,
    /// Instrument.
    pub symbol: String,
    /// Which position.
    pub position_idx: PositionIdx,
    /// On or off.
    pub auto_add: bool,
}
