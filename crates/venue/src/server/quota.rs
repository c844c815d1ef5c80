//! Limits beside the per-second budgets: connections and trade requests of an address, and the figures of Bybit's
//! introductory article for those who want to be held to them.

use std::net::IpAddr;

use windvane_venue_core::Category;

use super::rolling::Rolling;
use super::{ConnectionId, SocketKind};
use crate::config::{AddressLimits, LimitPreset};
use crate::wire::envelope::Refusal;

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60_000;
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
    public_sockets_max: usize,
    opened: Rolling<IpAddr>,
    trade_requests: Rolling<IpAddr>,
    /// Requests of each trade socket, if they are counted at all.
    session_requests: Option<Rolling<ConnectionId>>,
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
    /// Nothing is used yet. `session_requests_max` is what one trade socket may send in a second, zero for any.
    pub(crate) fn new(preset: LimitPreset, address: AddressLimits, session_requests_max: u32) -> Self {
        let session_requests_max = usize::try_from(session_requests_max).unwrap_or(usize::MAX);
        Self {
            preset,
            public_sockets_max: address.public_sockets,
            opened: Rolling::new(address.new_sockets, 5 * MINUTE_MS),
            trade_requests: Rolling::new(address.trade_requests, SECOND_MS),
            session_requests: (session_requests_max > 0)
                .then(|| Rolling::new(session_requests_max, SECOND_MS)),
            article_public: Rolling::new(ARTICLE_PUBLIC_MAX, MINUTE_MS),
            article_private: Rolling::new(ARTICLE_PRIVATE_MAX, MINUTE_MS),
        }
    }

    /// Whether an address that has `open` sockets of this kind may open one more.
    pub(crate) fn admit_socket(&mut self, peer: IpAddr, kind: SocketKind, open: usize, now_ms: i64) -> bool {
        (!kind.is_public() || open < self.public_sockets_max) && self.opened.admit(peer, now_ms)
    }

    /// Counts a request on a trade socket of this address.
    ///
    /// # Errors
    /// It is one too many of the address, or of the socket.
    pub(crate) fn admit_trade(&mut self, peer: IpAddr, id: ConnectionId, now_ms: i64) -> Result<(), Refusal> {
        if !self.trade_requests.admit(peer, now_ms) {
            return Err(Refusal::new(10403, "exceed IP rate limit"));
        }
        let fits = self.session_requests.as_mut().is_none_or(|requests| requests.admit(id, now_ms));
        if fits { Ok(()) } else { Err(Refusal::new(20003, "Too frequent requests under the same session")) }
    }

    /// Forgets a socket that is gone.
    pub(crate) fn forget_socket(&mut self, id: ConnectionId) {
        if let Some(requests) = &mut self.session_requests {
            requests.forget(&id);
        }
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

    fn documented() -> Quotas {
        Quotas::new(LimitPreset::Documented, AddressLimits::default(), 0)
    }

    #[test]
    fn an_address_opens_five_hundred_sockets_in_five_minutes_and_a_thousand_public_ones_at_once() {
        let mut quotas = documented();
        let public = SocketKind::Public(Category::Linear);
        assert!((0..500).all(|n| quotas.admit_socket(HOME, SocketKind::Private, n, 0)));
        assert!(!quotas.admit_socket(HOME, SocketKind::Private, 0, 299_999));
        assert!(quotas.admit_socket(HOME, public, 999, 300_000));
        assert!(!quotas.admit_socket(HOME, public, 1_000, 300_000));
        assert!(quotas.admit_socket(HOME, SocketKind::Private, 1_000, 300_000));
    }

    #[test]
    fn an_address_sends_three_thousand_trade_requests_a_second_over_all_its_sockets() {
        let mut quotas = documented();
        assert!((0..3_000).all(|n| quotas.admit_trade(HOME, n % 3, 0).is_ok()));
        assert_eq!(quotas.admit_trade(HOME, 3, 999).map_err(|refusal| refusal.code), Err(10403));
        assert!(quotas.admit_trade(HOME, 3, 1_000).is_ok());
    }

    #[test]
    fn a_trade_socket_has_a_limit_of_its_own_where_that_is_asked_for() {
        let mut quotas = Quotas::new(LimitPreset::Documented, AddressLimits::default(), 2);
        assert!(quotas.admit_trade(HOME, 1, 0).is_ok() && quotas.admit_trade(HOME, 1, 0).is_ok());
        assert_eq!(quotas.admit_trade(HOME, 1, 999).map_err(|refusal| refusal.code), Err(20003));
        assert!(quotas.admit_trade(HOME, 2, 999).is_ok(), "another socket is not concerned");
        assert!(quotas.admit_trade(HOME, 1, 1_000).is_ok());
        quotas.forget_socket(1);
    }
}
