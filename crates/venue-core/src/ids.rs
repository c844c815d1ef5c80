//! Identifiers: UUID-formatted text of a kind and a number, the same in every run with the same seed. The number is all
//! that is kept; the text is made where it is shown, and read back without a table.

use std::ops::Range;
use std::sync::Arc;

/// Letters of an identifier.
const LENGTH: usize = 36;
/// Where its digits are; hyphens part the groups.
const GROUPS: [Range<usize>; 5] = [0..8, 9..13, 14..18, 19..23, 24..36];
/// Identifiers of spot orders begin here, and leave so much room for each.
const SPOT_FIRST: u64 = 1_800_000_000_000_000_000;
const SPOT_STEP: u64 = 4_096;
/// Kinds that fit into a number's lowest bits.
const KINDS: u64 = 8;

/// What an identifier names; each kind has numbers of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdKind {
    Order,
    Execution,
    Trade,
    Transaction,
    /// The order that a funding execution names, by the number of the execution.
    Settlement,
    /// The order that a pre-check speaks of and nobody places.
    PreCheck,
}

/// Source of identifiers.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    seed: u64,
    drawn: u64,
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, drawn: 0 }
    }

    /// A number below `end`, which is not zero.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.drawn += 1;
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from(mix(self.seed ^ mix(self.drawn)) % end).unwrap_or(0)
    }

    /// The identifier's text. It never repeats, because kind and number are what is mixed, and mixing is one to one.
    pub(crate) fn text(&self, kind: IdKind, number: u64) -> String {
        std::str::from_utf8(&self.letters(kind, number)).unwrap_or_default().to_owned()
    }

    /// The same, cheap to clone.
    pub(crate) fn shared(&self, kind: IdKind, number: u64) -> Arc<str> {
        Arc::from(std::str::from_utf8(&self.letters(kind, number)).unwrap_or_default())
    }

    /// The identifier of a spot order: a long whole number that rises with the order's own, as the exchange has it.
    pub(crate) fn spot(&self, number: u64) -> Arc<str> {
        Arc::from(self.spot_value(number).to_string())
    }

    /// The number of the spot order with an identifier, if the text is one of this venue.
    pub(crate) fn spot_number(&self, text: &str) -> Option<u64> {
        let value: u64 = text.parse().ok()?;
        let number = value.checked_sub(SPOT_FIRST)? / SPOT_STEP;
        (self.spot_value(number) == value && *self.spot(number) == *text).then_some(number)
    }

    fn spot_value(&self, number: u64) -> u64 {
        SPOT_FIRST
            .wrapping_add(number.wrapping_mul(SPOT_STEP))
            .wrapping_add(mix(self.seed ^ number) % SPOT_STEP)
    }

    /// The number of an identifier of a kind, if the text is one of this venue.
    pub(crate) fn number(&self, kind: IdKind, text: &str) -> Option<u64> {
        let low = u64::from_str_radix(text.get(19..23)?, 16).ok()? << 48;
        let low = low | u64::from_str_radix(text.get(24..)?, 16).ok()?;
        // The two highest bits gave way to the UUID's variant.
        (0..4_u64).find_map(|lost| {
            let low = low & (u64::MAX >> 2) | lost << 62;
            let mixed = unmix(low).wrapping_sub(self.seed);
            let number = mixed / KINDS;
            (self.letters(kind, number) == *text.as_bytes()).then_some(number)
        })
    }

    fn letters(&self, kind: IdKind, number: u64) -> [u8; LENGTH] {
        let input = number.wrapping_mul(KINDS).wrapping_add(kind as u64);
        let high = mix(self.seed ^ mix(input)) & !0xf000 | 0x4000;
        let low = mix(input.wrapping_add(self.seed)) & (u64::MAX >> 2) | 1 << 63;
        let mut digits = [0; 32];
        let (eights, _) = digits.as_chunks_mut::<8>();
        for (eight, word) in eights.iter_mut().zip([high >> 32, high, low >> 32, low]) {
            *eight = hexadecimal(word & u64::from(u32::MAX));
        }
        let (mut letters, mut rest) = ([b'-'; LENGTH], &digits[..]);
        for group in GROUPS {
            let (of_group, after) = rest.split_at(group.len());
            letters[group].copy_from_slice(of_group);
            rest = after;
        }
        letters
    }
}

