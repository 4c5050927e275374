//! The binary `concord`.

fn main() -> std::process::ExitCode {
    concord_cli::main()
}
