//! Cuts the text of an expression into tokens. A number and its unit are one token.

use super::error::{Fault, Span};
use super::op::Op;
use super::suggest::nearest;
use super::types::Type;

/// A number as typed, with its unit already applied.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Literal {
    /// `70`
    Number(f64),
    /// `0.5%`, as a fraction: 0.005.
    Ratio(f64),
    /// `2 ticks`
    Ticks(f64),
    /// `100000 USDT`, a price or a difference of prices.
    Price(f64),
    /// `15m`, in milliseconds.
    Duration(f64),
    /// `2 R`: multiples of the distance from entry to stop.
    Risk(f64),
    /// `true` or `false`, of a parameter: in an expression they are words.
    Truth(bool),
}

impl Literal {
    pub(crate) fn kind(self) -> Type {
        match self {
            Self::Number(_) => Type::Number,
            Self::Ratio(_) => Type::Ratio,
            Self::Ticks(_) => Type::Ticks,
            Self::Duration(_) => Type::Duration,
            Self::Price(_) | Self::Risk(_) => Type::Price,
            Self::Truth(_) => Type::Bool,
        }
    }

    pub(crate) fn value(self) -> f64 {
        match self {
            Self::Number(value)
            | Self::Ratio(value)
            | Self::Ticks(value)
            | Self::Price(value)
            | Self::Duration(value)
            | Self::Risk(value) => value,
            Self::Truth(truth) => f64::from(u8::from(truth)),
        }
    }

    /// The step that puts this figure into a program. `R` has no figure of its own and stays undefined.
    pub(crate) fn op(self) -> Op {
        match self {
            Self::Number(value) | Self::Ratio(value) | Self::Price(value) | Self::Duration(value) => {
                Op::Constant(value)
            }
            Self::Ticks(count) => Op::Ticks(count),
            Self::Risk(_) => Op::Constant(f64::NAN),
            Self::Truth(_) => Op::Constant(self.value()),
        }
    }

