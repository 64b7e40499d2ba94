//! The local interface: HTTPS on loopback for people of this hospital.
//!
//! Whoever shows the token may talk to the node; who asks is proved by the signature under the question, so the token
//! lets nobody ask in another's name. Slow and oversize requests are cut off.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use axum_server::Handle;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use futures::StreamExt as _;
use policies::{Digest, NetworkId};
use zeroize::Zeroizing;

use crate::api::{AskBody, AskReply, ExplainBody, Indicators, MAX_BODY_BYTES, RefusalBody};
use crate::node::Node;
use crate::tasks::Tasks;

mod charters;
mod operate;

/// Longest time to send a request's head.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);
/// Longest time to send a request's body.
const BODY_PATIENCE: Duration = Duration::from_secs(10);
/// Open requests get this long to end when the daemon stops.
const GRACE: Duration = Duration::from_secs(10);

/// Where those who run the node talk to it.
const OPERATE: &str = "/v1/operate";

/// The peer of requests at this interface in the log; no member's code has small letters.
const LOCAL: &str = "local";

/// A bound listener with its certificate and token.
#[derive(Debug)]
pub struct HttpServer {
    listener: std::net::TcpListener,
    tls: RustlsConfig,
    tokens: Tokens,
}

/// Who may talk to the node.
#[derive(Clone)]
struct Tokens {
    /// People of this hospital.
    people: Arc<str>,
    /// Those of them who run the node.
    operators: Arc<str>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens")
    }
}

impl HttpServer {
    /// Binds the address; nothing is served yet. `operator` is the token of those who run the node.
    ///
    /// # Errors
    /// The system's reason, with the address or file in its text.
    pub async fn build(
        config: &crate::config::Http,
        operator: Zeroizing<String>,
    ) -> std::io::Result<Self> {
        let named = |what: String| {
            move |error: std::io::Error| {
                std::io::Error::new(error.kind(), format!("{what}: {error}"))
            }
        };
        let listener = std::net::TcpListener::bind(config.listen)
            .map_err(named(format!("the local interface cannot listen on {}", config.listen)))?;
        listener.set_nonblocking(true)?;
        let token = std::fs::read_to_string(&config.token)
            .map_err(named(format!("token {}", config.token.display())))?;
        let token = token.trim().to_owned();
        if token.len() < 32 {
            let short = format!("token {} has fewer than 32 characters", config.token.display());
            return Err(std::io::Error::other(short));
        }
        let tls = RustlsConfig::from_pem_file(&config.certificate, &config.key)
            .await
            .map_err(named(format!("certificate {}", config.certificate.display())))?;
        let tokens = Tokens { people: token.into(), operators: operator.as_str().into() };
        Ok(Self { listener, tls, tokens })
    }

    /// The address that is listened on.
    ///
    /// # Errors
    /// The system's reason.
    pub fn address(&self) -> std::io::Result<std::net::SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until the daemon stops.
    ///
    /// # Errors
    /// The system's reason.
    pub fn spawn(self, node: Arc<Node>, tasks: &Tasks) -> std::io::Result<()> {
        let handle = Handle::new();
        let stopping = tasks.shutdown();
        let stopper = handle.clone();
        tasks.spawn("http-stop", async move {
            stopping.wait().await;
            stopper.graceful_shutdown(Some(GRACE));
        });
        let acceptor = RustlsAcceptor::new(self.tls).handshake_timeout(HEAD_PATIENCE);
        let mut server = axum_server::from_tcp(self.listener)?.acceptor(acceptor).handle(handle);
        server
            .http_builder()
            .http1()
            .timer(hyper_util::rt::TokioTimer::new())
            .header_read_timeout(HEAD_PATIENCE)
            .max_headers(32);
        let app = router(node, self.tokens);
        tasks.spawn("http", async move {
            if let Err(error) = server.serve(app.into_make_service()).await {
                tracing::error!(%error, "the local interface ended");
            }
        });
        Ok(())
    }
}

fn router(node: Arc<Node>, tokens: Tokens) -> Router {
    Router::new()
        .route("/v1/info", get(info))
        .route("/v1/status", get(status))
        .route("/v1/indicators", get(indicators))
        .route("/v1/indicators/{scope}", get(indicators_of))
        .route("/v1/ask", post(ask))
        .route("/v1/explain", post(explain))
        .route("/v1/charter", get(charters::history).post(charters::publish))
        .nest(OPERATE, operate::routes())
        .fallback(|| async { refuse(StatusCode::NOT_FOUND, "not_found", "no such page") })
        .layer(middleware::from_fn_with_state((Arc::clone(&node), tokens), guard))
        .with_state(node)
}

