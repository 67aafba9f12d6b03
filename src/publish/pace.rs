//! How many requests are under way at once: fewer when the store asks to slow down, slowly more again when it does not.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// The number, as a value: halved once for each crowd of requests that came too fast, and raised by one whenever as many
/// were answered well.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pace {
    limit: usize,
    ceiling: usize,
    /// Answers since the limit changed.
    answered: usize,
    /// Requests of a crowd for which it was halved already; they tell nothing new.
    settling: usize,
}

impl Pace {
    fn new(ceiling: usize) -> Self {
        let ceiling = ceiling.max(1);
        Self { limit: ceiling, ceiling, answered: 0, settling: 0 }
    }

    /// A request has come to its end.
    fn answered(&mut self) {
        if self.settling > 0 {
            self.settling -= 1;
            return;
        }
        self.answered += 1;
        if self.answered >= self.limit {
            self.limit = (self.limit + 1).min(self.ceiling);
            self.answered = 0;
        }
    }

    /// The store asked to slow down while so many were under way.
    fn slowed(&mut self, under_way: usize) {
        if self.settling == 0 {
            self.limit = (self.limit / 2).max(1);
            self.answered = 0;
            self.settling = under_way;
        }
    }
}

/// Lets requests begin as the pace allows.
pub(super) struct Gate<'s> {
    state: Mutex<State>,
    left: Notify,
    /// How often the store has asked to slow down so far.
    slowed: Box<dyn Fn() -> u64 + Send + Sync + 's>,
}

struct State {
    pace: Pace,
    under_way: usize,
    heard: u64,
}

impl<'s> Gate<'s> {
    pub fn new(ceiling: usize, slowed: impl Fn() -> u64 + Send + Sync + 's) -> Self {
        let state = State { pace: Pace::new(ceiling), under_way: 0, heard: slowed() };
        Self { state: Mutex::new(state), left: Notify::new(), slowed: Box::new(slowed) }
    }

    /// Waits for the turn of one more request, which lasts until the answer is dropped.
    pub async fn enter(&self) -> Turn<'_> {
        loop {
            // Made before the look, so that nobody who leaves in between is missed.
            let left = self.left.notified();
            {
                let mut state = self.listen();
                if state.under_way < state.pace.limit {
                    state.under_way += 1;
                    return Turn(self);
                }
            }
            left.await;
        }
    }

    /// The state, once what the store has said meanwhile is heeded.
    fn listen(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let said = (self.slowed)();
        if said > state.heard {
            state.heard = said;
            let under_way = state.under_way;
            state.pace.slowed(under_way);
        }
        state
    }
}

/// One request under way.
pub(super) struct Turn<'g>(&'g Gate<'g>);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.0.listen();
        state.under_way -= 1;
        state.pace.answered();
        drop(state);
        self.0.left.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What happened, so many times, and the limit after it.
    fn after(ceiling: usize, events: &[(char, usize)]) -> Vec<usize> {
        let mut pace = Pace::new(ceiling);
        let mut limits = Vec::new();
        for (event, number) in events {
            match event {
                '+' => (0..*number).for_each(|_| pace.answered()),
                _ => pace.slowed(*number),
            }
            limits.push(pace.limit);
        }
        limits
    }

    #[test]
    fn the_pace_halves_at_once_and_rises_slowly() {
        // '+': so many answers; '-': asked to slow down, with so many under way.
        type Row<'t> = (usize, &'t [(char, usize)], &'t [usize]);
        let table: [Row<'_>; 5] = [
            (64, &[('+', 1000)], &[64]),
            (64, &[('-', 64), ('-', 63), ('+', 64), ('-', 32)], &[32, 32, 32, 16]),
            (64, &[('-', 64), ('+', 64), ('+', 31), ('+', 1), ('+', 33)], &[32, 32, 32, 33, 34]),
            (4, &[('-', 0), ('-', 0), ('-', 0), ('+', 1), ('+', 2), ('+', 3), ('+', 9)], &[2, 1, 1, 2, 3, 4, 4]),
            (0, &[('-', 1), ('+', 9)], &[1, 1]),
        ];
        for (ceiling, events, expected) in table {
            assert_eq!(after(ceiling, events), expected, "{events:?} of {ceiling}");
        }
    }

    proptest! {
        #[test]
        fn the_pace_stays_between_one_and_what_is_configured(
            ceiling in 1usize..100,
            events in prop::collection::vec((prop_oneof![Just('+'), Just('-')], 0usize..50), 0..200),
        ) {
            prop_assert!(after(ceiling, &events).iter().all(|limit| (1..=ceiling).contains(limit)));
        }
    }

    #[tokio::test]
    async fn the_gate_lets_in_as_many_as_the_pace_allows() {
        use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

        let said = AtomicU64::new(7);
        let gate = Gate::new(4, || said.load(Relaxed));
        let mut turns = Vec::new();
        for _ in 0..4 {
            turns.push(gate.enter().await);
        }
        let full = tokio::time::timeout(std::time::Duration::from_millis(20), gate.enter()).await;
        assert!(full.is_err(), "a fifth");
        said.fetch_add(3, Relaxed);
        // Two of the four must leave before another one enters.
        turns.truncate(2);
        assert!(tokio::time::timeout(std::time::Duration::from_millis(20), gate.enter()).await.is_err(), "a third");
        turns.truncate(1);
        tokio::time::timeout(std::time::Duration::from_secs(9), gate.enter()).await.expect("a second");
    }
}
