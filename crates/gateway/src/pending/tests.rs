//! What is waited for is kept over a restart, and tells nobody what was asked.

use super::*;
use crate::testing::{OTHER, World, agency, now};

const WATCH: Reference = Reference([3; 16]);

fn awaited() -> Awaited {
    let question = Question {
        purpose: Purpose::Narcotics,
        handling: Handling::default(),
        branch: Some(Branch::Border),
        nature: Some(OffenceNature::Military),
    };
    Awaited {
        agency: agency(OTHER),
        owner: Redacted("officer/053211".to_owned()),
        question,
        ask: Redacted(b"hello".to_vec()),
        continued: Continued { broker: agency(OTHER), reference: Reference([4; 16]) },
    }
}

fn awaiting(world: &World) -> Awaiting {
    Awaiting::new(&world.outbound(), world.store.clone())
}

#[tokio::test(start_paused = true)]
async fn what_is_waited_for_is_read_back_after_a_restart() {
    let world = World::new().await;
    let until = now().plus(Duration::from_secs(3600));
    awaiting(&world).keep(WATCH, awaited(), until).await.unwrap();
    let world = world.restarted().await;
    assert_eq!(awaiting(&world).read(&WATCH).unwrap(), [(awaited(), None)]);
    assert_eq!(awaiting(&world).read(&Reference([9; 16])).unwrap(), []);
    for end in [b"first".as_slice(), b"second"] {
        awaiting(&world).end(WATCH, agency(OTHER), end).await.unwrap();
    }
    let ended = Some(Redacted(b"first".to_vec()));
    assert_eq!(awaiting(&world).read(&WATCH).unwrap(), [(awaited(), ended)]);
}

#[tokio::test(start_paused = true)]
async fn it_is_encrypted_and_kept_no_longer_than_anything_may_wait() {
    let world = World::new().await;
    let for_ever = Timestamp::from_millis(u64::MAX);
    awaiting(&world).keep(WATCH, awaited(), for_ever).await.unwrap();
    let [row] = world.store.pending(&WATCH).unwrap().try_into().unwrap();
    for secret in [b"hello".as_slice(), b"053211"] {
        assert!(!row.sealed.windows(secret.len()).any(|bytes| bytes == secret));
    }
    assert_eq!(row.keep_until, now().plus(Duration::from_secs(32 * 86_400)));
}
