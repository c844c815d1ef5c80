//! What the venue says of its own maintenance. Source: Bybit V5, "Get System Status".

use super::{moment, read};
use crate::codec::{
    number::{FieldError, Lexeme},
    words::printable,
};
use crate::rest::{client::RestClient, error::RestError, page::Access};
use serde::Deserialize;
use windvane_model::MarketTime;

/// How far a maintenance is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MaintenanceState {
    /// To come.
    Scheduled,
    /// Under way.
    Ongoing,
    /// Over, or called off.
    Over,
    /// A word that we do not know.
    Other(String),
}

/// A maintenance, announced or past. Interruptions of less than ten seconds are not announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maintenance {
    /// What it is called.
    pub title: String,
    /// How far it is.
    pub state: MaintenanceState,
    /// From when.
    pub begins: MarketTime,
    /// Until when, as planned.
    pub ends: Option<MarketTime>,
    /// Products that it is about, by the venue's numbers; empty means all.
    pub products: Vec<u32>,
    /// Last figures of the accounts that it is about; empty means all.
    pub uid_endings: Vec<u32>,
    /// Whether it is about demo accounts, or about the others; `None` where that is not said.
    pub is_of_demo: Option<bool>,
}

/// Whom a maintenance may be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Customer {
    /// The venue's number of the account.
    pub uid: u64,
    /// Whether it is a demo account.
    pub is_demo: bool,
}

/// Contracts, among the products of a maintenance.
const FUTURES: u32 = 1;

impl Maintenance {
    /// Whether it keeps this account from trading contracts. Whatever service is down, something is missing that an order
    /// that opens relies on: the way in, its reports, or the prices.
    #[must_use]
    pub fn concerns(&self, customer: Customer) -> bool {
        let ending = u32::try_from(customer.uid % 10).unwrap_or_default();
        let is_about = |listed: &[u32], one: u32| listed.is_empty() || listed.contains(&one);
        is_about(&self.products, FUTURES)
            && is_about(&self.uid_endings, ending)
            && self.is_of_demo.is_none_or(|is_of_demo| is_of_demo == customer.is_demo)
    }

    /// Whether it goes on at `now`. A word that we do not know counts for as long as was planned.
    #[must_use]
    pub fn is_on(&self, now: MarketTime) -> bool {
        match self.state {
            MaintenanceState::Ongoing => true,
            MaintenanceState::Scheduled | MaintenanceState::Over => false,
            MaintenanceState::Other(_) => self.begins <= now && self.ends.is_some_and(|ends| now < ends),
        }
    }
}

impl RestClient {
    /// Whether a maintenance goes on that concerns this account.
    ///
    /// # Errors
    /// When the answer cannot be had or read.
    pub async fn is_under_maintenance(&self, customer: Customer) -> Result<bool, RestError> {
        let now = MarketTime(self.clock.moment().stamp_ms);
        Ok(self.maintenances().await?.iter().any(|one| one.concerns(customer) && one.is_on(now)))
    }

    /// Maintenances, newest first.
    ///
    /// # Errors
    /// When the answer cannot be had or read.
    pub async fn maintenances(&self) -> Result<Vec<Maintenance>, RestError> {
        #[derive(Deserialize)]
        struct Row<'a> {
            #[serde(borrow, default)]
            title: Lexeme<'a>,
            #[serde(borrow)]
            state: Lexeme<'a>,
            #[serde(borrow)]
            begin: Lexeme<'a>,
            #[serde(borrow, default)]
            end: Lexeme<'a>,
            #[serde(borrow, default)]
            product: Vec<Lexeme<'a>>,
            #[serde(borrow, default, rename = "uidSuffix")]
            uid_suffix: Vec<Lexeme<'a>>,
            #[serde(borrow, default)]
            env: Lexeme<'a>,
        }
        let mut all = Vec::new();
        self.each_row(Access::Public, "/v5/system/status", "", |answer, text| {
            let row: Row<'_> = answer.row(text)?;
            all.push(Maintenance {
                title: printable(row.title.into_text()).into_owned(),
                state: match row.state.as_str() {
                    "scheduled" => MaintenanceState::Scheduled,
                    "ongoing" => MaintenanceState::Ongoing,
                    "completed" | "canceled" => MaintenanceState::Over,
                    other => MaintenanceState::Other(printable(other.into()).into_owned()),
                },
                begins: read(answer, moment(&row.begin, "begin"))?,
                ends: read(answer, row.end.time("end"))?.filter(|ends| ends.0 > 0),
                products: read(answer, numbers(&row.product, "product"))?,
                uid_endings: read(answer, numbers(&row.uid_suffix, "uidSuffix"))?,
                is_of_demo: match row.env.as_str() {
                    "1" => Some(false),
                    "2" => Some(true),
                    _ => None,
                },
            });
            Ok(())
        })
        .await?;
        Ok(all)
    }
}

fn numbers(rows: &[Lexeme<'_>], field: &'static str) -> Result<Vec<u32>, FieldError> {
    rows.iter().map(|row| row.integer(field)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: MarketTime = MarketTime(1_000);

    fn maintenance(state: MaintenanceState) -> Maintenance {
        Maintenance {
            title: String::new(),
            state,
            begins: MarketTime(500),
            ends: Some(MarketTime(1_500)),
            products: vec![],
            uid_endings: vec![],
            is_of_demo: None,
        }
    }

    #[test]
    fn d07_it_counts_while_it_goes_on_and_only_for_those_it_is_about() {
        let other = || MaintenanceState::Other("paused".to_owned());
        for (state, now, is_on) in [
            (MaintenanceState::Ongoing, NOW, true),
            (MaintenanceState::Ongoing, MarketTime(9_000), true),
            (MaintenanceState::Scheduled, NOW, false),
            (MaintenanceState::Over, NOW, false),
            (other(), NOW, true),
            (other(), MarketTime(1_500), false),
        ] {
            assert_eq!(maintenance(state.clone()).is_on(now), is_on, "{state:?} at {now:?}");
        }
        let customer = Customer { uid: 1_234_567, is_demo: false };
        for (products, endings, is_of_demo, concerns) in [
            (vec![], vec![], None, true),
            (vec![1, 2], vec![7], Some(false), true),
            (vec![2], vec![], None, false),
            (vec![], vec![6], None, false),
            (vec![], vec![], Some(true), false),
        ] {
            let one = Maintenance {
                products,
                uid_endings: endings,
                is_of_demo,
                ..maintenance(MaintenanceState::Ongoing)
            };
            assert_eq!(one.concerns(customer), concerns, "{one:?}");
        }
    }
}
