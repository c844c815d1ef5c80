//! Rows of orders, executions, positions and wallets: the same over REST and on the private stream.
//!
//! Each row reads itself into the model's report. Text that we do not know maps to the model's "other" where
//! there is one; where a guess would be dangerous (an order status) the row is an error and goes to quarantine.

use super::{
    number::{FieldError, Lexeme, bad},
    row::wire_row,
    scan::Scanner,
};
use serde::Deserialize;
use windvane_model::{
    ClientOrderId, Coin, CoinBalance, Execution, ExecutionId, ExecutionKind, Leverage, MarketTime, OrderId,
    OrderReport, OrderStatus, Origin, PositionIndex, PositionReport, PositionStatus, Side, StopKind, Symbol,
    Text, TimeInForce, WalletReport,
};

wire_row! {
    /// An order. Source: Bybit V5, "Get Open & Closed Orders" and the `order` topic.
    pub(crate) struct OrderRow {
        category = "category",
        symbol = "symbol",
        order_id = "orderId",
        order_link_id = "orderLinkId",
        parent_order_link_id = "parentOrderLinkId",
        position_idx = "positionIdx",
        side = "side",
        order_type = "orderType",
        time_in_force = "timeInForce",
        price = "price",
        qty = "qty",
        cum_exec_qty = "cumExecQty",
        avg_price = "avgPrice",
        order_status = "orderStatus",
        stop_order_type = "stopOrderType",
        trigger_price = "triggerPrice",
        reduce_only = "reduceOnly",
        create_type = "createType",
        reject_reason = "rejectReason",
        cancel_type = "cancelType",
        created_time = "createdTime",
        updated_time = "updatedTime",
    }
}

impl OrderRow<'_> {
    pub(super) fn is_other_product(&self) -> bool {
        is_other_product(&self.category)
    }

    pub(crate) fn report(&self) -> Result<OrderReport, FieldError> {
        let stop_kind = stop_kind(&self.stop_order_type);
        Ok(OrderReport {
            symbol: symbol(&self.symbol)?,
            order_id: order_id(&self.order_id)?,
            client_order_id: client_order_id(&self.order_link_id, "orderLinkId")?,
            parent: client_order_id(&self.parent_order_link_id, "parentOrderLinkId")?,
            position_index: PositionIndex(self.position_idx.integer("positionIdx")?),
            side: side(&self.side)?.ok_or(bad("side", "missing"))?,
            is_market: self.order_type.as_str() == "Market",
            time_in_force: time_in_force(&self.time_in_force),
            price: self.price.price("price")?,
            qty: self.qty.required_qty("qty")?,
            cumulative_qty: self.cum_exec_qty.qty("cumExecQty")?,
            average_price: self.avg_price.price("avgPrice")?,
            status: order_status(&self.order_status)?,
            stop_kind,
            trigger_price: self.trigger_price.price("triggerPrice")?,
            reduce_only: self.reduce_only.is_true(),
            origin: origin(&self.create_type, stop_kind),
            reject_reason: match self.reject_reason.known() {
                None | Some("EC_NoError") => Text::EMPTY,
                Some(reason) => Text::lossy(reason),
            },
            cancel_type: self.cancel_type.known().map_or(Text::EMPTY, Text::lossy),
            created: self.created_time.time("createdTime")?.unwrap_or_default(),
            updated: self.updated_time.time("updatedTime")?.unwrap_or_default(),
        })
    }
}

wire_row! {
    /// An execution. Source: Bybit V5, "Get Trade History" and the `execution` topic.
    pub(crate) struct ExecutionRow {
        category = "category",
        symbol = "symbol",
        exec_id = "execId",
        order_id = "orderId",
        order_link_id = "orderLinkId",
        exec_type = "execType",
        side = "side",
        exec_price = "execPrice",
        exec_qty = "execQty",
        exec_fee = "execFee",
        fee_currency = "feeCurrency",
        is_maker = "isMaker",
        stop_order_type = "stopOrderType",
        create_type = "createType",
        closed_size = "closedSize",
        exec_pnl = "execPnl",
        exec_time = "execTime",
        seq = "seq",
    }
}

