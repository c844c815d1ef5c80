//! A reader of JSON that knows only what the busiest messages are made of, and gives up at anything else.
//!
//! Giving up is no error: the caller reads the text once more with serde, which decides what is wrong with it. So
//! whatever is accepted here must be what serde accepts, with the same meaning; a test holds the two side by side on
//! damaged messages. Deep nesting is given up at once, and so are escapes and floats without quotes in what is kept.

use rust_decimal::Decimal;
use windvane_model::Fixed;

/// Deeper values are left to serde.
const DEPTH_MAX: u8 = 16;
/// More digits may not fit an `i64`.
const DIGITS_MAX: usize = 18;

/// A place in a JSON text.
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

/// A plain decimal number: all its digits as one integer, and how many of them stand behind the point.
struct Digits {
    value: i64,
    places: u32,
}

impl<'a> Scanner<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Reads an object; `field` is called with each key and must read the value.
    pub(super) fn object(&mut self, mut field: impl FnMut(&mut Self, &'a str) -> Option<()>) -> Option<()> {
        self.eat(b'{')?;
        if self.next_is(b'}') {
            return Some(());
        }
        loop {
            let key = self.string()?;
            self.eat(b':')?;
            field(self, key)?;
            if self.next_is(b'}') {
                return Some(());
            }
            self.eat(b',')?;
        }
    }

    /// Reads a list; `item` is called before each item and must read it.
    pub(super) fn list(&mut self, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.eat(b'[')?;
        if self.next_is(b']') {
            return Some(());
        }
        loop {
            item(self)?;
            if self.next_is(b']') {
                return Some(());
            }
            self.eat(b',')?;
        }
    }

    /// A string without escapes.
    pub(super) fn string(&mut self) -> Option<&'a str> {
        self.eat(b'"')?;
        let from = self.at;
        let length = self.rest().iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))?;
        self.at = from + length;
        self.byte(b'"')?;
        self.text.get(from..from + length)
    }

    /// The text of a string, a whole number or a boolean; empty for null.
    pub(super) fn scalar(&mut self) -> Option<&'a str> {
        match self.peek()? {
            b'"' => self.string(),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null").map(|_| ""),
            _ => {
                let from = self.at;
                self.whole()?;
                self.text.get(from..self.at)
            }
        }
    }

    /// A whole number, not in quotes.
    pub(super) fn whole(&mut self) -> Option<i64> {
        self.space();
        let from = self.at;
        let value = self.digits(0)?;
        let is_plain = self.text.as_bytes().get(from) != Some(&b'0') || self.at == from + 1;
        // A fraction or an exponent would go on here.
        let has_ended = !matches!(self.rest().first(), Some(b'.' | b'e' | b'E'));
        (is_plain && has_ended && self.at - from <= DIGITS_MAX).then_some(value)
    }

    /// A figure of an order book, in quotes.
    pub(super) fn fixed(&mut self) -> Option<Fixed> {
        let Digits { value, places } = self.quoted_number()?;
        let missing = Fixed::PLACES.checked_sub(places)?;
        Fixed::from_raw(value.checked_mul(10_i64.pow(missing))?).ok()
    }

    /// A decimal number, in quotes.
    pub(super) fn decimal(&mut self) -> Option<Decimal> {
        let Digits { value, places } = self.quoted_number()?;
        Some(Decimal::new(value, places))
    }

    /// Reads an object and keeps the fields by these names, which must be scalars; the others are passed over. A field that
    /// comes twice is left to serde, which refuses it.
    pub(super) fn fields<const N: usize>(&mut self, names: &[&str; N]) -> Option<[Option<&'a str>; N]> {
        let mut found = [None; N];
        // Objects of a kind have their fields in one order, so the next one is seldom far from the last.
        let mut next = 0;
        self.object(|scanner, key| match (next..N).chain(0..next).find(|place| names[*place] == key) {
            Some(place) => {
                next = place + 1;
                once(&mut found[place], scanner.scalar()?)
            }
            None => scanner.skip(),
        })?;
        Some(found)
    }

    /// Passes over any value.
    pub(super) fn skip(&mut self) -> Option<()> {
        self.skip_within(DEPTH_MAX)
    }

    /// Nothing but white space is left.
    pub(super) fn end(&mut self) -> Option<()> {
        self.space();
        self.rest().is_empty().then_some(())
    }

    fn skip_within(&mut self, depth: u8) -> Option<()> {
        let inner = depth.checked_sub(1)?;
        match self.peek()? {
            b'{' => self.object(|scanner, _| scanner.skip_within(inner)),
            b'[' => self.list(|scanner| scanner.skip_within(inner)),
            b'"' => self.skip_string(),
            b't' | b'f' | b'n' => self.scalar().map(drop),
            _ => self.skip_number(),
        }
    }

    /// Here nobody wants the text, so escapes may stand in it; those by a number are given up.
    fn skip_string(&mut self) -> Option<()> {
        self.eat(b'"')?;
        loop {
            let length = self.rest().iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))?;
            self.at += length;
            if self.byte(b'"').is_some() {
                return Some(());
            }
            self.byte(b'\\')?;
            let is_plain =
                matches!(self.rest().first(), Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't'));
            is_plain.then(|| self.at += 1)?;
        }
    }

    /// Any number of JSON.
    fn skip_number(&mut self) -> Option<()> {
        self.at += usize::from(self.rest().first() == Some(&b'-'));
        let from = self.at;
        self.digits(0)?;
        if self.text.as_bytes().get(from) == Some(&b'0') && self.at > from + 1 {
            return None;
        }
        if self.byte(b'.').is_some() {
            self.digits(0)?;
        }
        if matches!(self.rest().first(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.rest().first(), Some(b'+' | b'-')));
            self.digits(0)?;
        }
        Some(())
    }

    fn quoted_number(&mut self) -> Option<Digits> {
        self.eat(b'"')?;
        let from = self.at;
        let whole = self.digits(0)?;
        let digits = if self.rest().first() == Some(&b'.') {
            self.at += 1;
            let point = self.at;
            let value = self.digits(whole)?;
            Digits { value, places: u32::try_from(self.at - point).ok()? }
        } else {
            Digits { value: whole, places: 0 }
        };
        let length = self.at - from;
        self.byte(b'"')?;
        (length <= DIGITS_MAX).then_some(digits)
    }

    /// At least one digit, put behind those of `value`. The result means nothing when there were more than an `i64`
    /// holds; the caller counts.
    fn digits(&mut self, mut value: i64) -> Option<i64> {
        let from = self.at;
        for byte in self.rest() {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            value = value.wrapping_mul(10).wrapping_add(i64::from(digit));
            self.at += 1;
        }
        (self.at > from).then_some(value)
    }

    fn word(&mut self, word: &'static str) -> Option<&'a str> {
        let from = self.at;
        self.at += word.len();
        self.text.get(from..self.at).filter(|found| *found == word)
    }

    /// Passes white space and looks at what follows.
    fn peek(&mut self) -> Option<u8> {
        self.space();
        self.rest().first().copied()
    }

    fn next_is(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// `byte`, after any white space.
    fn eat(&mut self, byte: u8) -> Option<()> {
        self.space();
        self.byte(byte)
    }

    /// `byte` right here.
    fn byte(&mut self, byte: u8) -> Option<()> {
        (self.rest().first() == Some(&byte)).then(|| self.at += 1)
    }

    fn space(&mut self) {
        while matches!(self.rest().first(), Some(b' ' | b'\n' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }
}

/// A key that comes twice is left to serde, which refuses it.
pub(super) fn once<T>(slot: &mut Option<T>, value: T) -> Option<()> {
    slot.is_none().then(|| *slot = Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_values_are_read_and_others_are_given_up() {
        for (json, text) in [("\"0.10\"", "0.10"), (" 42", "42"), ("0", "0"), ("true", "true"), ("null", "")]
        {
            assert_eq!(Scanner::new(json).scalar(), Some(text), "{json}");
        }
        for json in ["1.5", "1e3", "-1", "01", "nul", "\"a\\n\"", "\"open", "[1]", "1234567890123456789"] {
            assert_eq!(Scanner::new(json).scalar(), None, "{json}");
        }
    }

    #[test]
    fn figures_are_exact_or_given_up() {
        for (json, value) in [("\"97000.40\"", "97000.4"), ("\"0\"", "0"), ("\"0.00000001\"", "0.00000001")] {
            assert_eq!(Scanner::new(json).fixed(), Fixed::parse(value).ok(), "{json}");
            let decimal = Scanner::new(json).decimal().map(|decimal| decimal.normalize().to_string());
            assert_eq!(decimal.as_deref(), Some(value), "{json}");
        }
        for json in
            ["\"\"", "\".5\"", "\"5.\"", "\"-1\"", "\"1e5\"", "5", "\"0.000000001\"", "\"92233720369\""]
        {
            assert_eq!(Scanner::new(json).fixed(), None, "{json}");
        }
    }

    #[test]
    fn fields_are_found_in_any_order_and_refused_twice() {
        let read = |json| Scanner::new(json).fields(&["a", "b", "c"]);
        assert_eq!(read(r#"{"a":"1","x":[{}],"c":true}"#), Some([Some("1"), None, Some("true")]));
        assert_eq!(read(r#"{"c":null,"a":2}"#), Some([Some("2"), None, Some("")]));
        assert_eq!(read(r#"{"b":1,"a":2,"b":1}"#), None);
        assert_eq!(read(r#"{"b":[1]}"#), None);
    }

    #[test]
    fn any_value_can_be_passed_over_unless_it_is_too_deep() {
        let mut scanner = Scanner::new(r#" {"a":[1,{"b":null}],"c":{},"d":[]} "#);
        assert_eq!((scanner.skip(), scanner.end()), (Some(()), Some(())));
        for any in ["-0.5e-7", "0", "12.25", "1E5", r#""a\\\"b\n""#, "\"\"", "null"] {
            let mut scanner = Scanner::new(any);
            assert_eq!((scanner.skip(), scanner.end()), (Some(()), Some(())), "{any}");
            assert!(serde_json::from_str::<serde_json::Value>(any).is_ok(), "{any}");
        }
        for none in ["-", "01", "1.", ".5", "1e", "+1", r#""\x""#, "\"a\nb\""] {
            let mut scanner = Scanner::new(none);
            assert_eq!(scanner.skip().and_then(|()| scanner.end()), None, "{none}");
        }
        assert_eq!(Scanner::new(&"[".repeat(20)).skip(), None);
        for cut in ["{\"a\":1", "{\"a\"}", "[1,]", "{,}", "[1 2]"] {
            assert_eq!(Scanner::new(cut).skip(), None, "{cut}");
        }
    }
}