/// The eight hexadecimal digits of 32 bits, all at once: four bits in each byte, then to each the letter it stands for.
fn hexadecimal(word: u64) -> [u8; 8] {
    let pairs = (word | word << 16) & 0x0000_ffff_0000_ffff;
    let bytes = (pairs | pairs << 8) & 0x00ff_00ff_00ff_00ff;
    let nibbles = (bytes | bytes << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    let above_nine = (nibbles + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101;
    (nibbles + 0x3030_3030_3030_3030 + above_nine * u64::from(b'a' - b'9' - 1)).to_be_bytes()
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection of 64 bits that scatters neighbours.
fn mix(value: u64) -> u64 {
    let mut mixed = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The way back: the factors are the inverses of those of [`mix`] modulo 2^64, the shifts are undone twice over.
fn unmix(mixed: u64) -> u64 {
    let mut value = mixed ^ (mixed >> 31) ^ (mixed >> 62);
    value = value.wrapping_mul(0x3196_42b2_d24d_8ec3);
    value = (value ^ (value >> 27) ^ (value >> 54)).wrapping_mul(0x96de_1b17_3f11_9089);
    (value ^ (value >> 30) ^ (value >> 60)).wrapping_sub(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn hexadecimal_digits_are_those_of_the_standard_library() {
        for word in [0, 0x0123_4567, 0x89ab_cdef, 0xffff_ffff, 0x9a0f_a909] {
            assert_eq!(hexadecimal(word), *format!("{word:08x}").as_bytes());
        }
    }

    #[test]
    fn ids_look_like_uuids_and_do_not_repeat() {
        let ids = Ids::new(7);
        let kinds = [
            IdKind::Order,
            IdKind::Execution,
            IdKind::Trade,
            IdKind::Transaction,
            IdKind::Settlement,
            IdKind::PreCheck,
        ];
        let numbers = kinds.into_iter().flat_map(|kind| (0..2_000).map(move |number| (kind, number)));
        let issued: BTreeSet<String> = numbers.map(|(kind, number)| ids.text(kind, number)).collect();
        assert_eq!(issued.len(), 12_000);
        assert!(issued.iter().all(|id| id.len() == 36 && id.split('-').map(str::len).eq([8, 4, 4, 4, 12])));
        let first = ids.text(IdKind::Order, 0);
        assert_eq!(*ids.shared(IdKind::Order, 0), *first);
        assert_eq!(Ids::new(7).text(IdKind::Order, 0), first);
        assert_ne!(Ids::new(8).text(IdKind::Order, 0), first);
    }

    #[test]
    fn spot_orders_have_long_numbers_that_rise_and_are_read_back() {
        let ids = Ids::new(7);
        let texts: Vec<Arc<str>> = (0..1_000).map(|number| ids.spot(number)).collect();
        assert!(texts.iter().all(|text| text.len() == 19) && texts.is_sorted());
        for (number, text) in (0..).zip(&texts) {
            assert_eq!(ids.spot_number(text), Some(number));
        }
        for odd in ["", "x", "+1800000000000000000", "1", "18446744073709551615", "1800000000000004095"] {
            assert!(ids.spot_number(odd).is_none_or(|number| &*ids.spot(number) == odd), "{odd}");
        }
    }

    #[test]
    fn an_id_is_read_back_and_nothing_else_is() {
        for seed in [0, 7, u64::MAX] {
            let ids = Ids::new(seed);
            for number in [0, 1, 12_345, u64::from(u32::MAX)] {
                let text = ids.text(IdKind::Order, number);
                assert_eq!(ids.number(IdKind::Order, &text), Some(number));
                assert_eq!(ids.number(IdKind::Execution, &text), None);
                assert_eq!(Ids::new(1).number(IdKind::Order, &text), None);
            }
            for odd in [
                "",
                "x",
                "é9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d",
                "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d",
                "\u{1f600}",
            ] {
                assert_eq!(ids.number(IdKind::Order, odd), None, "{odd}");
            }
        }
    }
}
