//! The life of a query at a responder, as code: each stage takes the proof that the one before made.

use policies::wire::Request;
use policies::{
    Admission, DatasetId, Digest, Footprint, HospitalCode, Permit, Profile, SignedRequest, Verdict,
    VerifiedRequest,
};
use query::Moment;
use query::pipe::Work;

use crate::answer::record::Asked;
use crate::ledger::{Charged, Entry, Exploring};
use crate::node::{Node, SnapshotRef, job};
use crate::pool::{Access, Lease};
use crate::refused::Refused;
use crate::reply::Frames;
use crate::rulebook::{Fault, Rulebook};

mod explore;
pub(crate) mod record;
mod scope;

/// A question that is run.
#[derive(Clone, Copy)]
struct Run<'a> {
    book: &'a Rulebook,
    asked: &'a Asked,
    /// The dataset's text and the question's.
    text: (&'a str, &'a str),
    snapshot: &'a SnapshotRef,
}

impl Node {
    /// Answers or refuses a request of a connected member. Whatever comes back is signed.
    #[tracing::instrument(name = "answer", skip_all, fields(peer = %peer))]
    pub async fn answer(&self, bytes: &[u8], peer: &HospitalCode) -> Frames {
        let signed = match SignedRequest::decode(bytes) {
            Ok(signed) => signed,
            Err(error) => return self.reject(peer, bytes, error.into()).await.into_frames(),
        };
        let _turn = self.consumed.turn(signed.question_digest()).await;
        // After the wait: who was revoked meanwhile is not answered again either.
        let book = match self.book_of(&signed) {
            Ok(book) => book,
            Err(refused) => return self.reject(peer, bytes, refused).await.into_frames(),
        };
        let verified = match signed.verify(self.verify_context(&book, peer)) {
            Ok(Verdict::New(verified)) => *verified,
            Ok(Verdict::Retry { request, .. }) => {
                let holds = book.holds(self.clock.now()).and_then(|()| self.pause.allows());
                let reply = match holds {
                    Ok(()) => self.repeat(request).await,
                    Err(refused) => self.reject(peer, bytes, refused).await,
                };
                return reply.into_frames();
            }
            Err(error) => return self.reject(peer, bytes, error.into()).await.into_frames(),
        };
        let asked = Asked::of(&book.charter, &verified);
        self.compare_logs(&verified, peer).await;
        let running = self.evaluate(&book, verified, &asked);
        let reply = match self.unless_stopped(&book, &asked, running).await {
            Ok((charged, snapshot)) => self.release(&asked, charged, snapshot).await,
            Err(refused) => self.refuse(&asked, refused).await,
        };
        reply.into_frames()
    }

    /// Gives a question up as soon as the key of who asks, or of the asking node, is revoked, or hospital IT stops answering;
    /// its worker is killed.
    async fn unless_stopped<T>(
        &self,
        began: &Rulebook,
        asked: &Asked,
        running: impl Future<Output = Result<T, Refused>>,
    ) -> Result<T, Refused> {
        self.pause.allows()?;
        let mut rules = self.rules.subscribe();
        let asker = (&asked.question.person, &asked.question.asking_node);
        let network = began.charter.network();
        tokio::select! {
            biased;
            _ = rules.wait_for(|book| began.is_revoked(book.revoked_in(network), asker)) => Err(Refused::Charter(Fault::Asker)),
            () = self.pause.begun() => Err(Refused::GivenUp),
            done = running => done,
        }
    }

    /// From a verified request to an answer that may leave.
    async fn evaluate(
        &self,
        book: &Rulebook,
        verified: VerifiedRequest,
        asked: &Asked,
    ) -> Result<(Charged, Digest), Refused> {
        book.holds(self.clock.now())?;
        self.own.confirmed().await?;
        let admission: Admission = policies::admit(book.books(), verified, self.clock.now())?;
        let (dataset, text) = book.dataset(&asked.question.dataset)?;
        let snapshot = self.snapshot(dataset)?;
        let text = (text, admission.text());
        let planned = self.plan_apart(book, asked, text).await?;
        let footprint: Footprint = Footprint::check(planned.footprint, dataset)?;
        asked.same_cut(&footprint)?;
        let permit: Permit = policies::decide(book.books(), &admission, footprint)?;
        let permit = self.approved(permit, (book, asked), admission.text()).await?;
        let entry = self.remember(&permit, &snapshot, &dataset.id).await?;
        let noise = query::needs_noise(&permit);
        let exploring = noise.then(|| self.exploring(book, dataset, &snapshot)).transpose()?;
        let mut worker = self.pool.lease(Access::Snapshots, asked.who()).await?;
        self.intend(asked, &permit).await?;
        let permit = match &entry {
            Some(entry) => {
                self.ledger.ask(entry, permit, (asked.asker(), self.clock.now())).await?
            }
            None => permit,
        };
        let run = Run { book, asked, text, snapshot: &snapshot };
        let charged = match (permit.profile(), exploring, entry) {
            (Profile::Explore, Some(exploring), Some(entry)) => {
                self.explored(permit, (entry, exploring), run, &mut worker).await?
            }
            (_, exploring, entry) => self.told(permit, (entry, exploring), run, worker).await?,
        };
        // A second instance of this node may have gone on meanwhile.
        self.own.standing().allows().map_err(Refused::Withheld)?;
        Ok((charged, snapshot.id))
    }

    /// Runs a permitted question whose figures are exact, but for bins and parts with noise, and holds it against the memory.
    async fn told(
        &self,
        permit: Permit,
        (entry, exploring): (Option<Entry>, Option<Exploring>),
        Run { book, asked, text, snapshot }: Run<'_>,
        mut worker: Lease,
    ) -> Result<Charged, Refused> {
        let wanted = query::wanted(&permit);
        let work = Work::Execute {
            snapshot: snapshot.folder.clone(),
            hospital: self.hospital.clone(),
            fragments: permit.footprint().fragment_digests(),
            wanted,
            not_given: book.not_given(&self.hospital, &asked.question.dataset),
        };
        let head = job(&book.charter, text, asked.issued_at, work);
        let reply = self.work(&mut worker, head, Vec::new()).await?;
        // What follows can wait for other answers of the lineage, and compute for long.
        drop(worker);
        let raw = query::receive(permit, wanted, &reply)?;
        self.alarm(asked, raw.fault()).await?;
        let moment = Moment { now: self.clock.now(), snapshot: snapshot.id };
        self.ledger.disclose(entry, (raw, moment), exploring).await
    }

    /// The memory that an answer is held against, where its protections ask for one.
    async fn remember(
        &self,
        permit: &Permit,
        snapshot: &SnapshotRef,
        dataset: &DatasetId,
    ) -> Result<Option<Entry>, Refused> {
        if !query::remembers(permit) {
            return Ok(None);
        }
        let lineage = self.ledger.lineage(dataset, &snapshot.folder);
        let none = || Refused::NoSnapshot(dataset.clone());
        self.ledger.open(lineage.ok_or_else(none)?).await.map(Some)
    }

    /// Takes what the asking node says of its log and of this one. Only this log's own signature can stop the question.
    async fn compare_logs(&self, verified: &VerifiedRequest, peer: &HospitalCode) {
        if *peer == self.hospital {
            return;
        }
        let Request { checkpoint, cosigned, sent_at, .. } = verified.request();
        if let Some(note) = checkpoint {
            self.hearsay.in_request(peer, note, *sent_at);
        }
        if let Some(note) = cosigned
            && !self.own.shown(&self.log, peer, note).await
        {
            self.count_foreign(peer, Digest::of(note.as_bytes())).await;
        }
    }
}
