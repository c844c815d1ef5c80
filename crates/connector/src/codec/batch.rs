//! Answers to batches: two lists side by side, the ids in one and the codes in the other.
//!
//! The outer code is 0 even when every item failed. Source: Bybit V5, "Batch Place Order", and a recorded answer.

use super::{Unrecognised, number::Lexeme, read_object};
use serde::Deserialize;
use std::borrow::Cow;

/// What became of one item of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ItemAnswer<'a> {
    /// 0 when it was taken.
    pub(crate) code: i32,
    /// The venue's words.
    pub(crate) message: Cow<'a, str>,
    /// The venue's id, empty where there is none.
    pub(crate) order_id: Cow<'a, str>,
    /// Our id, empty where it is not repeated.
    pub(crate) client_order_id: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Wire<'a> {
    /// On the trade socket.
    #[serde(borrow, default)]
    data: Option<Ids<'a>>,
    /// Over REST.
    #[serde(borrow, default)]
    result: Option<Ids<'a>>,
    #[serde(borrow, default, rename = "retExtInfo")]
    ext: Option<Codes<'a>>,
}

#[derive(Deserialize, Default)]
struct Ids<'a> {
    #[serde(borrow, default)]
    list: Vec<Id<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Id<'a> {
    #[serde(borrow)]
    order_id: Lexeme<'a>,
    #[serde(borrow)]
    order_link_id: Lexeme<'a>,
}

#[derive(Deserialize, Default)]
struct Codes<'a> {
    #[serde(borrow, default)]
    list: Vec<Code<'a>>,
}

#[derive(Deserialize)]
struct Code<'a> {
    #[serde(borrow)]
    code: Lexeme<'a>,
    #[serde(borrow, default)]
    msg: Lexeme<'a>,
}

/// Reads what became of each item, in the order of the request. Items without a code are left out at the end.
///
/// # Errors
/// When the text is not such an answer.
pub(crate) fn read_items(text: &str) -> Result<Vec<ItemAnswer<'_>>, Unrecognised> {
    let wire: Wire<'_> = read_object(text)?;
    let codes = wire.ext.unwrap_or_default().list;
    let mut ids = wire.data.or(wire.result).unwrap_or_default().list.into_iter();
    let mut items = Vec::with_capacity(codes.len());
    for code in codes {
        if code.code.is_empty() {
            return Err(Unrecognised::Shape);
        }
        let id = ids.next().unwrap_or_default();
        items.push(ItemAnswer {
            code: code.code.integer("code")?,
            message: code.msg.into_text(),
            order_id: id.order_id.into_text(),
            client_order_id: id.order_link_id.into_text(),
        });
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_codes_are_brought_together_by_their_places() {
        let lists = r#"{"list":[{"orderId":"v-1","orderLinkId":"a"},{"orderId":"","orderLinkId":"b"}]}"#;
        let codes = r#"{"list":[{"code":0,"msg":"OK"},{"code":110007,"msg":"no"}]}"#;
        for inside in ["data", "result"] {
            let text = format!(r#"{{"retCode":0,"{inside}":{lists},"retExtInfo":{codes}}}"#);
            let items = read_items(&text).unwrap();
            let told: Vec<_> =
                items.iter().map(|item| (item.code, &*item.order_id, &*item.client_order_id)).collect();
            assert_eq!(told, [(0, "v-1", "a"), (110007, "", "b")]);
        }
    }

    #[test]
    fn an_answer_without_codes_says_nothing_of_any_item() {
        for text in [r#"{"data":{"list":[{"orderId":"v-1"}]},"retExtInfo":{}}"#, r#"{"data":null}"#] {
            assert_eq!(read_items(text), Ok(vec![]), "{text}");
        }
        assert!(read_items(r#"{"retExtInfo":{"list":[{"msg":"?"}]}}"#).is_err());
    }
}
