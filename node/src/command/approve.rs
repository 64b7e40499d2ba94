//! `kring approve`: people of this hospital look through texts that wait, and decide.

use chrono::{Days, NaiveDate, NaiveTime, Utc};
use comfy_table::Table;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use policies::UnixTime;

use crate::api::{ApprovalAbout, ApprovalBody, ApprovalState, ApprovalText};
use crate::cli::{ApproveCommand, Format, OperatorArgs};
use crate::client::{Client, ClientError};
use crate::clock::{Clock as _, SystemClock};
use crate::command::ask::refusal;
use crate::command::{Exit, limits, operate, print};
use crate::language::Language;

/// Days that a grant holds where no day is named.
const GRANT_DAYS: u64 = 7;
/// Days that a denial holds where no day is named.
const DENY_DAYS: u64 = 90;
/// Fewest characters of an approval that name it.
const MIN_ID: usize = 4;

/// Runs the command.
pub(crate) fn run(command: &ApproveCommand) -> anyhow::Result<Exit> {
    match command {
        ApproveCommand::List { node, format } => {
            let texts = operate::client(node)?.approvals()?.texts;
            list(&texts, *format)?;
            Ok(Exit::Done)
        }
        ApproveCommand::Show { id, node } => with_text(id, node, |_client, text| {
            show(&text);
            Ok(Exit::Done)
        }),
        ApproveCommand::Grant { id, until, reason, node } => {
            decide((id, node), (true, last(*until, GRANT_DAYS)), reason)
        }
        ApproveCommand::Deny { id, until, reason, node } => {
            decide((id, node), (false, last(*until, DENY_DAYS)), reason)
        }
    }
}

fn decide(
    (id, node): (&str, &OperatorArgs),
    (granted, until): (bool, UnixTime),
    reason: &str,
) -> anyhow::Result<Exit> {
    with_text(id, node, |client, text| {
        let (approval, reason) = (text.approval, reason.to_owned());
        let body = ApprovalBody { approval, granted, until, reason };
        match client.decide(&body) {
            Ok(text) => {
                print::line(format!("approval {}: {}", approval.short(), state(&text.state)));
                Ok(Exit::Done)
            }
            Err(ClientError::Refused(refusal)) => {
                refusal::show(&refusal, Format::Table, Language::En)?;
                Ok(Exit::Usage)
            }
            Err(error) => Err(error.into()),
        }
    })
}

/// The one text whose approval begins so.
fn with_text(
    id: &str,
    node: &OperatorArgs,
    then: impl FnOnce(&Client, ApprovalText) -> anyhow::Result<Exit>,
) -> anyhow::Result<Exit> {
    let client = operate::client(node)?;
    let texts = client.approvals()?.texts;
    let mut found = texts.into_iter().filter(|text| text.approval.to_string().starts_with(id));
    match (found.next(), found.next()) {
        (Some(text), None) if id.len() >= MIN_ID => then(&client, text),
        (Some(_), _) => {
            print::note(format!("kring: `{id}` begins several, or is too short: type more of it"));
            Ok(Exit::Usage)
        }
        (None, _) => {
            print::note(format!(
                "kring: no text has an approval that begins with `{id}`: `kring approve list` shows them"
            ));
            Ok(Exit::Usage)
        }
    }
}

/// The end of a day: the one that is named, or that many days from today.
fn last(day: Option<NaiveDate>, days: u64) -> UnixTime {
    let today = chrono::DateTime::<Utc>::from_timestamp(SystemClock.now().0, 0);
    let later = today.and_then(|now| now.date_naive().checked_add_days(Days::new(days)));
    let end = NaiveTime::from_hms_opt(23, 59, 59).unwrap_or_default();
    let day = day.or(later).unwrap_or_default();
    UnixTime(day.and_time(end).and_utc().timestamp())
}

fn state(state: &ApprovalState) -> String {
    let because =
        |reason: &str| if reason.is_empty() { String::new() } else { format!(": {reason}") };
    match state {
        ApprovalState::Waiting {} => "waits".to_owned(),
        ApprovalState::Granted { until, reason } => {
            format!("granted until {until}{}", because(reason))
        }
        ApprovalState::Denied { until, reason } => {
            format!("denied until {until}{}", because(reason))
        }
    }
}

/// What is asked, in a line.
fn what(text: &ApprovalText) -> String {
    let first = text.sql.as_deref().and_then(|sql| sql.lines().next()).unwrap_or("(a long text)");
    let shown: String = first.chars().filter(|c| !c.is_control()).take(60).collect();
    match &text.indicator {
        Some(named) => format!("indicator {} version {}", named.id, named.version),
        None => shown,
    }
}

fn list(texts: &[ApprovalText], format: Format) -> anyhow::Result<()> {
    match format {
        Format::Json => print::line(serde_json::to_string(texts)?),
        Format::Csv => {
            let mut out = csv::Writer::from_writer(std::io::stdout());
            out.write_record(COLUMNS)?;
            for text in texts {
                out.write_record(row(text))?;
            }
            out.flush()?;
        }
        Format::Table => {
            let mut table = Table::new();
            table.load_preset(UTF8_HORIZONTAL_ONLY);
            table.set_header(COLUMNS);
            for text in texts {
                table.add_row(row(text));
            }
            print::line(&table);
        }
    }
    Ok(())
}

/// Columns of the list.
const COLUMNS: [&str; 7] = ["approval", "state", "since", "person", "for", "purpose", "what"];

fn row(text: &ApprovalText) -> [String; 7] {
    [
        text.approval.short(),
        state(&text.state),
        text.since.to_string(),
        text.person.to_string(),
        text.asking_node.to_string(),
        text.purpose.to_string(),
        crate::command::audit::no_formula(what(text)),
    ]
}

fn show(text: &ApprovalText) {
    let ApprovalText { network, person, asking_node, purpose, group, dataset, .. } = text;
    let group = group.as_ref().map_or_else(String::new, |group| format!(", tumour group {group}"));
    print::line(format!("approval {}", text.approval));
    print::line(format!("{} since {}", state(&text.state), text.since));
    print::line(format!("{person} at the node of {asking_node}, for {purpose}{group}"));
    print::line(format!("dataset {dataset} of network {network}, under {}", text.profile.as_str()));
    if !text.rules.is_empty() {
        print::line(format!("permitted by {}", text.rules.join(", ")));
    }
    if let Some(ApprovalAbout { cells, protections }) = &text.about {
        let cells: Vec<_> = cells.iter().map(ToString::to_string).collect();
        print::line(format!("cells: {}", cells.join(" + ")));
        let least = protections.min_patients.get();
        print::line(format!("a cell with fewer than {least} patients is hidden"));
        limits::lines(protections).into_iter().for_each(print::line);
    }
    if let Some(named) = &text.indicator {
        print::line(format!("indicator {} version {}", named.id, named.version));
    }
    let sql =
        text.sql.as_deref().unwrap_or("the text is beside the log: `kring audit show` names it");
    print::line(format!("\n{sql}"));
}
