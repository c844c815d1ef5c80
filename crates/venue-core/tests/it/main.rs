//! The venue's core through its public doors: requests and market inputs in, outputs and queries out.

mod account;
mod any_product;
mod book_price;
mod conservation;
mod desk;
mod doubts;
mod exchange_events;
mod funding;
mod hedge;
mod isolated;
mod liquidation;
mod margin;
mod margin_cases;
mod market;
mod orders;
mod other_margin_cases;
mod partial;
mod properties;
mod reduce_only;
mod sessions;
mod spot;
mod spot_conservation;
mod spot_stops;
mod stops;
