//! A clock for the transport over `fetch` that takes no time: a timer fires as soon as nothing
//! else is pending.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Function, Object, Promise, Reflect};
use openrouter_keys_wasm::Clock;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// The time of day at which every clock begins: the first second of 2027.
const START: f64 = 1_798_761_600_000.0;

/// Clones share everything.
#[derive(Clone, Default)]
pub(crate) struct VirtualClock(Rc<State>);

#[derive(Default)]
struct State {
    now: Cell<f64>,
    /// Whether something is pending that takes no time.
    is_busy: Cell<bool>,
    /// By number, so that of two for the same time the older one fires first.
    timers: RefCell<BTreeMap<u32, Timer>>,
    next_number: Cell<u32>,
    pauses: RefCell<Vec<Duration>>,
}

struct Timer {
    time: f64,
    at: f64,
    ring: Function,
    is_clients: bool,
}

impl VirtualClock {
    /// The clock for the transport.
    pub(crate) fn clock(&self) -> Result<Clock, JsValue> {
        let [now, date, set, clear] = std::array::from_fn(|_| self.clone());
        let now = Closure::<dyn Fn() -> f64>::new(move || now.now());
        let date = Closure::<dyn Fn() -> f64>::new(move || START + date.now());
        let set =
            Closure::<dyn Fn(Function, f64) -> u32>::new(move |ring, ms| set.add(ring, ms, true));
        let clear = Closure::<dyn Fn(u32)>::new(move |number| clear.remove(number));
        let object = Object::new();
        for (name, method) in [
            ("now", now.into_js_value()),
            ("date", date.into_js_value()),
            ("setTimeout", set.into_js_value()),
            ("clearTimeout", clear.into_js_value()),
        ] {
            Reflect::set(&object, &name.into(), &method)?;
        }
        Ok(object.unchecked_into())
    }

    fn now(&self) -> f64 {
        self.0.now.get()
    }

    /// The client's pauses, and its timeouts that fired.
    pub(crate) fn pauses(&self) -> Vec<Duration> {
        self.0.pauses.borrow().clone()
    }

    /// Something begins that takes no time.
    pub(crate) fn stop(&self) {
        self.0.is_busy.set(true);
    }

    /// Only time is awaited.
    pub(crate) fn go_on(&self) {
        self.0.is_busy.set(false);
        self.ring_unless_busy();
    }

    /// Lets time pass without counting it as a pause.
    pub(crate) async fn delay(&self, time: Duration) -> Result<(), JsValue> {
        let over = Promise::new(&mut |ring, _| {
            self.add(ring, time.as_secs_f64() * 1000.0, false);
        });
        self.go_on();
        JsFuture::from(over).await.map(drop)
    }

    fn add(&self, ring: Function, time: f64, is_clients: bool) -> u32 {
        let number = self.0.next_number.get();
        self.0.next_number.set(number.wrapping_add(1));
        let timer = Timer { time, at: self.now() + time, ring, is_clients };
        self.0.timers.borrow_mut().insert(number, timer);
        self.ring_unless_busy();
        number
    }

    fn remove(&self, number: u32) {
        self.0.timers.borrow_mut().remove(&number);
        self.look_whether_over();
    }

    /// Without a timer of the client, nothing is awaited any more: remaining timers are dropped.
    fn look_whether_over(&self) {
        let mut timers = self.0.timers.borrow_mut();
        if !timers.values().any(|timer| timer.is_clients) {
            timers.clear();
            self.0.is_busy.set(false);
        }
    }

    /// In a separate task: the code that sets a timer must get its number first.
    fn ring_unless_busy(&self) {
        let clock = self.clone();
        spawn_local(async move {
            if let Some(ring) = clock.due() {
                // A failing timer has nowhere to report to.
                let _ = ring.call0(&JsValue::UNDEFINED);
            }
        });
    }

    /// Advances to the first timer, if there is one and time may pass.
    fn due(&self) -> Option<Function> {
        if self.0.is_busy.get() {
            return None;
        }
        let timer = {
            let mut timers = self.0.timers.borrow_mut();
            let (&first, _) = timers.iter().min_by(|(_, a), (_, b)| a.at.total_cmp(&b.at))?;
            timers.remove(&first)?
        };
        self.0.now.set(timer.at);
        if timer.is_clients {
            self.0.pauses.borrow_mut().push(Duration::from_secs_f64(timer.time / 1000.0));
        }
        self.stop();
        self.look_whether_over();
        Some(timer.ring)
    }
}
