//! `kring explain`: what a question would do, without asking it.

use policies::protections::SignatureKind;

use crate::api::{ExplainBody, Explanation};
use crate::cli::{AskContext, Format};
use crate::client::{Client, ClientError};
use crate::command::{Exit, print};
use crate::keys::Key;
use crate::profile::Profile;

/// Explains and prints.
pub(crate) fn run(
    sql: &str,
    (context, under): (&AskContext, Option<policies::Profile>),
    format: Format,
) -> anyhow::Result<Exit> {
    let profile = Profile::load(context.profile.profile.as_deref())?;
    let language = context.language.unwrap_or(profile.language);
    let client = Client::new(&profile)?;
    let info = client.info()?;
    let person = Key::id_of(&profile.key_file)?;
    let (network, purpose, dataset) = match super::ask::chosen(context, &profile, &info) {
        Ok(chosen) => chosen,
        Err(problem) => {
            print::note(format!("kring: {problem}"));
            return Ok(Exit::Usage);
        }
    };
    let members = info.scopes.get(&network).map_or(0, |scope| scope.members.len());
    let body = ExplainBody {
        network,
        person: policies::PersonId::new(&person)?,
        purpose,
        group: context.group.clone().or(profile.group),
        dataset,
        hospitals: if context.to.is_empty() { members } else { context.to.len() },
        sql: super::ask::text(sql)?,
        profile: under,
    };
    match client.explain(&body) {
        Ok(explanation) => {
            show(&explanation, format)?;
            Ok(Exit::Done)
        }
        Err(ClientError::Refused(refusal)) => {
            super::ask::refusal::show(&refusal, format, language)?;
            Ok(Exit::Refused)
        }
        Err(error) => Err(error.into()),
    }
}

fn show(explanation: &Explanation, format: Format) -> anyhow::Result<()> {
    if format == Format::Json {
        print::line(serde_json::to_string(explanation)?);
        return Ok(());
    }
    let Explanation { explained, cells, profile, rules, protections, layers } = explanation;
    let section = |title: &str, lines: &[String]| {
        print::line(title);
        lines.iter().for_each(|line| print::line(format!("  {line}")));
    };
    section("1. Per patient, at each hospital", &explained.per_patient);
    section("2. Over patients: the cut. This is what leaves a hospital", &explained.over_patients);
    print::line(format!(
        "  cells: {}",
        cells.iter().map(ToString::to_string).collect::<Vec<_>>().join(" + ")
    ));
    section("3. Over hospitals, at the asking node", &explained.over_hospitals);
    section("Columns", &explained.columns);
    section(&format!("Granted under {} by", profile.as_str()), rules);
    let zeros = match protections.zeros {
        policies::protections::Zeros::Shown => "shown as 0",
        policies::protections::Zeros::Hidden => "hidden like small ones",
    };
    let mut lines = vec![
        format!("a cell with fewer than {} patients is hidden", protections.min_patients.get()),
        format!("a cell without patients is {zeros}"),
    ];
    lines.extend(super::limits::lines(protections));
    lines.push(match protections.signature {
        SignatureKind::Direct => "the question is signed by the person's own key".to_owned(),
        SignatureKind::Delegated => {
            "the question is signed by the person's own key, or in a session of theirs".to_owned()
        }
    });
    section("Protections", &lines);
    let layers: Vec<_> = layers
        .iter()
        .map(|layer| {
            format!("{} version {} ({})", layer.network, layer.version, layer.digest.short())
        })
        .collect();
    section("Charter", &layers);
    print::line("A hospital with stricter rules of its own may hide more, or refuse.");
    Ok(())
}
