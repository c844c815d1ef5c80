//! What may be tuned: the `range`s of a strategy file, and the candidates within them.

use std::collections::BTreeMap;

use fastrand::Rng;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// Most candidates of one sweep.
const CANDIDATES_MAX: usize = 1_000_000;

/// Values of the parameters that are tuned, as a bot's configuration writes them.
pub type Candidate = BTreeMap<String, String>;

/// How candidates are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Search {
    /// So many values of each parameter, evenly spread over its range, each with each.
    Grid {
        /// Values of one parameter.
        values: u32,
    },
    /// So many drawn evenly from the ranges.
    Random {
        /// Candidates.
        count: usize,
        /// Which draw.
        seed: u64,
    },
}

/// A strategy file that cannot be tuned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpaceError {
    /// It has no `[params]` with a `range`.
    #[error("no parameter of the strategy has a `range`: there is nothing to tune")]
    NoRange,
    /// A name that is no parameter with a range.
    #[error("`{name}` is no parameter with a `range`; there are: {known}")]
    Unknown {
        /// As asked for.
        name: String,
        /// Those there are.
        known: String,
    },
    /// A range that is not two figures of one unit.
    #[error("`range` of `{0}` cannot be read as two figures of one unit")]
    Unreadable(String),
    /// More than anyone waits for.
    #[error(
        "that makes {0} candidates; take fewer values, name parameters with --param, or draw with --random"
    )]
    TooMany(u128),
}

/// One parameter: its range in steps of its last decimal place.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Axis {
    name: String,
    /// In units of the last place.
    low: i64,
    high: i64,
    places: u32,
    /// What stands behind the figure: `%`, `h`, nothing.
    unit: String,
}

/// The parameters that are tuned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Space(Vec<Axis>);

impl Space {
    /// Reads the ranges of a strategy file that has been checked; `only` names the parameters to tune, all when empty.
    ///
    /// # Errors
    /// When there is nothing to tune.
    pub fn of(strategy: &str, only: &[String]) -> Result<Self, SpaceError> {
        let file: toml::Table = strategy.parse().map_err(|_| SpaceError::NoRange)?;
        let parameters = file.get("params").and_then(toml::Value::as_table).ok_or(SpaceError::NoRange)?;
        let ranged: Vec<(&String, &toml::Value)> =
            parameters.iter().filter_map(|(name, value)| Some((name, value.get("range")?))).collect();
        if let Some(name) = only.iter().find(|name| ranged.iter().all(|(known, _)| known != name)) {
            let known = ranged.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
            return Err(SpaceError::Unknown { name: name.clone(), known });
        }
        let wanted = ranged.into_iter().filter(|(name, _)| only.is_empty() || only.contains(name));
        let axes: Vec<Axis> = wanted
            .map(|(name, range)| {
                let default = parameters.get(name).and_then(|value| value.get("default"));
                Axis::new(name, range, default).ok_or_else(|| SpaceError::Unreadable(name.clone()))
            })
            .collect::<Result<_, _>>()?;
        if axes.is_empty() { Err(SpaceError::NoRange) } else { Ok(Self(axes)) }
    }

    /// The names of the parameters, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|axis| axis.name.as_str())
    }

    /// The candidates, the same for the same search, each once.
    ///
    /// # Errors
    /// When there would be too many.
    pub fn candidates(&self, search: Search) -> Result<Vec<Candidate>, SpaceError> {
        match search {
            Search::Grid { values } => self.grid(values),
            Search::Random { count, seed } => {
                if count > CANDIDATES_MAX {
                    return Err(SpaceError::TooMany(count as u128));
                }
                let mut rng = Rng::with_seed(seed);
                let draw = |axis: &Axis, rng: &mut Rng| {
                    (axis.name.clone(), axis.text(rng.i64(axis.low..=axis.high)))
                };
                let mut drawn = Vec::with_capacity(count);
                // A small space may be used up before the count is reached.
                for _ in 0..count.saturating_mul(10) {
                    let candidate: Candidate = self.0.iter().map(|axis| draw(axis, &mut rng)).collect();
                    if drawn.len() < count && !drawn.contains(&candidate) {
                        drawn.push(candidate);
                    }
                    if drawn.len() == count {
                        break;
                    }
                }
                Ok(drawn)
            }
        }
    }

    fn grid(&self, values: u32) -> Result<Vec<Candidate>, SpaceError> {
        let axes: Vec<Vec<i64>> = self.0.iter().map(|axis| axis.spread(values)).collect();
        let count = axes.iter().fold(1_u128, |count, values| count.saturating_mul(values.len() as u128));
        if count > CANDIDATES_MAX as u128 {
            return Err(SpaceError::TooMany(count));
        }
        let mut candidates = vec![Candidate::new()];
        for (axis, values) in self.0.iter().zip(&axes) {
            let with = |candidate: &Candidate, value: i64| {
                let mut candidate = candidate.clone();
                candidate.insert(axis.name.clone(), axis.text(value));
                candidate
            };
            candidates = candidates
                .iter()
                .flat_map(|candidate| values.iter().map(move |value| with(candidate, *value)))
                .collect();
        }
        Ok(candidates)
    }
}

