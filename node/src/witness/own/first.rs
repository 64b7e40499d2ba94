//! Waiting for the first words, not only for the first.

use std::future::Future;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::time::Instant;

/// After the first word the others have so long: who would contradict it must be heard, who is silent must not hold it up.
const GRACE: Duration = Duration::from_secs(1);

/// What was said until all have answered, or for a little while after the first word. No word is no reason to stop waiting.
pub(super) async fn first_words<T>(
    asking: impl Iterator<Item = impl Future<Output = Option<T>>>,
) -> Vec<T> {
    let mut asking: FuturesUnordered<_> = asking.collect();
    let (mut words, mut until) = (Vec::new(), Instant::now());
    loop {
        tokio::select! {
            () = tokio::time::sleep_until(until), if !words.is_empty() => return words,
            next = asking.next() => match next {
                None => return words,
                Some(None) => {}
                Some(Some(word)) => {
                    if words.is_empty() {
                        until = Instant::now() + GRACE;
                    }
                    words.push(word);
                }
            },
        }
    }
}
