//! The byte layout of what is written down: little-endian, field by field.
//!
//! The order of the fields and the code of each variant stand in tables ([`layout!`], [`choices!`]) and nowhere
//! else; reordering a struct changes nothing on disk. The tables of the model's words are here; whoever writes
//! records of its own of them, the journal and the books, keeps their tables beside the types, under a version of
//! its own. From the same tables comes the JSON of an export, so that the two cannot drift apart.

mod account;
mod command;
mod event;
mod intent;
mod market;
mod primitive;
#[cfg(feature = "sample")]
mod sample;

#[cfg(feature = "sample")]
pub use fastrand::Rng;
#[cfg(feature = "sample")]
pub use sample::Sample;
pub use serde_json::Value;

/// Writes a value's bytes.
pub trait Encode {
    /// Appends the bytes to `out`.
    fn encode(&self, out: &mut Vec<u8>);
}

/// Reads a value back.
pub trait Decode: Sized {
    /// Takes the value's bytes off the front of `input`.
    fn decode(input: &mut Input<'_>) -> Result<Self, DecodeError>;
}

/// Shows a value to people and their tools.
pub trait Json {
    /// The value as JSON; decimals are strings.
    fn json(&self) -> Value;
}

/// An enum whose variant is kept apart from its content: the frame's header carries a record's kind.
pub trait Choice: Sized {
    /// The code of the variant.
    fn code(&self) -> u8;
    /// Appends the content, without the code.
    fn encode_content(&self, out: &mut Vec<u8>);
    /// Reads the content of the variant `code`.
    fn decode_content(code: u8, input: &mut Input<'_>) -> Result<Self, DecodeError>;
}

/// Why bytes are not a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end before the record does.
    #[error("the record ends too early")]
    Truncated,
    /// Bytes are left over after the record.
    #[error("{0} bytes are left over")]
    LeftOver(usize),
    /// A code that this version does not know.
    #[error("code {code} of {what} is not known")]
    UnknownCode {
        /// The type that was read.
        what: &'static str,
        /// The code found.
        code: u8,
    },
    /// A layout that this version does not know.
    #[error("version {0} of the layout is not known")]
    UnknownVersion(u8),
    /// A value that its type refuses.
    #[error("{0} holds a value outside its range")]
    OutOfRange(&'static str),
}

/// The edition of the model's tables that is written. A field that came after the first stands behind the others, with the
/// edition that brought it, and has its default where older bytes are read.
pub const EDITION: u8 = 3;

/// Bytes being read, front to back.
#[derive(Debug)]
pub struct Input<'a> {
    rest: &'a [u8],
    edition: u8,
}

impl<'a> Input<'a> {
    /// All of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, edition: EDITION }
    }

    /// Reads what follows by the tables of `edition`; the edition until now is given back.
    pub const fn set_edition(&mut self, edition: u8) -> u8 {
        std::mem::replace(&mut self.edition, edition)
    }

    /// The edition of the tables that the bytes were written by.
    #[must_use]
    pub const fn edition(&self) -> u8 {
        self.edition
    }

    /// Takes the next `count` bytes.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    /// Takes the next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(*taken)
    }

    /// How many bytes are left.
    #[must_use]
    pub const fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Nothing may be left over.
    pub const fn finish(self) -> Result<(), DecodeError> {
        if self.rest.is_empty() { Ok(()) } else { Err(DecodeError::LeftOver(self.rest.len())) }
    }
}

/// `{"name": content}`, or the bare name where there is no content.
pub fn named(name: &str, content: Option<Value>) -> Value {
    match content {
        None => Value::String(name.to_owned()),
        Some(content) => object([(name, content)]),
    }
}

/// A JSON object.
pub fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// The layout of a struct: its fields in the order of their bytes.
#[macro_export]
macro_rules! layout {
    ($type:ident { $($field:ident),* $(,)? } $( since $edition:literal { $($later:ident),* } )?) => {
        impl $crate::Encode for $type {
            fn encode(&self, out: &mut Vec<u8>) {
                $( $crate::Encode::encode(&self.$field, out); )*
                $( $( $crate::Encode::encode(&self.$later, out); )* )?
            }
        }

        impl $crate::Decode for $type {
            fn decode(input: &mut $crate::Input<'_>) -> Result<Self, $crate::DecodeError> {
                // The fields of a struct expression are evaluated in the order they are written.
                Ok(Self {
                    $( $field: $crate::Decode::decode(input)?, )*
                    $( $( $later: if input.edition() < $edition {
                        Default::default()
                    } else {
                        $crate::Decode::decode(input)?
                    }, )* )?
                })
            }
        }

        impl $crate::Json for $type {
            fn json(&self) -> $crate::Value {
                $crate::object([
                    $( (stringify!($field), $crate::Json::json(&self.$field)), )*
                    $( $( (stringify!($later), $crate::Json::json(&self.$later)), )* )?
                ])
            }
        }

        $crate::sampled_layout!($type { $($field),* $( $(, $later)* )? });
    };
}

