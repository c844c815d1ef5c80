//! Recursive descent over the tokens of one expression.
//!
//! From loose to tight: `or`, `and`, `not`, comparison and `between`, `+ -`, `* /`, minus sign, `[n]` and `@1h`.
//! Comparisons do not chain: `a < b < c` is refused rather than given a surprising meaning.

use super::ast::{Expr, Kind, Named, Operator};
use super::error::{Fault, Span};
use super::lexer::{Token, tokens};
use super::suggest::nearest;

/// Deepest nesting of brackets, calls, `not` and minus signs.
const MAX_DEPTH: usize = 40;

/// The tree of `text`, or the first place where it stops making sense.
pub(crate) fn parse(text: &str) -> Result<Expr, Fault> {
    let mut parser = Parser { tokens: tokens(text)?, next: 0, depth: 0 };
    if parser.peek() == Token::End {
        return Err(Fault::new(0..text.len(), "an expression is missing here"));
    }
    let expression = parser.either()?;
    match parser.peek() {
        Token::End => Ok(expression),
        _ => Err(parser.unexpected("an operator or the end")),
    }
}

/// Whether a word belongs to the grammar and cannot be a name.
pub(crate) fn is_reserved(word: &str) -> bool {
    matches!(word, "and" | "or" | "not" | "between" | "tick" | "ticks" | "R" | "USDT")
}

