//! A call in progress, which `js/internal/task.js` polls in its caller's async context.

use std::cell::RefCell;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use js_sys::{Array, Function};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::secrets::Secrets;

thread_local! {
    static WAITING: RefCell<Waiting> = const { RefCell::new(Waiting::new()) };
}

/// The functions that wake each task. A `Waker` must be `Send`, which a JavaScript function
/// is not, so it holds the task's index here. A waker that outlives its task may wake the
/// next task at that index, which then polls once for nothing.
struct Waiting {
    wakes: Vec<Option<Function>>,
    free: Vec<usize>,
}

impl Waiting {
    const fn new() -> Self {
        Self { wakes: Vec::new(), free: Vec::new() }
    }

    fn add(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            self.wakes.push(None);
            self.wakes.len().saturating_sub(1)
        })
    }

    fn set(&mut self, place: usize, wake: Option<Function>) -> Option<Function> {
        std::mem::replace(self.wakes.get_mut(place)?, wake)
    }
}

/// A call, which begins when it is first polled.
#[wasm_bindgen]
pub struct Task {
    place: usize,
    secrets: Secrets,
    /// `None` while it is polled, and when it is done.
    work: RefCell<Option<Pin<Box<dyn Future<Output = Array>>>>>,
    outcome: RefCell<Option<Array>>,
}

impl Task {
    pub(crate) fn new(secrets: Secrets, work: impl Future<Output = Array> + 'static) -> Self {
        let place = WAITING.with_borrow_mut(Waiting::add);
        Self {
            place,
            secrets,
            work: RefCell::new(Some(Box::pin(work))),
            outcome: RefCell::new(None),
        }
    }
}

#[wasm_bindgen]
impl Task {
    /// Returns whether the task is done. If not, `wake` is called once, as soon as polling
    /// again makes sense.
    pub fn poll(&self, wake: Function) -> bool {
        let Some(mut work) = self.work.take() else { return false };
        WAITING.with_borrow_mut(|waiting| waiting.set(self.place, Some(wake)));
        let waker = Waker::from(Arc::new(Place(self.place)));
        let context = &mut Context::from_waker(&waker);
        match self.secrets.while_known(|| work.as_mut().poll(context)) {
            Poll::Ready(outcome) => {
                self.outcome.replace(Some(outcome));
                true
            }
            Poll::Pending => {
                self.work.replace(Some(work));
                false
            }
        }
    }

    /// The outcome. `poll` does not return it: Node 20 ends the process if it has to deoptimise
    /// the caller of a function that will return an object.
    pub fn outcome(&self) -> Option<Array> {
        self.outcome.take()
    }

    /// The text without the call's secrets; `None` if it shows none.
    pub fn masked(&self, text: String) -> Option<String> {
        self.secrets.masked(text)
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        WAITING.with_borrow_mut(|waiting| {
            waiting.set(self.place, None);
            waiting.free.push(self.place);
        });
    }
}

/// The index of a task.
struct Place(usize);

impl Wake for Place {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let wake = WAITING.with_borrow_mut(|waiting| waiting.set(self.0, None));
        if let Some(wake) = wake {
            let _ = wake.call0(&JsValue::UNDEFINED);
        }
    }
}