    pub(crate) fn negated(self) -> Self {
        match self {
            Self::Number(value) => Self::Number(-value),
            Self::Ratio(value) => Self::Ratio(-value),
            Self::Ticks(value) => Self::Ticks(-value),
            Self::Price(value) => Self::Price(-value),
            Self::Duration(value) => Self::Duration(-value),
            Self::Risk(value) => Self::Risk(-value),
            // Nobody writes a sign before a truth: it is no literal of an expression.
            Self::Truth(_) => self,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Token<'t> {
    Literal(Literal),
    Word(&'t str),
    /// `@1h`, without its sign.
    At(&'t str),
    Symbol(&'static str),
    End,
}

/// Longest first, so that `<=` is not read as `<`.
const SYMBOLS: [&str; 16] =
    ["<=", ">=", "==", "!=", "<", ">", "+", "-", "*", "/", "(", ")", "[", "]", ",", "="];

/// What to write instead of signs that other languages use.
const FOREIGN: [(&str, &str); 4] = [
    ("&&", "write `and`"),
    ("||", "write `or`"),
    ("!", "write `not`"),
    ("%", "`%` belongs directly to a number: `0.5%`"),
];

const MILLISECONDS: [(&str, f64); 4] = [("s", 1e3), ("m", 60e3), ("h", 3_600e3), ("d", 86_400e3)];

/// Longest expression in tokens. Bounds the depth of everything that walks an expression.
const MAX_TOKENS: usize = 400;

/// All tokens of `text` with their places; the last one is `End`.
pub(crate) fn tokens(text: &str) -> Result<Vec<(Token<'_>, Span)>, Fault> {
    let mut lexer = Lexer { text, at: 0 };
    let mut found = Vec::new();
    loop {
        let (token, span) = lexer.next()?;
        found.push((token, span.clone()));
        if token == Token::End {
            return Ok(found);
        }
        if found.len() > MAX_TOKENS {
            return Err(Fault::new(
                span,
                format!("an expression has at most {MAX_TOKENS} words; give parts of it a name in [let]"),
            ));
        }
    }
}

/// One value with its unit and nothing else, such as the default of a parameter.
pub(crate) fn literal(text: &str) -> Option<Literal> {
    let found = tokens(text).ok()?;
    match found.as_slice() {
        [(Token::Literal(literal), _), _] => Some(*literal),
        [(Token::Symbol("-"), _), (Token::Literal(literal), _), _] => Some(literal.negated()),
        _ => None,
    }
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    fn next(&mut self) -> Result<(Token<'t>, Span), Fault> {
        self.skip_space();
        let start = self.at;
        let rest = &self.text[start..];
        let Some(first) = rest.chars().next() else { return Ok((Token::End, start..start)) };
        let token = if first.is_ascii_digit()
            || (first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit()))
        {
            Token::Literal(self.number()?)
        } else if first.is_alphabetic() || first == '_' {
            Token::Word(self.word())
        } else if first == '@' {
            self.at += 1;
            Token::At(self.word())
        } else if let Some((_, instead)) =
            FOREIGN.iter().find(|(sign, _)| rest.starts_with(sign) && !rest.starts_with("!="))
        {
            return Err(Fault::new(start..start + 1, (*instead).to_owned()));
        } else if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            self.at += symbol.len();
            Token::Symbol(symbol)
        } else {
            return Err(Fault::new(
                start..start + first.len_utf8(),
                format!("`{first}` has no meaning here"),
            ));
        };
        Ok((token, start..self.at))
    }

    fn skip_space(&mut self) {
        self.take(char::is_whitespace);
    }

    fn word(&mut self) -> &'t str {
        self.take(|c| c.is_alphanumeric() || c == '_')
    }

    fn take(&mut self, wanted: impl Fn(char) -> bool) -> &'t str {
        let rest = &self.text[self.at..];
        let taken = &rest[..rest.find(|c| !wanted(c)).unwrap_or(rest.len())];
        self.at += taken.len();
        taken
    }

    fn number(&mut self) -> Result<Literal, Fault> {
        let start = self.at;
        let digits = self.take(|c| c.is_ascii_digit() || c == '.');
        let value = digits.parse::<f64>().ok().filter(|value| value.is_finite());
        let value = value.ok_or_else(|| Fault::new(start..self.at, format!("`{digits}` is not a number")))?;
        if self.text[self.at..].starts_with('%') {
            self.at += 1;
            return Ok(Literal::Ratio(value / 100.0));
        }
        let unit_at = self.at;
        let attached = self.word();
        if !attached.is_empty() {
            return with_unit(value, attached).ok_or_else(|| unknown_unit(unit_at..self.at, attached));
        }
        // `2 ticks`, `2 R` and `2 USDT` may stand apart; `2 and` must not be eaten.
        self.skip_space();
        match self.word() {
            word @ ("tick" | "ticks" | "R" | "USDT") => Ok(with_unit(value, word).expect("these are units")),
            _ => {
                self.at = unit_at;
                Ok(Literal::Number(value))
            }
        }
    }
}

fn with_unit(value: f64, unit: &str) -> Option<Literal> {
    match unit {
        "tick" | "ticks" => Some(Literal::Ticks(value)),
        "R" => Some(Literal::Risk(value)),
        "USDT" => Some(Literal::Price(value)),
        _ => MILLISECONDS.iter().find(|(name, _)| *name == unit).map(|(_, ms)| Literal::Duration(value * ms)),
    }
}

fn unknown_unit(span: Span, unit: &str) -> Fault {
    let meant = nearest(unit, ["ticks", "tick", "USDT"]).map(|unit| format!("; did you mean `{unit}`?"));
    let known = "; units are %, ticks, USDT, s, m, h, d and R".to_owned();
    Fault::new(span, format!("unknown unit `{unit}`{}", meant.unwrap_or(known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_belongs_to_its_number() {
        for (text, expected) in [
            ("70", Literal::Number(70.0)),
            (".5", Literal::Number(0.5)),
            ("0.5%", Literal::Ratio(0.005)),
            ("2 ticks", Literal::Ticks(2.0)),
            ("1tick", Literal::Ticks(1.0)),
            ("15m", Literal::Duration(900_000.0)),
            ("2 R", Literal::Risk(2.0)),
            ("97000.5 USDT", Literal::Price(97000.5)),
            ("-3", Literal::Number(-3.0)),
        ] {
            assert_eq!(literal(text), Some(expected), "{text}");
        }
        for text in ["", "x", "2 and", "1 2", "1.2.3", "5 %"] {
            assert_eq!(literal(text), None, "{text}");
        }
    }
}
