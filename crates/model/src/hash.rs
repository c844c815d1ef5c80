//! How identifiers are hashed where they are found by a table.

use std::hash::{BuildHasherDefault, Hasher};

/// Builds [`IdHasher`]s.
pub type IdHash = BuildHasherDefault<IdHasher>;

/// Hashes identifiers: quick, and the same in every process. It has no secret, so that whoever can choose ids could make
/// them collide: it is for ids of ours and of the venue's, not of strangers.
#[derive(Debug, Clone, Copy, Default)]
pub struct IdHasher(u64);

impl IdHasher {
    #[inline]
    const fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

impl Hasher for IdHasher {
    // Inlined, the length of an identifier is known, and nothing is copied.
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.add(u64::from_le_bytes(*word)));
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.add(u64::from_le_bytes(last));
    }

    #[inline]
    fn write_u8(&mut self, value: u8) {
        self.add(u64::from(value));
    }

    #[inline]
    fn write_usize(&mut self, value: usize) {
        self.add(value as u64);
    }

    /// Tables take the lowest and the highest bits, and a product's lowest know little of its factors' highest. Source: the
    /// last steps of splitmix64 (Steele, Lea, Flood, 2014).
    fn finish(&self) -> u64 {
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed ^ (mixed >> 27)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BotName, BotTag, Epoch, IdGrammar, InstallTag, Role};
    use std::collections::BTreeSet;
    use std::hash::BuildHasher as _;

    #[test]
    fn ids_that_follow_each_other_spread_over_a_tables_places() {
        let hash = |sequence| {
            let bot = BotTag::of(&BotName::new("trend").unwrap());
            let install = InstallTag::new("w01").unwrap();
            let id = IdGrammar { install, bot, role: Role::Entry, epoch: Epoch(1), sequence }.mint();
            IdHash::default().hash_one(id)
        };
        let hashes: Vec<u64> = (0..65_536).map(hash).collect();
        let distinct = |part: &dyn Fn(u64) -> u64| {
            hashes.iter().map(|hash| part(*hash)).collect::<BTreeSet<u64>>().len()
        };
        assert_eq!(distinct(&|hash| hash), 65_536);
        // Of so many balls thrown into as many boxes, a part of 1/e finds no box of its own to fill.
        let filled = distinct(&|hash| hash & 0xFFFF);
        assert!((40_000..43_000).contains(&filled), "{filled}");
        assert_eq!(distinct(&|hash| hash >> 57), 128);
    }
}
