//! Announcements: what the exchange has told its users. Source: Bybit V5, "Get Announcement".

use serde_json::{Value, json};
use windvane_venue_core::Category;

use crate::exchange::Exchange;
use crate::wire::envelope::{Accepted, Answer, Refusal};
use crate::wire::fields::Fields;

/// Rows on a page by default, and at most.
const PAGE: (usize, usize) = (20, 50);

/// One announcement.
struct News {
    title: String,
    description: String,
    /// Title and key of its kind.
    kind: (&'static str, &'static str),
    tag: &'static str,
    /// When it was told, and what it is about begins and ends, in ms.
    times: [i64; 3],
}

/// Delistings that were announced and maintenances, newest first. Nothing else happens here that an exchange would announce.
pub(crate) fn index(exchange: &Exchange, fields: &Fields) -> Answer {
    fields.required("locale")?;
    let (kind, tag) = (fields.text("type"), fields.text("tag"));
    let mut news: Vec<News> = delistings(exchange).chain(maintenances(exchange)).collect();
    news.retain(|news| {
        kind.as_deref().is_none_or(|kind| news.kind.1 == kind)
            && tag.as_deref().is_none_or(|tag| news.tag == tag)
    });
    news.sort_by_key(|news| std::cmp::Reverse(news.times[0]));
    let page = match fields.integer("page")? {
        None => 0,
        Some(number) => usize::try_from(number)
            .ok()
            .and_then(|number| number.checked_sub(1))
            .ok_or_else(|| Refusal::parameter("page begins with 1"))?,
    };
    let limit = fields.limit(PAGE.0, PAGE.1)?;
    let rows: Vec<Value> = news.iter().skip(page.saturating_mul(limit)).take(limit).map(row).collect();
    Ok(Accepted::new(json!({"total": news.len(), "list": rows})))
}

fn delistings(exchange: &Exchange) -> impl Iterator<Item = News> {
    exchange.announcements.iter().map(|announced| News {
        title: format!("Delisting of {}", announced.symbol),
        description: match announced.category {
            Category::Spot => format!("The spot pair {} will no longer trade.", announced.symbol),
            Category::Linear | Category::Inverse => {
                format!("The contract {} will be settled and no longer trade.", announced.symbol)
            }
        },
        kind: ("Delistings", "delistings"),
        tag: match announced.category {
            Category::Spot => "Spot",
            Category::Linear | Category::Inverse => "Derivatives",
        },
        times: [announced.announced_ms, announced.delivery_ms, announced.delivery_ms],
    })
}

fn maintenances(exchange: &Exchange) -> impl Iterator<Item = News> {
    let all = exchange.faults.maintenances(exchange.real_ms()).into_iter();
    all.map(|(_, span, _)| News {
        title: "System maintenance".to_owned(),
        description: "Requests are refused meanwhile.".to_owned(),
        kind: ("Maintenance Updates", "maintenance_updates"),
        tag: "System",
        times: [span.begin_ms, span.begin_ms, span.end_ms.unwrap_or(span.begin_ms)],
    })
}

fn row(news: &News) -> Value {
    let [told_ms, begin_ms, end_ms] = news.times;
    json!({
        "title": news.title,
        "description": news.description,
        "type": {"title": news.kind.0, "key": news.kind.1},
        "tags": [news.tag],
        "url": "",
        "dateTimestamp": told_ms,
        "startDateTimestamp": begin_ms,
        "endDateTimestamp": end_ms,
    })
}
