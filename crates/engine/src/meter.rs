//! Somebody with a clock who watches how long bots think.

use windvane_model::BotName;

/// Told when a bot begins and when it ends to work out what it wants. Nothing comes back from it, so what the engine decides
/// does not depend on any clock.
pub trait Meter: Send {
    /// A bot begins.
    fn begins(&mut self);
    /// It has ended.
    fn ended(&mut self, bot: BotName);
}
