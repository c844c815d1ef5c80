//! Identifiers: UUID-formatted text from a seeded counter, the same in every run with the same seed.

/// Source of identifiers.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    seed: u64,
    issued: u64,
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, issued: 0 }
    }

    /// A number below `end`, which is not zero.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.issued += 1;
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from(mix(self.seed ^ mix(self.issued)) % end).unwrap_or(0)
    }

    /// The next identifier; it never repeats because the count is part of what is mixed, and mixing is one to one.
    pub(crate) fn next(&mut self) -> String {
        self.issued += 1;
        let high = mix(self.seed ^ mix(self.issued));
        let low = mix(self.issued.wrapping_add(self.seed));
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            (low >> 48) & 0x3fff | 0x8000,
            low & 0xffff_ffff_ffff,
        )
    }
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection of 64 bits that scatters neighbours.
fn mix(value: u64) -> u64 {
    let mut mixed = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_look_like_uuids_and_do_not_repeat() {
        let mut ids = Ids::new(7);
        let issued: BTreeSet<String> = (0..10_000).map(|_| ids.next()).collect();
        assert_eq!(issued.len(), 10_000);
        assert!(issued.iter().all(|id| id.len() == 36 && id.split('-').count() == 5));
        assert_eq!(Ids::new(7).next(), Ids::new(7).next());
        assert_ne!(Ids::new(7).next(), Ids::new(8).next());
    }
}
