//! The whole engine against the venue's core, joined by a simulated link: one seed, one story.
//!
//! A seed draws which faults there are and how often, the market, the bots' kinds and every decision of chance in
//! between. Time is virtual: a happening is taken out of a queue, its consequences are put back in, and no clock,
//! thread or socket is involved, so a seed gives the same story on every machine. [`run`] plays one and answers
//! with what was seen, or with the first invariant that did not hold.
//!
//! After the story comes the calm: faults cease, the market stands still, and both sides must come to the same
//! truth to the last digit. An engine that is merely never wrong, because it never finishes asking, fails there.
//!
//! Three limits of this tier. After a dropped push the order of the fills of one match may not be known, so averages
//! and money are then compared less closely ([`Fault::PushDropped`]). All that the two sides say to each other goes over as the
//! bytes of the wire, written and read by what the connector and the venue write and read with; but nothing is signed, HTTP is
//! two headers and a body, and what a start reads first (contracts, fees, candles of the past) is given. And the record is lines
//! in memory: what a torn file does is the journal's proof.

mod catalogue;
mod chaos;
mod doubts;
mod feed;
mod incidents;
mod invariants;
mod listing;
mod oracle;
mod place;
mod record;
mod report;
mod scenario;
mod shrink;
mod swarm;
mod tally;
mod world;

pub use catalogue::{CATALOGUE, Seen, unseen};
pub use doubts::DoubtCoverage;
pub use incidents::{INCIDENTS, Told};
pub use invariants::{INVARIANTS, Watched};
pub use place::{Place, place_words};
pub use report::{Failure, Outcome, Report};
pub use scenario::{Scenario, ScenarioError, Telling};
pub use shrink::Shrunk;
pub use swarm::Swarm;
pub use tally::{Fault, Tally};
pub use world::{run, run_aloud, run_in};
