//! What a question would do, without asking it.

use policies::Footprint;

use crate::api::{ExplainBody, Explanation, RefusalBody};
use crate::node::Node;
use crate::pool::{Access, Who};
use crate::refused::Refused;

impl Node {
    /// What a question would do, without asking it.
    ///
    /// # Errors
    /// A refusal by this node's rules.
    pub async fn explain(&self, body: ExplainBody) -> Result<Explanation, Box<RefusalBody>> {
        self.try_explain(body).await.map_err(|refused| super::own_refusal(&refused))
    }

    async fn try_explain(&self, body: ExplainBody) -> Result<Explanation, Refused> {
        let book = self.book_in(&body.network)?;
        book.holds(self.clock.now())?;
        let ExplainBody { network, person, purpose, group, dataset, hospitals, sql, profile } =
            body;
        let (named, at) = (None, self.clock.now());
        let ask = policies::Ask {
            network,
            person,
            purpose,
            group,
            dataset,
            asking_node: self.hospital.clone(),
            direct_signature: true,
            hospitals,
            named,
            at,
            to_itself: false,
            indicator: None,
            profile,
        };
        if book.is_revoked(&book.revoked, (&ask.person, &ask.asking_node)) {
            return Err(policies::VerifyError::PersonRevoked { got: ask.person }.into());
        }
        if let Some(person) = book.charter.person(&ask.person)
            && !person.valid_at(self.clock.now())
        {
            return Err(policies::VerifyError::PersonNotValid { got: ask.person }.into());
        }
        let (dataset, text) = book.dataset(&ask.dataset)?;
        let named = Who::Named { person: ask.person.clone() };
        let mut worker = self.pool.lease(Access::Nothing, named).await?;
        let planned = self.plan((&book, &mut worker), (text, &sql), self.clock.now()).await?;
        let footprint = Footprint::check(planned.footprint, dataset)?;
        let cells = footprint.draft().fragments.iter().map(|fragment| fragment.cells).collect();
        let granted = policies::explain(book.of_network(), &ask, &footprint)?;
        Ok(Explanation {
            explained: planned.explained,
            cells,
            profile: granted.profile,
            rules: granted.rules,
            protections: granted.protections.applied_under(granted.profile),
            layers: book.layers(),
        })
    }
}