struct Parser<'t> {
    tokens: Vec<(Token<'t>, Span)>,
    next: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Token<'t> {
        self.tokens[self.next].0
    }

    fn span(&self) -> Span {
        self.tokens[self.next].1.clone()
    }

    fn advance(&mut self) {
        // The last token is `End` and stays.
        self.next = (self.next + 1).min(self.tokens.len() - 1);
    }

    fn take(&mut self, wanted: Token<'_>) -> bool {
        let found = self.peek() == wanted;
        if found {
            self.advance();
        }
        found
    }

    fn unexpected(&self, expected: &str) -> Fault {
        let found = match self.peek() {
            Token::End => "the expression ends".to_owned(),
            Token::Literal(_) => "a number stands".to_owned(),
            Token::Word(word) => {
                let meant = nearest(word, ["ticks", "and", "or", "between"]);
                let meant = meant.map_or(String::new(), |meant| format!("; did you mean `{meant}`?"));
                let message = format!("`{word}` stands where {expected} is expected{meant}");
                return Fault::new(self.span(), message);
            }
            Token::At(place) => format!("`@{place}` stands"),
            Token::Symbol("=") => return Fault::new(self.span(), "to compare, write `==`"),
            Token::Symbol(symbol) => format!("`{symbol}` stands"),
        };
        Fault::new(self.span(), format!("{found} where {expected} is expected"))
    }

    /// Runs `parse` one level deeper.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.depth >= MAX_DEPTH {
            return Err(Fault::new(
                self.span(),
                format!("nested deeper than {MAX_DEPTH}; give parts a name in [let]"),
            ));
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    fn either(&mut self) -> Result<Expr, Fault> {
        let mut left = self.both()?;
        while self.take(Token::Word("or")) {
            left = binary(Operator::Or, left, self.both()?);
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Expr, Fault> {
        let mut left = self.negation()?;
        while self.take(Token::Word("and")) {
            left = binary(Operator::And, left, self.negation()?);
        }
        Ok(left)
    }

    fn negation(&mut self) -> Result<Expr, Fault> {
        let start = self.span().start;
        if !self.take(Token::Word("not")) {
            return self.comparison();
        }
        let of = self.nested(Self::negation)?;
        Ok(Expr { span: start..of.span.end, kind: Kind::Not(Box::new(of)) })
    }

    fn comparison(&mut self) -> Result<Expr, Fault> {
        let left = self.sum()?;
        if self.take(Token::Word("between")) {
            let low = self.sum()?;
            if !self.take(Token::Word("and")) {
                return Err(self.unexpected("`and` of `between … and …`"));
            }
            let high = self.sum()?;
            let span = left.span.start..high.span.end;
            return Ok(Expr {
                span,
                kind: Kind::Between { value: Box::new(left), low: Box::new(low), high: Box::new(high) },
            });
        }
        let Some(operator) = self.comparator() else { return Ok(left) };
        self.advance();
        let right = self.sum()?;
        if self.comparator().is_some() {
            return Err(Fault::new(
                self.span(),
                "comparisons do not chain; write `a < b and b < c` or `b between a and c`",
            ));
        }
        Ok(binary(operator, left, right))
    }

    fn comparator(&self) -> Option<Operator> {
        match self.peek() {
            Token::Symbol("<") => Some(Operator::Less),
            Token::Symbol("<=") => Some(Operator::LessEqual),
            Token::Symbol(">") => Some(Operator::Greater),
            Token::Symbol(">=") => Some(Operator::GreaterEqual),
            Token::Symbol("==") => Some(Operator::Equal),
            Token::Symbol("!=") => Some(Operator::NotEqual),
            _ => None,
        }
    }

    fn sum(&mut self) -> Result<Expr, Fault> {
        let mut left = self.product()?;
        loop {
            let operator = match self.peek() {
                Token::Symbol("+") => Operator::Add,
                Token::Symbol("-") => Operator::Subtract,
                _ => return Ok(left),
            };
            self.advance();
            left = binary(operator, left, self.product()?);
        }
    }

    fn product(&mut self) -> Result<Expr, Fault> {
        let mut left = self.signed()?;
        loop {
            let operator = match self.peek() {
                Token::Symbol("*") => Operator::Multiply,
                Token::Symbol("/") => Operator::Divide,
                _ => return Ok(left),
            };
            self.advance();
            left = binary(operator, left, self.signed()?);
        }
    }

    fn signed(&mut self) -> Result<Expr, Fault> {
        let start = self.span().start;
        if !self.take(Token::Symbol("-")) {
            return self.with_offset();
        }
        let of = self.nested(Self::signed)?;
        Ok(Expr { span: start..of.span.end, kind: Kind::Negate(Box::new(of)) })
    }

    fn with_offset(&mut self) -> Result<Expr, Fault> {
        let mut of = self.primary()?;
        loop {
            let place_span = self.span();
            if let Token::At(place) = self.peek() {
                self.advance();
                let span = of.span.start..place_span.end;
                of = Expr { span, kind: Kind::At { of: Box::new(of), place: place.to_owned(), place_span } };
                continue;
            }
            if !self.take(Token::Symbol("[")) {
                return Ok(of);
            }
            let bars = self.nested(Self::either)?;
            let end = self.span().end;
            if !self.take(Token::Symbol("]")) {
                return Err(self.unexpected("`]`"));
            }
            of = Expr {
                span: of.span.start..end,
                kind: Kind::Offset { of: Box::new(of), bars: Box::new(bars) },
            };
        }
    }

    fn primary(&mut self) -> Result<Expr, Fault> {
        let span = self.span();
        match self.peek() {
            Token::Literal(literal) => {
                self.advance();
                Ok(Expr { span, kind: Kind::Literal(literal) })
            }
            Token::Symbol("(") => {
                self.advance();
                let inner = self.nested(Self::either)?;
                if !self.take(Token::Symbol(")")) {
                    return Err(self.unexpected("`)`"));
                }
                Ok(inner)
            }
            Token::Word(word) if is_reserved(word) => Err(self.unexpected("a value")),
            Token::Word(word) => {
                self.advance();
                if self.take(Token::Symbol("(")) {
                    return self.nested(|parser| parser.call(word, span));
                }
                Ok(Expr { span, kind: Kind::Word(word.to_owned()) })
            }
            _ => Err(self.unexpected("a value")),
        }
    }

    fn call(&mut self, name: &str, name_span: Span) -> Result<Expr, Fault> {
        let (mut arguments, mut named) = (Vec::new(), Vec::new());
        while self.peek() != Token::Symbol(")") {
            match (self.peek(), self.tokens.get(self.next + 1)) {
                (Token::Word(option), Some((Token::Symbol("="), _))) => {
                    let name_span = self.span();
                    self.advance();
                    self.advance();
                    named.push(Named { name: option.to_owned(), name_span, value: self.either()? });
                }
                _ => arguments.push(self.either()?),
            }
            if !self.take(Token::Symbol(",")) && self.peek() != Token::Symbol(")") {
                return Err(self.unexpected("`,` or `)`"));
            }
        }
        let end = self.span().end;
        self.advance();
        let span = name_span.start..end;
        Ok(Expr { span, kind: Kind::Call { name: name.to_owned(), name_span, arguments, named } })
    }
}

fn binary(operator: Operator, left: Expr, right: Expr) -> Expr {
    Expr {
        span: left.span.start..right.span.end,
        kind: Kind::Binary { operator, left: Box::new(left), right: Box::new(right) },
    }
}
