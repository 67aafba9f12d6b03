//! What must not be published by accident, known by its name.
//!
//! Private keys in PEM form and AWS keys are known by their content: [`crate::site::secrets`] finds those, while the
//! files are hashed.

use std::{fs::File, io::Read as _, path::Path};

use super::refusals::Refusal;

/// Folders, and files in their place (a Git worktree has one), that hold a repository.
const VCS: &[&str] = &[".git", ".svn", ".hg", ".bzr", ".jj"];
/// Private keys of SSH, by the names its tools give them.
const SSH_KEYS: &[&str] = &["id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "id_ecdsa_sk", "id_ed25519_sk"];
/// Formats made to hold private keys.
const KEY_EXTENSIONS: &[&str] = &["p12", "pfx", "key", "jks", "keystore", "ppk"];

/// Whether the file or folder at `relative` in `folder` must not be published.
pub(super) fn refusal(folder: &Path, relative: &Path) -> Option<Refusal> {
    let name = relative.file_name()?.to_string_lossy().to_ascii_lowercase();
    if VCS.contains(&name.as_str()) {
        return Some(Refusal::Vcs);
    }
    if name.starts_with(".env") {
        return Some(Refusal::Environment);
    }
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let by_name = SSH_KEYS.contains(&name.as_str()) || KEY_EXTENSIONS.contains(&extension);
    let is_key = |path: &Path| path.is_file() && !(extension == "key" && is_zip(path));
    (by_name && is_key(&folder.join(relative))).then_some(Refusal::PrivateKey)
}

/// A Keynote presentation is a zip archive whose name ends in `.key` too.
fn is_zip(path: &Path) -> bool {
    let mut start = [0; 4];
    File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == *b"PK\x03\x04"
}
