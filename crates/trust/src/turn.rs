//! What the files of private keys are called: `message.key`, the next one `message.next.key`, and one that has had its
//! turn `message.2026-06-08T09:10:00.000Z.key`, after the time at which it dies.

use concord_domain::Timestamp;

/// Whose turn it is among the keys of one use. Which key is the current one is said by the keyring alone; between the
/// steps of a change of keys the files may run ahead of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    /// In use.
    Current,
    /// Announced, to be used next.
    Next,
    /// Used before, and kept for what is still under way.
    Past {
        /// Nobody may need it any more at this instant.
        dies: Timestamp,
    },
}

const ENDING: &str = "key";
const NEXT: &str = "next";

impl Turn {
    /// Files of one use in a node's folder at most, of keys that are alive: a current key, a next one, and past ones of a
    /// week that were changed every few hours.
    pub const FILES_MAX: usize = 64;

    /// The name of the file of the key for `purpose`, such as `message`.
    pub fn file_name(self, purpose: &str) -> String {
        match self {
            Self::Current => format!("{purpose}.{ENDING}"),
            Self::Next => format!("{purpose}.{NEXT}.{ENDING}"),
            Self::Past { dies } => format!("{purpose}.{dies}.{ENDING}"),
        }
    }

    /// Whose turn it is by the name of a file; none if it is not the file of a key for `purpose`.
    pub fn of(file_name: &str, purpose: &str) -> Option<Self> {
        let middle = file_name.strip_prefix(purpose)?.strip_suffix(ENDING)?.strip_suffix('.')?;
        match middle.strip_prefix('.') {
            None => middle.is_empty().then_some(Self::Current),
            Some(NEXT) => Some(Self::Next),
            Some(time) => Some(Self::Past { dies: time.parse().ok()? }),
        }
    }

    /// Whether its time is over at `now`.
    pub fn is_dead(self, now: Timestamp) -> bool {
        match self {
            Self::Current | Self::Next => false,
            Self::Past { dies } => dies <= now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_there_and_back() {
        let dies: Timestamp = "2026-06-08T09:10:00Z".parse().unwrap();
        let named =
            [Turn::Current, Turn::Next, Turn::Past { dies }].map(|turn| (turn, turn.file_name("message")));
        assert_eq!(
            named.clone().map(|(_, name)| name),
            ["message.key", "message.next.key", "message.2026-06-08T09:10:00.000Z.key"]
        );
        assert!(named.iter().all(|(turn, name)| Turn::of(name, "message") == Some(*turn)));
    }

    #[test]
    fn other_files_are_none_of_these_keys() {
        for other in
            ["messages.key", "message.old.key", "message.key.new", "message", "message..key", "sealing.key"]
        {
            assert_eq!(Turn::of(other, "message"), None, "{other}");
        }
    }

    #[test]
    fn a_key_dies_at_its_time_and_not_before() {
        let dies: Timestamp = "2026-06-08T09:10:00Z".parse().unwrap();
        let second = std::time::Duration::from_secs(1);
        let past = Turn::Past { dies };
        assert!(past.is_dead(dies) && !past.is_dead(dies.minus(second)));
        assert!(!Turn::Current.is_dead(dies) && !Turn::Next.is_dead(dies));
    }
}
