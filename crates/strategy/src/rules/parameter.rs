//! `[params]`: the figures of a rule file that a bot's configuration, or tuning, may change.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::DeValue;

use crate::language::{Builder, Literal, Lowered, Name, Names, Type, literal, nearest};
use crate::toml_file::Table;

/// One parameter of a rule file.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name in expressions.
    pub name: String,
    /// What it measures: a word of `TYPES`.
    pub unit: &'static str,
    /// Its value in force; a fraction for per cents, milliseconds for durations, else as written.
    pub value: f64,
    /// Its value when nobody sets another.
    pub default: f64,
    /// Smallest and largest value allowed.
    pub range: Option<(f64, f64)>,
    /// Whether it may change under an open position.
    pub is_live: bool,
}

/// What a parameter can measure, as rule files say it.
const TYPES: &[(&str, Type)] = &[
    ("number", Type::Number),
    ("price", Type::Price),
    ("ratio", Type::Ratio),
    ("ticks", Type::Ticks),
    ("duration", Type::Duration),
    ("bool", Type::Bool),
];

/// The words for what a parameter can measure.
pub(crate) fn types() -> Vec<&'static str> {
    TYPES.iter().map(|(word, _)| *word).collect()
}

/// Reads `[params]` and makes each a name of the language.
pub(super) fn read(
    root: &Table<'_>,
    builder: &mut Builder,
    names: &mut Names,
    overrides: &BTreeMap<String, String>,
) -> Vec<Parameter> {
    let mut parameters = Vec::new();
    let Some(table) = root.table("params", "[params]") else {
        report_unknown(root, &parameters, overrides);
        return parameters;
    };
    for (name, start, value) in table.entries() {
        let read = table
            .as_table(value, &format!("parameter `{name}`"))
            .and_then(|table| one(name, &table, overrides));
        let lowered = read.map(|(parameter, literal)| {
            parameters.push(parameter);
            Lowered { node: builder.node(literal.op()), unit: literal.kind() }
        });
        names.insert(name.to_owned(), Name { lowered, start, ..Name::default() });
    }
    report_unknown(&table, &parameters, overrides);
    parameters
}

fn one(name: &str, table: &Table<'_>, overrides: &BTreeMap<String, String>) -> Option<(Parameter, Literal)> {
    let default = table.value("default");
    if default.is_none() {
        table.problem(format!("parameter `{name}` needs `default`"));
    }
    let default = default.and_then(|value| figure(table, value));
    let range = table.value("range").map(|value| bounds(table, value));
    let unit = match table.has("type") {
        true => table.choice("type", TYPES).map(Some),
        false => Some(None),
    };
    let is_live = table.value("live").map(|value| {
        let live = value.get_ref().as_bool();
        if live.is_none() {
            table.report(value, "`live` is true or false");
        }
        live
    });
    table.finish();
    let (default, range, is_live) =
        (default?, range.map_or(Some(None), |range| range.map(Some))?, is_live.unwrap_or(Some(false))?);
    if let Some(unit) = unit?.filter(|unit| *unit != default.kind()) {
        table.problem(format!("`{name}` has the type of {unit}, and its `default` is {}", default.kind()));
        return None;
    }
    if range.is_some() && default.kind() == Type::Bool {
        table.problem(format!("`{name}` is true or false: it has no `range`"));
        return None;
    }
    if let Some((low, high)) = range
        && (low.kind() != default.kind() || high.kind() != default.kind() || low.value() >= high.value())
    {
        table.problem(format!("`range` of `{name}` is [low, high] in the unit of `default`, low first"));
        return None;
    }
    let typed = overrides.get(name);
    let value = match typed {
        None => default,
        Some(typed) => {
            let truth = typed.parse().ok().map(Literal::Truth);
            let value = literal(typed).or(truth).filter(|value| value.kind() == default.kind());
            if value.is_none() {
                table.problem(format!(
                    "`{name}` is set to `{typed}` by the bot, wanted is {}",
                    default.kind()
                ));
            }
            value?
        }
    };
    let span = range.map(|(low, high)| (low.value(), high.value()));
    if let Some((low, high)) = span
        && !(low..=high).contains(&value.value())
    {
        let shown = typed.map_or_else(|| "its default".to_owned(), |typed| format!("`{typed}`"));
        table.problem(format!("`{name}`: {shown} is outside its range"));
        return None;
    }
    let parameter = Parameter {
        name: name.to_owned(),
        unit: TYPES.iter().find(|(_, unit)| *unit == default.kind()).map_or("number", |(word, _)| word),
        value: value.value(),
        default: default.value(),
        range: span,
        is_live,
    };
    Some((parameter, value))
}

/// A figure with its unit: a TOML number, or text such as `"0.5%"`.
fn figure(table: &Table<'_>, value: &Spanned<DeValue<'_>>) -> Option<Literal> {
    let found = match value.get_ref() {
        DeValue::Integer(digits) => digits.as_str().replace('_', "").parse().ok().map(Literal::Number),
        DeValue::Float(digits) => digits.as_str().replace('_', "").parse().ok().map(Literal::Number),
        DeValue::String(text) => literal(text),
        DeValue::Boolean(truth) => Some(Literal::Truth(*truth)),
        _ => None,
    };
    // `R` is a different distance for each position: no figure to set.
    let found = found.filter(|literal| literal.value().is_finite() && !matches!(literal, Literal::Risk(_)));
    if found.is_none() {
        table.report(value, "a number, true or false, or text with a unit such as \"0.5%\", is wanted here");
    }
    found
}

fn bounds(table: &Table<'_>, value: &Spanned<DeValue<'_>>) -> Option<(Literal, Literal)> {
    match value.get_ref().as_array().map(|array| array.iter().collect::<Vec<_>>()).as_deref() {
        Some([low, high]) => {
            let (low, high) = (figure(table, low), figure(table, high));
            Some((low?, high?))
        }
        _ => {
            table.report(value, "`range` is [low, high]");
            None
        }
    }
}

fn report_unknown(table: &Table<'_>, parameters: &[Parameter], overrides: &BTreeMap<String, String>) {
    for name in overrides.keys() {
        let known = || parameters.iter().map(|parameter| parameter.name.as_str());
        // A parameter that is itself wrong has been reported and is not in the list.
        if known().any(|known| known == name) || table.entries().iter().any(|(key, ..)| key == name) {
            continue;
        }
        let meant =
            nearest(name, known()).map_or(String::new(), |meant| format!("; did you mean `{meant}`?"));
        table.problem(format!("the bot sets `{name}`, which is no parameter of this file{meant}"));
    }
}
