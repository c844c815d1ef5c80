//! The market as it stands: order book, ticker, price band. Source: Bybit V5, "Get Orderbook", "Get Tickers", "Get Order
//! Price Limit".

use super::{Category, moment, read, required};
use crate::codec::{
    number::{BookFigure, FieldError, Lexeme},
    rows,
};
use crate::rest::{client::RestClient, error::RestError, page::Access};
use rust_decimal::Decimal;
use serde::Deserialize;
use windvane_model::{BookLevel, BookUpdate, BookUpdateKind, MarketTime, Symbol};

/// The figures of a ticker; what a product does not have is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TickerFigures {
    /// Which contract or pair.
    pub symbol: Symbol,
    /// Last trade.
    pub last: Option<Decimal>,
    /// Mark price.
    pub mark: Option<Decimal>,
    /// Index price.
    pub index: Option<Decimal>,
    /// Best bid.
    pub bid: Option<Decimal>,
    /// Best ask.
    pub ask: Option<Decimal>,
    /// Traded in the last 24 hours, in the unit of the product's volume.
    pub volume_24h: Option<Decimal>,
    /// Traded in the last 24 hours, in the unit of the product's turnover.
    pub turnover_24h: Option<Decimal>,
    /// Contracts open.
    pub open_interest: Option<Decimal>,
    /// Funding rate of the running interval, a fraction.
    pub funding_rate: Option<Decimal>,
    /// When it is paid.
    pub next_funding: Option<MarketTime>,
}

/// Beyond these prices the venue takes no order, or moves it; see [`RestClient::refuse_moved_prices`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceBand {
    /// Highest price of a buy.
    pub highest_buy: Decimal,
    /// Lowest price of a sell.
    pub lowest_sell: Decimal,
    /// When they held.
    pub at: MarketTime,
}

#[derive(Deserialize)]
struct BookAnswer<'a> {
    b: Vec<[BookFigure; 2]>,
    a: Vec<[BookFigure; 2]>,
    #[serde(borrow)]
    ts: Lexeme<'a>,
    #[serde(borrow)]
    u: Lexeme<'a>,
    #[serde(borrow, default)]
    seq: Lexeme<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct TickerRow<'a> {
    #[serde(borrow)]
    symbol: Lexeme<'a>,
    #[serde(borrow)]
    last_price: Lexeme<'a>,
    #[serde(borrow)]
    mark_price: Lexeme<'a>,
    #[serde(borrow)]
    index_price: Lexeme<'a>,
    #[serde(borrow, rename = "bid1Price")]
    bid: Lexeme<'a>,
    #[serde(borrow, rename = "ask1Price")]
    ask: Lexeme<'a>,
    #[serde(borrow, rename = "volume24h")]
    volume: Lexeme<'a>,
    #[serde(borrow, rename = "turnover24h")]
    turnover: Lexeme<'a>,
    #[serde(borrow)]
    open_interest: Lexeme<'a>,
    #[serde(borrow)]
    funding_rate: Lexeme<'a>,
    #[serde(borrow)]
    next_funding_time: Lexeme<'a>,
}

impl TickerRow<'_> {
    pub(super) fn figures(&self) -> Result<TickerFigures, FieldError> {
        Ok(TickerFigures {
            symbol: rows::symbol(&self.symbol)?,
            last: self.last_price.decimal("lastPrice")?,
            mark: self.mark_price.decimal("markPrice")?,
            index: self.index_price.decimal("indexPrice")?,
            bid: self.bid.decimal("bid1Price")?,
            ask: self.ask.decimal("ask1Price")?,
            volume_24h: self.volume.decimal("volume24h")?,
            turnover_24h: self.turnover.decimal("turnover24h")?,
            open_interest: self.open_interest.decimal("openInterest")?,
            funding_rate: self.funding_rate.decimal("fundingRate")?,
            next_funding: self.next_funding_time.time("nextFundingTime")?,
        })
    }
}

impl RestClient {
    /// The order book down to `depth` levels (1 to 1000), as a snapshot.
    ///
    /// # Errors
    /// When the answer cannot be had or read.
    pub async fn order_book(
        &self,
        category: Category,
        symbol: Symbol,
        depth: u16,
    ) -> Result<BookUpdate, RestError> {
        let query = format!("category={category}&limit={}&symbol={symbol}", depth.clamp(1, 1_000));
        let answer = self.get_public("/v5/market/orderbook", query).await?;
        let book: BookAnswer<'_> = answer.result()?;
        let levels = |side: Vec<[BookFigure; 2]>| {
            side.into_iter().map(|[price, size]| BookLevel { price: price.0, size: size.0 }).collect()
        };
        Ok(BookUpdate {
            symbol,
            at: read(&answer, moment(&book.ts, "ts"))?,
            kind: BookUpdateKind::Snapshot,
            update_id: read(&answer, book.u.integer("u"))?,
            // Minus one for a contract that never traded.
            sequence: book.seq.integer("seq").unwrap_or(0),
            bids: levels(book.b),
            asks: levels(book.a),
        })
    }

    /// The ticker of one contract or pair, or of all.
    ///
    /// # Errors
    /// When the answer cannot be had or read.
    pub async fn tickers(
        &self,
        category: Category,
        symbol: Option<Symbol>,
    ) -> Result<Vec<TickerFigures>, RestError> {
        let mut query = format!("category={category}");
        if let Some(symbol) = symbol {
            query.push_str("&symbol=");
            query.push_str(symbol.as_str());
        }
        let mut tickers = Vec::new();
        self.each_row(Access::Public, "/v5/market/tickers", &query, |answer, text| {
            let row: TickerRow<'_> = answer.row(text)?;
            tickers.push(read(answer, row.figures())?);
            Ok(())
        })
        .await?;
        Ok(tickers)
    }

    /// The band of prices that orders must keep to.
    ///
    /// # Errors
    /// When the answer cannot be had or read.
    pub async fn price_band(&self, category: Category, symbol: Symbol) -> Result<PriceBand, RestError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Band<'a> {
            #[serde(borrow)]
            buy_lmt: Lexeme<'a>,
            #[serde(borrow)]
            sell_lmt: Lexeme<'a>,
            #[serde(borrow)]
            ts: Lexeme<'a>,
        }
        let query = format!("category={category}&symbol={symbol}");
        let answer = self.get_public("/v5/market/price-limit", query).await?;
        let band: Band<'_> = answer.result()?;
        Ok(PriceBand {
            highest_buy: read(&answer, required(&band.buy_lmt, "buyLmt"))?,
            lowest_sell: read(&answer, required(&band.sell_lmt, "sellLmt"))?,
            at: read(&answer, moment(&band.ts, "ts"))?,
        })
    }
}
