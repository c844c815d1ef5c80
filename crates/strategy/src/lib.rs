//! Strategies: the rule language, the indicators, exits and sizing, and the built-in bots.
//!
//! [`Strategy`] is the seam to the engine. [`load`] turns a TOML file into a [`Definition`], or says everything that is
//! wrong with it by line and column; [`Definition::bot`] makes the bot. Nothing here reads a clock, a file or the network.

mod bracket;
mod context;
mod dca;
mod describe;
mod foresight;
mod grid;
mod history;
mod indicator;
mod language;
mod maker;
mod minimum;
mod pause;
mod remembered;
mod resting;
mod rules;
mod schema;
mod section;
mod timed;
mod toml_file;
mod venue_stop;

pub use bracket::never_closed;
pub use context::{
    Asked, CandleFeed, Condition, Context, Holding, Look, Means, MemoryError, OwnOrder, Parent, Strategy,
    Subscription, Urgency, Wake,
};
pub use dca::{Dca, DcaSettings};
pub use foresight::{Close, Foresight, Glance, Stance};
pub use grid::{Direction, Grid, GridSettings, Spacing};
pub use history::known_history;
pub use language::{
    Bar, Entry, Ohlcv, Problem, Problems, Related, Series, nearest, set_in_comment, vocabulary,
};
pub use maker::{Maker, MakerSettings};
pub use rules::{Checked, Definition, Parameter, RuleBot, Rules, WarmUp, WrongSide, check, load};
pub use schema::schema;
pub use timed::{Timed, TimedSettings, Work};
