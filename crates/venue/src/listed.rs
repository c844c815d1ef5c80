//! Things by product group and name: the same symbol may be listed in several groups.

use std::collections::BTreeMap;

use windvane_venue_core::Category;

/// One `T` for each name of a product group.
#[derive(Debug, Clone)]
pub(crate) struct Listed<T>(BTreeMap<Category, BTreeMap<String, T>>);

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> Listed<T> {
    pub(crate) fn get(&self, category: Category, name: &str) -> Option<&T> {
        self.0.get(&category)?.get(name)
    }

    pub(crate) fn get_mut(&mut self, category: Category, name: &str) -> Option<&mut T> {
        self.0.get_mut(&category)?.get_mut(name)
    }

    /// What stands under a name, made when nothing does.
    pub(crate) fn entry(&mut self, category: Category, name: &str) -> &mut T
    where
        T: Default,
    {
        self.0.entry(category).or_default().entry(name.to_owned()).or_default()
    }

    pub(crate) fn remove(&mut self, category: Category, name: &str) {
        if let Some(names) = self.0.get_mut(&category) {
            names.remove(name);
        }
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (Category, &str, &mut T)> {
        self.0.iter_mut().flat_map(|(category, names)| {
            names.iter_mut().map(|(name, thing)| (*category, name.as_str(), thing))
        })
    }
}

impl<T> FromIterator<(Category, String, T)> for Listed<T> {
    fn from_iter<I: IntoIterator<Item = (Category, String, T)>>(things: I) -> Self {
        let mut listed = Self::default();
        for (category, name, thing) in things {
            listed.0.entry(category).or_default().insert(name, thing);
        }
        listed
    }
}
