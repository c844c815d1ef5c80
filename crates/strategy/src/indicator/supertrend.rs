//! Supertrend: a stop line that follows the price at a multiple of the average true range and changes sides when it is
//! crossed. Source of the rules: TradingView's `ta.supertrend`; it begins as a falling trend.

/// What is told of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Its price.
    Line,
    /// 1 while the trend rises (the line is below the price), 0 while it falls.
    IsUp,
}

#[derive(Debug, Clone)]
pub(crate) struct Supertrend {
    side: Side,
    before: Option<Bands>,
}

#[derive(Debug, Clone, Copy)]
struct Bands {
    upper: f64,
    lower: f64,
    price: f64,
    is_up: bool,
}

impl Supertrend {
    pub(super) fn new(side: Side) -> Self {
        Self { side, before: None }
    }

    /// Takes the raw bands of the bar and its price.
    pub(super) fn next(&mut self, upper: f64, lower: f64, price: f64) -> f64 {
        let bands = match self.before {
            None => Bands { upper, lower, price, is_up: false },
            Some(before) => {
                // A band only moves towards the price, until the price has passed it.
                let upper =
                    if upper < before.upper || before.price > before.upper { upper } else { before.upper };
                let lower =
                    if lower > before.lower || before.price < before.lower { lower } else { before.lower };
                let is_up = if before.is_up { price >= lower } else { price > upper };
                Bands { upper, lower, price, is_up }
            }
        };
        self.before = Some(bands);
        match (self.side, bands.is_up) {
            (Side::Line, true) => bands.lower,
            (Side::Line, false) => bands.upper,
            (Side::IsUp, is_up) => f64::from(u8::from(is_up)),
        }
    }
}
