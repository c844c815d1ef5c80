//! The status page: one self-contained document. It reads `/status.json` once a second and writes nothing.

use std::sync::LazyLock;

const FRAME: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// What the browser lets the page do: its own style and script, and requests to this server. Nothing else is loaded,
/// nothing can be sent elsewhere, and no other page can hold it in a frame.
pub(crate) const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
     connect-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

static DOCUMENT: LazyLock<String> =
    LazyLock::new(|| FRAME.replacen("/* style */", STYLE, 1).replacen("/* script */", SCRIPT, 1));

/// The whole page.
pub(crate) fn document() -> &'static str {
    &DOCUMENT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_whole_and_asks_nobody_else_for_anything() {
        let page = document();
        assert!(page.contains("<main") && page.contains("--ink:") && page.contains("status.json"));
        assert!(!page.contains("/* style */") && !page.contains("/* script */"));
        for foreign in ["http://", "https://", "src=", "@import", "url("] {
            let allowed = ["http://www.w3.org/2000/svg"];
            let text = allowed.iter().fold(page.to_owned(), |text, known| text.replace(known, ""));
            assert!(!text.contains(foreign), "the page refers to `{foreign}`");
        }
        for dangerous in ["innerHTML", "eval(", "document.write"] {
            assert!(!page.contains(dangerous), "text from the engine must stay text: {dangerous}");
        }
    }
}
