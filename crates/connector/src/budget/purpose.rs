//! What a request is for: the order in which requests get what a rate limit leaves.
//!
//! The verb does not tell: an order that closes a position and one that opens it are both `order/create`.

use crate::encode::Mutation;
use windvane_model::{IdGrammar, Query, Role};

/// What a request is for, most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// Closes a position or sets its stop.
    Protect,
    /// Takes an order off the book.
    Cancel,
    /// Finds out what became of one order.
    Resolve,
    /// Compares the books, measures the clock, reads contracts and history.
    Audit,
    /// Changes an order that rests.
    Amend,
    /// May open a position, or prepares for it.
    Open,
}

impl Purpose {
    /// A short word for logs and metric labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Protect => "protect",
            Self::Cancel => "cancel",
            Self::Resolve => "resolve",
            Self::Audit => "audit",
            Self::Amend => "amend",
            Self::Open => "open",
        }
    }

    pub(crate) fn of(mutation: &Mutation) -> Self {
        match mutation {
            Mutation::SetProtection(_) => Self::Protect,
            Mutation::Submit(submit) if submit.reduce_only => Self::Protect,
            Mutation::Cancel(_) | Mutation::CancelAll(_) => Self::Cancel,
            // The id says what the order was made for; an exit that is moved is still the way out.
            Mutation::Amend(amend) => match IdGrammar::parse(&amend.client_order_id).map(|id| id.role) {
                Some(Role::Exit | Role::Protect) => Self::Protect,
                Some(Role::Entry | Role::Level) | None => Self::Amend,
            },
            Mutation::Submit(_) | Mutation::SetLeverage(_) => Self::Open,
        }
    }

    pub(crate) const fn of_query(query: &Query) -> Self {
        match query {
            Query::Order { .. } => Self::Resolve,
            Query::Account { .. } | Query::PreCheck(_) | Query::Movements { .. } => Self::Audit,
        }
    }

    /// Whether it ends or bounds a risk: it never waits behind what does not.
    pub(crate) const fn is_urgent(self) -> bool {
        matches!(self, Self::Protect | Self::Cancel)
    }

    /// How much of a limit that everything shares (one address, one key) this purpose may use up, in per cent:
    /// what the lower ones leave is the head start of the higher ones.
    pub(crate) const fn share_of_common(self) -> u32 {
        match self {
            Self::Protect => 100,
            Self::Cancel => 90,
            Self::Resolve => 80,
            Self::Audit => 70,
            Self::Amend => 65,
            Self::Open => 60,
        }
    }

    /// The same for the limit of one endpoint. Closes share `order/create` with entries; three tenths are theirs.
    pub(crate) const fn share_of_endpoint(self) -> u32 {
        if self.is_urgent() { 100 } else { 70 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use windvane_model::{Amend, ClientOrderId, Symbol};

    #[test]
    fn an_exit_that_is_moved_is_protection_and_an_entry_that_is_moved_is_not() {
        for (id, purpose) in [
            ("w01trndx0000001-000001", Purpose::Protect),
            ("w01trndp0000001-000001", Purpose::Protect),
            ("w01trnde0000001-000001", Purpose::Amend),
            ("not-of-ours", Purpose::Amend),
        ] {
            let amend = Amend {
                client_order_id: ClientOrderId::new(id).unwrap(),
                symbol: Symbol::new("BTCUSDT").unwrap(),
                price: None,
                qty: None,
                send_before: None,
            };
            assert_eq!(Purpose::of(&Mutation::Amend(amend)), purpose, "{id}");
        }
    }

    #[test]
    fn the_more_urgent_may_use_at_least_as_much() {
        use Purpose as P;
        for pair in [P::Protect, P::Cancel, P::Resolve, P::Audit, P::Amend, P::Open].windows(2) {
            assert!(pair[0] < pair[1]);
            assert!(pair[0].share_of_common() > pair[1].share_of_common());
            assert!(pair[0].share_of_endpoint() >= pair[1].share_of_endpoint());
        }
    }
}
