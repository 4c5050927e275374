//! CPU time of a process, from `/proc/PID/stat` (proc(5)).

use anyhow::Context;
use std::time::Duration;

/// User and system time of a process since its start.
pub(super) fn of(pid: u32) -> anyhow::Result<Duration> {
    let path = format!("/proc/{pid}/stat");
    let text = std::fs::read_to_string(&path).context(path.clone())?;
    let ticks = ticks(&text).with_context(|| format!("{path}: not of the form that is known"))?;
    let a_second = rustix::param::clock_ticks_per_second().max(1);
    Ok(Duration::from_millis(ticks.saturating_mul(1000) / a_second))
}

/// Fields 14 and 15. Field 2 is the program's name in parentheses and may hold anything, so counting starts after
/// its end.
fn ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    user.checked_add(system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_counted_behind_the_name() {
        let stat = "42 (a (b) c) S 1 42 42 0 -1 4194304 100 0 0 0 250 30 0 0 20 0 9 0 1 2 3";
        assert_eq!(ticks(stat), Some(280));
        assert_eq!(ticks("42 (a"), None);
    }
}
