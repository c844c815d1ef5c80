//! How a row of an account is declared: once, for serde and for the scanner.

/// Declares a struct whose fields are [`Lexeme`](super::number::Lexeme)s, each with its name on the wire. A field that is
/// not there is empty; fields of other names are passed over.
macro_rules! wire_row {
    (
        $(#[$about:meta])*
        $visibility:vis struct $name:ident { $($field:ident = $wire:literal,)+ }
    ) => {
        $(#[$about])*
        #[derive(Deserialize, Default)]
        #[serde(default)]
        $visibility struct $name<'a> {
            $(#[serde(borrow, rename = $wire)] $field: Lexeme<'a>,)+
        }

        impl<'a> $name<'a> {
            /// Reads the same in one pass; `None` leaves it to serde.
            pub(super) fn scan(scanner: &mut Scanner<'a>) -> Option<Self> {
                let [$($field),+] = scanner.fields(&[$($wire),+])?;
                Some(Self { $($field: Lexeme::borrowed($field.unwrap_or_default()),)+ })
            }
        }
    };
}

pub(super) use wire_row;
