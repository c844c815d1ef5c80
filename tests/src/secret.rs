//! The forms in which a secret could be told: as it is, in hexadecimal, in base64 at each of its three places, escaped for an
//! address; and any part of it that is long enough to be of use.

/// What the programs of the tests sign with. None of them may ever say it, whatever it is asked for.
pub const SECRETS: [&str; 2] = ["paper-secret", "worth-nothing"];

/// A part of this many bytes counts as the secret.
const PART: usize = 12;

/// The form of a secret that `text` holds, if it holds one.
#[must_use]
pub fn told(text: &str, secret: &str) -> Option<String> {
    forms(secret).into_iter().find(|form| text.contains(form.as_str()))
}

fn forms(secret: &str) -> Vec<String> {
    let parts = secret.as_bytes().windows(PART.min(secret.len()));
    parts
        .flat_map(|part| {
            let plain = String::from_utf8_lossy(part).into_owned();
            let each = |form: fn(u8) -> String| part.iter().copied().map(form).collect::<String>();
            let mut forms = vec![
                plain,
                each(|byte| format!("{byte:02x}")),
                each(|byte| format!("{byte:02X}")),
                each(|byte| format!("%{byte:02x}")),
                each(|byte| format!("%{byte:02X}")),
            ];
            for shift in 0..3 {
                let standard = base64(part, shift);
                forms.push(standard.replace('+', "-").replace('/', "_"));
                forms.push(standard);
            }
            forms
        })
        .collect()
}

/// The letters of base64 that `part` alone decides, where `shift` bytes stand before it in its group of three.
fn base64(part: &[u8], shift: usize) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bit = |at: usize| part.get((at / 8).wrapping_sub(shift)).map(|byte| byte >> (7 - at % 8) & 1);
    let letter = |at: usize| {
        let mut bits = (at * 6..at * 6 + 6).map(bit);
        bits.try_fold(0_usize, |value, bit| Some(value * 2 + usize::from(bit?)))
    };
    let length = (part.len() + shift) * 8 / 6;
    (0..length).filter_map(letter).map(|value| char::from(LETTERS[value])).collect()
}
