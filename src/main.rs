//! The command `stopover`; everything it can do is in `cli`.

fn main() -> std::process::ExitCode {
    stopover::cli::main()
}
