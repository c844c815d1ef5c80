//! Limits beside the per-second budgets: connections and trade requests of an address, and the figures of Bybit's
//! introductory article for those who want to be held to them.

use std::net::IpAddr;

use windvane_venue_core::Category;

use super::SocketKind;
use super::rolling::Rolling;
use crate::config::LimitPreset;

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60_000;
/// Sockets that an address may open in five minutes. Source: Bybit V5, "Connect".
const OPENED_MAX: usize = 500;
/// Market-data sockets of an address at once. Source: Bybit V5, "Rate Limit".
const PUBLIC_SOCKETS_MAX: usize = 1_000;
/// Requests of an address on trade sockets in a second. Source: Bybit V5, "Rate Limit".
const TRADE_REQUESTS_MAX: usize = 3_000;
/// Characters that the subscriptions of one public socket may have together. Source: Bybit V5, "Connect".
const ARGUMENT_CHARACTERS_MAX: usize = 21_000;
/// Topics in one subscribe request on the public socket of spot. Source: Bybit V5, "Connect".
const SPOT_ARGUMENTS_MAX: usize = 10;
/// The article's figures: requests a minute of an address to market data and of a key to the rest, and topics of one
/// socket.
const ARTICLE_PUBLIC_MAX: usize = 120;
const ARTICLE_PRIVATE_MAX: usize = 60;
const ARTICLE_TOPICS_MAX: usize = 100;

/// Who has used how much.
#[derive(Debug)]
pub(crate) struct Quotas {
    preset: LimitPreset,
    opened: Rolling<IpAddr>,
    trade_requests: Rolling<IpAddr>,
    article_public: Rolling<IpAddr>,
    article_private: Rolling<u64>,
}

/// The topics of a subscribe request beside what its socket listens to already.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TopicLoad {
    /// Topics of the request.
    pub(crate) asked: usize,
    /// Topics of the socket, with those of the request.
    pub(crate) topics: usize,
    /// Characters of all of them.
    pub(crate) characters: usize,
}

/// What a subscription over its socket's limit gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TooManyTopics {
    /// A refusal of this text.
    Refuse(&'static str),
    /// The end of the connection.
    HangUp,
}

impl Quotas {
    pub(crate) fn new(preset: LimitPreset) -> Self {
        Self {
            preset,
            opened: Rolling::new(OPENED_MAX, 5 * MINUTE_MS),
            trade_requests: Rolling::new(TRADE_REQUESTS_MAX, SECOND_MS),
            article_public: Rolling::new(ARTICLE_PUBLIC_MAX, MINUTE_MS),
            article_private: Rolling::new(ARTICLE_PRIVATE_MAX, MINUTE_MS),
        }
    }

    /// Whether an address that has `open` sockets of this kind may open one more.
    pub(crate) fn admit_socket(&mut self, peer: IpAddr, kind: SocketKind, open: usize, now_ms: i64) -> bool {
        (!kind.is_public() || open < PUBLIC_SOCKETS_MAX) && self.opened.admit(peer, now_ms)
    }

    /// Whether an address may send one more request on its trade sockets.
    pub(crate) fn admit_trade(&mut self, peer: IpAddr, now_ms: i64) -> bool {
        self.trade_requests.admit(peer, now_ms)
    }

    /// Whether the article's limits leave room for a request of this account, or of an address without one.
    pub(crate) fn admit_request(&mut self, uid: Option<u64>, peer: IpAddr, now_ms: i64) -> bool {
        match (self.preset, uid) {
            (LimitPreset::Documented, _) => true,
            (LimitPreset::Article, None) => self.article_public.admit(peer, now_ms),
            (LimitPreset::Article, Some(uid)) => self.article_private.admit(uid, now_ms),
        }
    }

    /// What a socket that would listen to so many topics has to expect.
    pub(crate) fn check_topics(&self, kind: SocketKind, load: TopicLoad) -> Option<TooManyTopics> {
        if self.preset == LimitPreset::Article && load.topics > ARTICLE_TOPICS_MAX {
            return Some(TooManyTopics::HangUp);
        }
        if kind == SocketKind::Public(Category::Spot) && load.asked > SPOT_ARGUMENTS_MAX {
            return Some(TooManyTopics::Refuse("args size >10"));
        }
        let is_too_long = kind.is_public() && load.characters > ARGUMENT_CHARACTERS_MAX;
        is_too_long.then_some(TooManyTopics::Refuse("error:args size exceeds 21000 characters"))
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[test]
    fn an_address_opens_five_hundred_sockets_in_five_minutes_and_a_thousand_public_ones_at_once() {
        let mut quotas = Quotas::new(LimitPreset::Documented);
        let public = SocketKind::Public(Category::Linear);
        assert!((0..500).all(|n| quotas.admit_socket(HOME, SocketKind::Private, n, 0)));
        assert!(!quotas.admit_socket(HOME, SocketKind::Private, 0, 299_999));
        assert!(quotas.admit_socket(HOME, public, 999, 300_000));
        assert!(!quotas.admit_socket(HOME, public, 1_000, 300_000));
        assert!(quotas.admit_socket(HOME, SocketKind::Private, 1_000, 300_000));
    }

    #[test]
    fn an_address_sends_three_thousand_trade_requests_a_second() {
        let mut quotas = Quotas::new(LimitPreset::Documented);
        assert!((0..3_000).all(|_| quotas.admit_trade(HOME, 0)));
        assert!(!quotas.admit_trade(HOME, 999));
        assert!(quotas.admit_trade(HOME, 1_000));
    }
}
