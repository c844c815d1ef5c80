//! Doubt is a switch: what the exchange's documentation leaves open, one named setting a question, the default being what
//! the documentation leans to.

/// Declares the settings: an enum for each, the struct of them all, and the table that lists them.
macro_rules! doubts {
    ($($(#[$question:meta])* $field:ident = $name:literal: $kind:ident {
        $($(#[$doc:meta])* $variant:ident = $text:literal,)+
    } default $default:ident, meaning $meaning:literal;)+) => {
        $(
            $(#[$question])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub enum $kind { $($(#[$doc])* $variant,)+ }
        )+

        /// One answer to every question.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Doubts { $($(#[$question])* pub $field: $kind,)+ }

        impl Default for Doubts {
            fn default() -> Self {
                Self { $($field: $kind::$default,)+ }
            }
        }

        /// Every question with its choices.
        pub const DOUBTS: &[Doubt] = &[$(Doubt {
            name: $name,
            meaning: $meaning,
            choices: &[$($text,)+],
            default: {
                // The name of the default's text: the first match over the variants, settled at compile time.
                match $kind::$default { $($kind::$variant => $text,)+ }
            },
        },)+];

        impl Doubts {
            /// Answers a question by the names in [`DOUBTS`].
            ///
            /// # Errors
            /// [`UnknownDoubt`] when the question or the choice does not exist; nothing has changed then.
            pub fn set(&mut self, name: &str, choice: &str) -> Result<(), UnknownDoubt> {
                match name {
                    $($name => self.$field = match choice {
                        $($text => $kind::$variant,)+
                        _ => return Err(UnknownDoubt::Choice { name: name.to_owned(), choice: choice.to_owned() }),
                    },)+
                    _ => return Err(UnknownDoubt::Question { name: name.to_owned() }),
                }
                Ok(())
            }

            /// The answer to a question, by its name in [`DOUBTS`].
            #[must_use]
            pub fn get(&self, name: &str) -> Option<&'static str> {
                match name {
                    $($name => Some(match self.$field { $($kind::$variant => $text,)+ }),)+
                    _ => None,
                }
            }
        }
    };
}

/// A question the documentation leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// Name of the setting.
    pub name: &'static str,
    /// What it decides.
    pub meaning: &'static str,
    /// Possible answers, the default first.
    pub choices: &'static [&'static str],
    /// The answer that holds unless said.
    pub default: &'static str,
}

/// A name that is no question or no answer to it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownDoubt {
    /// No such question.
    #[error("no doubt is called {name}")]
    Question {
        /// As it was written.
        name: String,
    },
    /// No such answer.
    #[error("{choice} is no choice for the doubt {name}")]
    Choice {
        /// The question.
        name: String,
        /// As it was written.
        choice: String,
    },
}

