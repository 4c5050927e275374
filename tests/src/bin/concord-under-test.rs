//! The `concord` command, built as a part of the tests.

fn main() -> std::process::ExitCode {
    concord_cli::main()
}
