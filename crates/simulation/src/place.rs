//! Where something is proven that does not show on this tier.

/// A test: its file, from the root of the repository, and its name; or a folder of scenarios, and one of them.
pub type Place = (&'static str, &'static str);

/// A place in words.
#[must_use]
pub fn place_words(places: &[Place]) -> String {
    let rows = places.iter().map(|(file, test)| format!("{file}: {test}"));
    rows.collect::<Vec<_>>().join(", ")
}
