//! A timer that is cancelled when dropped.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use wasm_bindgen::prelude::*;

use crate::clock::Timekeeper;

/// The longest time that `setTimeout` accepts; with a longer one it fires at once.
const LONGEST: Duration = Duration::from_millis(0x7fff_ffff);

/// Waits for the given time.
pub(crate) async fn sleep(clock: &Timekeeper, time: Duration) {
    let mut left = time;
    while left > LONGEST {
        Timer::new(clock, LONGEST).await;
        left = left.saturating_sub(LONGEST);
    }
    Timer::new(clock, left).await;
}

struct Timer {
    clock: Timekeeper,
    /// The result of `setTimeout`; `None` if it failed: the timer then never fires.
    id: Option<JsValue>,
    bell: Rc<Bell>,
    _ring: Closure<dyn FnMut()>,
}

#[derive(Default)]
struct Bell {
    rang: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Timer {
    fn new(clock: &Timekeeper, time: Duration) -> Self {
        let bell = Rc::new(Bell::default());
        let ring = {
            let bell = Rc::clone(&bell);
            Closure::new(move || {
                bell.rang.set(true);
                if let Some(waker) = bell.waker.take() {
                    waker.wake();
                }
            })
        };
        // Rounded up: a pause must not end early.
        let ms = (time.as_secs_f64() * 1000.0).ceil();
        let id = clock.set_timeout(ring.as_ref(), ms).ok();
        Self { clock: clock.clone(), id, bell, _ring: ring }
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.bell.rang.get() {
            return Poll::Ready(());
        }
        *self.bell.waker.borrow_mut() = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some(id) = self.id.take().filter(|_| !self.bell.rang.get()) {
            self.clock.clear_timeout(&id);
        }
    }
}
