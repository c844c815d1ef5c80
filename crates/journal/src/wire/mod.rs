//! The byte layout of records: little-endian, written out field by field.
//!
//! The order of the fields and the code of each variant stand in the tables of the sibling modules and
//! nowhere else; reordering a struct in the model changes nothing on disk. Changing a table needs a new
//! [`crate::record::VERSION`]. From the same tables comes the JSON of the export, so that the two cannot
//! drift apart.

mod account;
mod command;
mod event;
mod market;
mod primitive;
mod record;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;

use serde_json::Value;

/// Writes a value's bytes.
pub(crate) trait Encode {
    /// Appends the bytes to `out`.
    fn encode(&self, out: &mut Vec<u8>);
}

/// Reads a value back.
pub(crate) trait Decode: Sized {
    /// Takes the value's bytes off the front of `input`.
    fn decode(input: &mut Input<'_>) -> Result<Self, DecodeError>;
}

/// Shows a value to people and their tools.
pub(crate) trait Json {
    /// The value as JSON; decimals are strings.
    fn json(&self) -> Value;
}

/// An enum whose variant is kept apart from its content: the frame's header carries a record's kind.
pub(crate) trait Choice: Sized {
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

/// Bytes being read, front to back.
#[derive(Debug)]
pub(crate) struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Takes the next `count` bytes.
    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    /// Takes the next `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(crate) const fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Nothing may be left over.
    pub(crate) const fn finish(self) -> Result<(), DecodeError> {
        if self.rest.is_empty() { Ok(()) } else { Err(DecodeError::LeftOver(self.rest.len())) }
    }
}

/// `{"name": content}`, or the bare name where there is no content.
pub(crate) fn named(name: &str, content: Option<Value>) -> Value {
    match content {
        None => Value::String(name.to_owned()),
        Some(content) => object([(name, content)]),
    }
}

/// A JSON object.
pub(crate) fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// The layout of a struct: its fields in the order of their bytes.
macro_rules! layout {
    ($type:ident { $($field:ident),* $(,)? }) => {
        impl $crate::wire::Encode for $type {
            fn encode(&self, out: &mut Vec<u8>) {
                $( $crate::wire::Encode::encode(&self.$field, out); )*
            }
        }

        impl $crate::wire::Decode for $type {
            fn decode(input: &mut $crate::wire::Input<'_>) -> Result<Self, $crate::wire::DecodeError> {
                // The fields of a struct expression are evaluated in the order they are written.
                Ok(Self { $( $field: $crate::wire::Decode::decode(input)? ),* })
            }
        }

        impl $crate::wire::Json for $type {
            fn json(&self) -> serde_json::Value {
                $crate::wire::object([$( (stringify!($field), $crate::wire::Json::json(&self.$field)) ),*])
            }
        }

        #[cfg(test)]
        impl $crate::wire::sample::Sample for $type {
            fn sample(random: &mut fastrand::Rng) -> Self {
                Self { $( $field: $crate::wire::sample::Sample::sample(random) ),* }
            }
        }
    };
}

/// The layout of an enum: one byte for the variant, then its content.
macro_rules! choices {
    ($type:ident {
        $( $code:literal => $variant:ident $( ( $inner:ident ) )? $( { $($field:ident),* } )? ),* $(,)?
    }) => {
        impl $crate::wire::Choice for $type {
            fn code(&self) -> u8 {
                match self {
                    $( Self::$variant { .. } => $code, )*
                }
            }

            // The underscore is for enums whose variants all lack content.
            fn encode_content(&self, _out: &mut Vec<u8>) {
                match self {
                    $( Self::$variant $( ($inner) )? $( { $($field),* } )? => {
                        $( $crate::wire::Encode::encode($inner, _out); )?
                        $( $( $crate::wire::Encode::encode($field, _out); )* )?
                    } )*
                }
            }

            fn decode_content(
                code: u8,
                _input: &mut $crate::wire::Input<'_>,
            ) -> Result<Self, $crate::wire::DecodeError> {
                Ok(match code {
                    $( $code => Self::$variant
                        $( ({ let $inner = $crate::wire::Decode::decode(_input)?; $inner }) )?
                        $( { $( $field: $crate::wire::Decode::decode(_input)? ),* } )?, )*
                    code => {
                        let what = stringify!($type);
                        return Err($crate::wire::DecodeError::UnknownCode { what, code });
                    }
                })
            }
        }

        impl $crate::wire::Encode for $type {
            fn encode(&self, out: &mut Vec<u8>) {
                out.push($crate::wire::Choice::code(self));
                $crate::wire::Choice::encode_content(self, out);
            }
        }

        impl $crate::wire::Decode for $type {
            fn decode(input: &mut $crate::wire::Input<'_>) -> Result<Self, $crate::wire::DecodeError> {
                let [code] = input.array()?;
                $crate::wire::Choice::decode_content(code, input)
            }
        }

        impl $crate::wire::Json for $type {
            fn json(&self) -> serde_json::Value {
                match self {
                    $( Self::$variant $( ($inner) )? $( { $($field),* } )? => {
                        let content = None
                            $( .or(Some($crate::wire::Json::json($inner))) )?
                            $( .or(Some($crate::wire::object([
                                $( (stringify!($field), $crate::wire::Json::json($field)) ),*
                            ]))) )?;
                        $crate::wire::named(stringify!($variant), content)
                    } )*
                }
            }
        }

        #[cfg(test)]
        impl $crate::wire::sample::Sample for $type {
            fn sample(random: &mut fastrand::Rng) -> Self {
                let codes = [$($code),*];
                match codes[random.usize(..codes.len())] {
                    $( $code => Self::$variant
                        $( ({ let $inner = $crate::wire::sample::Sample::sample(random); $inner }) )?
                        $( { $( $field: $crate::wire::sample::Sample::sample(random) ),* } )?, )*
                    code => unreachable!("{code} is none of the codes"),
                }
            }
        }
    };
}

pub(crate) use {choices, layout};
