//! How single values are read that clap does not know.

use std::time::Duration;
use windvane_connector::Category;
use windvane_research::Fills as FillModel;
use windvane_research::tune::Aim;

/// Reads `linear`, `inverse` or `spot`.
pub(super) fn product(text: &str) -> Result<Category, String> {
    let known = Category::ALL.into_iter().find(|category| category.as_str() == text);
    known.ok_or_else(|| format!("`{text}` is not linear, inverse or spot"))
}

/// Reads `net` or `net-to-drawdown`.
pub(super) fn aim(text: &str) -> Result<Aim, String> {
    match text {
        "net" => Ok(Aim::Net),
        "net-to-drawdown" => Ok(Aim::NetToDrawdown),
        _ => Err(format!("`{text}` is not net or net-to-drawdown")),
    }
}

/// Reads `close`, `next-open` or `path`.
pub(super) fn fills(text: &str) -> Result<FillModel, String> {
    match text {
        "close" => Ok(FillModel::Close),
        "next-open" => Ok(FillModel::NextOpen),
        "path" => Ok(FillModel::Path),
        _ => Err(format!("`{text}` is not close, next-open or path")),
    }
}

/// Reads a moment as RFC 3339 or as milliseconds since 1970.
pub(super) fn moment_ms(text: &str) -> Result<i64, String> {
    if let Ok(ms) = text.parse() {
        return Ok(ms);
    }
    let moment: jiff::Timestamp =
        text.parse().map_err(|_| format!("`{text}` is not a moment like 2026-07-30T10:15:00Z"))?;
    Ok(moment.as_millisecond())
}

/// Reads `90s`, `15m`, `2h`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let count: u64 =
        text[..text.len() - unit.len()].parse().map_err(|_| format!("`{text}` is not a length like 60s"))?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => return Err(format!("`{unit}` is not a unit of time; write s, m or h, as in 60s")),
    };
    count.checked_mul(seconds).map(Duration::from_secs).ok_or_else(|| format!("`{text}` is too long"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_need_a_unit() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("2h"), Ok(Duration::from_secs(7_200)));
        assert!(duration("90").unwrap_err().contains("unit"));
        assert!(duration("s").is_err());
    }
}
