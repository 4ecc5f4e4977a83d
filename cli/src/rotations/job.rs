//! One rotation, from its first file to the removal of it.

use openrouter_keys_native::workflow::{Rotate, Rotated, Rotation, RotationStep};
use openrouter_keys_native::{Client, Key};
use tokio::sync::oneshot;

use super::folder::{Folder, Lock, Saved};
use super::handler::Handler;
use crate::app::App;
use crate::failure::{Exit, Failure, Result};
use crate::sink::{self, Place, Sink};
use crate::{keys, signal, text};

/// A rotation that this process has the lock of.
pub(crate) struct Job {
    folder: Folder,
    _lock: Lock,
    pub(crate) saved: Saved,
    place: Place,
    is_resumed: bool,
    was_stored: Option<bool>,
}

/// A rotation that ended, or found the old key in use.
pub(crate) struct Done {
    pub(crate) rotated: Rotated,
    /// Where the new secret is, in words.
    pub(crate) place: String,
}

impl Job {
    /// Begins a rotation of the key, or continues the one whose file is there. Nothing is sent.
    pub(crate) fn start(
        app: &App,
        folder: &Folder,
        key: &Key,
        sink: &Sink,
        settings: impl FnOnce(&mut Rotation),
    ) -> Result<Self> {
        let old = key.require_hash().map_err(openrouter_keys_native::Error::from)?;
        let name = keys::name_of(key);
        let lock = folder.lock(old, name)?;
        if let Some(mut saved) = folder.read(old)? {
            settings(&mut saved.rotation);
            return Self::continued(folder, lock, saved, None, Some(sink));
        }
        let place = sink.place(name)?.absolute()?;
        place.check(&sink::replacing(key))?;
        let mut rotation = Rotation::new(old.clone());
        settings(&mut rotation);
        let (base_url, profile) = app.account()?;
        let sink = place.describe(sink);
        let label = key.label.clone().into_option();
        let saved = Saved { base_url, profile, name: name.to_owned(), sink, label, rotation };
        folder.save(&saved)?;
        Ok(Self {
            folder: folder.clone(),
            _lock: lock,
            saved,
            place,
            is_resumed: false,
            was_stored: None,
        })
    }

    /// Continues an open rotation; `None` if another process has just finished it. Another sink is
    /// used unless the new key is, or may be, in the old one.
    pub(crate) fn resume(
        folder: &Folder,
        saved: &Saved,
        was_stored: Option<bool>,
        sink: Option<&Sink>,
    ) -> Result<Option<Self>> {
        let lock = folder.lock(&saved.rotation.old, &saved.name)?;
        match folder.read(&saved.rotation.old)? {
            Some(saved) => Self::continued(folder, lock, saved, was_stored, sink).map(Some),
            None => Ok(None),
        }
    }

    fn continued(
        folder: &Folder,
        lock: Lock,
        mut saved: Saved,
        was_stored: Option<bool>,
        sink: Option<&Sink>,
    ) -> Result<Self> {
        let step = saved.rotation.step;
        let is_free = step < RotationStep::HandingOver
            || (step == RotationStep::HandingOver && was_stored == Some(false));
        if let Some(sink) = sink.filter(|_| is_free) {
            let place = sink.place(&saved.name)?.absolute()?;
            let described = place.describe(sink);
            if described != saved.sink {
                place.check(&saved.delivery())?;
                saved.sink = described;
            }
        }
        Ok(Self {
            folder: folder.clone(),
            _lock: lock,
            place: saved.sink()?.place(&saved.name)?.absolute()?,
            saved,
            is_resumed: true,
            was_stored,
        })
    }

    /// Runs the rotation as far as it goes. Its file stays while there is something to continue.
    pub(crate) async fn run(self, app: &App, client: &Client) -> Result<Done> {
        let Self { folder, saved, place, was_stored, .. } = &self;
        let (old, name) = (saved.rotation.old.clone(), saved.name.clone());
        if self.is_resumed {
            app.waiting.say(&format!("{}: resuming the rotation", text::visible(&name)));
            require_account(client, saved, folder).await?;
        }
        let (stop, stopped) = oneshot::channel();
        let handler = Handler {
            folder: folder.clone(),
            saved: saved.clone(),
            place: place.clone(),
            was_stored: *was_stored,
            waiting: app.waiting.clone(),
            stop: Some(stop),
        };
        let rotate = Rotate::resume(saved.rotation.clone());
        let run = client.rotate(rotate, handler).cancel_on(signal::stopped());
        let ended = tokio::select! {
            biased;
            ended = run.into_future() => ended,
            Ok(failure) = stopped => return Err(failure),
        };
        match ended {
            Ok(rotated) => {
                if let Rotated::Done { .. } = rotated {
                    if let Some(done) = folder.read(&old)? {
                        folder.set_late(&done)?;
                    }
                    folder.remove(&old)?;
                }
                Ok(Done { rotated, place: place.in_words() })
            }
            Err(error) => Err(self.failed(Failure::from(error))),
        }
    }

    /// A rotation that did nothing is over; any other can be continued.
    fn failed(&self, failure: Failure) -> Failure {
        let old = &self.saved.rotation.old;
        let state = self.folder.read(old).ok().flatten().map(|saved| saved.rotation);
        // An error that names no key says that none of this rotation's is left.
        let is_open = failure.exit == Exit::MayHaveCreated
            || state.is_none_or(|state| state.leaked || state.step >= RotationStep::HandedOver);
        if !is_open {
            return match self.folder.remove(old) {
                Ok(()) => failure,
                Err(kept) => kept,
            };
        }
        failure.next(self.folder.command(&format!("rotate {}", old.as_str())))
    }
}

/// Refuses a rotation of another account, in which its keys would look deleted.
async fn require_account(client: &Client, saved: &Saved, folder: &Folder) -> Result<()> {
    for hash in [&saved.rotation.new, &Some(saved.rotation.old.clone())].into_iter().flatten() {
        match client.get(hash.clone()).cancel_on(signal::stopped()).await {
            Ok(_) => return Ok(()),
            Err(error) => {
                let failure = Failure::from(error);
                if failure.exit != Exit::NotFound {
                    return Err(failure);
                }
            }
        }
    }
    let file = folder.file(&saved.rotation.old).display().to_string();
    let message = format!(
        "neither the old nor the new key of the rotation of \"{}\" exists in this account; nothing \
         was changed; use the management key it was begun with, or, if both keys are deleted, \
         remove its file:",
        text::visible(&saved.name),
    );
    Err(Failure::new(Exit::NotFound, message).next(format!("rm {}", text::quoted_for_shell(&file))))
}
