//! The contracts that may be traded, with the fees that their margin reserves.

use std::collections::BTreeMap;
use windvane_model::{FeeRates, Instrument, Rate, Reference, Symbol};

/// One contract and what its fills cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    /// Grids, bounds and tiers.
    pub instrument: Instrument,
    /// Fee rates of this account.
    pub fees: FeeRates,
}

/// Every contract known so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contracts(BTreeMap<Symbol, Contract>);

impl Contracts {
    /// Takes what the venue says. A contract that a later message no longer names stays, because a position in
    /// it must still be closable; its status says whether it may be opened.
    ///
    /// A contract without fee rates or without risk tiers is left out: its margin could not be computed.
    pub fn apply(&mut self, reference: &Reference) {
        for instrument in &reference.instruments {
            let fees = reference.fees.iter().find(|(symbol, _)| *symbol == instrument.symbol);
            if let Some((symbol, fees)) = fees
                && !instrument.tiers.is_empty()
            {
                self.0.insert(*symbol, Contract { instrument: instrument.clone(), fees: *fees });
            }
        }
    }

    /// Taker fee of a contract, a fraction; of an unknown one the dearest that is known.
    #[must_use]
    pub fn taker_fee(&self, symbol: Symbol) -> Rate {
        let dearest = || self.0.values().map(|contract| contract.fees.taker).max().unwrap_or(Rate::ZERO);
        self.0.get(&symbol).map_or_else(dearest, |contract| contract.fees.taker)
    }

    /// The contract of that name.
    #[must_use]
    pub fn get(&self, symbol: Symbol) -> Option<&Contract> {
        self.0.get(&symbol)
    }
}
