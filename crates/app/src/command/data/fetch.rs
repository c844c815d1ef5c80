//! `windvane data fetch`: asks a venue for what a folder lacks, and writes it down page by page.

use super::super::on_one_thread;
use crate::cli::{DataFetch, FetchKind};
use crate::exit::Failure;
use crate::live::unreachable;
use crate::progress::moment;
use crate::reach::Reached;
use anyhow::Context;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rust_decimal::Decimal;
use serde_json::json;
use std::io::IsTerminal;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tokio::sync::mpsc;
use windvane_connector::{
    Category, Credentials, KlinePrice, Listing, Observer, OpenInterest, RestClient, RestError, Span,
    VenueClock, WallClock,
};
use windvane_model::{Interval, MarketTime, Side, Symbol};
use windvane_research::data::prints::{self, Trade};
use windvane_research::data::sheet::{Kind, PriceKind, Sheet, replace};
use windvane_telemetry::LogFormat;

/// Rows that are asked for and written at a time.
const PAGE: i64 = 1_000;
/// Length of what funding is asked for at a time: 200 rows of eight hours, more often where it is paid more often.
const FUNDING_SPAN_MS: i64 = 60 * 86_400_000;
/// Open interest is told in pages of 200.
const INTEREST_PAGE: i64 = 200;

/// What came of one file.
struct Done {
    path: PathBuf,
    rows: usize,
    new: u64,
    /// What the venue does not have either.
    gaps: Vec<Range<i64>>,
}

