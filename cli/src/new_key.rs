//! The settings of a key that is to be created, whether they come from options, a CSV file or
//! a TOML file.

use openrouter_keys_native::operation::External;
use openrouter_keys_native::{Create, Limit, LimitReset, Timestamp};

/// What is `None` is left to the server; a key without a limit has to say so.
#[derive(Clone, Debug)]
pub(crate) struct NewKey {
    pub(crate) limit: Limit,
    pub(crate) reset: Option<LimitReset>,
    pub(crate) expires: Option<Timestamp>,
    pub(crate) include_byok: Option<bool>,
    pub(crate) workspace: Option<String>,
    pub(crate) external_user: Option<String>,
}

impl NewKey {
    pub(crate) fn create(self, name: &str) -> Create {
        let mut create = Create::new(name, self.limit);
        if let Some(reset) = self.reset {
            create = create.limit_reset(reset);
        }
        if let Some(time) = self.expires {
            create = create.expires_at(time);
        }
        if let Some(include) = self.include_byok {
            create = create.include_byok_in_limit(include);
        }
        if let Some(workspace) = self.workspace {
            create = create.workspace_id(workspace);
        }
        if let Some(user) = self.external_user {
            create = create.external(External::new(user));
        }
        create
    }
}
