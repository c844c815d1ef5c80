//! Reads a rule file as a whole.

use std::collections::BTreeMap;
use std::rc::Rc;

use rust_decimal::Decimal;
use windvane_model::{Interval, Side, Symbol};

use super::condition::{
    COOLDOWN, Conditions, ENTRIES_PER_DAY, LOSSES_IN_A_ROW, NO_SIZE, NO_STOP, STOPS_PER_DAY,
};
use super::entry::{self, Limits, ScaleIn, SideRules};
use super::exit::{self, ExitRules};
use super::order::OrderRules;
use super::parameter::{self, Parameter};
use super::size::SizeRules;
use super::way::Ways;
use crate::language::{
    Builder, Checker, Expr, Feed, Foregone, Lowered, Name, Names, NodeId, Program, Report, Type, is_built_in,
    nearest,
};
use crate::toml_file::{Table, Text};

/// The only version of the language there is.
const LANGUAGE: &str = "1";

/// When entries and exit signals are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Evaluate {
    /// Once per confirmed bar.
    Bar,
    /// With every change of quotes; a signal fires when it turns true.
    Tick,
}

/// A rule file that was understood: the compiled program and what to do with its values.
#[derive(Debug, Clone)]
pub struct Rules {
    pub(super) timeframe: Interval,
    pub(super) evaluate: Evaluate,
    pub(super) program: Program,
    pub(super) conditions: Conditions,
    /// Long's and short's, by [`slot`].
    pub(super) sides: [Option<SideRules>; 2],
    /// The side that alone may be opened, for a bot that has one side of a hedged contract.
    pub(super) only_side: Option<Side>,
    pub(super) order: OrderRules,
    pub(super) scale_in: Option<ScaleIn>,
    pub(super) limits: Limits,
    pub(super) size: SizeRules,
    pub(super) exit: ExitRules,
    /// The ways out of a position, by their names.
    pub(super) ways: Ways,
    parameters: Vec<Parameter>,
}

/// How much of a series has to be known before every value of it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WarmUp {
    /// The contract; `None` is the bot's own.
    pub symbol: Option<Symbol>,
    /// Length of the bars.
    pub interval: Interval,
    /// So many of them.
    pub bars: usize,
}

/// Where the rules of a side are kept.
pub(super) fn slot(side: Side) -> usize {
    match side {
        Side::Buy => 0,
        Side::Sell => 1,
    }
}

impl Rules {
    /// Length of the bars the rules run on.
    #[must_use]
    pub fn timeframe(&self) -> Interval {
        self.timeframe
    }

    /// The parameters with the values in force.
    #[must_use]
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// The same rules for a bot that may only open `side`: signals of the other still close, where the rules say so.
    /// `None` where there is no entry on that side.
    pub(super) fn only(mut self, side: Side) -> Option<Self> {
        self.only_side = Some(side);
        self.sides[slot(side)].is_some().then_some(self)
    }

    /// The value of the smallest order, where that is known beforehand.
    pub(super) fn smallest_order(&self, equity: Decimal, price: Option<Decimal>) -> Option<Decimal> {
        let stop = self.exit.stop.share_known(&self.program, price);
        let first = self.size.value_known(equity, price, stop)?;
        let share = self.scale_in.map_or(Decimal::ONE, |scale_in| scale_in.share.min(Decimal::ONE));
        first.checked_mul(share)
    }

    /// Bars of the own series that make every value of it defined.
    pub(crate) fn warm_up(&self) -> usize {
        self.program.warm_up()
    }

    /// Every series that the rules run on, with the bars of it that make every value defined.
    pub fn warm_ups(&self) -> impl Iterator<Item = WarmUp> {
        let of = |(feed, bars): (Feed, usize)| WarmUp { symbol: feed.symbol, interval: feed.interval, bars };
        self.program.warm_ups().map(of)
    }
}

/// A distance in price: given as one, or as a fraction of the entry price.
#[derive(Debug, Clone, Copy)]
pub(super) struct Distance {
    pub(super) node: NodeId,
    pub(super) is_ratio: bool,
}

impl Distance {
    /// The distance in price for an entry at `price`; `None` while undefined.
    pub(super) fn at(self, program: &Program, price: f64) -> Option<f64> {
        let value = program.value(self.node)?;
        Some(if self.is_ratio { value * price } else { value })
    }
}

/// Turns the expressions of one file into one program.
pub(super) struct Reader<'t> {
    report: &'t Report<'t>,
    builder: Builder,
    names: Names,
    pub(super) conditions: Conditions,
}

/// What an expression may speak of, apart from bars and quotes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Scope {
    /// 1 for long, −1 for short.
    pub(super) side: Option<f64>,
    /// Whether the distance to the stop is known.
    pub(super) knows_risk: bool,
}

