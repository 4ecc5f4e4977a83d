//! A client's temporary key: close it yourself, or let a scope close it.

use std::any::Any;
use std::fmt;
use std::future::{Future, IntoFuture, poll_fn};
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::task::Poll;

use super::async_client::Client;
use super::blocking_client;
use super::run::Run;
use crate::call::Error;
use crate::config::CallOptions;
use crate::transport::{BoxFuture, MaybeSend};
use crate::workflow::{CloseTemporary, NoHandler, Temporary, TemporaryKeyInfo};

/// A request for a temporary key, run when it is awaited or, with a blocking client, when
/// [`finish`](TemporaryKeyRequest::finish) is called. `scope` creates and closes the key.
#[must_use = "a workflow does nothing until it is run"]
pub struct TemporaryKeyRequest<C = Client>(Run<Temporary, C>);

impl<C> TemporaryKeyRequest<C> {
    pub(crate) fn new(run: Run<Temporary, C>) -> Self {
        Self(run)
    }

    /// Sets the options of the calls that create the key, and of those that close it unless
    /// [`close`](TemporaryKey::close) is given others.
    pub fn options(self, options: CallOptions) -> Self {
        Self(self.0.options(options))
    }
}

impl TemporaryKeyRequest {
    /// Cancels the creation of the key when `cancel` completes: see [`Run::cancel_on`]. A key
    /// that was already created is closed anyway.
    pub fn cancel_on(self, cancel: impl Future<Output = ()> + MaybeSend + 'static) -> Self {
        Self(self.0.cancel_on(cancel))
    }

    /// Creates the key, does the work with it, and closes it, even if the work fails or panics.
    ///
    /// An error means that the work did not start, and says whether a key may have been
    /// created. If closing fails, the error is returned with the work's result, as
    /// [`Scoped::unclosed`]. A scope that is dropped during its work closes nothing; the key
    /// lives until it expires.
    ///
    /// ```no_run
    /// # async fn f(client: openrouter_keys_core::Client) -> Result<(), openrouter_keys_core::Error> {
    /// use std::time::Duration;
    /// use openrouter_keys_core::client::Scoped;
    /// use openrouter_keys_core::workflow::Temporary;
    /// use openrouter_keys_core::{Create, Limit};
    ///
    /// let hour = Duration::from_secs(3600);
    /// let agent = Temporary::new(Create::new("agent", Limit::usd(1.0)), hour);
    /// let Scoped { output, unclosed, .. } =
    ///     client.temporary(agent).scope(async |key| think(key.key().reveal()).await).await?;
    /// if let Some(error) = unclosed {
    ///     eprintln!("{error}");
    /// }
    /// println!("{output}");
    /// # Ok(()) }
    /// # async fn think(_: &str) -> u32 { 42 }
    /// ```
    pub async fn scope<T>(
        self,
        work: impl AsyncFnOnce(&TemporaryKeyInfo) -> T,
    ) -> Result<Scoped<T>, Error> {
        let key = self.await?;
        let output = caught(async { work(&key).await }).await;
        let unclosed = key.close().await.err();
        Scoped::of(output, unclosed)
    }
}

impl IntoFuture for TemporaryKeyRequest {
    type Output = Result<TemporaryKey, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let (client, options) = self.0.means();
        let (client, options) = (client.clone(), options.clone());
        let info = self.0.into_future();
        Box::pin(async { Ok(TemporaryKey { info: info.await?, client, options }) })
    }
}

impl TemporaryKeyRequest<blocking_client::Client> {
    /// Creates the key.
    pub fn finish(self) -> Result<TemporaryKey<blocking_client::Client>, Error> {
        let (client, options) = self.0.means();
        let (client, options) = (client.clone(), options.clone());
        Ok(TemporaryKey { info: self.0.finish()?, client, options })
    }

