//! How much this process may have open at once.

/// What is open beside the requests of a publish: the runtime's, the terminal's, those that renew the lock, a local account's index.
#[cfg(unix)]
const APART: u64 = 40;

/// What a request needs: its connection and the file that it sends; in a local account the connection's other end and the object, too.
#[cfg(unix)]
const EACH: u64 = 4;

/// Takes as much room as the system gives, and tells for how many requests at once it is enough: at most for `most`.
#[cfg(unix)]
pub fn room_for(most: usize) -> usize {
    // Where nobody has asked for more, macOS gives 256, most of Linux 1,024.
    let wanted = APART + EACH * most as u64;
    let given = rlimit::increase_nofile_limit(wanted).unwrap_or(wanted);
    usize::try_from(given.saturating_sub(APART) / EACH).map_or(most, |room| room.clamp(1, most))
}

/// Tells for how many requests at once there is room.
#[cfg(not(unix))]
pub fn room_for(most: usize) -> usize {
    most
}
