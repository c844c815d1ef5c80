//! Who listens. A row costs more than the change it tells of, so what nobody listens to is not told; it can be asked for at
//! any time (`Venue::position`, `Venue::wallet`, …).

/// Which rows of an account are made. Everything unless said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Audience {
    /// `Output::Order`.
    pub orders: bool,
    /// `Output::Execution`.
    pub executions: bool,
    /// `Output::Position`.
    pub positions: bool,
    /// `Output::Wallet`.
    pub wallets: bool,
}

impl Audience {
    /// Everything is heard.
    pub const EVERYTHING: Self = Self { orders: true, executions: true, positions: true, wallets: true };
    /// Nothing is heard.
    pub const NOTHING: Self = Self { orders: false, executions: false, positions: false, wallets: false };
}

/// Which rows of the public are made, of all instruments. Everything unless said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicAudience {
    /// `Output::Trade` and `Output::Liquidation`.
    pub trades: bool,
    /// `Output::Book`.
    pub books: bool,
    /// `Output::Ticker`.
    pub tickers: bool,
}

impl PublicAudience {
    /// Everything is heard.
    pub const EVERYTHING: Self = Self { trades: true, books: true, tickers: true };
    /// Nothing is heard.
    pub const NOTHING: Self = Self { trades: false, books: false, tickers: false };
}
