//! The fields of a request, from a query string or a JSON object, read leniently as the exchange does:
//! numbers may come as text and text as numbers, unknown keys are ignored, empty text means absent.

use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::envelope::Refusal;

/// Named fields of one request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    /// Fields of a raw query (without the `?`); percent-encoding and `+` are decoded here, after the
    /// signature was checked over the raw text.
    pub(crate) fn from_query(raw: &str) -> Self {
        let pairs = raw.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (percent_decoded(name), Value::String(percent_decoded(value)))
        });
        Self(pairs.collect())
    }

    /// Fields of a JSON body; an empty body has none.
    ///
    /// # Errors
    /// 10001 when the body is no JSON object.
    pub(crate) fn from_body(body: &[u8]) -> Result<Self, Refusal> {
        if body.is_empty() {
            return Ok(Self::default());
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(map)) => Ok(Self(map)),
            Ok(_) => Err(Refusal::parameter("the body is not a JSON object")),
            Err(error) => Err(Refusal::parameter(format!("the body is not JSON: {error}"))),
        }
    }

    pub(crate) fn from_object(map: Map<String, Value>) -> Self {
        Self(map)
    }

    /// The field as text: `None` when absent, null or empty.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// # Errors
    /// 10001 when the field is absent or empty.
    pub(crate) fn required(&self, name: &str) -> Result<String, Refusal> {
        self.text(name).ok_or_else(|| Refusal::parameter(format!("{name} is required")))
    }

    /// # Errors
    /// 10001 when the field is there and no decimal number.
    pub(crate) fn decimal(&self, name: &str) -> Result<Option<Decimal>, Refusal> {
        let Some(text) = self.text(name) else { return Ok(None) };
        Decimal::from_str_exact(&text)
            .map(Some)
            .map_err(|_| Refusal::parameter(format!("{name} is not a decimal number: {text}")))
    }

    /// # Errors
    /// 10001 when the field is there and no integer.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.text(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| Refusal::parameter(format!("{name} is not an integer: {text}")))
    }

    /// # Errors
    /// 10001 when the field is there and neither true nor false.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.text(name).as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => Err(Refusal::parameter(format!("{name} is not a boolean: {other}"))),
        }
    }

    /// The items of an array of objects, such as `request` of a batch.
    ///
    /// # Errors
    /// 10001 when the field is absent or holds anything else.
    pub(crate) fn objects(&self, name: &str) -> Result<Vec<Fields>, Refusal> {
        let Some(Value::Array(items)) = self.0.get(name) else {
            return Err(Refusal::parameter(format!("{name} is not a list")));
        };
        items
            .iter()
            .map(|item| match item {
                Value::Object(map) => Ok(Self(map.clone())),
                _ => Err(Refusal::parameter(format!("{name} holds something that is not an object"))),
            })
            .collect()
    }

    /// The instrument that a request is about; of a batch that of its first order.
    pub(crate) fn symbol(&self) -> Option<String> {
        let of_batch = || {
            let first = self.0.get("request")?.as_array()?.first()?;
            first.get("symbol")?.as_str().map(str::to_owned)
        };
        self.text("symbol").or_else(of_batch)
    }

    /// A field as it came, for values with a shape of their own.
    pub(crate) fn raw(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A copy with one field set, for batch items that inherit the outer category.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.to_owned(), Value::String(value.to_owned()));
        self
    }

    /// Page size within `1..=most`.
    ///
    /// # Errors
    /// 10001 when `limit` is no integer or below 1.
    pub(crate) fn limit(&self, default: usize, most: usize) -> Result<usize, Refusal> {
        match self.integer("limit")? {
            None => Ok(default),
            Some(limit) => match usize::try_from(limit) {
                Ok(limit) if limit >= 1 => Ok(limit.min(most)),
                _ => Err(Refusal::parameter("limit must be at least 1")),
            },
        }
    }
}

/// Decodes `%XX` and `+`; a stray `%` stays as it is.
pub(crate) fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        match (bytes[at], hex.and_then(|pair| u8::from_str_radix(pair, 16).ok())) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                at += 3;
            }
            (b'+', _) => {
                decoded.push(b' ');
                at += 1;
            }
            (byte, _) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_decoded_field_by_field() {
        let fields = Fields::from_query("symbol=BTCUSDT&cursor=a%3A1%2C2&limit=5&empty=&odd=100%");
        assert_eq!(fields.text("symbol").as_deref(), Some("BTCUSDT"));
        assert_eq!(fields.text("cursor").as_deref(), Some("a:1,2"));
        assert_eq!(fields.text("empty"), None);
        assert_eq!(fields.text("odd").as_deref(), Some("100%"));
        assert_eq!(fields.limit(20, 50), Ok(5));
    }

    #[test]
    fn numbers_and_text_are_interchangeable_in_a_body() {
        let fields =
            Fields::from_body(br#"{"qty": 0.01, "price":"5", "reduceOnly":"true", "x":null}"#).unwrap();
        assert_eq!(fields.decimal("qty"), Ok(Some(Decimal::new(1, 2))));
        assert_eq!(fields.integer("price"), Ok(Some(5)));
        assert_eq!(fields.flag("reduceOnly"), Ok(Some(true)));
        assert_eq!(fields.text("x"), None);
        assert_eq!(Fields::from_body(b"[1]").map(|_| ()).map_err(|r| r.code), Err(10001));
    }
}
