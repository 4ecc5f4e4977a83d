//! The signals that ask the program to end.

use std::future::Future;

#[cfg(not(unix))]
pub(crate) use other::Signals;
#[cfg(unix)]
pub(crate) use unix::Signals;

/// Resolves at SIGINT, SIGTERM or SIGHUP, or at Ctrl-C on Windows. For `cancel_on`, so that
/// the error says what may have been left behind.
pub(crate) fn stopped() -> impl Future<Output = ()> + Send + 'static {
    // Registered now, not when the future is first polled.
    let mut signals = Signals::listen();
    async move {
        signals.next().await;
    }
}

#[cfg(unix)]
mod unix {
    use std::sync::OnceLock;

    use rustix::process::Signal;
    use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

    /// The signals as they come in, from the moment of listening.
    pub(crate) struct Signals {
        interrupt: Option<Stream>,
        terminate: Option<Stream>,
        hangup: Option<Stream>,
    }

    impl Signals {
        pub(crate) fn listen() -> Self {
            let hangup = !is_hangup_ignored();
            Self {
                interrupt: signal(SignalKind::interrupt()).ok(),
                terminate: signal(SignalKind::terminate()).ok(),
                hangup: hangup.then(|| signal(SignalKind::hangup()).ok()).flatten(),
            }
        }

        pub(crate) async fn next(&mut self) -> Signal {
            tokio::select! {
                () = received(self.interrupt.as_mut()) => Signal::INT,
                () = received(self.terminate.as_mut()) => Signal::TERM,
                () = received(self.hangup.as_mut()) => Signal::HUP,
            }
        }
    }

    /// Whether this program was started to go on without its terminal, as `nohup` does. Listening
    /// would end that, so it is looked up once, before.
    fn is_hangup_ignored() -> bool {
        static IS_IGNORED: OnceLock<bool> = OnceLock::new();
        *IS_IGNORED.get_or_init(|| {
            let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
            let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
            let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
            // The bit of signal 1, SIGHUP.
            mask.unwrap_or_default() & 1 == 1
        })
    }

    async fn received(stream: Option<&mut Stream>) {
        match stream {
            Some(stream) => {
                stream.recv().await;
            }
            None => std::future::pending().await,
        }
    }
}

#[cfg(not(unix))]
mod other {
    use tokio::signal::windows::{CtrlC, ctrl_c};

    /// Ctrl-C as it comes in, from the moment of listening.
    pub(crate) struct Signals(Option<CtrlC>);

    impl Signals {
        pub(crate) fn listen() -> Self {
            Self(ctrl_c().ok())
        }

        pub(crate) async fn next(&mut self) {
            match &mut self.0 {
                Some(signal) => {
                    signal.recv().await;
                }
                None => std::future::pending().await,
            }
        }
    }
}
