//! The future events, in the order of virtual time.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::time::Duration;

/// Events ordered by time; those of one instant in the order in which they were added.
pub(super) struct Agenda<E> {
    entries: BinaryHeap<Entry<E>>,
    count: u64,
}

struct Entry<E> {
    time: Duration,
    number: u64,
    event: E,
}

impl<E> Agenda<E> {
    pub(super) fn new() -> Self {
        Self { entries: BinaryHeap::new(), count: 0 }
    }

    pub(super) fn add(&mut self, time: Duration, event: E) {
        self.entries.push(Entry { time, number: self.count, event });
        self.count += 1;
    }

    pub(super) fn next(&mut self) -> Option<(Duration, E)> {
        self.entries.pop().map(|entry| (entry.time, entry.event))
    }
}

impl<E> Ord for Entry<E> {
    /// Reversed: the heap returns its greatest first, which has to be the earliest.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.time, other.number).cmp(&(self.time, self.number))
    }
}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<E> Eq for Entry<E> {}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Agenda;

    #[test]
    fn events_come_by_time_and_then_in_the_order_added() {
        let mut agenda = Agenda::new();
        for (second, event) in [(2, 'c'), (1, 'a'), (2, 'd'), (1, 'b')] {
            agenda.add(Duration::from_secs(second), event);
        }
        let order: String = std::iter::from_fn(|| agenda.next()).map(|(_, event)| event).collect();
        assert_eq!(order, "abcd");
    }
}
