use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(target_env = "musl")]
    allocator::give_back_at_once();
    cruddur_site::cli::run()
}

/// musl's own allocator takes one lock for all threads, which costs a publish a quarter of its CPU time.
#[cfg(target_env = "musl")]
mod allocator {
    use libmimalloc_sys::{mi_option_set, mi_option_t};
    use mimalloc::MiMalloc;

    #[global_allocator]
    static ALLOCATOR: MiMalloc = MiMalloc;

    /// `mi_option_purge_delay` in `mimalloc.h`: for how many milliseconds memory that is free is kept.
    const PURGE_DELAY: mi_option_t = 15;

    /// A publish needs most at the beginning, for the manifest and the listing.
    pub fn give_back_at_once() {
        // SAFETY: it only sets a number, and there is one thread yet.
        unsafe { mi_option_set(PURGE_DELAY, 0) };
    }
}
