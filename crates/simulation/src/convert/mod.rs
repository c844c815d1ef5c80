//! Between the engine's words and the venue's, by hand: the connector's meaning without its JSON.

mod answer;
mod market;
mod report;
mod request;

pub(crate) use answer::{Asked, family};
pub(crate) use market::{book_delta, book_snapshot, print, ticker};
pub(crate) use report::{execution, order, position, wallet};
pub(crate) use request::{by_link, request};
