//! What a program cannot do without: reqwest with its defaults gets one URL.

use std::process::ExitCode;

fn main() -> ExitCode {
    match get() {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever started it sees only that it failed.
        Err(_) => ExitCode::FAILURE,
    }
}

fn get() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let url = words.next().ok_or("a URL is needed")?;
    let key = std::env::var("OPENROUTER_MANAGEMENT_KEY")?;
    // One thread, as the command line has.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = reqwest::Client::builder().build()?;
        client.get(url).bearer_auth(key).send().await?.error_for_status()?.bytes().await?;
        Ok(())
    })
}
