use std::process::ExitCode;

fn main() -> ExitCode {
    cruddur_site::cli::run()
}
