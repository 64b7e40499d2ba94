//! The part of the local interface that is for those who run the node; whoever comes here has shown their token.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};

use super::{QUESTION, body, refuse};
use crate::api::{ApprovalBody, PauseBody};
use crate::approvals::MAX_DECISION_S;
use crate::log::LogError;
use crate::node::Node;
use crate::pause::MAX_REASON_CHARS;

/// What they may do.
pub(super) fn routes() -> Router<Arc<Node>> {
    Router::new()
        .route("/pause", post(pause))
        .route("/resume", post(resume))
        .route("/approvals", get(approvals).post(approve))
}

async fn approvals(State(node): State<Arc<Node>>) -> Response {
    Json(node.approvals().await).into_response()
}

async fn approve(State(node): State<Arc<Node>>, request: Request) -> Response {
    let decision: ApprovalBody = match body(request, QUESTION).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    if !is_line(&decision.reason) {
        return bad_reason();
    }
    let holds = decision.until.since(node.clock.now());
    if !(1..=MAX_DECISION_S).contains(&holds) {
        let days = MAX_DECISION_S / (24 * 3600);
        let message = format!("a decision holds until a day from today on, at most {days} days");
        return refuse(StatusCode::BAD_REQUEST, "bad_until", &message);
    }
    let tasks = node.tasks().clone();
    let done = tasks.spawn("approve", async move { node.decide_approval(decision).await });
    match done.await {
        Ok(Ok(None)) => {
            let message = "no such text waits or was decided on: `kring approve list` shows them";
            refuse(StatusCode::NOT_FOUND, "unknown_approval", message)
        }
        other => told(other),
    }
}

async fn pause(State(node): State<Arc<Node>>, request: Request) -> Response {
    let PauseBody { reason } = match body(request, QUESTION).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    if !is_line(&reason) {
        return bad_reason();
    }
    let tasks = node.tasks().clone();
    let done = tasks.spawn("pause", async move { node.pause(reason).await });
    told(done.await)
}

async fn resume(State(node): State<Arc<Node>>) -> Response {
    let tasks = node.tasks().clone();
    let done = tasks.spawn("resume", async move { node.resume().await });
    told(done.await)
}

/// What came of it; it goes on to its end when the client goes away.
fn told<T: serde::Serialize, E>(done: Result<Result<T, LogError>, E>) -> Response {
    match done {
        Ok(Ok(state)) => Json(state).into_response(),
        Ok(Err(error)) => {
            refuse(StatusCode::INTERNAL_SERVER_ERROR, error.code(), &error.to_string())
        }
        Err(_cancelled) => {
            refuse(StatusCode::SERVICE_UNAVAILABLE, "stopping", "the node is stopping")
        }
    }
}

/// Whether it is a line that a screen can show.
fn is_line(text: &str) -> bool {
    text.chars().count() <= MAX_REASON_CHARS && !text.chars().any(char::is_control)
}

fn bad_reason() -> Response {
    let message = format!("a reason is one line of at most {MAX_REASON_CHARS} characters");
    refuse(StatusCode::BAD_REQUEST, "bad_reason", &message)
}
