//! A peer that answers what it is asked with anything.

use std::time::Duration;

use node::net::Lane;

use super::{Net, RawPeer, hospital};

impl RawPeer {
    /// Says something about charters; the frames that come back.
    pub(crate) fn compare(
        &self,
        net: &Net,
        to: &str,
        message: &[u8],
    ) -> Result<Vec<Vec<u8>>, &'static str> {
        let charter = net.charter();
        let key = super::transports(charter.member(&hospital(to)).unwrap())[0];
        let said = self.net.compare(key, message.to_vec(), Duration::from_secs(60));
        self.runtime.block_on(said).map_err(|error| error.code())
    }

    /// Answers every message about logs with what `say` makes of it, until the work is done; the tests' own thread does the work.
    pub(crate) fn witness_while<T>(
        &self,
        say: impl Fn(&[u8]) -> Vec<u8> + Sync,
        work: impl FnOnce() -> T,
    ) -> T {
        self.serve_while(Lane::Witness, |message| vec![say(message)], work)
    }

    /// The same for any kind of message.
    pub(crate) fn serve_while<T>(
        &self,
        lane: Lane,
        say: impl Fn(&[u8]) -> Vec<Vec<u8>> + Sync,
        work: impl FnOnce() -> T,
    ) -> T {
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        std::thread::scope(|scope| {
            let serving = scope.spawn(|| {
                self.runtime.block_on(async {
                    let mut inbound = self.inbound.lock().await;
                    let mut ended = ended;
                    loop {
                        let next = tokio::select! {
                            _ = &mut ended => return,
                            next = inbound.recv() => next.unwrap(),
                        };
                        if next.lane == lane {
                            drop(next.reply.send(say(&next.request)).await);
                        }
                    }
                });
            });
            // A test that fails ends the serving too, because the sender goes.
            let end = end;
            let done = work();
            drop(end);
            serving.join().unwrap();
            done
        })
    }
}
