//! The values of a window in their order, for windows too long to be kept sorted in a row: a treap, whose nodes are the
//! places of the window. Putting a value in, taking one out, counting and choosing cost O(log n) on average over the
//! priorities, which are those of the places and know nothing of the values.
//!
//! Source: Seidel, Aragon, Randomized search trees, Algorithmica 16 (1996).

use super::count;

/// No node.
const NONE: usize = usize::MAX;

/// Values by the place of the window that holds them, in their order; equal ones by their place.
#[derive(Debug, Clone)]
pub(super) struct Ordered {
    nodes: Vec<Node>,
    root: usize,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    value: f64,
    priority: u64,
    left: usize,
    right: usize,
    /// Nodes of this one and below it.
    size: usize,
    /// The sum of their values, always made of the two halves: nothing piles up in it.
    sum: f64,
}

impl Ordered {
    /// Nothing yet, with so many places.
    pub(super) fn new(places: usize) -> Self {
        let node = |place| Node {
            value: 0.0,
            priority: priority(place),
            left: NONE,
            right: NONE,
            size: 1,
            sum: 0.0,
        };
        Self { nodes: (0..places).map(node).collect(), root: NONE }
    }

    /// Puts a value into a place that holds none.
    pub(super) fn put(&mut self, place: usize, value: f64) {
        let node = &mut self.nodes[place];
        *node = Node { value, sum: value, size: 1, left: NONE, right: NONE, ..*node };
        let (before, after) = self.split(self.root, place);
        let before = self.merge(before, place);
        self.root = self.merge(before, after);
    }

    /// Takes the value out of a place that holds one.
    pub(super) fn take(&mut self, place: usize) {
        self.root = self.without(self.root, place);
    }

    /// How many values are not above `value`, and their sum.
    pub(super) fn up_to(&self, value: f64) -> (usize, f64) {
        let (mut node, mut found, mut sum) = (self.root, 0, 0.0);
        while let Some(Node { value: own, left, right, .. }) = self.nodes.get(node) {
            if *own <= value {
                found += 1 + self.size(*left);
                sum += own + self.sum(*left);
                node = *right;
            } else {
                node = *left;
            }
        }
        (found, sum)
    }

    /// The value that so many are before; NaN where there are fewer.
    pub(super) fn nth(&self, mut before: usize) -> f64 {
        let mut node = self.root;
        while let Some(Node { value, left, right, .. }) = self.nodes.get(node) {
            let smaller = self.size(*left);
            if before == smaller {
                return *value;
            }
            node = if before < smaller { *left } else { *right };
            before -= if before < smaller { 0 } else { smaller + 1 };
        }
        f64::NAN
    }

    /// The sum of the distances of all values from `middle`.
    pub(super) fn distances(&self, middle: f64) -> f64 {
        let (below, sum_below) = self.up_to(middle);
        let above = self.size(self.root) - below;
        let sum_above = self.sum(self.root) - sum_below;
        (middle * count(below) - sum_below) + (sum_above - middle * count(above))
    }

    fn size(&self, node: usize) -> usize {
        self.nodes.get(node).map_or(0, |node| node.size)
    }

    fn sum(&self, node: usize) -> f64 {
        self.nodes.get(node).map_or(0.0, |node| node.sum)
    }

    /// Makes size and sum of a node anew, out of its halves.
    fn gather(&mut self, node: usize) {
        let Node { value, left, right, .. } = self.nodes[node];
        let (size, sum) = (1 + self.size(left) + self.size(right), value + self.sum(left) + self.sum(right));
        let node = &mut self.nodes[node];
        (node.size, node.sum) = (size, sum);
    }

    /// Whether the value of one place comes before that of another.
    fn is_before(&self, place: usize, other: usize) -> bool {
        self.nodes[place].value.total_cmp(&self.nodes[other].value).then(place.cmp(&other)).is_lt()
    }

