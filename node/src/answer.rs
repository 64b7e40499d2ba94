//! The life of a query at a responder, as code: each stage takes the proof that the one before made.

use policies::{
    Admission, Footprint, HospitalCode, Permit, SignedRequest, Verdict, VerifiedRequest,
};
use query::SafeAnswer;
use query::pipe::Work;

use crate::answer::record::Asked;
use crate::node::{Node, job};
use crate::pool::Access;
use crate::refused::Refused;
use crate::reply::Frames;

pub(crate) mod record;

impl Node {
    /// Answers or refuses a request of a connected member. Whatever comes back is signed.
    #[tracing::instrument(name = "answer", skip_all, fields(peer = %peer))]
    pub async fn answer(&self, bytes: &[u8], peer: &HospitalCode) -> Frames {
        let signed = match SignedRequest::decode(bytes) {
            Ok(signed) => signed,
            Err(error) => return self.reject(peer, bytes, error.into()).await.into_frames(),
        };
        let _turn = self.consumed.turn(signed.question_digest()).await;
        let verified = match signed.verify(self.verify_context(peer)) {
            Ok(Verdict::New(verified)) => *verified,
            Ok(Verdict::Retry { request, .. }) => return self.repeat(request).await.into_frames(),
            Err(error) => return self.reject(peer, bytes, error.into()).await.into_frames(),
        };
        let asked = Asked::of(&verified);
        let reply = match self.evaluate(verified, &asked).await {
            Ok((safe, snapshot)) => self.release(&asked, safe, snapshot).await,
            Err(refused) => self.refuse(&asked, refused).await,
        };
        reply.into_frames()
    }

    /// From a verified request to an answer that may leave.
    async fn evaluate(
        &self,
        verified: VerifiedRequest,
        asked: &Asked,
    ) -> Result<(SafeAnswer, policies::Digest), Refused> {
        self.charter_holds()?;
        self.own.confirmed().await?;
        let admission: Admission = policies::admit(self.charter(), verified, self.clock.now())?;
        let (dataset, text) = self.dataset(&asked.question.dataset)?;
        let snapshot = self.snapshot(dataset)?;
        let planned = self.plan_apart(asked, text).await?;
        let footprint: Footprint = Footprint::check(planned.footprint, dataset)?;
        asked.same_cut(&footprint)?;
        let permit: Permit = policies::decide(self.charter(), &admission, footprint)?;
        let mut worker = self.pool.lease(Access::Snapshots, asked.who()).await?;
        self.intend(asked, &permit).await?;
        let wanted = query::wanted(&permit);
        let work = Work::Execute {
            snapshot: snapshot.folder,
            hospital: self.hospital.clone(),
            fragments: permit.footprint().fragment_digests(),
            wanted,
        };
        let head = job(self.charter(), (text, &asked.sql), asked.issued_at, work);
        let reply = self.work(&mut worker, head, Vec::new()).await?;
        let raw = query::receive(permit, wanted, &reply)?;
        self.alarm(asked, raw.fault()).await?;
        Ok((query::disclose(raw)?, snapshot.id))
    }
}
