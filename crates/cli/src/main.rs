fn main(){ concord_cli::run() }
