//! The command line as a user runs it.

use anyhow::Context;
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::timeout;

/// How long a command may take; none of the tests' takes more than a few seconds.
const WITHIN: Duration = Duration::from_secs(60);

/// A command that has ended.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

impl Ran {
    /// Runs `PROGRAM --output json ARGUMENTS...` to its end.
    ///
    /// # Errors
    /// If it does not run, does not end in time, or does not write text.
    pub async fn of(program: &Path, arguments: &[&str]) -> anyhow::Result<Self> {
        let mut command = Command::new(program);
        command.args(["--output", "json"]).args(arguments);
        Self::command(command).await
    }

    /// Runs any command to its end, without standard input.
    ///
    /// # Errors
    /// As [`Ran::of`].
    pub async fn command(mut command: Command) -> anyhow::Result<Self> {
        let shown = format!("{:?}", command.as_std());
        command.stdin(Stdio::null()).kill_on_drop(true);
        let ended =
            timeout(WITHIN, command.output()).await.with_context(|| format!("{shown} does not end"))?;
        let output = ended.with_context(|| shown.clone())?;
        let text = |bytes| String::from_utf8(bytes).with_context(|| format!("the output of {shown}"));
        Ok(Self { code: output.status.code(), out: text(output.stdout)?, err: text(output.stderr)? })
    }

    /// Its standard output as one JSON object a line; it must have succeeded.
    ///
    /// # Panics
    /// If it failed or a line is no JSON.
    pub fn lines(&self) -> Vec<Value> {
        assert_eq!(self.code, Some(0), "the command failed: {}", self.err);
        self.objects()
    }

    /// Its standard output as one JSON object a line, however it ended.
    ///
    /// # Panics
    /// If a line is no JSON.
    pub fn objects(&self) -> Vec<Value> {
        let object =
            |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line:?}"));
        self.out.lines().map(object).collect()
    }
}