    /// Creates the key, does the work with it, and closes it, even if the work fails or panics.
    ///
    /// An error means that the work did not start, and says whether a key may have been
    /// created. If closing fails, the error is returned with the work's result, as
    /// [`Scoped::unclosed`].
    ///
    /// ```no_run
    /// # fn f(client: openrouter_keys_core::blocking::Client) -> Result<(), openrouter_keys_core::Error> {
    /// use std::time::Duration;
    /// use openrouter_keys_core::workflow::Temporary;
    /// use openrouter_keys_core::{Create, Limit};
    ///
    /// let ci = Temporary::new(Create::new("ci", Limit::usd(1.0)), Duration::from_secs(3600));
    /// let scoped = client.temporary(ci).scope(|key| run_the_tests(key.key().reveal()))?;
    /// println!("{}, closed: {}", scoped.output, scoped.unclosed.is_none());
    /// # Ok(()) }
    /// # fn run_the_tests(_: &str) -> bool { true }
    /// ```
    pub fn scope<T>(self, work: impl FnOnce(&TemporaryKeyInfo) -> T) -> Result<Scoped<T>, Error> {
        let key = self.finish()?;
        let output = catch_unwind(AssertUnwindSafe(|| work(&key)));
        let unclosed = key.close().finish().err();
        Scoped::of(output, unclosed)
    }
}

impl<C> fmt::Debug for TemporaryKeyRequest<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// A key that lives until it is closed or expires.
///
/// Dereferences to [`TemporaryKeyInfo`], which has everything known about the key.
///
/// **Dropping it deletes nothing**, whichever client created it: a deletion waits for a
/// response and can fail, and a drop can do neither. The key then lives until it expires, and
/// [`Sweep::temporary`](crate::workflow::Sweep::temporary) deletes it.
/// [`TemporaryKeyRequest::scope`] closes it even if the work fails or panics.
#[must_use = "the key lives until it is closed or expires"]
pub struct TemporaryKey<C = Client> {
    info: TemporaryKeyInfo,
    client: C,
    options: CallOptions,
}

impl<C> TemporaryKey<C> {
    /// Returns the key's info without closing it: it lives until it expires, unless you run its
    /// [`closing`](TemporaryKeyInfo::closing).
    pub fn into_info(self) -> TemporaryKeyInfo {
        self.info
    }
}

impl<C: Clone> TemporaryKey<C> {
    /// Deletes the key, by its hash or else by its marked name, and any keys found under the
    /// [`unconfirmed`](TemporaryKeyInfo::unconfirmed) names. A key that is already gone counts
    /// as closed.
    ///
    /// Uses the options the key was created with, unless given others. If it fails, the error's
    /// [`may_have_created`](crate::Error::may_have_created) has the name and the hash; the key
    /// stops working when it expires.
    pub fn close(self) -> Run<CloseTemporary, C> {
        Run::new(self.client, self.info.closing(), NoHandler).options(self.options)
    }
}

impl<C> Deref for TemporaryKey<C> {
    type Target = TemporaryKeyInfo;

    fn deref(&self) -> &TemporaryKeyInfo {
        &self.info
    }
}

impl<C> fmt::Debug for TemporaryKey<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TemporaryKey").field(&self.info).finish()
    }
}

/// The outcome of a scope.
#[derive(Debug)]
#[must_use = "the key may still be open"]
#[non_exhaustive]
pub struct Scoped<T> {
    /// The work's result.
    pub output: T,
    /// The error if the key could not be closed; it then lives until it expires.
    pub unclosed: Option<Error>,
}

type Panic = Box<dyn Any + Send>;

impl<T> Scoped<T> {
    /// Resumes a panic of the work, now that the key is closed.
    fn of(output: Result<T, Panic>, unclosed: Option<Error>) -> Result<Self, Error> {
        match output {
            Ok(output) => Ok(Self { output, unclosed }),
            Err(panic) => resume_unwind(panic),
        }
    }
}

/// The work's result, or its panic.
async fn caught<T>(work: impl Future<Output = T>) -> Result<T, Panic> {
    let mut work = pin!(work);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}