impl Axis {
    fn new(name: &str, range: &toml::Value, default: Option<&toml::Value>) -> Option<Self> {
        let [low, high] = range.as_array()?.as_slice() else { return None };
        let (low, high) = (Figure::of(low)?, Figure::of(high)?);
        let default = default.and_then(Figure::of);
        if low.unit != high.unit {
            return None;
        }
        let places = [Some(low.value), Some(high.value), default.as_ref().map(|figure| figure.value)];
        let places = places.into_iter().flatten().map(|value| value.scale()).max().unwrap_or(0);
        let scaled = |value: Decimal| (value * Decimal::from(10_i64.checked_pow(places)?)).to_i64();
        Some(Self {
            name: name.to_owned(),
            low: scaled(low.value)?,
            high: scaled(high.value)?,
            places,
            unit: low.unit,
        })
    }

    fn text(&self, value: i64) -> String {
        format!("{}{}", Decimal::new(value, self.places).normalize(), self.unit)
    }

    /// So many values from the lowest to the highest, each once.
    fn spread(&self, values: u32) -> Vec<i64> {
        let steps = i64::from(values.max(1) - 1).max(1);
        let span = self.high - self.low;
        let mut spread: Vec<i64> = match values {
            0 | 1 => vec![self.low + span / 2],
            _ => (0..=steps).map(|step| self.low + (span * step + steps / 2) / steps).collect(),
        };
        spread.dedup();
        spread
    }
}

/// A figure with what stands behind it.
struct Figure {
    value: Decimal,
    unit: String,
}

impl Figure {
    fn of(value: &toml::Value) -> Option<Self> {
        let text = match value {
            toml::Value::Integer(number) => number.to_string(),
            // Shortest text of the float: what was typed, or one that means the same.
            toml::Value::Float(number) => format!("{number:?}"),
            toml::Value::String(text) => text.clone(),
            _ => return None,
        };
        let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-')).unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        Some(Self { value: number.parse().ok()?, unit: unit.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "[params]\nfast = { default = 12, range = [5, 8] }\n\
                        gap = { default = \"0.5%\", range = [\"0.25%\", \"1%\"] }\nfixed = { default = 3 }\n\
                        k = { default = 2.0, range = [1.0, 3.0] }\n";

    fn texts(candidates: &[Candidate]) -> Vec<String> {
        let text = |candidate: &Candidate| candidate.values().cloned().collect::<Vec<_>>().join(" ");
        candidates.iter().map(text).collect()
    }

    #[test]
    fn a_grid_goes_from_end_to_end_in_the_places_and_units_of_the_file() {
        let space = Space::of(FILE, &[]).unwrap();
        assert_eq!(space.names().collect::<Vec<_>>(), ["fast", "gap", "k"]);
        let candidates = space.candidates(Search::Grid { values: 2 }).unwrap();
        let expected =
            ["5 0.25% 1", "5 0.25% 3", "5 1% 1", "5 1% 3", "8 0.25% 1", "8 0.25% 3", "8 1% 1", "8 1% 3"];
        assert_eq!(texts(&candidates), expected);
        let fast = Space::of(FILE, &["fast".to_owned()]).unwrap();
        assert_eq!(texts(&fast.candidates(Search::Grid { values: 9 }).unwrap()), ["5", "6", "7", "8"]);
        assert_eq!(fast.candidates(Search::Grid { values: 1 }).unwrap().len(), 1);
    }

    #[test]
    fn a_draw_is_the_same_for_its_seed_and_holds_nothing_twice() {
        let space = Space::of(FILE, &[]).unwrap();
        let draw = |seed| texts(&space.candidates(Search::Random { count: 50, seed }).unwrap());
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        let mut once = draw(1);
        once.sort();
        once.dedup();
        assert_eq!(once.len(), 50);
        let fast = Space::of(FILE, &["fast".to_owned()]).unwrap();
        let all = fast.candidates(Search::Random { count: 50, seed: 1 }).unwrap();
        assert_eq!(all.len(), 4, "no more than there are");
    }

    #[test]
    fn what_cannot_be_tuned_is_said() {
        assert_eq!(Space::of("[params]\nx = { default = 1 }", &[]), Err(SpaceError::NoRange));
        let unknown = Space::of(FILE, &["fixed".to_owned()]).unwrap_err();
        assert_eq!(unknown.to_string(), "`fixed` is no parameter with a `range`; there are: fast, gap, k");
        let space = Space::of(FILE, &[]).unwrap();
        let draw = Search::Random { count: 2_000_000, seed: 1 };
        assert_eq!(space.candidates(draw), Err(SpaceError::TooMany(2_000_000)));
        let fine = Space::of(
            "[params]\na = { default = 0.5, range = [0.0001, 1.0] }\nb = { default = 0.5, range = [0.0001, 1.0] }",
            &[],
        );
        let all = fine.unwrap().candidates(Search::Grid { values: 5_000 });
        assert_eq!(all, Err(SpaceError::TooMany(25_000_000)));
    }
}
