//! How old a request's stamp may be, and how far ahead.

use super::envelope::Refusal;

/// Receive window in milliseconds when a request names none.
const DEFAULT_RECV_WINDOW_MS: i64 = 5_000;
/// How far a client's clock may run ahead, in milliseconds, whatever its receive window.
const FAST_CLOCK_ALLOWANCE_MS: i64 = 1_000;

/// Holds `server − recv_window ≤ timestamp < server + 1 s`; the trade socket's header uses it too.
///
/// # Errors
/// 10001 when a value is no integer, 10002 outside the window.
pub(crate) fn check_window(timestamp: &str, recv_window: Option<&str>, now_ms: i64) -> Result<(), Refusal> {
    let malformed = |name: &str| Refusal::new(10001, format!("params error: {name} is not an integer"));
    let timestamp_ms: i64 = timestamp.parse().map_err(|_| malformed("timestamp"))?;
    let recv_window_ms = match recv_window {
        None | Some("") => DEFAULT_RECV_WINDOW_MS,
        Some(text) => text.parse::<i64>().map_err(|_| malformed("recv_window"))?,
    };
    let earliest = now_ms.saturating_sub(recv_window_ms);
    let latest = now_ms.saturating_add(FAST_CLOCK_ALLOWANCE_MS);
    if (earliest..latest).contains(&timestamp_ms) {
        return Ok(());
    }
    Err(Refusal::new(
        10002,
        format!(
            "invalid request, please check your server timestamp or recv_window param. \
             req_timestamp[{timestamp}],server_timestamp[{now_ms}],recv_window[{recv_window_ms}]"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_closed_below_and_open_above() {
        let now = 1_700_000_010_000;
        for (timestamp, recv_window, code) in [
            (now, None, 0),
            (now - 5_000, None, 0),
            (now - 5_001, None, 10002),
            (now + 999, None, 0),
            (now + 1_000, None, 10002),
            (now + 999, Some("60000"), 0),
            (now + 1_000, Some("60000"), 10002),
            (now - 60_000, Some("60000"), 0),
        ] {
            let outcome = check_window(&timestamp.to_string(), recv_window, now);
            assert_eq!(outcome.map_or_else(|r| r.code, |()| 0), code, "{timestamp} {recv_window:?}");
        }
        assert_eq!(check_window("soon", None, now).map_err(|r| r.code), Err(10001));
    }
}
