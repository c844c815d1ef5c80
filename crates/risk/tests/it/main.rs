//! Risk through its public face: wishes in, approvals and denials out.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod allocation;
mod breakers;
mod calibration;
mod campaign;
mod cases;
mod closing;
mod denials;
mod edges;
mod exposure;
mod hedge;
mod inverse;
mod limits;
mod margin;
mod matrix;
mod narrow;
mod properties;
mod reservation;
mod scene;
mod sequences;
mod spot;
mod waiting;
mod world;
mod worth;