impl ExecutionRow<'_> {
    pub(super) fn is_other_product(&self) -> bool {
        is_other_product(&self.category)
    }

    pub(crate) fn report(&self) -> Result<Execution, FieldError> {
        let symbol = symbol(&self.symbol)?;
        let stop_kind = stop_kind(&self.stop_order_type);
        let kind = execution_kind(&self.exec_type);
        Ok(Execution {
            symbol,
            execution_id: ExecutionId::new(self.exec_id.as_str())
                .map_err(|_| bad("execId", "not an identifier"))?,
            order_id: order_id(&self.order_id)?,
            client_order_id: client_order_id(&self.order_link_id, "orderLinkId")?,
            kind,
            side: side(&self.side)?.ok_or(bad("side", "missing"))?,
            price: self.exec_price.required_price("execPrice")?,
            qty: self.exec_qty.required_qty("execQty")?,
            fee: self.exec_fee.money("execFee")?.unwrap_or_default(),
            fee_coin: fee_coin(&self.fee_currency, symbol)?,
            is_maker: self.is_maker.is_true(),
            stop_kind,
            origin: match kind {
                ExecutionKind::Funding | ExecutionKind::Delivery | ExecutionKind::Session => Origin::Venue,
                ExecutionKind::Adl => Origin::Adl,
                ExecutionKind::Liquidation => Origin::Liquidation,
                ExecutionKind::Trade | ExecutionKind::Other => origin(&self.create_type, stop_kind),
            },
            closed_qty: self.closed_size.qty("closedSize")?,
            venue_pnl: self.exec_pnl.money("execPnl")?,
            at: self.exec_time.time("execTime")?.ok_or(bad("execTime", "missing"))?,
            sequence: self.seq.integer("seq")?,
        })
    }
}

wire_row! {
    /// A position. Source: Bybit V5, "Get Position Info" (`avgPrice`) and the `position` topic (`entryPrice`).
    pub(crate) struct PositionRow {
        category = "category",
        symbol = "symbol",
        position_idx = "positionIdx",
        side = "side",
        size = "size",
        avg_price = "avgPrice",
        entry_price = "entryPrice",
        mark_price = "markPrice",
        leverage = "leverage",
        stop_loss = "stopLoss",
        take_profit = "takeProfit",
        trailing_stop = "trailingStop",
        liq_price = "liqPrice",
        position_im = "positionIM",
        position_mm = "positionMM",
        unrealised_pnl = "unrealisedPnl",
        adl_rank_indicator = "adlRankIndicator",
        position_status = "positionStatus",
        seq = "seq",
        updated_time = "updatedTime",
    }
}

impl PositionRow<'_> {
    pub(super) fn is_other_product(&self) -> bool {
        is_other_product(&self.category)
    }

    pub(crate) fn report(&self) -> Result<PositionReport, FieldError> {
        let average = if self.avg_price.is_empty() { &self.entry_price } else { &self.avg_price };
        Ok(PositionReport {
            symbol: symbol(&self.symbol)?,
            position_index: PositionIndex(self.position_idx.integer("positionIdx")?),
            side: side(&self.side)?,
            qty: self.size.required_qty("size")?,
            average_price: average.price("avgPrice")?,
            mark_price: self.mark_price.price("markPrice")?,
            leverage: self.leverage.decimal("leverage")?.and_then(Leverage::new),
            stop_loss: self.stop_loss.price("stopLoss")?,
            take_profit: self.take_profit.price("takeProfit")?,
            trailing_distance: self.trailing_stop.price("trailingStop")?,
            liquidation_price: self.liq_price.price("liqPrice")?,
            initial_margin: self.position_im.money("positionIM")?,
            maintenance_margin: self.position_mm.money("positionMM")?,
            unrealised_pnl: self.unrealised_pnl.money("unrealisedPnl")?,
            adl_rank: self.adl_rank_indicator.integer("adlRankIndicator")?,
            status: position_status(&self.position_status),
            sequence: self.seq.integer("seq")?,
            updated: self.updated_time.time("updatedTime")?.unwrap_or_default(),
        })
    }
}

