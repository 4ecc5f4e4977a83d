//! Which of the reqwest clients a request needs.

/// Which client a request needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Need {
    pub(crate) is_tls: bool,
    /// To this machine, which is never asked through a proxy.
    pub(crate) is_local: bool,
    /// On a connection that did not sit idle, as a create.
    pub(crate) is_fresh: bool,
}
