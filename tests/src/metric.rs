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

/// A histogram as it stands: for each upper bound, in seconds, how many values were at most that.
pub type Counts = Vec<(f64, f64)>;

/// The counts of a histogram over all its series; empty while the engine on that port shows none.
#[must_use]
pub fn counts(port: u16, name: &str) -> Counts {
    let Some((_, text)) = get(([127, 0, 0, 1], port).into(), "/metrics") else { return Counts::new() };
    let start = format!("{name}_bucket{{");
    let mut counts = Counts::new();
    for line in text.lines().filter(|line| line.starts_with(&start)) {
        let bound = line.split("le=\"").nth(1).and_then(|rest| rest.split('"').next()?.parse::<f64>().ok());
        let count = line.rsplit(' ').next().and_then(|count| count.parse::<f64>().ok());
        if let (Some(bound), Some(count)) = (bound, count) {
            match counts.iter_mut().find(|(known, _)| *known == bound) {
                Some((_, sum)) => *sum += count,
                None => counts.push((bound, count)),
            }
        }
    }
    counts
}

/// What came to a histogram between two looks.
#[must_use]
pub fn came_between(before: &Counts, after: &Counts) -> Counts {
    let earlier =
        |bound: f64| before.iter().find(|(known, _)| *known == bound).map_or(0.0, |(_, count)| *count);
    after.iter().map(|(bound, count)| (*bound, count - earlier(*bound))).collect()
}

/// The smallest bound that `share` of the values keep to, and how many values there are; `None` when there are none.
#[must_use]
pub fn quantile(counts: &Counts, share: f64) -> Option<(f64, f64)> {
    let total = counts.iter().map(|(_, count)| *count).fold(0.0, f64::max);
    let bound = counts.iter().find(|(_, count)| *count >= share * total)?.0;
    (total > 0.0).then_some((bound, total))
}