/// The wallet. Source: Bybit V5, "Get Wallet Balance" and the `wallet` topic.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct WalletRow<'a> {
    #[serde(borrow, rename = "accountIMRate")]
    account_im_rate: Lexeme<'a>,
    #[serde(borrow, rename = "accountMMRate")]
    account_mm_rate: Lexeme<'a>,
    #[serde(borrow)]
    total_margin_balance: Lexeme<'a>,
    #[serde(borrow)]
    total_available_balance: Lexeme<'a>,
    #[serde(borrow)]
    total_initial_margin: Lexeme<'a>,
    #[serde(borrow)]
    total_maintenance_margin: Lexeme<'a>,
    #[serde(borrow)]
    coin: Vec<CoinRow<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct CoinRow<'a> {
    #[serde(borrow)]
    coin: Lexeme<'a>,
    #[serde(borrow)]
    wallet_balance: Lexeme<'a>,
    #[serde(borrow)]
    equity: Lexeme<'a>,
    #[serde(borrow, rename = "totalOrderIM")]
    total_order_im: Lexeme<'a>,
    #[serde(borrow, rename = "totalPositionIM")]
    total_position_im: Lexeme<'a>,
    #[serde(borrow, rename = "totalPositionMM")]
    total_position_mm: Lexeme<'a>,
    #[serde(borrow)]
    usd_value: Lexeme<'a>,
    #[serde(borrow)]
    borrow_amount: Lexeme<'a>,
    #[serde(borrow)]
    locked: Lexeme<'a>,
    #[serde(borrow)]
    bonus: Lexeme<'a>,
}

impl WalletRow<'_> {
    pub(crate) fn report(&self, at: MarketTime) -> Result<WalletReport, FieldError> {
        Ok(WalletReport {
            coins: self.coin.iter().map(CoinRow::balance).collect::<Result<_, _>>()?,
            available_usd: self.total_available_balance.money("totalAvailableBalance")?,
            initial_margin_usd: self.total_initial_margin.money("totalInitialMargin")?,
            maintenance_margin_usd: self.total_maintenance_margin.money("totalMaintenanceMargin")?,
            margin_balance_usd: self.total_margin_balance.money("totalMarginBalance")?,
            initial_margin_rate: self.account_im_rate.rate("accountIMRate")?,
            maintenance_margin_rate: self.account_mm_rate.rate("accountMMRate")?,
            at,
        })
    }
}

impl CoinRow<'_> {
    fn balance(&self) -> Result<CoinBalance, FieldError> {
        Ok(CoinBalance {
            coin: Coin::new(self.coin.as_str()).map_err(|_| bad("coin", "not a coin"))?,
            wallet_balance: self
                .wallet_balance
                .money("walletBalance")?
                .ok_or(bad("walletBalance", "missing"))?,
            equity: self.equity.money("equity")?,
            order_margin: self.total_order_im.money("totalOrderIM")?,
            position_margin: self.total_position_im.money("totalPositionIM")?,
            maintenance_margin: self.total_position_mm.money("totalPositionMM")?,
            usd_value: self.usd_value.money("usdValue")?,
            borrowed: self.borrow_amount.money("borrowAmount")?,
            locked: self.locked.money("locked")?,
            bonus: self.bonus.money("bonus")?,
        })
    }
}

pub(crate) fn symbol(text: &Lexeme<'_>) -> Result<Symbol, FieldError> {
    Symbol::new(text.as_str()).map_err(|_| bad("symbol", "not a symbol"))
}

fn order_id(text: &Lexeme<'_>) -> Result<OrderId, FieldError> {
    OrderId::new(text.as_str()).map_err(|_| bad("orderId", "not an identifier"))
}

pub(crate) fn client_order_id(
    text: &Lexeme<'_>,
    field: &'static str,
) -> Result<Option<ClientOrderId>, FieldError> {
    if text.is_empty() {
        return Ok(None);
    }
    ClientOrderId::new(text.as_str()).map(Some).map_err(|_| bad(field, "not an identifier"))
}

/// A row that names no category is taken as ours: the topic may have been subscribed by category.
pub(super) fn is_other_product(category: &Lexeme<'_>) -> bool {
    !category.is_empty() && category.as_str() != "linear"
}

/// `None` for the empty text of a flat position, and for the `None` that some pages print for it.
pub(crate) fn side(text: &Lexeme<'_>) -> Result<Option<Side>, FieldError> {
    match text.as_str() {
        "Buy" => Ok(Some(Side::Buy)),
        "Sell" => Ok(Some(Side::Sell)),
        "" | "None" => Ok(None),
        _ => Err(bad("side", "neither Buy nor Sell")),
    }
}

