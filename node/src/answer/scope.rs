//! By which charters a request is answered: those of the network that it is asked in.

use std::sync::Arc;

use policies::{SignedRequest, VerifyError};

use crate::node::Node;
use crate::refused::Refused;
use crate::rulebook::Rulebook;

impl Node {
    /// What decides a request. Of a network that does not hold here, the asker may know more, or less: both compare charters
    /// then, and it asks again; as of all networks where this node has just started and one may bind it that it has not heard of.
    pub(super) fn book_of(&self, signed: &SignedRequest) -> Result<Arc<Rulebook>, Refused> {
        let root = self.rulebook();
        let tree = &root.held.tree;
        let holds = root.scope(signed.network()).is_some();
        let differs = !holds && tree.differs_from(signed.layers(), self.clock.now());
        if differs || self.may_be_bound(&root) {
            return Err(VerifyError::CharterMismatch { held: root.layer.version }.into());
        }
        self.book_in(signed.network())
    }
}
