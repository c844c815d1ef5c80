//! Trading of any product, for operators and tools: mutations, and what is open. The engine itself trades linear contracts,
//! by the queue of its own. Source: Bybit V5, "Trade", "Position".

use super::{
    answer::Answer,
    client::RestClient,
    error::RestError,
    market::{read, required},
    page::Access,
    past::{PastOrder, PastOrderRow},
};
use crate::{
    budget::{Call, Purpose},
    category::Category,
    codec::{
        number::{FieldError, Lexeme, bad},
        rows,
    },
    encode::{Mutation, SETTLE_COIN, batch_kind, batch_max},
    outcome::Asked,
};
use rust_decimal::Decimal;
use serde::Deserialize;
use windvane_model::{AccountEvent, Side, Symbol};

/// A position that is open. Figures are in the product's own units: an inverse contract counts dollars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenPosition {
    /// Which contract.
    pub symbol: Symbol,
    /// 0 in one-way mode; 1 the long and 2 the short side in hedge mode.
    pub index: u8,
    /// Long or short.
    pub side: Side,
    /// How much.
    pub qty: Decimal,
    /// Average price of entry.
    pub average: Decimal,
    /// Its leverage; `None` where the margin mode has none.
    pub leverage: Option<Decimal>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PositionRow<'a> {
    #[serde(borrow)]
    symbol: Lexeme<'a>,
    #[serde(borrow, default)]
    position_idx: Lexeme<'a>,
    #[serde(borrow)]
    side: Lexeme<'a>,
    #[serde(borrow)]
    size: Lexeme<'a>,
    #[serde(borrow, default)]
    avg_price: Lexeme<'a>,
    #[serde(borrow, default)]
    leverage: Lexeme<'a>,
}

impl PositionRow<'_> {
    /// The position; `None` when it is flat.
    fn position(&self) -> Result<Option<OpenPosition>, FieldError> {
        let qty = required(&self.size, "size")?;
        if qty.is_zero() {
            return Ok(None);
        }
        Ok(Some(OpenPosition {
            symbol: rows::symbol(&self.symbol)?,
            index: self.position_idx.integer("positionIdx")?,
            side: rows::side(&self.side)?.ok_or(bad("side", "missing"))?,
            qty,
            average: required(&self.avg_price, "avgPrice")?,
            leverage: self.leverage.decimal("leverage")?,
        }))
    }
}

impl RestClient {
    /// Asks for a change of a product when the rate limit lets it, and says what became of it. Never an error: what cannot
    /// be asked of the product, and what did not leave, is refused as not sent; what has no certain answer is undetermined.
    ///
    /// Of a pair the quantity is in coins, of an inverse contract in dollars. `CancelAll` of pairs leaves their stops alone.
    pub async fn perform(&self, category: Category, mutation: &Mutation) -> AccountEvent {
        let asked = Asked::from(mutation);
        if let Some(why) = mutation.misfit(category) {
            return asked.not_sent(why);
        }
        let call = Call { category, ..Call::over_rest(mutation.endpoint(), Purpose::of(mutation)) };
        match self.turn(call).await {
            Ok(turn) => self.mutate_in(category, mutation, turn).await,
            Err(error) => asked.not_sent(&error.to_string()),
        }
    }

    /// The same for many changes, with what became of each in their order. Neighbours of one kind leave in batches, as many
    /// at a time as the rate limit lets.
    pub async fn perform_all(&self, category: Category, mutations: &[Mutation]) -> Vec<AccountEvent> {
        let mut ends = Vec::with_capacity(mutations.len());
        while let Some(next) = mutations.get(ends.len()) {
            let kind = batch_kind(next).filter(|_| next.misfit(category).is_none());
            let Some(kind) = kind else {
                ends.push(self.perform(category, next).await);
                continue;
            };
            let is_alike =
                |other: &&Mutation| batch_kind(other) == Some(kind) && other.misfit(category).is_none();
            let rest = &mutations[ends.len()..];
            let alike = rest.iter().take_while(is_alike).count().min(batch_max(category));
            let call = Call { category, ..Call::over_rest(kind.endpoint(), Purpose::of(next)) };
            match self.turn_of(call, u32::try_from(alike).unwrap_or(u32::MAX)).await {
                Ok(turn) => {
                    let places = usize::try_from(turn.call().places).unwrap_or(alike);
                    ends.extend(self.mutate_batch(category, &rest[..places], turn).await);
                }
                Err(error) => ends.push(Asked::from(next).not_sent(&error.to_string())),
            }
        }
        ends
    }

    /// Every order of a product that is open, stops included, over all pages.
    ///
    /// # Errors
    /// When an answer cannot be had or read.
    pub async fn open_orders_of(&self, category: Category) -> Result<Vec<PastOrder>, RestError> {
        let mut open = Vec::new();
        let query = format!("category={category}&limit=50&openOnly=0{}", settling(category));
        self.each_row(Access::Signed, "/v5/order/realtime", &query, |answer, text| {
            open.push(read(answer, answer.row::<PastOrderRow<'_>>(text)?.order())?);
            Ok(())
        })
        .await?;
        Ok(open)
    }

    /// Every position of a product that is open, over all pages; pairs have none.
    ///
    /// # Errors
    /// When an answer cannot be had or read.
    pub async fn open_positions_of(&self, category: Category) -> Result<Vec<OpenPosition>, RestError> {
        let mut open = Vec::new();
        if category == Category::Spot {
            return Ok(open);
        }
        let query = format!("category={category}&limit=200{}", settling(category));
        self.each_row(Access::Signed, "/v5/position/list", &query, |answer: &Answer, text| {
            open.extend(read(answer, answer.row::<PositionRow<'_>>(text)?.position())?);
            Ok(())
        })
        .await?;
        Ok(open)
    }
}

/// Of linear contracts the venue wants a coin named.
fn settling(category: Category) -> String {
    match category {
        Category::Linear => format!("&settleCoin={SETTLE_COIN}"),
        Category::Inverse | Category::Spot => String::new(),
    }
}
