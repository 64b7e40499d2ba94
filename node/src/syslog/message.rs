//! A record of NEN 7513 as one message of RFC 5424.
//!
//! Pure. The fields are the parameters of one element of structured data; a field without a value is left out. What a
//! receiver could take for something else is replaced: line ends and tabs by spaces, other control characters and those that
//! change the direction of text by U+FFFD. Long values are cut until the message fits, and parameter `cut` names them.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::nen7513::Record;

/// Most bytes of a message over a connection: what receivers should take (RFC 5425, section 4.3.1).
pub(super) const MAX_STREAM_BYTES: usize = 8192;
/// Most bytes of a message in a datagram: what receivers should take (RFC 5424, section 6.1).
pub(super) const MAX_DATAGRAM_BYTES: usize = 2048;

/// Facility 13, "log audit".
const FACILITY: u8 = 13;
/// The field that is the longest, and cut first: it is in the log.
const LONGEST: &str = "participantObjectDescription";
/// Most bytes of the longest field and of each other one, tried in this order until the message fits.
const CAPS: [(usize, usize); 11] = [
    (6144, 6144),
    (4096, 4096),
    (2048, 2048),
    (1024, 2048),
    (512, 1024),
    (256, 512),
    (64, 512),
    (64, 256),
    (64, 128),
    (48, 48),
    (32, 32),
];

/// How messages look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    /// The private enterprise number in the name of the structured data.
    pub(super) enterprise: u32,
    /// Most bytes.
    pub(super) limit: usize,
}

/// One record as a message, without framing.
pub(super) fn message(record: &Record, style: Style) -> String {
    let mut message = String::new();
    for caps in CAPS {
        message = within(record, style, caps);
        if message.len() <= style.limit {
            break;
        }
    }
    message
}

/// Severity: what was done is informational, what was refused a warning, what failed an error.
fn severity(record: &Record) -> u8 {
    match record.outcome {
        "0" => 6,
        "4" => 4,
        _ => 3,
    }
}

fn within(record: &Record, style: Style, (longest, others): (usize, usize)) -> String {
    let priority = FACILITY.saturating_mul(8).saturating_add(severity(record));
    // A moment outside the years that RFC 3339 writes has no form.
    let at = if record.at.len() == 20 { record.at.as_str() } else { "-" };
    let mut message = format!("<{priority}>1 {at} {} kring - {} ", record.site, record.event_type);
    let mut cut = Vec::new();
    let _ = write!(message, "[nen7513@{}", style.enterprise);
    for (name, value) in fields(record) {
        if value.is_empty() {
            continue;
        }
        let cap = if name == LONGEST { longest } else { others };
        let _ = write!(message, " {name}=\"");
        if push_value(&mut message, &value, cap) {
            cut.push(name);
        }
        message.push('"');
    }
    if !cut.is_empty() {
        let _ = write!(message, " cut=\"{}\"", cut.join(","));
    }
    let _ = write!(message, "] {}", record.event_id);
    message
}

/// Appends a value, escaped as in RFC 5424, section 6.3.3; whether it was cut.
fn push_value(message: &mut String, value: &str, cap: usize) -> bool {
    let end = message.len().saturating_add(cap);
    for character in value.chars() {
        let before = message.len();
        match character {
            '"' | '\\' | ']' => message.extend(['\\', character]),
            '\n' | '\r' | '\t' => message.push(' '),
            _ if misleads(character) => message.push('\u{fffd}'),
            _ => message.push(character),
        }
        if message.len() > end {
            message.truncate(before);
            return true;
        }
    }
    false
}

/// Characters that are not shown, or make others look different.
fn misleads(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The fields in the order of a record, under the norm's names; RFC 5424 allows 32 characters, which one of them exceeds.
#[expect(clippy::too_many_lines, reason = "one line a field")]
fn fields(record: &Record) -> Vec<(&'static str, Cow<'_, str>)> {
    let Record {
        log_index,
        event_id,
        event_type,
        action,
        at,
        outcome,
        user,
        on_behalf_of,
        user_name,
        requestor,
        role,
        purpose,
        access_type,
        access_point,
        object_type,
        object_role,
        life_cycle,
        object_id_type,
        policies,
        sensitivity,
        object_id,
        object_name,
        detail,
        description,
        authorisation,
        treatment_relation,
        consent,
        checks,
        site,
        source,
        source_type,
    } = record;
    let texts: [(&'static str, &str); 30] = [
        ("EventID", event_id),
        ("EventTypeCode", event_type),
        ("EventActionCode", action),
        ("EventDateTime", at),
        ("EventOutcomeIndicator", outcome),
        ("userID", user),
        ("alternateUserID", on_behalf_of),
        ("userName", user_name),
        ("userIsRequestor", requestor),
        ("roleIDCode", role),
        ("purposeOfUse", purpose),
        ("networkAccessPointTypeCode", access_type),
        ("networkAccessPointID", access_point),
        ("participantObjectTypeCode", object_type),
        ("participantObjectTypeCodeRole", object_role),
        ("participantObjectDataLifeCycle", life_cycle),
        ("participantObjectIDTypeCode", object_id_type),
        ("permissionPolicySet", policies),
        ("participantObjectSensitivity", sensitivity),
        ("participantObjectID", object_id),
        ("participantObjectName", object_name),
        ("participantObjectDetail", detail),
        (LONGEST, description),
        ("autorisatieProtocol", authorisation),
        ("behandelrelatieProtocol", treatment_relation),
        ("toestemmingsProfiel", consent),
        ("controles", checks),
        ("AuditEnterpriseSiteID", site),
        ("AuditSourceID", source),
        ("AuditSourceTypeCode", source_type),
    ];
    let number = std::iter::once(("logIndex", Cow::Owned(log_index.to_string())));
    number.chain(texts.map(|(name, text)| (name, Cow::Borrowed(text)))).collect()
}

#[cfg(test)]
mod tests;