doubts! {
    /// A market order with nothing to meet inside its protective price.
    empty_market = "empty-market": EmptyMarket {
        /// The request is refused with 110118.
        Refuse = "refuse",
        /// It is accepted, then cancelled by matching.
        Cancel = "cancel",
    } default Refuse, meaning "a market order with nothing to meet inside its protective price is refused with 110118, or accepted and then cancelled";

    /// A contract's limit price beyond the bound, as long as the account has not chosen (spot begins with a refusal).
    price_limit = "price-limit": PriceLimit {
        /// It is moved to the bound, silently.
        Move = "move",
        /// The request is refused.
        Refuse = "refuse",
    } default Move, meaning "a contract's limit price beyond the bound is moved to it or refused, until set-limit-px-action says";

    /// Formula of the bound of contracts' limit prices; spot has one.
    price_bound = "price-bound": PriceBound {
        /// min(mark(1+Y), max(index, mark(1+X) + max(0, premium))); the page of May 2026. The premium is the mean of thirty
        /// samples, one a second of market time, of the middle of the book less the mark.
        WithPremium = "with-premium",
        /// min(max(index, mark(1+X)), mark(1+Y)); the page of 2025.
        WithoutPremium = "without-premium",
    } default WithPremium, meaning "bound of contracts' limit prices with the premium term of May 2026, or without it as in 2025";

    /// Price by which the margin of a market order is reckoned.
    market_order_margin = "market-order-margin": MarketOrderMargin {
        /// The protective price, the worst it may trade at.
        Protective = "protective",
        /// The best opposite price.
        BestOpposite = "best-opposite",
        /// The mark price.
        Mark = "mark",
    } default Protective, meaning "price by which the margin of a market order is reckoned";

    /// Whether working orders hold maintenance margin.
    order_maintenance = "order-maintenance": OrderMaintenance {
        /// They hold none.
        None = "none",
        /// Their value × the rate of its tier.
        TierRate = "tier-rate",
    } default None, meaning "whether working orders count in the maintenance margin";

    /// Initial margin of orders on both sides in hedge mode.
    hedge_order_margin = "hedge-order-margin": HedgeOrderMargin {
        /// Each side holds its own.
        EachSide = "each-side",
        /// Only the larger side counts.
        LargerSide = "larger-side",
    } default EachSide, meaning "initial margin of hedge-mode orders: each side its own, or the larger side only";

    /// Margin value lost when a spot order buys a coin of a lower collateral ratio.
    haircut = "haircut": Haircut {
        /// What the order would cost in collateral value if it filled now.
        CollateralDifference = "collateral-difference",
        /// Nothing.
        None = "none",
    } default CollateralDifference, meaning "whether open spot orders lower the margin by the collateral value they would cost";

    /// Liquidation price of a linear position in isolated margin.
    isolated_liquidation = "isolated-liquidation": IsolatedLiquidation {
        /// Maintenance margin by the liquidation price itself, the form of 2026.
        ByMark = "by-mark",
        /// Maintenance margin by the entry price, the older form.
        ByEntry = "by-entry",
    } default ByMark, meaning "maintenance margin in the isolated liquidation price: by that price (2026) or by the entry price (older)";

    /// What a liquidation may do that finds nothing in the book.
    deleveraging = "deleveraging": Deleveraging {
        /// Opposite positions are reduced, the most profitable first.
        On = "on",
        /// It waits for the book.
        Off = "off",
    } default On, meaning "whether a liquidation that finds an empty book reduces opposite positions (ADL) or waits";

    /// A balance that liquidation leaves below zero.
    bankrupt_balance = "bankrupt-balance": BankruptBalance {
        /// It stays, as a debt.
        Kept = "kept",
        /// The venue's fund pays it back to zero.
        Covered = "covered",
    } default Kept, meaning "a balance below zero after liquidation stays a debt or is covered by the insurance fund";

    /// Whether the smallest order value holds for orders that only reduce.
    min_notional_reduce_only = "min-notional-reduce-only": MinNotionalReduceOnly {
        /// They are spared.
        Spared = "spared",
        /// They are refused with 110094 as all others.
        Applies = "applies",
    } default Spared, meaning "whether minNotionalValue holds for reduce-only orders";

    /// A limit price at which the position that it belongs to would have been liquidated.
    price_beyond_liquidation = "price-beyond-liquidation": PriceBeyondLiquidation {
        /// It is refused with 110040 where the liquidation price is a published formula: in isolated margin.
        RefusedIsolated = "refused-isolated",
        /// It is refused in cross margin as well, by the estimate that the position shows.
        Refused = "refused",
        /// It is accepted.
        Accepted = "accepted",
    } default RefusedIsolated, meaning "a limit price at which the position would have been liquidated is refused with 110040 in isolated margin only, always, or never";

    /// When the stops that a spot order brings come into being.
    spot_stops = "spot-stops": SpotStops {
        /// With its first fill, and they grow with each further one, as the partial stops of a contract do.
        AsItFills = "as-it-fills",
        /// Once nothing more of it can fill.
        WhenItEnds = "when-it-ends",
    } default AsItFills, meaning "the stops that a spot order brings come with its first fill and grow, or come once it has ended";

    /// How long a client order id stays taken.
    order_link_id = "order-link-id": OrderLinkIdLife {
        /// For the life of the account.
        ForEver = "for-ever",
        /// Until its order has ended.
        WhileOpen = "while-open",
    } default ForEver, meaning "how long an orderLinkId stays taken after its order has ended";

    /// A hedge-mode order that closes a side without the reduce-only flag.
    hedge_close = "hedge-close": HedgeClose {
        /// It is taken as reduce-only.
        Implied = "implied",
        /// It is refused with 10001.
        Refused = "refused",
    } default Implied, meaning "whether an order against a hedge position must carry reduceOnly";

    /// Reduce-only orders that together exceed the position.
    reduce_only_excess = "reduce-only-excess": ReduceOnlyExcess {
        /// The later ones are cut to what is left.
        Cut = "cut",
        /// Each that does not fit whole is cancelled.
        Cancel = "cancel",
    } default Cut, meaning "later reduce-only orders that exceed the position are cut or cancelled";

    /// Status of an order that matching turns down (post-only that would take, fill-or-kill that cannot fill).
    matching_refusal = "matching-refusal": MatchingRefusal {
        /// `Cancelled` with a reject reason, as in the documentation's example.
        Cancelled = "cancelled",
        /// `Rejected` with the same reason.
        Rejected = "rejected",
    } default Cancelled, meaning "status of an order that matching turns down";

    /// Which topic tells of a fill first.
    fill_report = "fill-report": FillReport {
        /// Executions, then the order.
        ExecutionFirst = "execution-first",
        /// Orders, then the executions.
        OrderFirst = "order-first",
    } default ExecutionFirst, meaning "whether the execution or the order topic tells of a fill first";

    /// Whether the instant between trigger and matching has a row of its own.
    triggered_row = "triggered-row": TriggeredRow {
        /// `Triggered` is reported.
        Shown = "shown",
        /// Only what follows is reported.
        Skipped = "skipped",
    } default Shown, meaning "whether a conditional order is reported as Triggered before New or Filled";

    /// What disconnection protection ends.
    disconnect_scope = "disconnect-scope": DisconnectScope {
        /// Active orders, as the documentation says.
        Active = "active",
        /// Conditional orders, too; never the stops of a position.
        AndConditional = "and-conditional",
    } default Active, meaning "disconnection protection (DCP) ends active orders, or conditional ones, too";

    /// A cancel that comes just after the order has filled.
    late_cancel = "late-cancel": LateCancel {
        /// It is refused with 110001.
        Refuse = "refuse",
        /// It is acknowledged, and a second `Filled` row carries `EC_OrigClOrdIDDoesNotExist`.
        SecondFilled = "second-filled",
    } default Refuse, meaning "a cancel of a filled order is refused with 110001, or acknowledged and answered by a second Filled row";

    /// The execution that tells of a session settlement of a USDC perpetual. The page of closed profit names a type for it,
    /// the list of execution types does not.
    session_execution = "session-execution": SessionExecution {
        /// None: only funding has one, as the transaction log has one row for both.
        None = "none",
        /// One of its own, of the type `SessionSettlePnL`.
        Own = "own",
    } default None, meaning "the session settlement of a USDC perpetual has no execution beside that of its funding, or one of its own (SessionSettlePnL)";

    /// Closed profit where sessions were settled.
    session_closed_pnl = "session-closed-pnl": SessionClosedPnl {
        /// A row for each settlement, and what is closed later counts from the settled price.
        Row = "row",
        /// None: what is closed counts from the average entry price.
        AtClose = "at-close",
    } default Row, meaning "a session settlement has a row of closed profit (SessionSettlePnL) and later rows count from its price, or there is none and closing counts from the entry price";

    /// Orders whose price a new tick size does not allow.
    tick_change = "tick-change": TickChange {
        /// They stay as they are; only new prices have to fit.
        Kept = "kept",
        /// They are cancelled, with `EC_InvalidPriceScale`.
        Cancelled = "cancelled",
    } default Kept, meaning "orders whose price a new tick size does not allow stay on the book, or are cancelled";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_can_be_made_and_read_back() {
        for doubt in DOUBTS {
            assert_eq!(Doubts::default().get(doubt.name), Some(doubt.default), "{}", doubt.name);
            assert_eq!(doubt.choices.first(), Some(&doubt.default), "the default stands first");
            for choice in doubt.choices {
                let mut doubts = Doubts::default();
                doubts.set(doubt.name, choice).unwrap();
                assert_eq!(doubts.get(doubt.name), Some(*choice));
            }
            assert!(matches!(Doubts::default().set(doubt.name, "?"), Err(UnknownDoubt::Choice { .. })));
        }
        assert!(matches!(Doubts::default().set("?", "?"), Err(UnknownDoubt::Question { .. })));
    }
}
