//! Numbers, texts, lists, and the model's newtypes on them.

use crate::{Decode, DecodeError, Encode, Input, Json};
use rust_decimal::Decimal;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use windvane_model::{
    BotName, ClientOrderId, Coin, Epoch, ExecutionId, Fixed, InstallTag, Leverage, MarketTime, Money,
    Notional, OrderId, PositionIndex, Price, Qty, Rate, Symbol, Tag, Text, WallTime,
};

macro_rules! integers {
    ($($type:ty),*) => { $(
        impl Encode for $type {
            fn encode(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
        }

        impl Decode for $type {
            fn decode(input: &mut Input<'_>) -> Result<Self, DecodeError> {
                input.array().map(Self::from_le_bytes)
            }
        }

        impl Json for $type {
            fn json(&self) -> Value {
                Value::from(*self)
            }
        }
    )* };
}

integers!(u8, u32, u64, i32, i64);

/// As eight bytes, whatever the machine.
impl Encode for usize {
    fn encode(&self, out: &mut Vec<u8>) {
        (*self as u64).encode(out);
    }
}

impl Decode for usize {
    fn decode(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        Self::try_from(u64::decode(input)?).map_err(|_| DecodeError::OutOfRange("usize"))
    }
}

impl Json for usize {
    fn json(&self) -> Value {
        Value::from(*self)
    }
}

impl Encode for bool {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
}

impl Decode for bool {
    fn decode(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        match input.array()? {
            [0] => Ok(false),
            [1] => Ok(true),
            [code] => Err(DecodeError::UnknownCode { what: "bool", code }),
        }
    }
}

impl Json for bool {
    fn json(&self) -> Value {
        Value::Bool(*self)
    }
}

impl<T: Encode> Encode for Option<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        self.is_some().encode(out);
        if let Some(value) = self {
            value.encode(out);
        }
    }
}

impl<T: Decode> Decode for Option<T> {
    fn decode(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        bool::decode(input)?.then(|| T::decode(input)).transpose()
    }
}

impl<T: Json> Json for Option<T> {
    fn json(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::json)
    }
}

/// The length of a list or text. Four bytes hold it: a record is far below 4 GiB.
fn encode_length(length: usize, out: &mut Vec<u8>) {
    u32::try_from(length).expect("a record is smaller than 4 GiB").encode(out);
}

fn decode_length(input: &mut Input<'_>) -> Result<usize, DecodeError> {
    let length = usize::try_from(u32::decode(input)?).map_err(|_| DecodeError::OutOfRange("length"))?;
    // Everything is at least a byte long, so a length beyond the input is wrong and reserves nothing.
    if length > input.remaining() { Err(DecodeError::Truncated) } else { Ok(length) }
}

impl<T: Encode> Encode for Vec<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_length(self.len(), out);
        for item in self {
            item.encode(out);
        }
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        let length = decode_length(input)?;
        (0..length).map(|_| T::decode(input)).collect()
    }
}

impl<T: Json> Json for Vec<T> {
    fn json(&self) -> Value {
        Value::Array(self.iter().map(T::json).collect())
    }
}

impl<T: Encode> Encode for &T {
    fn encode(&self, out: &mut Vec<u8>) {
        (*self).encode(out);
    }
}

/// Pairs in the order of their keys.
impl<K: Encode, V: Encode> Encode for BTreeMap<K, V> {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_length(self.len(), out);
        for (key, value) in self {
            key.encode(out);
            value.encode(out);
        }
    }
}

impl<K: Decode + Ord, V: Decode> Decode for BTreeMap<K, V> {
    fn decode(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        let length = decode_length(input)?;
        (0..length).map(|_| <(K, V)>::decode(input)).collect()
    }
}

impl<K: Json, V: Json> Json for BTreeMap<K, V> {
    fn json(&self) -> Value {
        Value::Array(self.iter().map(|(key, value)| Value::Array(vec![key.json(), value.json()])).collect())
    }
}

impl<T: Encode> Encode for BTreeSet<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_length(self.len(), out);
        for item in self {
            item.encode(out);
        }
    }
}

impl<T: Decode + Ord> Decode for BTreeSet<T> {
    fn decode(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        let length = decode_length(input)?;
        (0..length).map(|_| T::decode(input)).collect()
    }
}

impl<T: Json> Json for BTreeSet<T> {
    fn json(&self) -> Value {
        Value::Array(self.iter().map(T::json).collect())
    }
}

impl<const N: usize> Encode for [u8; N] {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
}

impl<const N: usize> Decode for [u8; N] {
    fn decode(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        input.array()
    }
}

impl<const N: usize> Json for [u8; N] {
    fn json(&self) -> Value {
        self.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()
    }
}

impl<T: Encode> Encode for Box<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        self.as_ref().encode(out);
    }
}

impl<T: Decode> Decode for Box<T> {
    fn decode(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        T::decode(input).map(Self::new)
    }
}

impl<T: Json> Json for Box<T> {
    fn json(&self) -> Value {
        self.as_ref().json()
    }
}

impl<A: Encode, B: Encode> Encode for (A, B) {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
        self.1.encode(out);
    }
}

impl<A: Decode, B: Decode> Decode for (A, B) {
    fn decode(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        Ok((A::decode(input)?, B::decode(input)?))
    }
}

impl<A: Json, B: Json> Json for (A, B) {
    fn json(&self) -> Value {
        Value::Array(vec![self.0.json(), self.1.json()])
    }
}

impl Encode for String {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_length(self.len(), out);
        out.extend_from_slice(self.as_bytes());
    }
}

impl Decode for String {
    fn decode(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        let length = decode_length(input)?;
        let text = std::str::from_utf8(input.take(length)?);
        text.map(str::to_owned).map_err(|_| DecodeError::OutOfRange("String"))
    }
}

