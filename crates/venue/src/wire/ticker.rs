//! The figures of a ticker, for the query and the topic alike. Source: Bybit V5, "Get Tickers", "Ticker".

use rust_decimal::Decimal;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use windvane_venue_core::{Category, Instrument, Symbol, TickerRow};

use super::narrow::{TICKER_OF_DATED, TICKER_PUSHED};
use super::number::{Figure, Scales, as_text};
use crate::market::trades::DayFigures;

/// Fields that a ticker of spot has in the query and not on the topic.
const NOT_ON_SPOT_TOPIC: [&str; 4] = ["bid1Price", "bid1Size", "ask1Price", "ask1Size"];

/// Those of a contract, which are the most.
const FIELDS_MAX: usize = 33;

/// Fields of a ticker by their names.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ticker(Vec<(&'static str, Field)>);

/// One of them; on the wire all are text.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Field {
    Figure(Figure),
    Count(i64),
    Word(&'static str),
    Name(Symbol),
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Figure(figure) => figure.serialize(serializer),
            Self::Count(count) => as_text(count, serializer),
            Self::Word(word) => serializer.serialize_str(word),
            Self::Name(name) => serializer.serialize_str(name),
        }
    }
}

impl Serialize for Ticker {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, field) in &self.0 {
            map.serialize_entry(name, field)?;
        }
        map.end()
    }
}

impl Ticker {
    /// As the query tells it.
    pub(crate) fn in_query(row: &TickerRow, day: &DayFigures, instrument: &Instrument) -> Self {
        let mut ticker = Self::whole(row, day, instrument);
        ticker.0.retain(|(name, _)| *name != TICKER_PUSHED);
        ticker
    }

    /// As its topic tells it. That of spot leaves out the best prices: they are on `orderbook.1`. A perpetual contract has a time
    /// of delivery from when its delisting is announced, and nothing else that dated ones have.
    pub(crate) fn on_topic(row: &TickerRow, day: &DayFigures, instrument: &Instrument) -> Self {
        let mut ticker = Self::whole(row, day, instrument);
        if instrument.category == Category::Spot {
            ticker.0.retain(|(name, _)| !NOT_ON_SPOT_TOPIC.contains(name));
        } else {
            let is_ending = row.delivery_ms.is_some();
            ticker.0.retain(|(name, _)| {
                !TICKER_OF_DATED.contains(name) && (is_ending || *name != "deliveryTime")
            });
        }
        ticker
    }

    /// The symbol and the fields that are not as they were in `before`; `None` where each is.
    pub(crate) fn changes_since(&self, before: &Self) -> Option<Self> {
        let was = |name: &str, place: usize| {
            // Two tickers of an instrument have the same fields in the same places, but when it is to be delisted.
            let same_place = before.0.get(place).filter(|(other, _)| *other == name);
            same_place.or_else(|| before.0.iter().find(|(other, _)| *other == name)).map(|(_, field)| field)
        };
        let places = self.0.iter().enumerate();
        let changed = |(place, (name, field)): &(usize, &(&'static str, Field))| {
            *name == "symbol" || was(name, *place) != Some(field)
        };
        let changes: Vec<_> = places.filter(changed).map(|(_, field)| field.clone()).collect();
        (changes.len() > 1).then_some(Self(changes))
    }

    fn whole(row: &TickerRow, day: &DayFigures, instrument: &Instrument) -> Self {
        let scales = Scales::of(instrument);
        let price = |price: Option<Decimal>| Field::Figure(scales.price_or_empty(price));
        let size = |level: Option<(Decimal, Decimal)>| {
            Field::Figure(level.map(|(_, qty)| scales.qty_figure(qty)).unwrap_or_default())
        };
        let last = row.last_price.unwrap_or_default();
        let change = (last - day.prev_price_24h).checked_div(day.prev_price_24h).unwrap_or_default();
        let mut fields = Vec::with_capacity(FIELDS_MAX);
        fields.extend([
            ("symbol", Field::Name(row.symbol.clone())),
            ("lastPrice", price(row.last_price)),
            ("prevPrice24h", price(Some(day.prev_price_24h))),
            ("price24hPcnt", amount(change.round_dp(6))),
            ("highPrice24h", price(Some(day.high))),
            ("lowPrice24h", price(Some(day.low))),
            ("turnover24h", amount(day.turnover.round_dp(4))),
            ("volume24h", Field::Figure(scales.qty_figure(day.volume))),
            ("bid1Price", price(row.bid1.map(|level| level.0))),
            ("bid1Size", size(row.bid1)),
            ("ask1Price", price(row.ask1.map(|level| level.0))),
            ("ask1Size", size(row.ask1)),
        ]);
        if instrument.category == Category::Spot {
            fields.push(("usdIndexPrice", price(row.index_price)));
        } else {
            fields.extend(of_contract(row, day, instrument));
        }
        Self(fields)
    }
}

fn amount(value: Decimal) -> Field {
    Field::Figure(Figure::amount(value))
}

/// What only contracts have.
fn of_contract(
    row: &TickerRow,
    day: &DayFigures,
    instrument: &Instrument,
) -> impl IntoIterator<Item = (&'static str, Field)> + use<> {
    let scales = Scales::of(instrument);
    let price = |price: Option<Decimal>| Field::Figure(scales.price_or_empty(price));
    let qty = |qty: Decimal| Field::Figure(scales.qty_figure(qty));
    let mark = row.mark_price.unwrap_or_default();
    // What is open counts on both sides, and under another name on one. Source: Bybit V5, "Get Open Interest".
    let single = row.open_interest;
    let both = single + single;
    let value = |interest: Decimal| {
        amount(match instrument.category {
            Category::Inverse => interest.checked_div(mark).unwrap_or_default().round_dp(4),
            Category::Linear | Category::Spot => (interest * mark).round_dp(2),
        })
    };
    let empty = Field::Word("");
    [
        (TICKER_PUSHED, Field::Word(row.tick_direction.as_str())),
        ("markPrice", price(row.mark_price)),
        ("indexPrice", price(row.index_price)),
        ("prevPrice1h", price(Some(day.prev_price_1h))),
        ("openInterest", qty(both)),
        ("openInterestValue", value(both)),
        ("singleOpenInterest", qty(single)),
        ("singleOpenInterestValue", value(single)),
        ("fundingRate", amount(row.funding_rate)),
        ("nextFundingTime", Field::Count(row.next_funding_ms)),
        ("fundingIntervalHour", Field::Count((instrument.funding_interval_min / 60).into())),
        ("fundingCap", amount(instrument.funding_rate_cap)),
        ("deliveryTime", Field::Count(row.delivery_ms.unwrap_or(0))),
        ("deliveryFeeRate", empty.clone()),
        ("predictedDeliveryPrice", empty.clone()),
        ("basis", empty.clone()),
        ("basisRate", empty.clone()),
        ("basisRateYear", empty.clone()),
        ("preOpenPrice", empty.clone()),
        ("preQty", empty.clone()),
        ("curPreListingPhase", empty),
    ]
}
