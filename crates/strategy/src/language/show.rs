//! Writes an expression back in one canonical way: every bracket there, every blank the same. Two texts with the same
//! meaning to the parser look the same, so a description of a file changes exactly where its meaning does.

use std::fmt;

use super::ast::{Expr, Kind, Named};
use super::lexer::Literal;

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Literal(literal) => write!(f, "{literal}"),
            Kind::Word(word) => f.write_str(word),
            Kind::Call { name, arguments, named, .. } => {
                write!(f, "{name}(")?;
                let named = named.iter().map(|Named { name, value, .. }| format!("{name} = {value}"));
                let all: Vec<String> = arguments.iter().map(ToString::to_string).chain(named).collect();
                write!(f, "{})", all.join(", "))
            }
            Kind::Offset { of, bars } => write!(f, "{of}[{bars}]"),
            Kind::At { of, place, .. } => write!(f, "{of}@{place}"),
            Kind::Negate(of) => write!(f, "(-{of})"),
            Kind::Not(of) => write!(f, "(not {of})"),
            Kind::Binary { operator, left, right } => write!(f, "({left} {} {right})", operator.sign()),
            Kind::Between { value, low, high } => write!(f, "({value} between {low} and {high})"),
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(value) => write!(f, "{value}"),
            // As the fraction it stands for: `1%` and `1.0%` are one value.
            Self::Ratio(value) => write!(f, "{value} of 1"),
            Self::Ticks(value) => write!(f, "{value} ticks"),
            Self::Price(value) => write!(f, "{value} USDT"),
            Self::Duration(value) => write!(f, "{value} ms"),
            Self::Risk(value) => write!(f, "{value} R"),
            Self::Truth(truth) => write!(f, "{truth}"),
        }
    }
}
