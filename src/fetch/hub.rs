//! A topic → a hub that is told of it (WebSub, W3C Recommendation of 2018-01-23, §6). Network.
//!
//! How a publisher tells a hub is left open by the standard; hubs take the form of the protocol it grew from,
//! `hub.mode=publish` and `hub.url`. The hub fetches the topic itself, so nothing of it is sent.

use std::time::Duration;

use reqwest::redirect::Policy;
use url::Url;

/// What a hub may take to answer; it only notes the topic.
const PATIENCE: Duration = Duration::from_secs(10);

/// The client that hubs are told with. They stand in the config, so they may be anywhere: on this machine, too.
///
/// # Errors
/// When there is no TLS to be had.
pub fn client() -> Result<reqwest::Client, String> {
    // A second installation, by a test in this process say, changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .user_agent(concat!("gleaner/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .no_proxy()
        .timeout(PATIENCE)
        .build()
        .map_err(|error| super::exchange::cause(&error))
}

/// Tells a hub that a topic changed. The topic is the feed's `self` link, to the letter.
///
/// # Errors
/// What became of it instead, in words that follow the hub's name.
pub async fn tell(client: &reqwest::Client, hub: &Url, topic: &str) -> Result<(), String> {
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("hub.mode", "publish"), ("hub.url", topic)])
        .finish();
    let asked = client
        .post(hub.clone())
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .send()
        .await
        .map_err(|error| format!("cannot be told: {}", super::exchange::cause(&error)))?;
    let status = asked.status();
    if status.is_success() { Ok(()) } else { Err(format!("answered {}", status.as_u16())) }
}
