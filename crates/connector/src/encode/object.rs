//! A JSON object written field by field, compact and with its keys in order.
//!
//! The exchange demands neither; an introductory article to its API does, and it costs nothing. Writing by
//! hand keeps the bytes that are signed the bytes that are sent.

use super::spell::Spell;

/// An object under construction, at the end of a text.
pub(crate) struct Object<'t> {
    out: &'t mut String,
    is_empty: bool,
    #[cfg(debug_assertions)]
    last_key: &'static str,
}

impl<'t> Object<'t> {
    pub(crate) fn new(out: &'t mut String) -> Self {
        out.push('{');
        Self {
            out,
            is_empty: true,
            #[cfg(debug_assertions)]
            last_key: "",
        }
    }

    /// An object in a text of its own.
    pub(crate) fn text_of(write: impl FnOnce(Object<'_>)) -> String {
        let mut text = String::with_capacity(320);
        write(Object::new(&mut text));
        text
    }

    fn key(&mut self, key: &'static str) {
        #[cfg(debug_assertions)]
        {
            assert!(self.last_key < key, "`{key}` must stand before `{}`", self.last_key);
            self.last_key = key;
        }
        self.out.push_str(if std::mem::take(&mut self.is_empty) { "\"" } else { ",\"" });
        self.out.push_str(key);
        self.out.push_str("\":");
    }

    /// A string. Decimals are strings on the wire.
    pub(crate) fn text(mut self, key: &'static str, value: impl Spell) -> Self {
        self.key(key);
        self.out.push('"');
        value.spell(self.out);
        self.out.push('"');
        self
    }

    /// A string, where there is one.
    pub(crate) fn maybe(self, key: &'static str, value: Option<impl Spell>) -> Self {
        match value {
            Some(value) => self.text(key, value),
            None => self,
        }
    }

    /// A number or a boolean.
    pub(crate) fn raw(mut self, key: &'static str, value: impl Spell) -> Self {
        self.key(key);
        value.spell(self.out);
        self
    }

    /// A value that `write` appends.
    pub(crate) fn with(mut self, key: &'static str, write: impl FnOnce(&mut String)) -> Self {
        self.key(key);
        write(self.out);
        self
    }

    /// Closes it.
    pub(crate) fn finish(self) {
        self.out.push('}');
    }
}

/// A list, of which `item` appends each item.
pub(crate) fn push_list<T>(
    out: &mut String,
    items: impl IntoIterator<Item = T>,
    mut item: impl FnMut(&mut String, T),
) {
    out.push('[');
    for (place, each) in items.into_iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        item(out, each);
    }
    out.push(']');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_absent_fields_are_left_out() {
        let json = Object::text_of(|object| {
            object
                .text("a", "x\"\\\n")
                .maybe("b", None::<&str>)
                .raw("c", 3_u8)
                .with("d", |out| push_list(out, [1_u8, 2], |out, item| item.spell(out)))
                .finish();
        });
        assert_eq!(json, r#"{"a":"x\"\\\u000a","c":3,"d":[1,2]}"#);
        assert_eq!(Object::text_of(|object| object.finish()), "{}");
    }

    #[test]
    #[should_panic(expected = "must stand before")]
    fn keys_out_of_order_are_a_bug() {
        Object::text_of(|object| object.raw("b", 1_u8).raw("a", 1_u8).finish());
    }
}
