//! What a return code says: whether the request did anything, and what kind of refusal it is.
//!
//! A code that is not listed is *unknown*: it never turns a request into a failed one.

mod table;

use windvane_model::RefusalFamily;

/// What a request that was not acknowledged did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Certainly nothing.
    Nothing,
    /// An earlier request with the same id certainly did.
    Exists,
    /// Nobody can tell from the answer.
    Unknown,
}

/// Where a code came from: some numbers mean different things on different channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// A REST answer.
    Rest,
    /// An answer on the trade socket.
    TradeSocket,
}

/// What a code other than 0 means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// What the request did.
    pub effect: Effect,
    /// What kind of refusal it is; of use only when the effect is known.
    pub family: RefusalFamily,
}

struct Rule {
    effect: Effect,
    family: RefusalFamily,
    codes: &'static [i32],
}

/// What `code` means on `channel`, with the venue's words for the one code that needs them.
///
/// 10001 is a basket: its text tells a wrong position mode and an empty book from a bad figure.
/// Source: Bybit V5, "Error Codes"; the texts are from captured replies.
#[must_use]
pub fn meaning(channel: Channel, code: i32, message: &str) -> Meaning {
    if code == 10001 {
        return Meaning { effect: Effect::Nothing, family: bad_parameter(message) };
    }
    let own = match channel {
        Channel::Rest => &[][..],
        Channel::TradeSocket => table::TRADE_SOCKET,
    };
    [own, table::UNIFIED, table::SPOT, table::SPOT_MARGIN, table::OLDER]
        .into_iter()
        .flatten()
        .find(|rule| rule.codes.contains(&code))
        .map_or(Meaning { effect: Effect::Unknown, family: RefusalFamily::Other }, |rule| Meaning {
            effect: rule.effect,
            family: rule.family,
        })
}

fn bad_parameter(message: &str) -> RefusalFamily {
    let message = message.to_ascii_lowercase();
    if message.contains("position idx not match") {
        RefusalFamily::PositionMode
    } else if message.starts_with("buy:[") || message.starts_with("sell:[") {
        // A market order with nothing to meet inside its protective price.
        RefusalFamily::PriceLimit
    } else {
        RefusalFamily::InvalidParameter
    }
}

/// What an HTTP status other than 200 means for a request that may change something.
///
/// Source: Bybit V5, "Error Codes", HTTP status. A 4xx answer comes from in front of the trading service, so
/// nothing was done; 429 and 5xx may come from behind it.
#[must_use]
pub const fn http_meaning(status: u16) -> Meaning {
    match status {
        401 => Meaning { effect: Effect::Nothing, family: RefusalFamily::Authentication },
        403 => Meaning { effect: Effect::Nothing, family: RefusalFamily::RateLimit },
        400 | 404 => Meaning { effect: Effect::Nothing, family: RefusalFamily::InvalidParameter },
        _ => Meaning { effect: Effect::Unknown, family: RefusalFamily::Other },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_codes_that_steer_the_engine_have_their_families() {
        use RefusalFamily as F;
        for (code, family) in [
            (110007, F::InsufficientMargin),
            (110012, F::InsufficientMargin),
            (30087, F::InsufficientMargin),
            (10006, F::RateLimit),
            (10002, F::Timestamp),
            (10004, F::Authentication),
            (10010, F::Authentication),
            (110001, F::OrderNotFound),
            (110043, F::AlreadySo),
            (34040, F::AlreadySo),
            (110025, F::AlreadySo),
            (110017, F::ReduceOnly),
            (110120, F::PriceLimit),
            (110020, F::OrderCount),
            (110028, F::PositionMode),
        ] {
            let found = meaning(Channel::Rest, code, "");
            assert_eq!(found, Meaning { effect: Effect::Nothing, family }, "{code}");
        }
        assert_eq!(meaning(Channel::Rest, 110072, "").effect, Effect::Exists);
    }

    #[test]
    fn what_is_not_listed_or_not_sure_is_unknown() {
        for code in [10000, 10016, 40004, 110063, 7, 987654321] {
            assert_eq!(meaning(Channel::Rest, code, "").effect, Effect::Unknown, "{code}");
        }
        for status in [429, 500, 502, 504, 302] {
            assert_eq!(http_meaning(status).effect, Effect::Unknown, "{status}");
        }
    }

    #[test]
    fn one_number_may_differ_between_channels() {
        assert_eq!(meaning(Channel::Rest, 10003, "").family, RefusalFamily::Authentication);
        assert_eq!(meaning(Channel::TradeSocket, 10003, "").effect, Effect::Unknown);
    }

    #[test]
    fn the_basket_code_is_told_apart_by_its_text() {
        for (text, family) in [
            ("position idx not match position mode", RefusalFamily::PositionMode),
            ("buy:[97000] invalid", RefusalFamily::PriceLimit),
            ("Qty invalid", RefusalFamily::InvalidParameter),
        ] {
            assert_eq!(meaning(Channel::Rest, 10001, text).family, family, "{text}");
        }
    }

    #[test]
    fn no_code_stands_twice_in_a_table() {
        for rules in [table::TRADE_SOCKET, table::UNIFIED, table::SPOT, table::SPOT_MARGIN, table::OLDER] {
            let mut seen = BTreeSet::new();
            for code in rules.iter().flat_map(|rule| rule.codes) {
                assert!(seen.insert(code), "{code}");
            }
        }
    }
}
