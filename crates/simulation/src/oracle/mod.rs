//! What must hold: the invariants, each checked where both worlds can be seen.

mod exposure;
mod life;
mod truth;

pub(crate) use exposure::worst_case;
pub(crate) use life::Oracle;
pub(crate) use truth::{Unknowable, has_begun, same_books, same_trades, same_truth, settled};
