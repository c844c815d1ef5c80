//! Between the engine's words and the venue core's, by hand: the connector's meaning without its JSON.
//!
//! Whoever joins the two in one process, without a wire, needs it: the backtest. The simulation joins them by text.

mod answer;
mod market;
mod pre_check;
mod report;
mod request;

pub use answer::{Asked, family, order_id};
pub use market::print;
pub use pre_check::{pre_checked, question};
pub use report::{execution, movement, order, position, wallet};
pub use request::{by_link, request};
