//! Who answers the questions of a machine: the caller's rotation handler, for a workflow.

use std::convert::Infallible;

use crate::transport::{BoxError, BoxFuture};
use crate::workflow::{RotationEvent, RotationHandler};

/// Answers questions of this type.
pub(super) trait Answers<Q> {
    fn answer(&mut self, question: Q) -> BoxFuture<'_, Result<bool, BoxError>>;
}

/// For a call, which asks nothing.
pub(super) struct NeverAsked;

impl Answers<Infallible> for NeverAsked {
    fn answer(&mut self, question: Infallible) -> BoxFuture<'_, Result<bool, BoxError>> {
        match question {}
    }
}

/// For a workflow, which asks the caller's rotation handler.
pub(super) struct Asked<H>(pub(super) H);

impl<H: RotationHandler> Answers<RotationEvent> for Asked<H> {
    fn answer(&mut self, question: RotationEvent) -> BoxFuture<'_, Result<bool, BoxError>> {
        Box::pin(question.ask(&mut self.0))
    }
}
