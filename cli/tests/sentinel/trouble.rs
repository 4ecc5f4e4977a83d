//! What the server does wrong: it refuses, repeats secrets, or breaks.

use openrouter_keys_emulator::Fault;

use crate::traces::{CREATED, MANAGEMENT_KEY, created};

/// What the server does to the first requests.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trouble {
    None,
    Refused,
    Repeats,
    Html,
    OddFields,
    Broken,
    Redirect,
    Lost,
}

pub(crate) const TROUBLES: [Trouble; 7] = [
    Trouble::Refused,
    Trouble::Repeats,
    Trouble::Html,
    Trouble::OddFields,
    Trouble::Broken,
    Trouble::Redirect,
    Trouble::Lost,
];

impl Trouble {
    /// The fault for one request with this method.
    pub(crate) fn fault(self, method: &str) -> Fault {
        let secret = &created()[CREATED - 1];
        let digits = MANAGEMENT_KEY.rsplit('-').next().unwrap();
        let escaped = MANAGEMENT_KEY.replace("sk", "\\u0073k");
        let url = MANAGEMENT_KEY.replace('-', "%2D");
        let error = |status: u16, message: &str| {
            Fault::body(
                status,
                format!(
                    "{{\"error\":{{\"code\":{status},\"message\":\"{message}\",\
                     \"metadata\":{{\"raw\":\"{secret} {escaped}\"}}}},\"{secret}\":\"{digits}\"}}"
                ),
            )
        };
        let key = format!(
            "{{\"hash\":\"{secret}\",\"name\":\"{secret}\",\"label\":\"{secret}\",\
             \"limit\":\"{secret}\",\"disabled\":false,\"external_user\":\"{escaped}\",\
             \"expires_at\":\"{secret}\",\"secret\":\"{secret}\",\"token\":{{\"{secret}\":\
             [\"{MANAGEMENT_KEY}\",\"{url}\"]}}}}"
        );
        let fault = match self {
            Self::None => Fault::none(),
            Self::Refused => error(401, &format!("User {MANAGEMENT_KEY} not found; {digits}")),
            Self::Repeats => error(500, &format!("Authorization: Bearer {MANAGEMENT_KEY} {url}")),
            Self::Html => {
                let page = format!("<html><title>{MANAGEMENT_KEY}</title>{secret}</html>");
                Fault::body(502, page).with_header("content-type", "text/html")
            }
            Self::OddFields if method == "POST" => Fault::body(
                201,
                format!("{{\"data\":{key},\"key\":\"{secret}\",\"secret\":\"{secret}\"}}"),
            ),
            // A listing for who wants one, a key for others.
            Self::OddFields => Fault::body(200, format!("{{\"data\":[{key}],\"next\":{key}}}")),
            Self::Broken => {
                Fault::body(200, format!("{{\"data\":{{\"name\":\"x\",\"key\":\"{secret}"))
            }
            Self::Redirect => {
                Fault::redirect(302, &format!("http://127.0.0.1:1/?key={MANAGEMENT_KEY}"))
            }
            Self::Lost => Fault::reset_after_commit(),
        };
        fault.on_method(method.parse().unwrap())
    }
}
