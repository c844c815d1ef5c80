//! Kinds of product, which most calls name.

/// A kind of product. Source: Bybit V5, enum `category`; options are not offered here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// Contracts that settle in USDT or USDC.
    Linear,
    /// Contracts that settle in the coin itself.
    Inverse,
    /// Coins.
    Spot,
}

impl Category {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Linear, Self::Inverse, Self::Spot];

    /// The venue's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Inverse => "inverse",
            Self::Spot => "spot",
        }
    }
}

impl std::fmt::Display for Category {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
