//! The part of the local interface that is about charters: what the node follows, and bundles and statements that somebody
//! brings.
//!
//! Whoever has the token may bring them; what counts is who signed them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use policies::dsse::{Envelope, PayloadType};
use policies::wire::LayerRef;

use super::{Bounds, body, refuse};
use crate::api::{MAX_BUNDLE_BODY_BYTES, PublishBody, Published};
use crate::charters::TakeError;
use crate::node::Node;

/// What may be brought: a bundle in JSON.
const BOUNDS: Bounds = Bounds { body: MAX_BUNDLE_BODY_BYTES, read: MAX_BUNDLE_BODY_BYTES };

/// What the node follows.
pub(super) async fn history(State(node): State<Arc<Node>>) -> Response {
    Json(node.history()).into_response()
}

/// Takes a bundle or a statement in.
pub(super) async fn publish(State(node): State<Arc<Node>>, request: Request) -> Response {
    let brought: PublishBody = match body(request, BOUNDS).await {
        Ok(brought) => brought,
        Err(refusal) => return refusal,
    };
    // It is taken in as a whole when the client goes away.
    let tasks = node.tasks().clone();
    let taken = tasks.spawn("publish", async move { node.publish(brought).await });
    match taken.await {
        Ok(Ok(published)) => Json(published).into_response(),
        Ok(Err(error)) => {
            let (code, message) = (error.code(), format!("{:#}", anyhow::Error::from(error)));
            refuse(StatusCode::UNPROCESSABLE_ENTITY, code, &message)
        }
        Err(_cancelled) => {
            refuse(StatusCode::SERVICE_UNAVAILABLE, "stopping", "the node is stopping")
        }
    }
}

impl Node {
    async fn publish(&self, brought: PublishBody) -> Result<Published, TakeError> {
        let bytes = brought.envelope.into_bytes();
        let is_charter = Envelope::decode(&bytes, MAX_BUNDLE_BODY_BYTES)
            .is_ok_and(|envelope| envelope.expect_type(PayloadType::Charter).is_ok());
        if is_charter {
            let layer = self.take_charter(bytes, None).await?;
            return Ok(Published { layer: Some(layer), news: true });
        }
        let news = self.take_statement(&bytes, None).await?;
        Ok(Published { layer: None::<LayerRef>, news })
    }
}
