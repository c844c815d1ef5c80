//! A set kept in order in one piece of memory: for sets that are small or grow and shrink at their ends, and that are
//! emptied and filled again with each input without asking for memory.

use std::collections::VecDeque;

#[derive(Clone, Debug)]
pub(crate) struct SortedSet<T>(VecDeque<T>);

impl<T> Default for SortedSet<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T: Copy + Ord> SortedSet<T> {
    /// Enters an item; says whether it is new.
    pub(crate) fn insert(&mut self, item: T) -> bool {
        // Most items come in rising order.
        if self.0.back().is_none_or(|last| *last < item) {
            self.0.push_back(item);
            return true;
        }
        match self.0.binary_search(&item) {
            Ok(_) => false,
            Err(place) => {
                self.0.insert(place, item);
                true
            }
        }
    }

    /// Takes an item out; says whether it was there.
    pub(crate) fn remove(&mut self, item: T) -> bool {
        match self.0.binary_search(&item) {
            Ok(place) => self.0.remove(place).is_some(),
            Err(_) => false,
        }
    }

    pub(crate) fn contains(&self, item: T) -> bool {
        self.0.binary_search(&item).is_ok()
    }

    pub(crate) fn first(&self) -> Option<T> {
        self.0.front().copied()
    }

    pub(crate) fn pop_first(&mut self) -> Option<T> {
        self.0.pop_front()
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = T> + '_ {
        self.0.iter().copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_in_order_and_once() {
        let mut set = SortedSet::default();
        assert!([3, 1, 2, 5].into_iter().all(|item| set.insert(item)));
        assert!(!set.insert(2) && !set.insert(5));
        assert_eq!(set.iter().collect::<Vec<_>>(), [1, 2, 3, 5]);
        assert!(set.contains(3) && !set.contains(4));
        assert!(set.remove(3) && !set.remove(3));
        assert_eq!((set.first(), set.pop_first(), set.len()), (Some(1), Some(1), 2));
    }
}
