//! Arbitrary values of everything that has a layout, for tests: made from the same tables, so that a field
//! or a variant cannot be forgotten.

#![expect(clippy::unwrap_used, reason = "each value is made inside its type's range")]

use fastrand::Rng;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use windvane_model::{
    BotName, ClientOrderId, Coin, Epoch, ExecutionId, Fixed, InstallTag, Leverage, MarketTime, Money,
    Notional, OrderId, PositionIndex, Price, Qty, Rate, Symbol, Tag, Text, WallTime,
};

/// An arbitrary value.
pub trait Sample: Sized {
    /// Draws one.
    fn sample(random: &mut Rng) -> Self;
}

macro_rules! integers {
    ($($type:ident),*) => { $(
        impl Sample for $type {
            fn sample(random: &mut Rng) -> Self {
                match random.u8(0..8) {
                    0 => Self::MIN,
                    1 => Self::MAX,
                    2 => 0,
                    _ => random.$type(..),
                }
            }
        }
    )* };
}

integers!(u8, u32, u64, usize, i32, i64);

impl Sample for bool {
    fn sample(random: &mut Rng) -> Self {
        random.bool()
    }
}

impl<T: Sample> Sample for Option<T> {
    fn sample(random: &mut Rng) -> Self {
        random.bool().then(|| T::sample(random))
    }
}

impl<T: Sample> Sample for Vec<T> {
    fn sample(random: &mut Rng) -> Self {
        (0..random.usize(0..4)).map(|_| T::sample(random)).collect()
    }
}

impl<K: Sample + Ord, V: Sample> Sample for BTreeMap<K, V> {
    fn sample(random: &mut Rng) -> Self {
        Vec::<(K, V)>::sample(random).into_iter().collect()
    }
}

impl<T: Sample + Ord> Sample for BTreeSet<T> {
    fn sample(random: &mut Rng) -> Self {
        Vec::<T>::sample(random).into_iter().collect()
    }
}

impl<T: Sample> Sample for Box<T> {
    fn sample(random: &mut Rng) -> Self {
        Self::new(T::sample(random))
    }
}

impl<A: Sample, B: Sample> Sample for (A, B) {
    fn sample(random: &mut Rng) -> Self {
        (A::sample(random), B::sample(random))
    }
}

impl Sample for [u8; 32] {
    fn sample(random: &mut Rng) -> Self {
        std::array::from_fn(|_| random.u8(..))
    }
}

impl Sample for String {
    fn sample(random: &mut Rng) -> Self {
        (0..random.usize(0..40)).map(|_| random.char(..)).collect()
    }
}

impl Sample for Arc<str> {
    fn sample(random: &mut Rng) -> Self {
        String::sample(random).into()
    }
}

/// Any decimal: up to 96 bits, any scale, either sign, zeros of every scale.
impl Sample for Decimal {
    fn sample(random: &mut Rng) -> Self {
        let mantissa = match random.u8(0..6) {
            0 => 0,
            1 => (1 << 96) - 1,
            _ => random.i128(0..1 << 96) >> random.u32(0..96),
        };
        let signed = if random.bool() { -mantissa } else { mantissa };
        Self::from_i128_with_scale(signed, random.u32(0..=28))
    }
}

/// A decimal above zero that prices, quantities, values and leverages all accept.
fn modest(random: &mut Rng) -> Decimal {
    let scale = random.u32(0..=12);
    Decimal::new(random.i64(1..=999), scale.min(2)) + Decimal::new(random.i64(100..=1000), 2 + scale.min(10))
}

macro_rules! made {
    ($($type:ident: |$random:ident| $make:expr;)*) => { $(
        impl Sample for $type {
            fn sample($random: &mut Rng) -> Self {
                $make
            }
        }
    )* };
}

made! {
    Price: |random| Self::new(modest(random)).unwrap();
    Qty: |random| if random.bool() { Self::ZERO } else { Self::new(modest(random)).unwrap() };
    Notional: |random| Self::new(modest(random)).unwrap();
    Money: |random| Self::new(Decimal::sample(random));
    Rate: |random| Self::new(Decimal::sample(random));
    Leverage: |random| Self::new(Decimal::new(random.i64(100..=100_000), 2)).unwrap();
    Fixed: |random| Self::from_raw(random.i64(0..)).unwrap();
    WallTime: |random| Self(i64::sample(random));
    MarketTime: |random| Self(i64::sample(random));
    Epoch: |random| Self(u64::sample(random));
    Tag: |random| Self(u32::sample(random));
    PositionIndex: |random| Self(u8::sample(random));
    InstallTag: |random| Self::from_seed(random.u64(..));
    Symbol: |random| Self::new(&text(random, 1, 24)).unwrap();
    Coin: |random| Self::new(&text(random, 1, 12)).unwrap();
    BotName: |random| Self::new(&text(random, 1, 24)).unwrap();
    ClientOrderId: |random| Self::new(&text(random, 1, 36)).unwrap();
    OrderId: |random| Self::new(&text(random, 1, 40)).unwrap();
    ExecutionId: |random| Self::new(&text(random, 1, 40)).unwrap();
}

impl<const N: usize> Sample for Text<N> {
    fn sample(random: &mut Rng) -> Self {
        Self::new(&text(random, 0, N)).unwrap()
    }
}

fn text(random: &mut Rng, least: usize, most: usize) -> String {
    (0..random.usize(least..=most)).map(|_| char::from(random.u8(b' '..=b'~'))).collect()
}
