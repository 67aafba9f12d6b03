//! Work on many things at once.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

/// Does `work` on each of `items`, in their order, on all cores, each with a `tool` of its own. The results are in the items' order.
pub(super) fn on_all_cores<I: Sync, T, R: Send>(
    items: &[I],
    tool: impl Fn() -> T + Sync,
    work: impl Fn(&mut T, &I) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(items.len()));
    let worker = || {
        let mut tool = tool();
        loop {
            let index = next.fetch_add(1, Relaxed);
            let Some(item) = items.get(index) else { return };
            let result = work(&mut tool, item);
            // Nothing panics while it pushes, so what another thread left is whole.
            results.lock().unwrap_or_else(PoisonError::into_inner).push((index, result));
        }
    };
    let cores = thread::available_parallelism().map_or(1, usize::from).min(items.len());
    thread::scope(|scope| {
        for _ in 1..cores {
            scope.spawn(worker);
        }
        worker();
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_unstable_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_item_is_worked_on_once_and_results_keep_their_order() {
        for many in [0, 1, 2, 1000] {
            let items: Vec<usize> = (0..many).collect();
            let results = on_all_cores(&items, || 7, |tool, item| item * *tool);
            assert_eq!(results, items.iter().map(|item| item * 7).collect::<Vec<_>>());
        }
    }
}
