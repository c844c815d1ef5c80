//! How deep a text is nested, before a parser that recurses is let near it.

/// The deepest message of the exchange has seven levels; what is deeper than this is an attack or damage.
const DEEPEST: usize = 32;

/// Whether a JSON text is nested deeper than any message. One pass without recursion; what is not JSON is left to the
/// parser.
pub(crate) fn is_too_deep(text: &str) -> bool {
    let (mut depth, mut is_quoted, mut is_escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            b'{' | b'[' => {
                depth += 1;
                if depth > DEEPEST {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{Decoded, Reply, Spares, Unrecognised, decode_private, decode_public};

    fn nested(levels: usize) -> String {
        format!("{}{}", "[".repeat(levels), "]".repeat(levels))
    }

    #[test]
    fn g07_thirty_two_levels_are_read_and_thirty_three_are_not() {
        assert!(!is_too_deep(&nested(DEEPEST)));
        assert!(is_too_deep(&nested(DEEPEST + 1)));
        assert!(!is_too_deep(&"[]".repeat(1_000)), "side by side is not deep");
        assert!(!is_too_deep(&format!(r#"["{}\"{}"]"#, "[".repeat(50), "{".repeat(50))), "nor is a text");
    }

    #[test]
    fn g07_a_deep_frame_is_put_aside_on_every_socket_before_it_is_parsed() {
        let frames = [
            r#"{"topic":"kline.1.BTCUSDT","type":"snapshot","ts":1,"data":X}"#,
            r#"{"topic":"orderbook.50.BTCUSDT","type":"delta","ts":1,"data":{"s":"BTCUSDT","more":X}}"#,
            r#"{"topic":"order","creationTime":1,"data":[{"more":X}]}"#,
            r#"{"reqId":"1-1","retCode":0,"op":"order.create","data":X}"#,
        ];
        for frame in frames {
            for levels in [40, 100_000] {
                let text = frame.replace('X', &nested(levels));
                let too_deep = Decoded::Unrecognised(Unrecognised::TooDeep);
                assert_eq!(decode_public(&text, &Spares::default(), &mut vec![]), too_deep, "{frame}");
                assert_eq!(decode_private(&text, &mut vec![]), too_deep, "{frame}");
                assert_eq!(Reply::decode(&text), Err(Unrecognised::TooDeep), "{frame}");
            }
        }
    }
}
