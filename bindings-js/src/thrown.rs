//! Values thrown by the caller's functions, on their way through the core.

use std::cell::RefCell;
use std::error::Error;
use std::fmt;

use wasm_bindgen::JsValue;

thread_local! {
    /// The thrown values, kept while an error refers to them. The core's errors must be
    /// `Send`, which a JavaScript value is not.
    static THROWN: RefCell<Vec<(u32, JsValue)>> = const { RefCell::new(Vec::new()) };
}

/// A function's failure, by the id of what it threw.
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

/// The value that the function threw, if this error stands for one.
pub(crate) fn thrown(error: &(dyn Error + 'static)) -> Option<JsValue> {
    let Thrown(wanted) = error.downcast_ref()?;
    THROWN.with_borrow(|kept| {
        kept.iter().find(|(id, _)| id == wanted).map(|(_, thrown)| thrown.clone())
    })
}
