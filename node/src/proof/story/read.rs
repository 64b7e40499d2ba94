//! The few fields of an entry that the story needs. All else may be what it likes.

use policies::Digest;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// Most arrays and objects within each other, the entry among them: far more than any event has, and so few that every
/// reader of JSON gets through.
const MAX_DEPTH: usize = 64;

/// An event, as far as it matters.
pub(super) enum Read {
    Intent { question: Digest, request: Digest },
    Outcome { question: Digest, request: Digest },
    Refused { question: Digest },
    Fault { question: Digest },
    Asked { question: Digest, hospitals: Option<Vec<String>> },
    Received { question: Digest, responder: String },
    Started,
    Clock { ahead_s: i64 },
    Other,
}

#[derive(Deserialize)]
struct Line<'a> {
    at: i64,
    #[serde(borrow)]
    event: &'a RawValue,
}

/// Fields by name, not read yet: another kind may use a name for something else.
#[derive(Deserialize)]
struct Fields<'a> {
    kind: String,
    #[serde(borrow)]
    question: Option<&'a RawValue>,
    #[serde(borrow)]
    request: Option<&'a RawValue>,
    #[serde(borrow)]
    hospitals: Option<&'a RawValue>,
    #[serde(borrow)]
    responder: Option<&'a RawValue>,
    #[serde(borrow)]
    ahead_s: Option<&'a RawValue>,
}

/// A question where an event describes it whole.
#[derive(Deserialize)]
struct Described {
    digest: Digest,
}

/// When, and what.
pub(super) fn read(entry: &[u8]) -> Result<(i64, Read), &'static str> {
    let text = std::str::from_utf8(entry).map_err(|_error| "UTF-8")?;
    let Line { at, event } =
        serde_json::from_str(text).map_err(|_error| "JSON with `at` and an `event`")?;
    if depth(text) > MAX_DEPTH {
        return Err("at most 64 arrays and objects within each other");
    }
    let event: Fields<'_> = object(event.get()).ok_or("an `event` of a `kind`")?;
    let described = || {
        let raw = event.question.ok_or("the fields of its kind")?;
        let question: Described = object(raw.get()).ok_or("the fields of its kind")?;
        Ok::<_, &'static str>(question.digest)
    };
    let named = || field::<Digest>(event.question);
    let request = || field::<Digest>(event.request);
    let read = match event.kind.as_str() {
        "intent" => Read::Intent { question: described()?, request: request()? },
        "outcome" => Read::Outcome { question: named()?, request: request()? },
        "refused" => Read::Refused { question: described()? },
        "fault" => Read::Fault { question: named()? },
        "asked" => Read::Asked { question: described()?, hospitals: None },
        "asked/2" => {
            Read::Asked { question: described()?, hospitals: Some(field(event.hospitals)?) }
        }
        "received" => Read::Received { question: named()?, responder: field(event.responder)? },
        "started" => Read::Started,
        "clock" => Read::Clock { ahead_s: field(event.ahead_s)? },
        _ => Read::Other,
    };
    Ok((at, read))
}

/// How many arrays and objects are within each other at most, in a text that is JSON.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => depth = depth.saturating_add(1),
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// An object; an array of its fields would be read as one, too.
fn object<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
    text.starts_with('{').then(|| serde_json::from_str(text).ok())?
}

fn field<T: DeserializeOwned>(raw: Option<&RawValue>) -> Result<T, &'static str> {
    let raw = raw.ok_or("the fields of its kind")?;
    serde_json::from_str(raw.get()).map_err(|_error| "the fields of its kind")
}
