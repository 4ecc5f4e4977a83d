//! The source of time and timers: the platform, or an object supplied by the caller.

use std::time::{Duration, SystemTime};

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// A custom clock: a JavaScript object with the methods `now()` (milliseconds, never goes
    /// back), `date()` (milliseconds since 1970), `setTimeout(callback, ms)` and
    /// `clearTimeout(timer)`.
    #[derive(Clone, Debug)]
    pub type Clock;

    #[wasm_bindgen(method, catch)]
    fn now(this: &Clock) -> Result<f64, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn date(this: &Clock) -> Result<f64, JsValue>;

    #[wasm_bindgen(method, catch, js_name = setTimeout)]
    fn set_timeout(this: &Clock, callback: &JsValue, ms: f64) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch, js_name = clearTimeout)]
    fn clear_timeout(this: &Clock, timer: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(catch, js_namespace = performance, js_name = now)]
    fn performance_now() -> Result<f64, JsValue>;

    #[wasm_bindgen(catch, js_name = setTimeout)]
    fn global_set_timeout(callback: &JsValue, ms: f64) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_name = clearTimeout)]
    fn global_clear_timeout(timer: &JsValue) -> Result<(), JsValue>;
}

/// The clock of a transport.
#[derive(Clone)]
pub(crate) enum Timekeeper {
    Platform,
    Given(Clock),
}

impl Timekeeper {
    /// If a clock does not return a number, the platform's is used instead: if time stood
    /// still, no call would ever time out.
    pub(crate) fn now(&self) -> Duration {
        let given = match self {
            Self::Platform => None,
            Self::Given(clock) => clock.now().ok().filter(|ms| ms.is_finite()),
        };
        let platform = || performance_now().unwrap_or_else(|_| js_sys::Date::now());
        milliseconds(given.unwrap_or_else(platform)).unwrap_or_default()
    }

    pub(crate) fn wall_clock(&self) -> Option<SystemTime> {
        let date = match self {
            Self::Platform => js_sys::Date::now(),
            Self::Given(clock) => clock.date().ok()?,
        };
        SystemTime::UNIX_EPOCH.checked_add(milliseconds(date)?)
    }

    pub(crate) fn set_timeout(&self, callback: &JsValue, ms: f64) -> Result<JsValue, JsValue> {
        match self {
            Self::Platform => global_set_timeout(callback, ms),
            Self::Given(clock) => clock.set_timeout(callback, ms),
        }
    }

    pub(crate) fn clear_timeout(&self, timer: &JsValue) {
        // A timer that cannot be cancelled fires without effect.
        let _ = match self {
            Self::Platform => global_clear_timeout(timer),
            Self::Given(clock) => clock.clear_timeout(timer),
        };
    }
}

/// An invalid time counts as none.
fn milliseconds(ms: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(ms / 1000.0).ok()
}
