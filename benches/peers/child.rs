//! A program run to its end, and what it took.

use std::{
    ffi::OsString,
    fs::File,
    io,
    mem::MaybeUninit,
    os::unix::process::ExitStatusExt as _,
    path::Path,
    process::{Command, ExitStatus, Stdio},
    time::Instant,
};

use serde::{Deserialize, Serialize};

/// What a program took.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Used {
    /// Seconds from its start to its end.
    pub wall: f64,
    /// Seconds of user and system time on all cores, with those of its own children.
    pub cpu: f64,
    /// The most memory it had at once, in bytes.
    pub peak: u64,
}

/// The command that runs a program and measures it: arguments, environment and folder that are added are the program's.
///
/// It is measured by a small process of its own, for a program begins with the memory of the process that starts it counted as
/// its own peak.
pub fn measured(program: &Path, said: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("the path of this program"));
    command.arg("measure").arg(said).arg("--").arg(program);
    command
}

/// Runs such a command to its end.
///
/// # Errors
/// When the program cannot be started, or fails: with the end of what it said.
pub fn run(command: &mut Command) -> Result<Used, String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    match output.status.success() {
        true => serde_json::from_slice(&output.stdout).map_err(|error| error.to_string()),
        false => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
    }
}

/// Runs a program to its end, and prints what it took. What it says goes into the file `said`.
pub fn measure(said: &Path, command: &[OsString]) -> Result<(), String> {
    let (program, arguments) = command.split_first().ok_or("no program")?;
    let told = |error: io::Error| format!("{program:?}: {error}");
    let (output, errors) = File::create(said).and_then(|file| Ok((file.try_clone()?, file))).map_err(told)?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(output).stderr(errors);
    let begun = Instant::now();
    let child = command.spawn().map_err(told)?;
    let (status, usage) = wait(child.id()).map_err(told)?;
    let wall = begun.elapsed();
    if !status.success() {
        let text = std::fs::read_to_string(said).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        return Err(format!(
            "{program:?} ended with {status}:\n{}",
            lines[lines.len().saturating_sub(15)..].join("\n")
        ));
    }
    // Linux counts kilobytes, macOS bytes (getrusage(2)).
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    let used = Used { wall: wall.as_secs_f64(), cpu: cpu(&usage), peak: usage.ru_maxrss.unsigned_abs() * unit };
    println!("{}", serde_json::to_string(&used).expect("plain values"));
    Ok(())
}

fn wait(id: u32) -> io::Result<(ExitStatus, libc::rusage)> {
    let (mut status, mut usage) = (0, MaybeUninit::<libc::rusage>::zeroed());
    loop {
        // SAFETY: both pointers are to values that live until the call returns. Nobody else waits for this child.
        let waited = unsafe { libc::wait4(id.cast_signed(), &raw mut status, 0, usage.as_mut_ptr()) };
        if waited >= 0 {
            // SAFETY: zeros are a valid value, and the kernel has filled them in.
            return Ok((ExitStatus::from_raw(status), unsafe { usage.assume_init() }));
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// The CPU time that this process has taken so far, in seconds.
pub fn own_cpu() -> f64 {
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is to a value that lives until the call returns; zeros are a valid one.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr());
        usage.assume_init()
    };
    cpu(&usage)
}

fn cpu(usage: &libc::rusage) -> f64 {
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}
