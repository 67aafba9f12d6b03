//! Looking up many keys in ascending order.

use std::{
    cmp::Ordering::{Equal, Greater, Less},
    collections::{BTreeMap, btree_map::Iter},
    iter::Peekable,
};

/// Finds keys in a map by going along with them: keys that ascend cost a comparison or two each, where the map alone takes
/// some fifteen for one of 10,000. Any other order is right, too.
pub(crate) struct Ascending<'a, K, V> {
    map: &'a BTreeMap<K, V>,
    ahead: Peekable<Iter<'a, K, V>>,
    /// The last key that was passed: those up to it are behind.
    passed: Option<&'a K>,
}

impl<'a, K: Ord, V> Ascending<'a, K, V> {
    pub fn new(map: &'a BTreeMap<K, V>) -> Self {
        Self { map, ahead: map.iter().peekable(), passed: None }
    }

    pub fn get(&mut self, key: &K) -> Option<&'a V> {
        while let Some((next, value)) = self.ahead.peek() {
            match (*next).cmp(key) {
                Equal => return Some(value),
                Less => self.passed = self.ahead.next().map(|(passed, _)| passed),
                Greater => break,
            }
        }
        // Nothing is between the last key that was passed and the next one.
        if self.passed.is_none_or(|passed| passed < key) { None } else { self.map.get(key) }
    }

    pub fn contains(&mut self, key: &K) -> bool {
        self.get(key).is_some()
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn it_answers_as_the_map_does(map: BTreeMap<u8, u8>, mut keys in collection::vec(any::<u8>(), 0..40), sorted: bool) {
            if sorted {
                keys.sort_unstable();
            }
            let mut ascending = Ascending::new(&map);
            for key in keys {
                prop_assert_eq!(ascending.get(&key), map.get(&key));
            }
        }
    }
}
