//! Our books against the venue's own: orders, fills, positions and wallet, to the last digit.

use anyhow::{Context, bail};
use rust_decimal::Decimal;
use serde_json::Value;
use std::time::Duration;
use windvane_order_management::{FillRow, Mismatch, OrderRow, PositionRow, Truth, WalletRow};

/// How many differences are printed.
const SHOWN: usize = 10;

/// All that the venue keeps of a run is a few megabytes.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// The outcome of a comparison.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// Rows compared: orders, fills, positions, coins.
    pub(crate) rows: [usize; 4],
    /// What differs.
    pub(crate) differences: Vec<Mismatch>,
    /// Whether the venue counted requests per second, in its words.
    pub(crate) rate_limits: String,
}

impl Verdict {
    /// Compares what we hold with the venue's `/sim/state`: where the journal no longer holds all rows (`is_whole`),
    /// only what they came to.
    ///
    /// # Errors
    /// When the state is not of the documented shape: then nothing can be said.
    pub(crate) fn of(ours: &Truth, state: &Value, uid: u64, is_whole: bool) -> anyhow::Result<Self> {
        let mut theirs = truth_of_venue(state, uid)?;
        let mut ours = ours.clone();
        if !is_whole {
            for side in [&mut ours, &mut theirs] {
                side.orders.clear();
                side.fills.clear();
            }
        }
        let rows = [theirs.orders.len(), theirs.fills.len(), theirs.positions.len(), theirs.wallet.len()];
        let rate_limits = text(state, "rate_limits")?;
        Ok(Self { rows, differences: ours.differences(&theirs), rate_limits })
    }

    /// Whether nothing differs.
    pub(crate) fn is_equal(&self) -> bool {
        self.differences.is_empty()
    }

    /// For people.
    pub(crate) fn lines(&self) -> Vec<String> {
        let [orders, fills, positions, coins] = self.rows;
        let compared = format!("{orders} orders, {fills} fills, {positions} positions, {coins} coin(s)");
        if self.is_equal() {
            return vec![format!("verdict: the journal and the venue agree to the last digit on {compared}")];
        }
        let mut lines = vec![format!("verdict: {} DIFFERENCES among {compared}", self.differences.len())];
        lines.extend(self.differences.iter().take(SHOWN).map(|difference| format!("  {difference}")));
        lines
    }
}

/// A client for a venue on this machine: no roots, which a bare machine may not have, and no waiting for ever.
fn client() -> anyhow::Result<reqwest::Client> {
    reqwest::Client::builder()
        .tls_certs_only(std::iter::empty())
        .no_proxy()
        .timeout(ANSWER_WITHIN)
        .build()
        .context("setting up the connection to the venue's /sim")
}

/// Stops the clock of a replaying venue, so that its books stand still.
///
/// # Errors
/// When the venue does not answer.
pub(crate) async fn hold_market(rest_url: &str) -> anyhow::Result<()> {
    let request = client()?.post(format!("{rest_url}/sim/clock")).body(r#"{"run":false}"#);
    request
        .send()
        .await
        .and_then(reqwest::Response::error_for_status)
        .context("stopping the venue's clock")?;
    Ok(())
}

/// The venue's own books of an account; `None` when it does not tell them.
pub(crate) async fn fetch_state(rest_url: &str, uid: u64) -> Option<Value> {
    let request = client().ok()?.get(format!("{rest_url}/sim/state?uid={uid}"));
    let answer = request.send().await.and_then(reqwest::Response::error_for_status).ok()?;
    serde_json::from_str(&answer.text().await.ok()?).ok()
}

/// The venue's books in the form of ours.
fn truth_of_venue(state: &Value, uid: u64) -> anyhow::Result<Truth> {
    let accounts = state["accounts"].as_array().context("the venue's state has no accounts")?;
    let account = accounts
        .iter()
        .find(|account| account["uid"].as_u64() == Some(uid))
        .with_context(|| format!("the venue's state has no account {uid}"))?;
    let fills = rows(account, "fills", fill)?;
    let mut truth = Truth {
        orders: rows(account, "orders", order)?.into_iter().flatten().collect(),
        positions: rows(account, "positions", position)?,
        wallet: rows(account, "wallet", wallet)?,
        fills,
    };
    truth.sort();
    Ok(truth)
}

fn rows<T>(account: &Value, key: &str, read: fn(&Value) -> anyhow::Result<T>) -> anyhow::Result<Vec<T>> {
    let list = account[key].as_array().with_context(|| format!("the venue's state has no {key}"))?;
    list.iter().map(|row| read(row).with_context(|| format!("in {key}: {row}"))).collect()
}

/// Orders that a client placed, and stops of the venue that had fills; a stop that never fired is not compared.
fn order(row: &Value) -> anyhow::Result<Option<OrderRow>> {
    let filled_qty = decimal(row, "cumExecQty")?;
    let link_id = text(row, "orderLinkId")?;
    if link_id.is_empty() && filled_qty.is_zero() {
        return Ok(None);
    }
    let name = if link_id.is_empty() { text(row, "orderId")? } else { link_id };
    let is_market = text(row, "orderType")? == "Market";
    Ok(Some(OrderRow {
        name,
        symbol: text(row, "symbol")?,
        side: text(row, "side")?,
        price: if is_market { None } else { Some(decimal(row, "price")?) },
        qty: decimal(row, "qty")?,
        filled_qty,
        filled_value: decimal(row, "cumExecValue")?,
        status: text(row, "orderStatus")?,
    }))
}

fn fill(row: &Value) -> anyhow::Result<FillRow> {
    Ok(FillRow {
        symbol: text(row, "symbol")?,
        execution_id: text(row, "execId")?,
        order_id: text(row, "orderId")?,
        side: text(row, "side")?,
        price: decimal(row, "execPrice")?,
        qty: decimal(row, "execQty")?,
        fee: decimal(row, "execFee")?,
        is_maker: row["isMaker"].as_bool().context("no isMaker")?,
        at_ms: text(row, "execTime")?.parse().context("execTime")?,
    })
}

fn position(row: &Value) -> anyhow::Result<PositionRow> {
    let size = decimal(row, "size")?;
    Ok(PositionRow {
        symbol: text(row, "symbol")?,
        index: u8::try_from(row["positionIdx"].as_u64().context("no positionIdx")?)?,
        size: if text(row, "side")? == "Sell" { -size } else { size },
        average_price: decimal(row, "avgPrice")?,
        realised_pnl: decimal(row, "cumRealisedPnl")?,
    })
}

fn wallet(row: &Value) -> anyhow::Result<WalletRow> {
    Ok(WalletRow { coin: text(row, "coin")?, balance: decimal(row, "walletBalance")? })
}

fn text(row: &Value, key: &str) -> anyhow::Result<String> {
    row[key].as_str().map(str::to_owned).with_context(|| format!("no {key}"))
}

/// A decimal string; the empty string is the venue's "not applicable" and counts as zero.
fn decimal(row: &Value, key: &str) -> anyhow::Result<Decimal> {
    let text = text(row, key)?;
    if text.is_empty() {
        return Ok(Decimal::ZERO);
    }
    match Decimal::from_str_exact(&text) {
        Ok(number) => Ok(number.normalize()),
        Err(_) => bail!("{key} is `{text}`"),
    }
}
