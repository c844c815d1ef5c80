//! What one contract adds to the account, kept so that a sum over many costs the same as over one.

use super::ContractTerms;
use rust_decimal::{Decimal, RoundingStrategy};
use windvane_model::RiskTier;

/// Places that a kept figure has. Everything that real contracts multiply out to ends before them; what a division
/// leaves beyond is rounded against us. On one grid, adding and taking away are exact, so that a sum that has been
/// changed a million times equals one that is counted anew.
const PLACES: u32 = 16;
/// More than any account holds and any limit allows, settle coin. Sums of a few such figures still keep their places.
const MOST: Decimal = Decimal::from_parts(0xA94A_2000, 0x1D1, 0, false, 0);

/// What one contract holds back and is worth, all orders counted; settle coin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ContractFigures {
    /// Initial margin of the open orders.
    pub order_margin: Decimal,
    /// Initial margin of the position.
    pub position_margin: Decimal,
    /// Maintenance margin of the position.
    pub maintenance_margin: Decimal,
    /// Profit of the position if it were closed at the mark, fees apart.
    pub unrealised_pnl: Decimal,
    /// [`ContractTerms::worst_value`].
    pub worst_value: Decimal,
}

impl ContractFigures {
    /// Counts them. `fee_to_close` is the position's own; `tiers` are `None` for a contract that the venue has not
    /// described.
    pub(crate) fn of(terms: &ContractTerms<'_>, fee_to_close: Decimal, tiers: Option<&[RiskTier]>) -> Self {
        Self { order_margin: up(terms.order_margin(None)), ..Self::default() }.at_mark(
            terms,
            fee_to_close,
            tiers,
        )
    }

    /// The same where nothing but the orders are others.
    pub(crate) fn with_orders(self, terms: &ContractTerms<'_>) -> Self {
        Self { order_margin: up(terms.order_margin(None)), worst_value: up(terms.worst_value(None)), ..self }
    }

    /// The same where nothing but the mark is another.
    pub(crate) fn at_mark(
        &self,
        terms: &ContractTerms<'_>,
        fee_to_close: Decimal,
        tiers: Option<&[RiskTier]>,
    ) -> Self {
        let (order_margin, worst_value) = (self.order_margin, up(terms.worst_value(None)));
        let Some(position) = terms.position() else {
            return Self { order_margin, worst_value, ..Self::default() };
        };
        let (initial, maintenance) = position.margins(fee_to_close, tiers);
        Self {
            order_margin,
            position_margin: up(initial),
            maintenance_margin: up(maintenance),
            unrealised_pnl: down(position.unrealised_pnl()),
            worst_value,
        }
    }

    /// The unrealised profit alone, rounded like that of the figures, settle coin.
    pub(crate) fn unrealised_pnl_of(terms: &ContractTerms<'_>) -> Decimal {
        terms.position().map_or(Decimal::ZERO, |position| down(position.unrealised_pnl()))
    }

    /// The sums with `new` in the place of `old`, which is among them.
    pub(crate) fn exchange(&mut self, old: &Self, new: &Self) {
        let exchange = |sum: &mut Decimal, old: Decimal, new: Decimal| {
            if old != new {
                *sum = sum.saturating_sub(old).saturating_add(new);
            }
        };
        exchange(&mut self.order_margin, old.order_margin, new.order_margin);
        exchange(&mut self.position_margin, old.position_margin, new.position_margin);
        exchange(&mut self.maintenance_margin, old.maintenance_margin, new.maintenance_margin);
        exchange(&mut self.unrealised_pnl, old.unrealised_pnl, new.unrealised_pnl);
        exchange(&mut self.worst_value, old.worst_value, new.worst_value);
    }
}

fn up(amount: Decimal) -> Decimal {
    on_grid(amount, RoundingStrategy::ToPositiveInfinity)
}

fn down(amount: Decimal) -> Decimal {
    on_grid(amount, RoundingStrategy::ToNegativeInfinity)
}

fn on_grid(amount: Decimal, strategy: RoundingStrategy) -> Decimal {
    // What real accounts hold: 64 bits of digits with at least seven places are below the most there is, and so is
    // whatever has 32 bits of them.
    let parts = amount.unpack();
    if parts.hi == 0 && (parts.mid == 0 || parts.scale >= 7) && parts.scale <= PLACES {
        return amount;
    }
    let amount = amount.clamp(-MOST, MOST);
    if amount.scale() > PLACES { amount.round_dp_with_strategy(PLACES, strategy) } else { amount }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_figure_is_two_trillions_and_figures_round_against_us() {
        assert_eq!(MOST, Decimal::from(2_000_000_000_000_i64));
        let third = Decimal::ONE / Decimal::from(3);
        assert!(up(third) > third && down(third) < third && up(-third) > -third);
        assert_eq!(up(Decimal::MAX), MOST);
        // Few digits far behind the point are rounded as well, and one place before them none is.
        let smallest = Decimal::new(1, PLACES);
        assert_eq!(
            [up(Decimal::new(1, PLACES + 1)), down(Decimal::new(1, PLACES + 1)), up(smallest)],
            [smallest, Decimal::ZERO, smallest]
        );
    }
}
