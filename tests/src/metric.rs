//! What an engine shows on `/metrics`, read as a test needs it.

use crate::http::get;

/// The sum over all series of a metric whose labels hold `label` (all of them for an empty one); `None` while the
/// engine on that port shows none.
#[must_use]
pub fn metric(port: u16, name: &str, label: &str) -> Option<f64> {
    let (_, text) = get(([127, 0, 0, 1], port).into(), "/metrics")?;
    let is_of = |line: &&str| {
        let rest = line.strip_prefix(name).filter(|rest| rest.starts_with('{') || rest.starts_with(' '));
        rest.is_some_and(|rest| rest.contains(label))
    };
    let rows = text.lines().filter(is_of);
    rows.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).reduce(|a, b| a + b)
}
