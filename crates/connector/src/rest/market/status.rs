//! What the venue says of its own maintenance. Source: Bybit V5, "Get System Status".

use super::{moment, read};
use crate::codec::{number::Lexeme, words::printable};
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
}

impl RestClient {
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
                ends: read(answer, row.end.time("end"))?,
            });
            Ok(())
        })
        .await?;
        Ok(all)
    }
}
