//! Checks of arguments that several operations share.

use crate::types::{BuildError, BuildErrorKind};

/// A workspace ID is a UUID; anything else could break out of the query value or match nothing.
pub(super) fn check_workspace_id(id: &str) -> Result<(), BuildError> {
    const LENGTHS: [usize; 5] = [8, 4, 4, 4, 12];
    let groups = id
        .split('-')
        .map(|group| group.bytes().all(|b| b.is_ascii_hexdigit()).then_some(group.len()));
    if groups.eq(LENGTHS.map(Some)) {
        return Ok(());
    }
    Err(BuildError::new(
        BuildErrorKind::WorkspaceId,
        "the workspace id is not a UUID; it should look like 0df9e665-d932-5740-b2c7-b52af166bc11",
    ))
}

pub(super) fn check_name(name: &str) -> Result<(), BuildError> {
    if name.is_empty() {
        return Err(BuildError::new(
            BuildErrorKind::Name,
            "the key's name is empty; give at least one character",
        ));
    }
    Ok(())
}
