//! The windvane binary.
fn main() {}
