//! Whether anything of an account is open, in any product: asked before its key is given up.

use super::{client::RestClient, error::RestError, market::Category, page::Access};
use crate::codec::{number::Lexeme, rows};
use rust_decimal::Decimal;
use serde::Deserialize;
use std::fmt;
use windvane_model::Symbol;

/// Coins that linear contracts settle in; the venue wants one named.
const LINEAR_COINS: [&str; 2] = ["USDT", "USDC"];

/// An order or a position that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenBusiness {
    /// Which product.
    pub category: Category,
    /// Which contract or pair.
    pub symbol: Symbol,
    /// What it is.
    pub kind: BusinessKind,
    /// How much of it.
    pub qty: Decimal,
}

/// What can be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BusinessKind {
    /// An order, conditional ones included.
    Order,
    /// A position.
    Position,
}

impl fmt::Display for OpenBusiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            BusinessKind::Order => "an order over",
            BusinessKind::Position => "a position of",
        };
        write!(f, "{what} {} {} ({})", self.qty.normalize(), self.symbol, self.category)
    }
}

impl RestClient {
    /// Every order and every position that is open, over all products.
    ///
    /// # Errors
    /// When an answer cannot be had or read: then nobody knows.
    pub async fn open_business(&self) -> Result<Vec<OpenBusiness>, RestError> {
        let mut open = Vec::new();
        for coin in LINEAR_COINS {
            let query = format!("category=linear&limit=50&settleCoin={coin}");
            self.orders_open(Category::Linear, &query, &mut open).await?;
            let query = format!("category=linear&limit=200&settleCoin={coin}");
            self.positions_open(Category::Linear, &query, &mut open).await?;
        }
        self.orders_open(Category::Inverse, "category=inverse&limit=50", &mut open).await?;
        self.positions_open(Category::Inverse, "category=inverse&limit=200", &mut open).await?;
        self.orders_open(Category::Spot, "category=spot&limit=50", &mut open).await?;
        Ok(open)
    }

    async fn orders_open(
        &self,
        category: Category,
        query: &str,
        open: &mut Vec<OpenBusiness>,
    ) -> Result<(), RestError> {
        self.business(category, BusinessKind::Order, "/v5/order/realtime", query, open).await
    }

    async fn positions_open(
        &self,
        category: Category,
        query: &str,
        open: &mut Vec<OpenBusiness>,
    ) -> Result<(), RestError> {
        self.business(category, BusinessKind::Position, "/v5/position/list", query, open).await
    }

    async fn business(
        &self,
        category: Category,
        kind: BusinessKind,
        path: &'static str,
        query: &str,
        open: &mut Vec<OpenBusiness>,
    ) -> Result<(), RestError> {
        #[derive(Deserialize)]
        struct Row<'a> {
            #[serde(borrow)]
            symbol: Lexeme<'a>,
            /// Of an order.
            #[serde(borrow, default)]
            qty: Lexeme<'a>,
            /// Of a position; zero is flat.
            #[serde(borrow, default)]
            size: Lexeme<'a>,
        }
        self.each_row(Access::Signed, path, query, |answer, text| {
            let row: Row<'_> = answer.row(text)?;
            let figure = if kind == BusinessKind::Order { &row.qty } else { &row.size };
            let qty = figure.decimal("qty").map_err(|error| answer.unreadable(error))?.unwrap_or_default();
            if kind == BusinessKind::Order || !qty.is_zero() {
                let symbol = rows::symbol(&row.symbol).map_err(|error| answer.unreadable(error))?;
                open.push(OpenBusiness { category, symbol, kind, qty });
            }
            Ok(())
        })
        .await
    }
}
