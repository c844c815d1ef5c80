//! The venue's core through its public doors: requests and market inputs in, outputs and queries out.

mod desk;
mod funding;
mod liquidation;
mod margin;
mod margin_cases;
mod market;
mod orders;
mod properties;
mod reduce_only;
mod stops;
