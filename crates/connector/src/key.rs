//! What an API key must and must not be allowed to do.
//!
//! Source of the rights' names: Bybit V5, "Get API Key Information".

use crate::rest::ApiKeyInfo;

/// Rights by which money leaves the account; a key that trades must have none of them.
const MONEY_MOVING: [&str; 3] = ["Withdraw", "AccountTransfer", "SubMemberTransfer"];
/// Areas of what trading contracts needs; the venue lists the second beside the first for a unified account.
const NEEDED_AREAS: [&str; 2] = ["ContractTrade", "Derivatives"];
/// Below this many days an expiry is worth a warning.
const EXPIRES_SOON_DAYS: i64 = 14;
/// `type` of a key that belongs to a third-party application.
const THIRD_PARTY: i32 = 2;

/// What is asked of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeyPolicy {
    /// The account it must belong to; `None` accepts any.
    pub expected_uid: Option<u64>,
    /// Whether nothing is sent with it, so that it need not, and better may not, trade.
    pub reads_only: bool,
    /// Whether the venue lives and dies with the engine: nobody else can use the key, so how it is kept does not matter.
    pub is_embedded: bool,
}

/// Why a key is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// Money can leave the account with it.
    #[error("it may move money out of the account (`{0}`); make one without that right")]
    MovesMoney(&'static str),
    /// It cannot trade at all.
    #[error("it is read-only; trading needs the rights Orders and Positions")]
    ReadOnly,
    /// A right is missing.
    #[error("it lacks the right `{0}` of contract trading; trading needs Orders and Positions")]
    Lacks(&'static str),
    /// Another kind of account.
    #[error("its account is not a unified trading account")]
    NotUnified,
    /// Not the account that the config names.
    #[error("it belongs to account {found}, the config expects {expected}")]
    OtherAccount {
        /// Whose it is.
        found: u64,
        /// Whose it should be.
        expected: u64,
    },
}

/// What a person should look after, though trading may go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyWarning {
    /// Whoever steals it can use it from anywhere, and the venue lets it expire.
    #[error("it is not bound to an address; bind it")]
    Unbound,
    /// It ends soon.
    #[error("it expires in {0} day(s); renew it")]
    ExpiresSoon(i64),
    /// It was made for somebody else's program.
    #[error("it is a key of a third-party application; make one of your own")]
    ThirdParty,
    /// A key that need not trade can.
    #[error("it may trade, although nothing is sent; a read-only key would do")]
    MayTrade,
    /// Whoever steals it can do more with it than this engine ever does.
    #[error("it has rights that are not needed: {0}; take them from it")]
    NotNeeded(String),
}

impl ApiKeyInfo {
    /// Everything for which this key must not be used.
    #[must_use]
    pub fn faults(&self, policy: KeyPolicy) -> Vec<KeyFault> {
        let mut faults: Vec<_> = MONEY_MOVING
            .into_iter()
            .filter(|right| self.may("Wallet", right))
            .map(KeyFault::MovesMoney)
            .collect();
        if !policy.reads_only {
            if self.is_read_only {
                faults.push(KeyFault::ReadOnly);
            } else {
                let lacking =
                    ["Order", "Position"].into_iter().filter(|right| !self.may("ContractTrade", right));
                faults.extend(lacking.map(KeyFault::Lacks));
            }
        }
        if !self.is_unified {
            faults.push(KeyFault::NotUnified);
        }
        if let Some(expected) = policy.expected_uid.filter(|expected| *expected != self.uid) {
            faults.push(KeyFault::OtherAccount { found: self.uid, expected });
        }
        faults
    }

    /// What should be seen to.
    #[must_use]
    pub fn warnings(&self, policy: KeyPolicy) -> Vec<KeyWarning> {
        let mut warnings = Vec::new();
        if policy.is_embedded {
            return warnings;
        }
        if self.ips.is_empty() || self.ips.iter().any(|ip| ip == "*") {
            warnings.push(KeyWarning::Unbound);
        }
        if let Some(days) = self.expires_in_days.filter(|days| *days <= EXPIRES_SOON_DAYS) {
            warnings.push(KeyWarning::ExpiresSoon(days));
        }
        if self.kind == THIRD_PARTY {
            warnings.push(KeyWarning::ThirdParty);
        }
        if policy.reads_only && !self.is_read_only {
            warnings.push(KeyWarning::MayTrade);
        }
        let not_needed = self.not_needed();
        if !self.is_read_only && !not_needed.is_empty() {
            warnings.push(KeyWarning::NotNeeded(not_needed.join(", ")));
        }
        warnings
    }

