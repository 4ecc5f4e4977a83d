//! Which reqwest client a request needs.

/// Which client a request needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Need {
    pub(crate) is_tls: bool,
    /// To this machine, which is never reached through a proxy.
    pub(crate) is_local: bool,
    /// On a connection that has not been idle, as for a create.
    pub(crate) is_fresh: bool,
}