/// Lets only requests with the token through, and only as JSON from no web page. Others are counted in the log.
async fn guard(
    State((node, tokens)): State<(Arc<Node>, Tokens)>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let shown = shown.and_then(|value| value.strip_prefix("Bearer "));
    let operator = shown.is_some_and(|shown| same(shown, &tokens.operators));
    let person = shown.is_some_and(|shown| same(shown, &tokens.people));
    if !operator && !person {
        let message = "show the token of this node's token file";
        node.log_turned_away("no_token").await;
        return refuse(StatusCode::UNAUTHORIZED, "no_token", message);
    }
    if headers.contains_key(header::ORIGIN) {
        node.log_turned_away("cross_origin").await;
        return refuse(
            StatusCode::FORBIDDEN,
            "cross_origin",
            "web pages cannot talk to this interface",
        );
    }
    if !operator && request.uri().path().starts_with(OPERATE) {
        let message = "only who runs the node may do this: `kring pause`, `resume` and `approve` with its --config";
        node.log_turned_away("not_an_operator").await;
        return refuse(StatusCode::FORBIDDEN, "not_an_operator", message);
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

impl Node {
    /// Counts a request that got nowhere: the first of a minute is logged at once, the rest as a number.
    async fn log_turned_away(&self, code: &str) {
        // No digest of what was shown: it may be a token with a slip of the hand.
        let Some(event) = self.rejections.count(LOCAL, code, Digest::of(b""), 1) else { return };
        if let Err(error) = self.log.append(event).await {
            tracing::error!(%error, "a request without the token is not logged");
        }
    }
}

/// Compares without telling by time where two tokens differ.
fn same(shown: &str, token: &str) -> bool {
    let digest = |text: &str| *Digest::of(text.as_bytes()).as_bytes();
    let differences = digest(shown).iter().zip(digest(token)).fold(0, |sum, (a, b)| sum | (a ^ b));
    differences == 0
}

async fn info(State(node): State<Arc<Node>>) -> Response {
    Json(node.info()).into_response()
}

async fn status(State(node): State<Arc<Node>>) -> Response {
    Json(node.status()).into_response()
}

async fn indicators(State(node): State<Arc<Node>>) -> Json<Indicators> {
    Json(node.indicators(None))
}

async fn indicators_of(
    State(node): State<Arc<Node>>,
    Path(scope): Path<NetworkId>,
) -> Json<Indicators> {
    Json(node.indicators(Some(&scope)))
}

async fn ask(State(node): State<Arc<Node>>, request: Request) -> Response {
    let body: AskBody = match body(request, QUESTION).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    // The question runs to its end, and into the log, when the client goes away.
    let tasks = node.tasks().clone();
    let asked = tasks.spawn("ask", async move { node.ask(body).await });
    match asked.await {
        Ok(Ok(finished)) => Json(AskReply { finished }).into_response(),
        Ok(Err(refusal)) => (StatusCode::UNPROCESSABLE_ENTITY, Json(*refusal)).into_response(),
        Err(_cancelled) => {
            refuse(StatusCode::SERVICE_UNAVAILABLE, "stopping", "the node is stopping")
        }
    }
}

async fn explain(State(node): State<Arc<Node>>, request: Request) -> Response {
    let body: ExplainBody = match body(request, QUESTION).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    match node.explain(body).await {
        Ok(explanation) => Json(explanation).into_response(),
        Err(refusal) => (StatusCode::UNPROCESSABLE_ENTITY, Json(*refusal)).into_response(),
    }
}

/// Why there is no body.
enum Unread {
    TooLarge,
    BrokeOff,
}

/// How large a body may be.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    /// Most bytes that are taken.
    body: usize,
    /// Most bytes that are read, so that who sends too much is told so, and does not just lose the connection.
    read: usize,
}

/// Bounds of a question.
const QUESTION: Bounds = Bounds { body: MAX_BODY_BYTES, read: 16 * MAX_BODY_BYTES };

/// The bytes of a body within its limit: the one place that bounds it.
async fn read(body: Body, bounds: Bounds) -> Result<Vec<u8>, Unread> {
    let (mut kept, mut read, mut parts) = (Vec::new(), 0_usize, body.into_data_stream());
    while let Some(part) = parts.next().await {
        let part = part.map_err(|_broken| Unread::BrokeOff)?;
        read = read.saturating_add(part.len());
        if read > bounds.read {
            return Err(Unread::TooLarge);
        }
        if read <= bounds.body {
            kept.extend_from_slice(&part);
        }
    }
    if read <= bounds.body { Ok(kept) } else { Err(Unread::TooLarge) }
}

/// Reads a JSON body within its limits.
async fn body<T: serde::de::DeserializeOwned>(
    request: Request,
    bounds: Bounds,
) -> Result<T, Response> {
    let reading = read(request.into_body(), bounds);
    let bytes = match tokio::time::timeout(BODY_PATIENCE, reading).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(Unread::BrokeOff)) => {
            return Err(refuse(StatusCode::BAD_REQUEST, "malformed", "the request broke off"));
        }
        Ok(Err(Unread::TooLarge)) => {
            let message = format!("a request has at most {} bytes", bounds.body);
            return Err(refuse(StatusCode::PAYLOAD_TOO_LARGE, "too_large", &message));
        }
        Err(_elapsed) => {
            return Err(refuse(
                StatusCode::REQUEST_TIMEOUT,
                "too_slow",
                "the request did not arrive in time",
            ));
        }
    };
    serde_json::from_slice(&bytes).map_err(|error| {
        refuse(StatusCode::BAD_REQUEST, "malformed", &format!("not a request: {error}"))
    })
}

fn refuse(status: StatusCode, code: &str, message: &str) -> Response {
    let body = RefusalBody {
        code: code.to_owned(),
        message: message.to_owned(),
        message_nl: None,
        rule: None,
        layer: None,
        coverage: std::collections::BTreeMap::new(),
    };
    (status, Json(body)).into_response()
}

#[cfg(test)]
mod tests;