/// Downloads what a folder lacks.
///
/// # Errors
/// With the exit code and the sentence for whoever called. What was written until then stays.
pub(crate) fn fetch(arguments: &DataFetch) -> Result<ExitCode, Failure> {
    let reached = Reached::find(&arguments.venue)?;
    let symbols: Vec<Symbol> = arguments
        .symbol
        .iter()
        .map(|text| Symbol::new(text).map_err(|error| Failure::Config(format!("--symbol `{text}`: {error}"))))
        .collect::<Result<_, _>>()?;
    windvane_telemetry::start_logging("warn", LogFormat::Text, std::io::stderr).map_err(Failure::Config)?;
    let done = on_one_thread(async {
        let fetcher = Fetcher::new(arguments, &reached)?;
        fetcher.run(&symbols).await
    })?;
    if arguments.json {
        let rows = done.iter().map(|one| {
            json!({
                "file": one.path.display().to_string(),
                "rows": one.rows,
                "new": one.new,
                "gaps": one.gaps.iter().map(|gap| [gap.start, gap.end]).collect::<Vec<_>>(),
            })
        });
        println!("{}", json!({"schema": "windvane.data-fetch/1", "files": rows.collect::<Vec<_>>()}));
    } else {
        for Done { path, rows, new, gaps } in &done {
            println!("{}: {rows} rows, {new} new", path.display());
            for gap in gaps {
                println!("  the venue has nothing from {} to {}", moment(gap.start), moment(gap.end));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

struct Fetcher<'a> {
    arguments: &'a DataFetch,
    rest: RestClient,
    bar: ProgressBar,
}

impl<'a> Fetcher<'a> {
    fn new(arguments: &'a DataFetch, reached: &Reached) -> Result<Self, Failure> {
        // Nobody measures here: with the receiver gone, observations are dropped.
        let (observations, _) = mpsc::channel(1);
        let clock = Arc::new(VenueClock::new(WallClock::start()));
        let observer = Observer::new(observations);
        let rest = RestClient::new(
            &reached.endpoints,
            Arc::new(Credentials::none()),
            clock,
            observer,
            reached.rate_limits,
        )
        .context("setting up REST")?;
        let bar = if std::io::stderr().is_terminal() {
            ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(10))
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) = ProgressStyle::with_template("{bar:32} {percent:>3}%  {msg}  {eta}") {
            bar.set_style(style);
        }
        Ok(Self { arguments, rest, bar })
    }

    async fn run(&self, symbols: &[Symbol]) -> Result<Vec<Done>, Failure> {
        let product = self.arguments.product;
        let listings =
            self.rest.listings(product, None).await.map_err(|error| unreachable("what is listed", &error))?;
        let mut done = Vec::new();
        for symbol in symbols {
            let listing = listings.iter().find(|listing| listing.symbol == *symbol).ok_or_else(|| {
                Failure::Config(format!(
                    "{symbol} is not traded as {product}; is it spelled as the exchange does?"
                ))
            })?;
            let until = self.now(*symbol).await?;
            for kind in &self.arguments.kind {
                done.extend(self.one(listing, *kind, until).await?);
            }
        }
        if self.arguments.kind.contains(&FetchKind::Instruments) {
            done.push(self.instruments(&listings)?);
        }
        self.bar.finish_and_clear();
        Ok(done)
    }

    /// The market's clock, by which a candle has closed or not: in a replay it is not the wall's.
    async fn now(&self, symbol: Symbol) -> Result<i64, Failure> {
        let book = self.rest.order_book(self.arguments.product, symbol, 1).await;
        Ok(book.map_err(|error| unreachable("the market's clock", &error))?.at.0)
    }

    async fn one(&self, listing: &Listing, kind: FetchKind, until: i64) -> Result<Option<Done>, Failure> {
        let length = self.arguments.interval;
        let candles = |price| Kind::Price(price, length.unwrap_or(Interval::H1));
        let kind = match kind {
            FetchKind::Klines => Kind::Candles(length.unwrap_or(Interval::M5)),
            FetchKind::Mark => candles(PriceKind::Mark),
            FetchKind::Index => candles(PriceKind::Index),
            FetchKind::Premium => candles(PriceKind::Premium),
            FetchKind::Funding => Kind::Funding,
            FetchKind::OpenInterest => Kind::OpenInterest(Interval::H1),
            FetchKind::Trades => return self.trades(listing.symbol).await.map(Some),
            FetchKind::Tiers => return self.tiers(listing.symbol).await.map(Some),
            FetchKind::Instruments => return Ok(None),
        };
        if self.arguments.product == Category::Spot && !matches!(kind, Kind::Candles(_)) {
            return Err(Failure::Config(
                "pairs have candles and trades, but neither mark prices nor funding".to_owned(),
            ));
        }
        self.sheet(listing, kind, until).await.map(Some)
    }

    async fn sheet(&self, listing: &Listing, kind: Kind, until: i64) -> Result<Done, Failure> {
        let symbol = listing.symbol;
        let mut sheet = Sheet::open(&self.arguments.out, symbol, kind).map_err(written)?;
        let launched = listing.launched.map_or(i64::MIN, |at| at.0);
        // The row of a candle that has not closed would change.
        let open = kind.step_ms().filter(|_| !matches!(kind, Kind::OpenInterest(_))).unwrap_or(0);
        let end = self.arguments.to.unwrap_or(i64::MAX).min(until - open + 1);
        let span = self.arguments.from.max(launched)..end;
        let missing = sheet.missing(&span);
        self.show(sheet.path());
        let pages = missing.iter().flat_map(|gap| parts(gap, page_ms(kind))).collect::<Vec<_>>();
        self.bar.inc_length(pages.len() as u64);
        for page in pages {
            let rows = self.rows(symbol, kind, &page).await;
            let rows = rows.map_err(|error| unreachable(&format!("{} of {symbol}", what(kind)), &error))?;
            sheet.add(&rows).map_err(written)?;
            self.bar.inc(1);
        }
        let (path, new) = (sheet.path().to_owned(), sheet.added());
        sheet.finish().map_err(written)?;
        let sheet = Sheet::open(&self.arguments.out, symbol, kind).map_err(written)?;
        let gaps = sheet.gaps(&span);
        Ok(Done { path, rows: sheet.len(), new, gaps })
    }

    /// Rows of a span of times, the end excluded.
    async fn rows(
        &self,
        symbol: Symbol,
        kind: Kind,
        page: &Range<i64>,
    ) -> Result<Vec<(i64, String)>, RestError> {
        let product = self.arguments.product;
        let span = Span { from: MarketTime(page.start), to: MarketTime(page.end - 1) };
        let line = |at: i64, figures: &[Decimal]| {
            let figures: Vec<String> = figures.iter().map(|figure| figure.normalize().to_string()).collect();
            (at, format!("{at},{}", figures.join(",")))
        };
        let rows = match kind {
            Kind::Candles(interval) => {
                let rows = self.rest.klines(product, symbol, interval, span).await?;
                let row = |k: &windvane_connector::Kline| {
                    line(k.start.0, &[k.open, k.high, k.low, k.close, k.volume, k.turnover])
                };
                rows.iter().map(row).collect()
            }
            Kind::Price(price, interval) => {
                let price = match price {
                    PriceKind::Mark => KlinePrice::Mark,
                    PriceKind::Index => KlinePrice::Index,
                    PriceKind::Premium => KlinePrice::Premium,
                };
                let rows = self.rest.price_klines(price, product, symbol, interval, span).await?;
                rows.iter().map(|k| line(k.start.0, &[k.open, k.high, k.low, k.close])).collect()
            }
            Kind::Funding => {
                let rows = self.rest.funding_history(product, symbol, span).await?;
                let row = |rate: &windvane_connector::FundingRate| {
                    (rate.at.0, format!("{},{symbol},{}", rate.at.0, rate.rate))
                };
                rows.iter().map(row).collect()
            }
            Kind::OpenInterest(_) => {
                let rows = self.rest.open_interest(product, symbol, span).await?;
                rows.iter().map(|OpenInterest { at, contracts }| line(at.0, &[*contracts])).collect()
            }
        };
        // Whatever the venue makes of the span's ends.
        let rows: Vec<(i64, String)> = rows;
        Ok(rows.into_iter().filter(|(at, _)| page.contains(at)).collect())
    }

    /// Says which file it is at.
    fn show(&self, path: &Path) {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        self.bar.set_message(name.unwrap_or_default());
    }

    async fn trades(&self, symbol: Symbol) -> Result<Done, Failure> {
        let path = prints::path(&self.arguments.out, symbol);
        self.show(&path);
        self.bar.inc_length(1);
        let rows = self.rest.recent_trades(self.arguments.product, symbol).await;
        let rows = rows.map_err(|error| unreachable(&format!("the latest trades of {symbol}"), &error))?;
        let rows = rows.into_iter().map(|trade| Trade {
            at_ms: trade.at.0,
            side: match trade.taker {
                Side::Buy => prints::Side::Buy,
                Side::Sell => prints::Side::Sell,
            },
            price: trade.price,
            size: trade.size,
            id: trade.id,
        });
        let new = prints::add(&self.arguments.out, symbol, rows.collect()).map_err(written)?;
        self.bar.inc(1);
        let rows = if path.exists() { prints::read(&path).map_err(written)?.len() } else { 0 };
        Ok(Done { path, rows, new: new as u64, gaps: Vec::new() })
    }

    async fn tiers(&self, symbol: Symbol) -> Result<Done, Failure> {
        let path = self.arguments.out.join(format!("tiers_{symbol}.csv"));
        self.show(&path);
        self.bar.inc_length(1);
        let tiers = self.rest.risk_limits(self.arguments.product, Some(symbol)).await;
        let tiers = tiers.map_err(|error| unreachable(&format!("the tiers of {symbol}"), &error))?;
        let tiers = tiers.get(&symbol).cloned().unwrap_or_default();
        let mut text =
            String::from("symbol,riskLimitValue,maintenanceMargin,initialMargin,maxLeverage,mmDeduction\n");
        for tier in &tiers {
            let (limit, deduction) = (tier.limit.get(), tier.maintenance_deduction.get());
            let (maintenance, initial) = (tier.maintenance_rate.get(), tier.initial_rate.get());
            let leverage = tier.max_leverage.get();
            text.push_str(&format!("{symbol},{limit},{maintenance},{initial},{leverage},{deduction}\n"));
        }
        write(&path, &text)?;
        self.bar.inc(1);
        Ok(Done { path, rows: tiers.len(), new: tiers.len() as u64, gaps: Vec::new() })
    }

    fn instruments(&self, listings: &[Listing]) -> Result<Done, Failure> {
        let path = self.arguments.out.join(format!("instruments_{}.csv", self.arguments.product));
        self.show(&path);
        self.bar.inc_length(1);
        let mut text = String::from(
            "symbol,status,baseCoin,quoteCoin,settleCoin,launchTime,deliveryTime,tickSize,qtyStep,minOrderQty,maxOrderQty,\
             maxMktOrderQty,minNotionalValue,maxLeverage,fundingInterval\n",
        );
        let figure = |figure: Option<Decimal>| figure.map_or(String::new(), |figure| figure.to_string());
        let time = |at: Option<MarketTime>| at.map_or(String::new(), |at| at.0.to_string());
        for one in listings {
            let columns = [
                one.symbol.to_string(),
                one.status.clone(),
                one.base_coin.clone(),
                one.quote_coin.clone(),
                one.settle_coin.clone().unwrap_or_default(),
                time(one.launched),
                time(one.delivers),
                one.tick_size.to_string(),
                figure(one.lot_size),
                figure(one.min_qty),
                figure(one.max_limit_qty),
                figure(one.max_market_qty),
                figure(one.min_notional),
                figure(one.max_leverage),
                one.funding_interval_minutes.map_or(String::new(), |minutes| minutes.to_string()),
            ];
            text.push_str(&columns.join(","));
            text.push('\n');
        }
        write(&path, &text)?;
        self.bar.inc(1);
        Ok(Done { path, rows: listings.len(), new: listings.len() as u64, gaps: Vec::new() })
    }
}

/// How much is asked for at a time.
const fn page_ms(kind: Kind) -> i64 {
    match kind {
        Kind::Candles(interval) | Kind::Price(_, interval) => interval.millis() * PAGE,
        Kind::OpenInterest(interval) => interval.millis() * INTEREST_PAGE,
        Kind::Funding => FUNDING_SPAN_MS,
    }
}

/// A span in parts of at most `length`, oldest first.
fn parts(span: &Range<i64>, length: i64) -> impl Iterator<Item = Range<i64>> + use<> {
    let (mut start, end) = (span.start, span.end);
    std::iter::from_fn(move || {
        let part = start..end.min(start.saturating_add(length));
        start = part.end;
        (!part.is_empty()).then_some(part)
    })
}

fn what(kind: Kind) -> &'static str {
    match kind {
        Kind::Candles(_) => "candles",
        Kind::Price(..) => "price candles",
        Kind::Funding => "funding",
        Kind::OpenInterest(_) => "open interest",
    }
}

/// Writes a whole file anew: broken off, it is the old one.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    path.parent().map_or(Ok(()), std::fs::create_dir_all).context("making the folder")?;
    replace(path, text).map_err(written)
}

fn written(error: windvane_research::data::DataError) -> Failure {
    Failure::Fault(error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_without_gap_or_overlap() {
        assert_eq!(parts(&(5..25), 10).collect::<Vec<_>>(), [5..15, 15..25]);
        assert_eq!(parts(&(5..26), 10).last(), Some(25..26));
        assert_eq!(parts(&(5..5), 10).count(), 0);
    }
}