impl Json for String {
    fn json(&self) -> Value {
        Value::String(self.clone())
    }
}

impl Encode for Arc<str> {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_length(self.len(), out);
        out.extend_from_slice(self.as_bytes());
    }
}

impl Decode for Arc<str> {
    fn decode(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        String::decode(input).map(Self::from)
    }
}

impl Json for Arc<str> {
    fn json(&self) -> Value {
        Value::String((**self).to_owned())
    }
}

/// Mantissa and scale, so that 0.10 stays 0.10.
impl Encode for Decimal {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.mantissa().to_le_bytes());
        // A decimal's scale is at most 28.
        out.push(u8::try_from(self.scale()).unwrap_or(u8::MAX));
    }
}

impl Decode for Decimal {
    fn decode(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        let mantissa = i128::from_le_bytes(input.array()?);
        let scale = u32::from(u8::decode(input)?);
        Self::try_from_i128_with_scale(mantissa, scale).map_err(|_| DecodeError::OutOfRange("Decimal"))
    }
}

impl Json for Decimal {
    fn json(&self) -> Value {
        Value::String(self.to_string())
    }
}

/// Types that wrap a number: what is stored, and how it becomes the type again.
macro_rules! wrapped {
    ($( $type:ident as $stored:ty: |$value:ident| $store:expr, |$raw:ident| $load:expr; )*) => { $(
        impl Encode for $type {
            fn encode(&self, out: &mut Vec<u8>) {
                let $value = *self;
                <$stored>::encode(&$store, out);
            }
        }

        impl Decode for $type {
            fn decode(input: &mut Input<'_>) -> Result<Self, DecodeError> {
                let $raw = <$stored>::decode(input)?;
                $load.ok_or(DecodeError::OutOfRange(stringify!($type)))
            }
        }
    )* };
}

wrapped! {
    // These three are kept without trailing zeros by their constructors; arithmetic may bring zeros back, so
    // they are dropped here as well and equal numbers have equal bytes.
    Price as Decimal: |value| value.get().normalize(), |raw| Self::new(raw).ok();
    Qty as Decimal: |value| value.get().normalize(), |raw| Self::new(raw).ok();
    Notional as Decimal: |value| value.get().normalize(), |raw| Self::new(raw).ok();
    Money as Decimal: |value| value.get(), |raw| Some(Self::new(raw));
    Rate as Decimal: |value| value.get(), |raw| Some(Self::new(raw));
    Leverage as Decimal: |value| value.get(), |raw| Self::new(raw);
    Fixed as i64: |value| value.raw(), |raw| Self::from_raw(raw).ok();
    WallTime as i64: |value| value.0, |raw| Some(Self(raw));
    MarketTime as i64: |value| value.0, |raw| Some(Self(raw));
    Epoch as u64: |value| value.0, |raw| Some(Self(raw));
    Tag as u32: |value| value.0, |raw| Some(Self(raw));
    PositionIndex as u8: |value| value.0, |raw| Some(Self(raw));
}

macro_rules! json_as_text {
    ($($type:ident),*) => { $(
        impl Json for $type {
            fn json(&self) -> Value {
                Value::String(self.to_string())
            }
        }
    )* };
}

macro_rules! json_as_number {
    ($($type:ident),*) => { $(
        impl Json for $type {
            fn json(&self) -> Value {
                self.0.json()
            }
        }
    )* };
}

json_as_text!(Price, Qty, Notional, Money, Rate, Fixed);
json_as_text!(Symbol, Coin, BotName, ClientOrderId, OrderId, ExecutionId);
json_as_number!(WallTime, MarketTime, Epoch, Tag, PositionIndex);

impl Json for Leverage {
    fn json(&self) -> Value {
        self.get().json()
    }
}

/// A text of at most 255 bytes behind its length.
fn encode_text(text: &str, out: &mut Vec<u8>) {
    out.push(u8::try_from(text.len()).expect("inline text has at most 255 bytes"));
    out.extend_from_slice(text.as_bytes());
}

fn decode_text<'a>(input: &mut Input<'a>) -> Result<&'a str, DecodeError> {
    let length = usize::from(u8::decode(input)?);
    std::str::from_utf8(input.take(length)?).map_err(|_| DecodeError::OutOfRange("Text"))
}

impl<const N: usize> Encode for Text<N> {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_text(self.as_str(), out);
    }
}

impl<const N: usize> Decode for Text<N> {
    fn decode(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        Self::new(decode_text(input)?).map_err(|_| DecodeError::OutOfRange("Text"))
    }
}

impl<const N: usize> Json for Text<N> {
    fn json(&self) -> Value {
        Value::String(self.as_str().to_owned())
    }
}

macro_rules! identifiers {
    ($($type:ident),*) => { $(
        impl Encode for $type {
            fn encode(&self, out: &mut Vec<u8>) {
                encode_text(self.as_str(), out);
            }
        }

        impl Decode for $type {
            fn decode(input: &mut Input<'_>) -> Result<Self, DecodeError> {
                Self::new(decode_text(input)?).map_err(|_| DecodeError::OutOfRange(stringify!($type)))
            }
        }
    )* };
}

identifiers!(Symbol, Coin, BotName, ClientOrderId, OrderId, ExecutionId);

impl Encode for InstallTag {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_text(self.as_str(), out);
    }
}

impl Decode for InstallTag {
    fn decode(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        Self::new(decode_text(input)?).ok_or(DecodeError::OutOfRange("InstallTag"))
    }
}

impl Json for InstallTag {
    fn json(&self) -> Value {
        Value::String(self.as_str().to_owned())
    }
}
