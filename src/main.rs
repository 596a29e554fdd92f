//! The command `stopover`; everything it can do is in `cli`.

/// Searches make and drop vectors of all sizes on many threads; this allocator is quicker at that than the system's and
/// gives memory back after a load.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    stopover::cli::main()
}
