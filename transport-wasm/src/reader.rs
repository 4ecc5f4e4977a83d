//! A stream reader that cancels the stream when dropped.

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{ReadableStream, ReadableStreamDefaultReader};

/// Cancels the stream, unless it was read to its end.
pub(crate) struct Reader {
    reader: ReadableStreamDefaultReader,
    is_done: bool,
}

impl Reader {
    pub(crate) fn new(stream: &ReadableStream) -> Result<Self, JsValue> {
        ReadableStreamDefaultReader::new(stream).map(|reader| Self { reader, is_done: false })
    }

    pub(crate) fn read(&self) -> Promise {
        self.reader.read()
    }

    pub(crate) fn done(mut self) {
        self.is_done = true;
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if !self.is_done {
            let reader = self.reader.clone();
            // Not here: cancelling may run the caller's code.
            spawn_local(async move {
                // If it fails, there is nothing left to cancel.
                let _ = JsFuture::from(reader.cancel()).await;
            });
        }
    }
}
