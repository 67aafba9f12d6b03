//! What tells a process from every other one, for the lock that it leaves behind when it is killed.

use crate::release::Lock;

/// The name of this process among all that have been or will be, where the machine can tell; `process` is its number.
pub(super) fn instance(process: u32) -> Option<String> {
    if process != std::process::id() {
        return None;
    }
    Some(format!("{} {}", place()?, started(process)?))
}

/// Whether the process that took a lock is certainly no more. Only the machine that it ran on knows.
pub(super) fn is_gone(lock: &Lock) -> bool {
    let Some((where_it_ran, when)) = lock.instance.as_ref().and_then(|instance| instance.rsplit_once(' ')) else {
        return false;
    };
    // Where the first process is hidden, others may be, too (proc(5), "hidepid").
    let all_are_seen = started(1).is_some();
    all_are_seen && place().is_some_and(|here| here == where_it_ran) && started(lock.process).as_deref() != Some(when)
}

/// Where the numbers of processes mean what they mean here: this boot of this machine, and in it this namespace. Every
/// container has a process 1, and containers may share their host's name.
fn place() -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    // What is mounted there may be another namespace's.
    let own = std::fs::read_link("/proc/self").ok()?;
    if own.to_str()? != std::process::id().to_string() {
        return None;
    }
    let namespace = |name: &str| {
        let link = std::fs::read_link(format!("/proc/self/ns/{name}")).ok()?;
        Some(link.to_str()?.to_owned())
    };
    // A kernel without namespaces of time has but one time.
    Some(format!("{} {} {}", boot.trim(), namespace("pid")?, namespace("time").unwrap_or_default()))
}

/// When a running process was started, in ticks since the boot (proc(5), /proc/pid/stat, field 22): numbers are used again.
fn started(process: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name before may have spaces and parentheses in it.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    // One that was killed, and is not yet buried, does nothing any more.
    fields.next().filter(|state| !matches!(*state, "Z" | "X"))?;
    fields.nth(18).map(str::to_owned)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::release::ReleaseId;

    fn lock(process: u32, instance: Option<String>) -> Lock {
        let now = jiff::Timestamp::UNIX_EPOCH;
        Lock {
            ended: false,
            release: ReleaseId::new(now, 1),
            owner: "ann".into(),
            host: "laptop".into(),
            process,
            instance,
            started: now,
            expires: now,
            owes: Vec::new(),
        }
    }

    #[test]
    fn only_what_certainly_runs_no_more_is_gone() {
        let me = std::process::id();
        let mine = instance(me).expect("Linux tells");
        let (here, started) = mine.rsplit_once(' ').unwrap();
        let no_process = 4_194_305; // one more than there can be (proc(5), pid_max)
        let table = [
            ("this process", me, Some(mine.clone()), false),
            ("a process whose number is used again", me, Some(format!("{here} 1{started}")), true),
            ("a process that has ended", no_process, Some(mine.clone()), true),
            ("a process of another machine", no_process, Some(format!("other {started}")), false),
            ("a process of a container", no_process, Some(mine.replace("pid:[", "pid:[9")), false),
            ("a machine that does not tell", no_process, None, false),
        ];
        for (name, process, instance, gone) in table {
            assert_eq!(is_gone(&lock(process, instance)), gone, "{name}");
        }
        assert_eq!(instance(me + 1), None, "who publishes is another process");
    }
}
