//! A JSON object written field by field, compact and with its keys in order.
//!
//! The exchange demands neither; an introductory article to its API does, and it costs nothing. Writing by
//! hand keeps the bytes that are signed the bytes that are sent.

use std::fmt::{Display, Write};

/// An object under construction.
pub(crate) struct Object {
    text: String,
    #[cfg(debug_assertions)]
    last_key: &'static str,
}

impl Object {
    pub(crate) fn new() -> Self {
        let mut text = String::with_capacity(320);
        text.push('{');
        Self {
            text,
            #[cfg(debug_assertions)]
            last_key: "",
        }
    }

    fn key(&mut self, key: &'static str) {
        #[cfg(debug_assertions)]
        {
            assert!(self.last_key < key, "`{key}` must stand before `{}`", self.last_key);
            self.last_key = key;
        }
        if self.text.len() > 1 {
            self.text.push(',');
        }
        self.text.push('"');
        self.text.push_str(key);
        self.text.push_str("\":");
    }

    /// A string. Decimals are strings on the wire; their display has no exponent.
    pub(crate) fn text(mut self, key: &'static str, value: impl Display) -> Self {
        self.key(key);
        self.text.push('"');
        let mut escaped = Escaped(&mut self.text);
        write!(escaped, "{value}").expect("writing to a string cannot fail");
        self.text.push('"');
        self
    }

    /// A string, where there is one.
    pub(crate) fn maybe(self, key: &'static str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.text(key, value),
            None => self,
        }
    }

    /// A number, a boolean, or JSON that is already written.
    pub(crate) fn raw(mut self, key: &'static str, value: impl Display) -> Self {
        self.key(key);
        write!(self.text, "{value}").expect("writing to a string cannot fail");
        self
    }

    pub(crate) fn finish(mut self) -> String {
        self.text.push('}');
        self.text
    }
}

struct Escaped<'a>(&'a mut String);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let mut rest = text;
        // Seldom: what we send is made of names and numbers.
        while let Some(at) = rest.find(|c| c < ' ' || c == '"' || c == '\\') {
            let (plain, from) = rest.split_at(at);
            self.0.push_str(plain);
            match from.as_bytes()[0] {
                escaped @ (b'"' | b'\\') => {
                    self.0.push('\\');
                    self.0.push(char::from(escaped));
                }
                control => write!(self.0, "\\u{control:04x}")?,
            }
            rest = &from[1..];
        }
        self.0.push_str(rest);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_absent_fields_are_left_out() {
        let json = Object::new().text("a", "x\"\\\n").maybe("b", None::<&str>).raw("c", 3).finish();
        assert_eq!(json, r#"{"a":"x\"\\\u000a","c":3}"#);
        assert_eq!(Object::new().finish(), "{}");
    }

    #[test]
    #[should_panic(expected = "must stand before")]
    fn keys_out_of_order_are_a_bug() {
        let _ = Object::new().raw("b", 1).raw("a", 1);
    }
}
