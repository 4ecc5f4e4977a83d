//! What a pass does, and when it stops.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use openrouter_keys_core::KeyHash;
use openrouter_keys_core::workflow::{Rotation, RotationEntry};

use crate::report::Row;
use crate::rule::Rule;
use crate::shard::Shard;
use crate::stop::Stop;

/// What happens in a pass, as it happens.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The entry was appended to a rotation's log: the rotation was claimed or is a step further.
    Saved(&'a RotationEntry),
    /// The pass is done with this rotation.
    Ended(&'a Row),
}

/// What a pass does.
#[derive(Clone)]
#[must_use]
pub struct Work {
    pub(crate) keys: Selection,
    pub(crate) sink: String,
    pub(crate) settings: Arc<dyn Fn(&mut Rotation) + Send + Sync>,
    pub(crate) shard: Shard,
    pub(crate) at_most: usize,
    pub(crate) stop: Stop,
    pub(crate) time_limit: Option<Duration>,
    pub(crate) observer: Observer,
}

pub(crate) type Observer = Arc<dyn Fn(Event<'_>) + Send + Sync>;

#[derive(Clone, Debug)]
pub(crate) enum Selection {
    /// Only the rotations that are open.
    Open,
    /// If `only`, open rotations of other keys are left alone.
    Keys {
        hashes: Vec<KeyHash>,
        only: bool,
    },
    Rule(Rule),
}

impl Work {
    /// Continues the rotations that are open, and begins none.
    pub fn open() -> Self {
        Self::of(Selection::Open)
    }

    /// Continues the rotations that are open, and begins those of these keys.
    pub fn keys(hashes: impl IntoIterator<Item = KeyHash>) -> Self {
        Self::of(Selection::Keys { hashes: hashes.into_iter().collect(), only: false })
    }

    /// Continues or begins the rotations of these keys, and leaves others alone.
    pub fn only_keys(hashes: impl IntoIterator<Item = KeyHash>) -> Self {
        Self::of(Selection::Keys { hashes: hashes.into_iter().collect(), only: true })
    }

    /// Continues the rotations that are open, and begins those of the keys that the rule selects.
    pub fn matching(rule: Rule) -> Self {
        Self::of(Selection::Rule(rule))
    }

    fn of(keys: Selection) -> Self {
        Self {
            keys,
            sink: String::new(),
            settings: Arc::new(|_| {}),
            shard: Shard::default(),
            at_most: usize::MAX,
            stop: std::future::pending().boxed().shared(),
            time_limit: None,
            observer: Arc::new(|_| {}),
        }
    }

    /// The sink of the rotations that this pass begins: what [`Sinks`](crate::Sinks) is given. A
    /// rotation of one of its keys that an earlier pass began gets it too, if it has created nothing.
    pub fn into_sink(mut self, sink: impl Into<String>) -> Self {
        self.sink = sink.into();
        self
    }

    /// Sets the pauses and the budget of the rotations that this pass begins.
    pub fn settings(mut self, set: impl Fn(&mut Rotation) + Send + Sync + 'static) -> Self {
        self.settings = Arc::new(set);
        self
    }

    /// Works only on this part of the keys.
    pub fn shard(mut self, shard: Shard) -> Self {
        self.shard = shard;
        self
    }

    /// Begins at most so many rotations.
    pub fn at_most(mut self, rotations: usize) -> Self {
        self.at_most = rotations;
        self
    }

    /// Stops the pass when this future completes, such as one that waits for SIGTERM: nothing is
    /// begun any more, no request is sent, and those on their way get 3 seconds. Rotations stop where
    /// they stand and are given up, so that any machine can continue them at once.
    pub fn stop_on(mut self, stop: impl Future<Output = ()> + Send + 'static) -> Self {
        self.stop = stop.boxed().shared();
        self
    }

    /// Stops the pass in the same way after this time.
    pub fn time_limit(mut self, time: Duration) -> Self {
        self.time_limit = Some(time);
        self
    }

    /// Calls this with what happens, as it happens.
    pub fn observe(mut self, observer: impl Fn(Event<'_>) + Send + Sync + 'static) -> Self {
        self.observer = Arc::new(observer);
        self
    }
}
