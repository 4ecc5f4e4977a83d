//! What a function of the caller's threw, on its way through the core.

use std::cell::RefCell;
use std::error::Error;
use std::fmt;

use wasm_bindgen::JsValue;

thread_local! {
    /// What functions threw, as long as the errors that name it live. An
    /// error of the core can go to another thread, which a value of JavaScript
    /// cannot.
    static THROWN: RefCell<Vec<(u32, JsValue)>> = const { RefCell::new(Vec::new()) };
}

/// A function's failure.
#[derive(Debug)]
pub(crate) struct Thrown(u32);

impl Thrown {
    pub(crate) fn new(thrown: JsValue) -> Self {
        THROWN.with_borrow_mut(|kept| {
            let id = kept.last().map_or(0, |(id, _)| id.wrapping_add(1));
            kept.push((id, thrown));
            Self(id)
        })
    }
}

impl Drop for Thrown {
    fn drop(&mut self) {
        THROWN.with_borrow_mut(|kept| kept.retain(|(id, _)| *id != self.0));
    }
}

impl fmt::Display for Thrown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the function failed")
    }
}

impl Error for Thrown {}

/// What the function threw, if that is what the error is about.
pub(crate) fn thrown(error: &(dyn Error + 'static)) -> Option<JsValue> {
    let Thrown(wanted) = error.downcast_ref()?;
    THROWN.with_borrow(|kept| {
        kept.iter().find(|(id, _)| id == wanted).map(|(_, thrown)| thrown.clone())
    })
}