/// The layout of an enum: one byte for the variant, then its content.
#[macro_export]
macro_rules! choices {
    ($type:ident {
        $( $code:literal => $variant:ident $( ( $inner:ident ) )?
            $( { $($field:ident),* } $( since $edition:literal { $($later:ident),* } )? )? ),* $(,)?
    }) => {
        impl $crate::Choice for $type {
            fn code(&self) -> u8 {
                match self {
                    $( Self::$variant { .. } => $code, )*
                }
            }

            // The underscore is for enums whose variants all lack content.
            fn encode_content(&self, _out: &mut Vec<u8>) {
                match self {
                    $( Self::$variant $( ($inner) )? $( { $($field,)* $( $($later),* )? } )? => {
                        $( $crate::Encode::encode($inner, _out); )?
                        $(
                            $( $crate::Encode::encode($field, _out); )*
                            $( $( $crate::Encode::encode($later, _out); )* )?
                        )?
                    } )*
                }
            }

            fn decode_content(
                code: u8,
                _input: &mut $crate::Input<'_>,
            ) -> Result<Self, $crate::DecodeError> {
                Ok(match code {
                    $( $code => Self::$variant
                        $( ({ let $inner = $crate::Decode::decode(_input)?; $inner }) )?
                        $( {
                            $( $field: $crate::Decode::decode(_input)?, )*
                            $( $( $later: if _input.edition() < $edition {
                                Default::default()
                            } else {
                                $crate::Decode::decode(_input)?
                            }, )* )?
                        } )?, )*
                    code => {
                        let what = stringify!($type);
                        return Err($crate::DecodeError::UnknownCode { what, code });
                    }
                })
            }
        }

        impl $crate::Encode for $type {
            fn encode(&self, out: &mut Vec<u8>) {
                out.push($crate::Choice::code(self));
                $crate::Choice::encode_content(self, out);
            }
        }

        impl $crate::Decode for $type {
            fn decode(input: &mut $crate::Input<'_>) -> Result<Self, $crate::DecodeError> {
                let [code] = input.array()?;
                $crate::Choice::decode_content(code, input)
            }
        }

        impl $crate::Json for $type {
            fn json(&self) -> $crate::Value {
                match self {
                    $( Self::$variant $( ($inner) )? $( { $($field,)* $( $($later),* )? } )? => {
                        let content = None
                            $( .or(Some($crate::Json::json($inner))) )?
                            $( .or(Some($crate::object([
                                $( (stringify!($field), $crate::Json::json($field)), )*
                                $( $( (stringify!($later), $crate::Json::json($later)), )* )?
                            ]))) )?;
                        $crate::named(stringify!($variant), content)
                    } )*
                }
            }
        }

        $crate::sampled_choices!($type {
            $( $code => $variant $( ($inner) )? $( { $($field),* $( $(, $later)* )? } )? ),*
        });
    };
}

/// Arbitrary values of a struct, made from its table.
#[cfg(feature = "sample")]
#[doc(hidden)]
#[macro_export]
macro_rules! sampled_layout {
    ($type:ident { $($field:ident),* }) => {
        impl $crate::Sample for $type {
            fn sample(random: &mut $crate::Rng) -> Self {
                Self { $( $field: $crate::Sample::sample(random) ),* }
            }
        }
    };
}

/// Arbitrary values of an enum, made from its table.
#[cfg(feature = "sample")]
#[doc(hidden)]
#[macro_export]
macro_rules! sampled_choices {
    ($type:ident {
        $( $code:literal => $variant:ident $( ( $inner:ident ) )? $( { $($field:ident),* } )? ),*
    }) => {
        impl $crate::Sample for $type {
            fn sample(random: &mut $crate::Rng) -> Self {
                let codes = [$($code),*];
                match codes[random.usize(..codes.len())] {
                    $( $code => Self::$variant
                        $( ({ let $inner = $crate::Sample::sample(random); $inner }) )?
                        $( { $( $field: $crate::Sample::sample(random) ),* } )?, )*
                    code => unreachable!("{code} is none of the codes"),
                }
            }
        }
    };
}

/// No arbitrary values in this build.
#[cfg(not(feature = "sample"))]
#[doc(hidden)]
#[macro_export]
macro_rules! sampled_layout {
    ($($table:tt)*) => {};
}

/// No arbitrary values in this build.
#[cfg(not(feature = "sample"))]
#[doc(hidden)]
#[macro_export]
macro_rules! sampled_choices {
    ($($table:tt)*) => {};
}