    /// Those below `node` that come before the value at `place`, and the others.
    fn split(&mut self, node: usize, place: usize) -> (usize, usize) {
        if node == NONE {
            return (NONE, NONE);
        }
        if self.is_before(node, place) {
            let (before, after) = self.split(self.nodes[node].right, place);
            self.nodes[node].right = before;
            self.gather(node);
            (node, after)
        } else {
            let (before, after) = self.split(self.nodes[node].left, place);
            self.nodes[node].left = after;
            self.gather(node);
            (before, node)
        }
    }

    /// One tree of two, all of whose first come before all of the second.
    fn merge(&mut self, first: usize, second: usize) -> usize {
        if first == NONE || second == NONE {
            return if first == NONE { second } else { first };
        }
        let top = if self.nodes[first].priority > self.nodes[second].priority {
            self.nodes[first].right = self.merge(self.nodes[first].right, second);
            first
        } else {
            self.nodes[second].left = self.merge(first, self.nodes[second].left);
            second
        };
        self.gather(top);
        top
    }

    /// The tree at `node` without the value at `place`.
    fn without(&mut self, node: usize, place: usize) -> usize {
        if node == NONE {
            return NONE;
        }
        if node == place {
            return self.merge(self.nodes[node].left, self.nodes[node].right);
        }
        if self.is_before(place, node) {
            self.nodes[node].left = self.without(self.nodes[node].left, place);
        } else {
            self.nodes[node].right = self.without(self.nodes[node].right, place);
        }
        self.gather(node);
        node
    }
}

/// A number for a place that looks drawn: splitmix64. Source: Steele, Lea, Flood, Fast splittable pseudorandom number
/// generators (2014).
fn priority(place: usize) -> u64 {
    let mut mixed = (place as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn depth(ordered: &Ordered, node: usize) -> usize {
        let node = ordered.nodes.get(node);
        node.map_or(0, |node| 1 + depth(ordered, node.left).max(depth(ordered, node.right)))
    }

    /// A window that moves over `values`, with what a plain sort says at each of them.
    fn over(values: &[f64], places: usize) {
        let mut ordered = Ordered::new(places);
        for (at, value) in values.iter().enumerate() {
            if at >= places {
                ordered.take(at % places);
            }
            ordered.put(at % places, *value);
            let mut sorted = values[(at + 1).saturating_sub(places)..=at].to_vec();
            sorted.sort_by(f64::total_cmp);
            let not_above = sorted.iter().filter(|kept| *kept <= value).count();
            assert_eq!(ordered.up_to(*value).0, not_above);
            for (index, kept) in sorted.iter().enumerate() {
                assert_eq!(ordered.nth(index).to_bits(), kept.to_bits());
            }
            assert!(ordered.nth(sorted.len()).is_nan());
            let plain: f64 = sorted.iter().map(|kept| (kept - value).abs()).sum();
            assert!((ordered.distances(*value) - plain).abs() <= 1e-9 * (1.0 + plain));
        }
    }

    proptest! {
        #[test]
        fn it_is_what_a_plain_sort_says(
            values in prop::collection::vec((-4_i8..4).prop_map(|step| f64::from(step) * 0.5), 1..120),
            places in 1_usize..40,
        ) {
            over(&values, places);
        }
    }

    #[test]
    fn zeros_of_both_signs_are_equal() {
        over(&[0.0, -0.0, 1.0, -0.0, 0.0], 3);
    }

    #[test]
    fn the_longest_window_is_a_flat_tree_whatever_the_values_do() {
        type Course = fn(usize) -> f64;
        let courses: [Course; 4] =
            [|at| count(at), |at| -count(at), |_| 1.0, |at| count(at % 97) - count(at % 89)];
        for course in courses {
            let places = super::super::MAX_BARS;
            let mut ordered = Ordered::new(places);
            for at in 0..2 * places {
                if at >= places {
                    ordered.take(at % places);
                }
                ordered.put(at % places, course(at));
            }
            // Twelve are the least for five thousand; the average treap has two to three times that.
            assert!(depth(&ordered, ordered.root) <= 40, "{}", depth(&ordered, ordered.root));
        }
    }
}