impl Reader<'_> {
    pub(super) fn lower(&mut self, text: Text<'_>, scope: Scope, wanted: &[Type]) -> Option<Lowered> {
        self.tree(text, scope, wanted).map(|(lowered, _)| lowered)
    }

    fn tree(&mut self, text: Text<'_>, scope: Scope, wanted: &[Type]) -> Option<(Lowered, Expr)> {
        let mut checker = Checker::new(&mut self.builder, &self.names);
        checker.side = scope.side;
        checker.knows_risk = scope.knows_risk;
        match checker.check(text.content, wanted) {
            Ok(checked) => Some(checked),
            Err(faults) => {
                for fault in faults {
                    let span = text.offset(fault.span.start)..text.offset(fault.span.end);
                    self.report.add_fault(span, fault);
                }
                None
            }
        }
    }

    /// A condition.
    pub(super) fn condition(&mut self, text: Text<'_>, scope: Scope) -> Option<NodeId> {
        let node = self.lower(text, scope, &[Type::Bool])?.node;
        let whole = text.offset(0)..text.offset(text.content.len());
        match self.builder.foregone(node).filter(|_| !matches!(text.content.trim(), "true" | "false")) {
            Some(Foregone::Never) => self.report.warn(whole, "this can never be true"),
            Some(Foregone::Always) => self.report.warn(whole, "this is true whatever happens"),
            None => {}
        }
        Some(node)
    }

    /// Names that nothing speaks of.
    fn warn_of_unused(&self) {
        for (name, meaning) in &self.names {
            if !meaning.is_used.get() {
                let span = meaning.start..meaning.start + name.len();
                self.report.warn(span, format!("`{name}` is not used by anything"));
            }
        }
    }

    /// A distance: a price, ticks, or a per cent of the price.
    pub(super) fn distance(&mut self, text: Text<'_>, scope: Scope) -> Option<Distance> {
        let lowered = self.lower(text, scope, &[Type::Price, Type::Ticks, Type::Ratio])?;
        Some(Distance { node: lowered.node, is_ratio: lowered.unit == Type::Ratio })
    }

    /// A ratio.
    pub(super) fn ratio(&mut self, text: Text<'_>) -> Option<NodeId> {
        self.lower(text, Scope::default(), &[Type::Ratio, Type::Quotient]).map(|lowered| lowered.node)
    }

    /// `[let]`: names for expressions, each may use those above it.
    fn names(&mut self, root: &Table<'_>) {
        let Some(table) = root.table("let", "[let]") else { return };
        for (name, start, value) in table.entries() {
            let meaning = table.as_text(value).and_then(|text| self.tree(text, Scope::default(), &[]));
            let (lowered, expression) = meaning.unzip();
            let meaning = Name { lowered, expression: expression.map(Rc::new), start, ..Name::default() };
            if self.names.insert(name.to_owned(), meaning).is_some() {
                self.report.add(start, format!("`{name}` is a parameter already; give this another name"));
            } else if is_built_in(name) {
                self.report.add(start, format!("`{name}` is a word of the language; give this another name"));
            }
        }
    }
}

/// Reads a rule file from its root table.
pub(super) fn read(
    root: Table<'_>,
    report: &Report<'_>,
    overrides: &BTreeMap<String, String>,
) -> Option<Rules> {
    match root.value("language") {
        Some(value) if value.get_ref().as_integer().map(|version| version.as_str()) == Some(LANGUAGE) => {}
        Some(value) => root.report(value, format!("this version reads `language = {LANGUAGE}` only")),
        None => {
            let needed = "a rule file begins with `language = 1` (a built-in bot with `builtin = \"maker\"`)";
            root.missing("language", needed);
        }
    }
    let timeframe = root.required("timeframe", "\"15m\"").and_then(|text| interval(&text, report));
    let evaluate = match root.has("evaluate") {
        true => root.choice("evaluate", &[("bar", Evaluate::Bar), ("tick", Evaluate::Tick)]),
        false => Some(Evaluate::Bar),
    };
    let mut reader = Reader {
        report,
        // Where the timeframe is wrong, `@1h` is still read as if it were not.
        builder: Builder::new(timeframe.unwrap_or(Interval::M1)),
        names: Names::new(),
        conditions: Conditions::default(),
    };
    let parameters = parameter::read(&root, &mut reader.builder, &mut reader.names, overrides);
    reader.names(&root);
    let entry = root.table("entry", "[entry]");
    let entry = match &entry {
        Some(table) => entry::read(table, &mut reader),
        None => {
            if !root.has("entry") {
                root.problem("the file has no [entry.long] and no [entry.short]");
            }
            None
        }
    };
    let exit = root.table("exit", "[exit]");
    if exit.is_none() && !root.has("exit") {
        root.problem("the file has no [exit]; at least `stop = { distance = \"1.5%\" }` is needed");
    }
    let exit = exit.and_then(|table| exit::read(table, &mut reader));
    root.finish();
    if let (Some(entry), Some(exit)) = (&entry, &exit) {
        for (side, name, rules) in [(Side::Buy, "long", &entry.long), (Side::Sell, "short", &entry.short)] {
            if let Some(start) = exit.stop.lacks(side).filter(|_| rules.is_some()) {
                report.add(start, format!("[entry.{name}] is traded, and `level` has no `{name}`"));
            }
        }
    }
    let ways = exit.as_ref().map(|exit| Ways::name(exit, &mut reader.conditions));
    reader.warn_of_unused();
    for reason in [NO_STOP, NO_SIZE, ENTRIES_PER_DAY, LOSSES_IN_A_ROW, STOPS_PER_DAY, COOLDOWN] {
        reader.conditions.add_reason(reason);
    }
    let entry = entry?;
    Some(Rules {
        timeframe: timeframe?,
        evaluate: evaluate?,
        program: reader.builder.build(),
        conditions: reader.conditions,
        sides: [entry.long, entry.short],
        only_side: None,
        order: entry.order,
        scale_in: entry.scale_in,
        limits: entry.limits,
        size: entry.size,
        exit: exit?,
        ways: ways?,
        parameters,
    })
}

fn interval(text: &Text<'_>, report: &Report<'_>) -> Option<Interval> {
    match text.content.parse() {
        Ok(interval) => Some(interval),
        Err(error) => {
            let meant = nearest(text.content, Interval::ALL.iter().map(|interval| interval.as_str()));
            let meant = meant.map_or(String::new(), |meant| format!("; did you mean `{meant}`?"));
            report.add(text.offset(0), format!("{error}{meant}"));
            None
        }
    }
}
