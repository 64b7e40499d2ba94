use futures::stream;

use super::*;

/// The body, or status and code of the refusal.
async fn taken(body: Body) -> Result<serde_json::Value, (u16, String)> {
    let response = match super::body(Request::new(body), super::QUESTION).await {
        Ok(value) => return Ok(value),
        Err(response) => response,
    };
    let status = response.status().as_u16();
    let bytes = axum::body::to_bytes(response.into_body(), MAX_BODY_BYTES).await.unwrap();
    let refusal: RefusalBody = serde_json::from_slice(&bytes).unwrap();
    Err((status, refusal.code))
}

#[tokio::test]
async fn a_body_that_breaks_off_is_not_one_that_is_too_large() {
    let parts = |end: Result<&'static str, std::io::Error>| {
        Body::from_stream(stream::iter([Ok("{\"a\":"), end]))
    };
    assert_eq!(taken(parts(Ok("1}"))).await, Ok(serde_json::json!({ "a": 1 })));
    let broken = taken(parts(Err(std::io::ErrorKind::ConnectionReset.into()))).await;
    assert_eq!(broken, Err((400, "malformed".to_owned())));
    assert_eq!(taken(parts(Ok(""))).await, Err((400, "malformed".to_owned())));
}

#[tokio::test]
async fn a_body_has_a_limit_to_the_byte() {
    let number = |length: usize| Body::from("1".to_owned() + &" ".repeat(length - 1));
    assert_eq!(taken(number(MAX_BODY_BYTES)).await, Ok(serde_json::json!(1)));
    for length in [MAX_BODY_BYTES + 1, super::QUESTION.read, super::QUESTION.read + 1] {
        assert_eq!(taken(number(length)).await, Err((413, "too_large".to_owned())), "{length}");
    }
}