    /// Rights outside of contract trading, those apart for which the key is refused.
    fn not_needed(&self) -> Vec<&str> {
        let others = self.permissions.iter().filter(|(area, _)| !NEEDED_AREAS.contains(&area.as_str()));
        let rights = others.flat_map(|(_, rights)| rights).map(String::as_str);
        rights.filter(|right| !MONEY_MOVING.contains(right)).collect()
    }
}

/// What a code says about the key itself, where it does.
#[must_use]
pub const fn hint(code: i32) -> Option<&'static str> {
    Some(match code {
        10003 => {
            "the venue does not know the key: a key of another environment? mainnet, testnet and demo keys do not mix"
        }
        10004 => "the secret does not belong to the key",
        10002 => "this machine's clock is off; run NTP",
        10005 => "the key lacks the right for this",
        10007 | 33004 | -2015 => "the key has expired or was revoked",
        10010 => "the key is bound to other addresses than this machine's",
        10009 | 10024 | 10027 | 10029 => "the venue has restricted the account or this region",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn key(rights: &[(&str, &[&str])]) -> ApiKeyInfo {
        let rights = rights
            .iter()
            .map(|(area, words)| ((*area).to_owned(), words.iter().map(|word| (*word).to_owned()).collect()));
        ApiKeyInfo {
            uid: 7,
            is_of_main_account: true,
            is_read_only: false,
            permissions: rights.collect::<BTreeMap<_, _>>(),
            ips: vec!["192.0.2.7".to_owned()],
            expires_in_days: None,
            is_unified: true,
            kind: 1,
        }
    }

    const TRADING: (&str, &[&str]) = ("ContractTrade", &["Order", "Position"]);

    #[test]
    fn g04_a_key_that_can_move_money_is_refused() {
        for right in ["Withdraw", "AccountTransfer", "SubMemberTransfer"] {
            let faults = key(&[TRADING, ("Wallet", &[right])]).faults(KeyPolicy::default());
            assert_eq!(faults, [KeyFault::MovesMoney(right)]);
        }
    }

    #[test]
    fn what_trading_needs_must_be_there() {
        assert_eq!(key(&[TRADING]).faults(KeyPolicy::default()), []);
        let lacking = key(&[("ContractTrade", &["Position"])]).faults(KeyPolicy::default());
        assert_eq!(lacking, [KeyFault::Lacks("Order")]);
        let mut other = ApiKeyInfo { is_read_only: true, is_unified: false, ..key(&[]) };
        let policy = KeyPolicy { expected_uid: Some(8), ..KeyPolicy::default() };
        let expected = KeyFault::OtherAccount { found: 7, expected: 8 };
        assert_eq!(other.faults(policy), [KeyFault::ReadOnly, KeyFault::NotUnified, expected.clone()]);
        other.is_unified = true;
        assert_eq!(other.faults(KeyPolicy { reads_only: true, ..policy }), [expected], "a shadow only reads");
    }

    #[test]
    fn what_should_be_seen_to_is_said() {
        let careless =
            ApiKeyInfo { ips: vec!["*".to_owned()], expires_in_days: Some(14), kind: 2, ..key(&[]) };
        let policy = KeyPolicy { reads_only: true, ..KeyPolicy::default() };
        assert_eq!(
            careless.warnings(policy),
            [KeyWarning::Unbound, KeyWarning::ExpiresSoon(14), KeyWarning::ThirdParty, KeyWarning::MayTrade]
        );
        let more = key(&[
            TRADING,
            ("Derivatives", &["DerivativesTrade"]),
            ("Earn", &["Earn"]),
            ("Spot", &["SpotTrade"]),
        ]);
        let not_needed = KeyWarning::NotNeeded("Earn, SpotTrade".to_owned());
        assert_eq!(more.warnings(KeyPolicy::default()), [not_needed]);
        assert_eq!(ApiKeyInfo { is_read_only: true, ..more }.warnings(KeyPolicy::default()), []);
        assert_eq!(key(&[TRADING]).warnings(KeyPolicy::default()), []);
        assert_eq!(careless.warnings(KeyPolicy { is_embedded: true, ..policy }), []);
    }
}
