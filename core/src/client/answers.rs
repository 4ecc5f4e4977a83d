//! Answers a machine's questions: for a workflow, by calling your rotation handler.

use std::convert::Infallible;

use crate::transport::{BoxError, BoxFuture};
use crate::workflow::{RotationEvent, RotationHandler};

/// Answers questions of this type.
pub(super) trait Answers<Q> {
    fn answer(&mut self, question: Q) -> BoxFuture<'_, Result<bool, BoxError>>;
}

/// For calls, which ask no questions.
pub(super) struct NeverAsked;

impl Answers<Infallible> for NeverAsked {
    fn answer(&mut self, question: Infallible) -> BoxFuture<'_, Result<bool, BoxError>> {
        match question {}
    }
}

/// For workflows: passes their questions to the rotation handler.
pub(super) struct Asked<H>(pub(super) H);

impl<H: RotationHandler> Answers<RotationEvent> for Asked<H> {
    fn answer(&mut self, question: RotationEvent) -> BoxFuture<'_, Result<bool, BoxError>> {
        Box::pin(question.ask(&mut self.0))
    }
}
