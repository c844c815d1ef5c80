//! How values are spelled on the wire: ids as they are, numbers in plain digits.

use rust_decimal::Decimal;
use std::fmt::Write;
use windvane_model::{ClientOrderId, OrderId, Price, Qty, Symbol};

/// A value that is written without its quotes. Text is escaped, numbers have no exponent.
pub(crate) trait Spell {
    /// Appends the value to `out`.
    fn spell(&self, out: &mut String);
}

impl<T: Spell + ?Sized> Spell for &T {
    fn spell(&self, out: &mut String) {
        (**self).spell(out);
    }
}

impl Spell for str {
    fn spell(&self, out: &mut String) {
        // Seldom otherwise: what we send is made of names and numbers.
        if self.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
            out.push_str(self);
            return;
        }
        for letter in self.chars() {
            match letter {
                '"' | '\\' => out.extend(['\\', letter]),
                control if control < ' ' => {
                    write!(out, "\\u{:04x}", u32::from(control)).expect("writing to a string cannot fail");
                }
                plain => out.push(plain),
            }
        }
    }
}

impl Spell for String {
    fn spell(&self, out: &mut String) {
        self.as_str().spell(out);
    }
}

impl Spell for Symbol {
    fn spell(&self, out: &mut String) {
        self.as_str().spell(out);
    }
}

impl Spell for ClientOrderId {
    fn spell(&self, out: &mut String) {
        self.as_str().spell(out);
    }
}

impl Spell for OrderId {
    fn spell(&self, out: &mut String) {
        self.as_str().spell(out);
    }
}

impl Spell for Price {
    fn spell(&self, out: &mut String) {
        self.get().spell(out);
    }
}

impl Spell for Qty {
    fn spell(&self, out: &mut String) {
        self.get().spell(out);
    }
}

impl Spell for u64 {
    fn spell(&self, out: &mut String) {
        push_digits(out, *self, 0);
    }
}

impl Spell for u32 {
    fn spell(&self, out: &mut String) {
        u64::from(*self).spell(out);
    }
}

impl Spell for u8 {
    fn spell(&self, out: &mut String) {
        u64::from(*self).spell(out);
    }
}

impl Spell for i64 {
    fn spell(&self, out: &mut String) {
        if *self < 0 {
            out.push('-');
        }
        self.unsigned_abs().spell(out);
    }
}

impl Spell for bool {
    fn spell(&self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" });
    }
}

/// Without zeros at the end.
impl Spell for Decimal {
    fn spell(&self, out: &mut String) {
        let value = self.normalize();
        if value.is_sign_negative() {
            out.push('-');
        }
        match u64::try_from(value.mantissa().unsigned_abs()) {
            Ok(digits) => push_digits(out, digits, value.scale()),
            // More digits than any price has; the library's own way is slower.
            Err(_) => write!(out, "{}", value.abs()).expect("writing to a string cannot fail"),
        }
    }
}

/// The digits of `value` with a point before the last `places` of them.
fn push_digits(out: &mut String, mut value: u64, places: u32) {
    // Twenty digits of the largest value, or a nought, a point and 28 places.
    let mut text = [b'0'; 32];
    let mut from = text.len();
    let mut written = 0;
    while value > 0 || written <= places {
        if written == places && places > 0 {
            from -= 1;
            text[from] = b'.';
        }
        from -= 1;
        // A remainder of ten fits a byte.
        text[from] = b'0' + u8::try_from(value % 10).unwrap_or_default();
        value /= 10;
        written += 1;
    }
    out.push_str(std::str::from_utf8(&text[from..]).expect("digits and a point are ascii"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(value: impl Spell) -> String {
        let mut out = String::new();
        value.spell(&mut out);
        out
    }

    #[test]
    fn decimals_are_spelled_as_the_library_shows_them() {
        for text in [
            "0",
            "1",
            "10",
            "0.5",
            "0.00000001",
            "97000.5",
            "-3.25",
            "18446744073709551615",
            "1000000000000",
            "79228162514264337593543950335",
            "0.0000000000000000000000000001",
            "1.0000000000000000000000000001",
        ] {
            let value: Decimal = text.parse().unwrap();
            assert_eq!(spelled(value), text);
        }
        assert_eq!(spelled(Decimal::new(97_000_500, 4)), "9700.05");
        assert_eq!(spelled(Decimal::new(0, 5)), "0");
    }

    #[test]
    fn whole_numbers_are_spelled_to_their_ends() {
        assert_eq!((spelled(u64::MAX), spelled(0_u8)), (u64::MAX.to_string(), "0".to_owned()));
        assert_eq!((spelled(i64::MIN), spelled(-7_i64)), (i64::MIN.to_string(), "-7".to_owned()));
    }
}
