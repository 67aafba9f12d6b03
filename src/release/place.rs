//! Where the state of a site is kept: in its bucket, outside the served prefix, one folder for each prefix.

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The folder of everything that is not served.
pub const STATE: &str = ".cruddur-site/";

/// Stands for the empty prefix among the state folders; no other prefix is written so.
const ROOT: &str = "@root";

/// The key of the state object `name` of the site below `prefix`.
///
/// ```
/// # use cruddur_site::release::place::state_key;
/// assert_eq!(state_key("live/", "lock.json"), ".cruddur-site/live/lock.json");
/// assert_eq!(state_key("", "lock.json"), ".cruddur-site/@root/lock.json");
/// ```
pub fn state_key(prefix: &str, name: &str) -> String {
    let site = match prefix.trim_end_matches('/') {
        "" => ROOT.to_owned(),
        prefix => utf8_percent_encode(prefix, NON_ALPHANUMERIC).to_string(),
    };
    format!("{STATE}{site}/{name}")
}

/// The served prefix of the site whose state is in a folder of this name, empty or with a final `/`: the inverse of
/// [`state_key`].
pub fn served_prefix(state_folder: &str) -> String {
    match state_folder.trim_end_matches('/') {
        ROOT => String::new(),
        name => format!("{}/", percent_decode_str(name).decode_utf8_lossy()),
    }
}