/// An order type for makers only (`RPI`) is post-only to us; a text we do not know counts as the exchange's
/// default, which promises nothing.
fn time_in_force(text: &Lexeme<'_>) -> TimeInForce {
    match text.as_str() {
        "IOC" => TimeInForce::Ioc,
        "FOK" => TimeInForce::Fok,
        "PostOnly" | "RPI" => TimeInForce::PostOnly,
        _ => TimeInForce::Gtc,
    }
}

fn order_status(text: &Lexeme<'_>) -> Result<OrderStatus, FieldError> {
    Ok(match text.as_str() {
        // The first two are older words that clients still carry in their enums.
        "Created" | "Active" | "New" => OrderStatus::New,
        "PartiallyFilled" => OrderStatus::PartiallyFilled,
        "Untriggered" => OrderStatus::Untriggered,
        "Triggered" => OrderStatus::Triggered,
        "Rejected" => OrderStatus::Rejected,
        "Filled" => OrderStatus::Filled,
        "Cancelled" | "PartiallyFilledCanceled" => OrderStatus::Cancelled,
        "Deactivated" => OrderStatus::Deactivated,
        _ => return Err(bad("orderStatus", "not a known status")),
    })
}

fn stop_kind(text: &Lexeme<'_>) -> Option<StopKind> {
    Some(match text.known()? {
        "StopLoss" | "PartialStopLoss" => StopKind::StopLoss,
        "TakeProfit" | "PartialTakeProfit" => StopKind::TakeProfit,
        "TrailingStop" => StopKind::Trailing,
        _ => StopKind::Conditional,
    })
}

/// Who made an order. Old rows lack `createType`; then the kind of stop tells a position's own stop from
/// somebody's order. Source: Bybit V5, enum `createType`.
fn origin(create_type: &Lexeme<'_>, stop_kind: Option<StopKind>) -> Origin {
    match create_type.known() {
        None => match stop_kind {
            Some(StopKind::StopLoss | StopKind::TakeProfit | StopKind::Trailing) => Origin::Protection,
            Some(StopKind::Conditional) | None => Origin::User,
        },
        Some("CreateByUser" | "CreateByStopOrder" | "CreateByClosing" | "CreateByBboOrder") => Origin::User,
        Some(
            "CreateByTakeProfit"
            | "CreateByPartialTakeProfit"
            | "CreateByStopLoss"
            | "CreateByPartialStopLoss"
            | "CreateByTrailingStop"
            | "CreateByTrailingProfit",
        ) => Origin::Protection,
        Some("CreateByLiq" | "CreateByTakeOver_PassThrough" | "CreateByMmRateClose") => Origin::Liquidation,
        Some("CreateByAdl_PassThrough") => Origin::Adl,
        Some("CreateBySettle" | "CreateByAdminClosing") => Origin::Venue,
        Some(_) => Origin::Other,
    }
}

fn position_status(text: &Lexeme<'_>) -> PositionStatus {
    match text.as_str() {
        "" | "Normal" => PositionStatus::Normal,
        "Liq" => PositionStatus::Liquidation,
        "Adl" => PositionStatus::Adl,
        _ => PositionStatus::Other,
    }
}

fn execution_kind(text: &Lexeme<'_>) -> ExecutionKind {
    match text.as_str() {
        "Trade" => ExecutionKind::Trade,
        "Funding" => ExecutionKind::Funding,
        "AdlTrade" => ExecutionKind::Adl,
        "BustTrade" => ExecutionKind::Liquidation,
        "Delivery" | "Settle" => ExecutionKind::Delivery,
        "SessionSettlePnL" => ExecutionKind::Session,
        _ => ExecutionKind::Other,
    }
}

/// Rows from before 2025 leave `feeCurrency` empty: a linear contract then charges its settle coin, USDC for
/// the contracts that end in `PERP` and USDT for the others.
fn fee_coin(text: &Lexeme<'_>, symbol: Symbol) -> Result<Coin, FieldError> {
    let coin = match text.as_str() {
        "" if symbol.as_str().ends_with("PERP") => "USDC",
        "" => "USDT",
        named => named,
    };
    Coin::new(coin).map_err(|_| bad("feeCurrency", "not a coin"))
}
