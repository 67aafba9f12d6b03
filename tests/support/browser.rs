//! A real browser, without its window.

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use super::{node::runs, skip};

const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
const LIMIT: Duration = Duration::from_secs(60);

/// The document of a page after its scripts have run, or `None` where no browser is installed: the test is then skipped.
///
/// # Panics
/// When the browser fails, or takes longer than a minute.
pub async fn dump_dom(url: &str) -> Option<String> {
    let output = browse(&["--dump-dom"], url).await?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Writes a picture of a page, `width` by 900 pixels, or is `None` where no browser is installed.
///
/// # Panics
/// When the browser fails, or takes longer than a minute.
pub async fn screenshot(url: &str, width: u32, path: &Path) -> Option<()> {
    let picture = format!("--screenshot={}", path.display());
    browse(&[&picture, &format!("--window-size={width},900"), "--hide-scrollbars"], url).await?;
    assert!(path.exists(), "the browser made no picture of {url}");
    Some(())
}

async fn browse(flags: &[&str], url: &str) -> Option<Output> {
    let Some(browser) = NAMES.into_iter().find(|name| runs(name)) else {
        skip(format!("no browser is installed; looked for {}", NAMES.join(", ")));
        return None;
    };
    let profile = tempfile::tempdir().expect("a temporary folder");
    let child = tokio::process::Command::new(browser)
        // The sandbox does not work for root, nor in most containers; the pages opened here are ours.
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
        // Nothing may leave the machine.
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic"])
        .arg("--no-proxy-server")
        // Waits for timers and for what scripts load: one loaded on demand arrives after the load event.
        .arg("--virtual-time-budget=5000")
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(flags)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("a browser");
    let output = tokio::time::timeout(LIMIT, child.wait_with_output()).await;
    let output = output.unwrap_or_else(|_| panic!("{browser} did not finish {url}")).expect("the browser's output");
    assert!(output.status.success(), "{browser} {url}: {}", String::from_utf8_lossy(&output.stderr));
    Some(output)
}
