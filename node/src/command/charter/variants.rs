//! Every variant of every indicator, read by a worker as a node would: what cannot be asked is told before it is sealed.

use std::path::Path;

use anyhow::Context as _;
use policies::Footprint;
use policies::VariantName;
use policies::charter::Charter;
use policies::dataset::Dataset;
use policies::indicator::Indicator;
use policies::kind;
use policies::problem::Problem;
use policies::protections::Kind;
use policies::wire::IndicatorRef;
use query::pipe::Reply;

use super::texts::{self, Read, Texts};

#[cfg(test)]
mod tests;

/// A variant that a node would plan.
#[derive(Debug)]
pub(super) struct Variant<'c> {
    /// The indicator.
    pub(super) indicator: &'c Indicator,
    /// What a question names.
    pub(super) named: IndicatorRef,
    /// Its text.
    pub(super) sql: String,
    /// What it touches.
    pub(super) footprint: Footprint,
}

impl Variant<'_> {
    /// `by` and `window`, as far as it has them.
    pub(super) fn names(&self) -> String {
        names(self.named.by.as_ref(), self.named.window.as_ref())
    }
}

/// What became of all variants.
#[derive(Debug, Default)]
pub(super) struct Planned<'c> {
    /// Those that a node would plan, in charter order.
    pub(super) variants: Vec<Variant<'c>>,
    /// Those that a node would refuse, or that end the worker that reads them, each as a problem of its file.
    pub(super) problems: Vec<Problem>,
}

/// Has every variant of every indicator read.
pub(super) fn plan<'c>(charter: &'c Charter, program: &Path) -> anyhow::Result<Planned<'c>> {
    if charter.indicators().next().is_none() {
        return Ok(Planned::default());
    }
    texts::block_on(async {
        let mut texts = Texts::start(program)?;
        read_all(charter, &mut texts).await
    })
}

/// Reads every variant; what was found is told also where the workers give out before the last.
async fn read_all<'c>(charter: &'c Charter, texts: &mut Texts) -> anyhow::Result<Planned<'c>> {
    let mut planned = Planned::default();
    let variants =
        |indicator| Indicator::variants(indicator).map(move |variant| (indicator, variant));
    for (indicator, (by, window)) in charter.indicators().flat_map(variants) {
        let problem = |told: String| {
            let file = format!("indicators/{}.sql", indicator.id);
            let message = format!("variant `{}` {told}", names(by, window));
            Problem { file, line: None, message }
        };
        let id = &indicator.dataset;
        let dataset = charter.dataset(id).context("an indicator's dataset is in the charter")?;
        let (named, sql) = indicator.refer(by, window)?;
        let Planned { variants, problems } = &mut planned;
        match texts.read(charter, id, &sql).await? {
            Read::Replied(reply) => match footprint(reply.head, (indicator, dataset)) {
                Ok(footprint) => variants.push(Variant { indicator, named, sql, footprint }),
                Err(why) => problems.push(problem(why)),
            },
            Read::Lost(error) => {
                problems.push(problem(format!("cannot be read ({}): {error}", error.code())));
            }
            Read::NoWorker(error) if problems.is_empty() => return Err(error.into()),
            Read::NoWorker(error) => {
                let code = error.code();
                problems.push(problem(format!("and what comes after it are not read ({code}): repair the others and check again")));
                break;
            }
        }
    }
    Ok(planned)
}

/// `by` and `window` of a variant.
fn names(by: Option<&VariantName>, window: Option<&VariantName>) -> String {
    let names = [by, window].into_iter().flatten().map(VariantName::as_str);
    names.collect::<Vec<_>>().join(" ")
}

/// What a text touches, or why it is refused.
fn footprint(
    reply: Reply,
    (indicator, dataset): (&Indicator, &Dataset),
) -> Result<Footprint, String> {
    let refused = |code: &str, told: &dyn std::fmt::Display| format!("is refused ({code}): {told}");
    match reply {
        Reply::Planned(planned) => {
            let footprint = Footprint::check(planned.footprint, dataset)
                .map_err(|error| refused(error.code(), &error))?;
            let kind = indicator.opinions.kind.unwrap_or(Kind::Quality);
            kind::check(kind, indicator, (&footprint, dataset))
                .map_err(|fault| refused(fault.code(), &fault))?;
            Ok(footprint)
        }
        Reply::Failed(failure) => Err(refused(&failure.code, &failure.message)),
        Reply::Executed { .. } | Reply::Finished(_) => {
            Err("cannot be read (worker_fault): the worker answered another job".to_owned())
        }
    }
}
