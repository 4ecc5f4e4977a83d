//! Multi-request workflows, each a state machine without I/O.
//!
//! Uses: `call`, `operation`, and the rooms below them.

mod audit;
mod check_key;
mod close_temporary;
mod context;
mod create_reconciled;
mod definition;
mod ensure;
mod find_by_secret;
mod machine;
mod mailbox;
mod marker;
mod pages;
mod rotate;
mod sweep;
mod temporary;

pub use audit::Audit;
pub use audit::report::{AuditFinding, AuditReport, AuditedKey, Spend};
pub use check_key::CheckKey;
pub use close_temporary::CloseTemporary;
pub use create_reconciled::{CreateReconciled, Reconciled};
pub use definition::Workflow;
pub use ensure::{Ensure, Ensured, OnDuplicate};
pub use find_by_secret::{FindBySecret, FoundBySecret};
pub use machine::WorkflowMachine;
pub use marker::{is_marked, unmarked};
pub use pages::{Pages, Progress};
pub use rotate::Rotate;
pub use rotate::blocking_stored::{Blocking, BlockingRotationStore, BlockingSecretSink};
pub use rotate::rotated::Rotated;
pub use rotate::rotation::{Rotation, RotationStep};
pub use rotate::rotation_handler::{
    BlockingRotationHandler, NoHandler, RotationEvent, RotationHandler, Stop,
};
pub use rotate::stored::{
    Delivery, PutError, RotationEntry, RotationStore, SecretSink, StoredRotation,
};
pub use sweep::{Sweep, Swept};
pub use temporary::{Temporary, TemporaryKeyInfo};
