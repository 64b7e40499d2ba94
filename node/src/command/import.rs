//! `kring import`: builds and seals a snapshot of each dataset.

use std::path::Path;

use anyhow::Context as _;
use policies::Charter;
use policies::dataset::Dataset;
use policies::{DatasetId, Ident};
use query::import::{
    Format, ImportError, ImportPlan, ImportReport, RecordSecret, Source, TableMapping,
};

use crate::app::open_charter;
use crate::cli::ReportFormat;
use crate::clock::SystemClock;
use crate::command::{Exit, print};
use crate::config::file::{SourceFile, SourceFormat, TableFile};
use crate::config::{Config, DatasetSources};
use crate::keys::{noise, record};
use crate::ledger::lineage;

/// Imports every dataset of the configuration, or one.
pub(crate) fn run(
    path: &Path,
    only: Option<&DatasetId>,
    strict: bool,
    report: ReportFormat,
) -> anyhow::Result<Exit> {
    let config = match Config::load(path) {
        Ok(config) => config,
        Err(error) => {
            print::error(&error.into());
            return Ok(Exit::Usage);
        }
    };
    let charter = open_charter(&config, &SystemClock, &[])?;
    let chosen: Vec<_> = config
        .datasets
        .iter()
        .filter(|dataset| only.is_none_or(|only| dataset.id == *only))
        .collect();
    if chosen.is_empty() {
        print::note("kring: no such dataset under [[datasets]] in the configuration");
        return Ok(Exit::Usage);
    }
    let secret = match record::secret(&config, &charter) {
        Ok((secret, made)) => {
            if made {
                print::note(format!("made {}: back it up", config.keys.record.display()));
            }
            secret
        }
        Err(error) => {
            let code = error.code();
            print::note(format!("kring: {code}: {:#}", anyhow::Error::from(error)));
            return Ok(Exit::Usage);
        }
    };
    make_noise_key(&config);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
    let mut exit = Exit::Done;
    for sources in chosen {
        let dataset = charter
            .dataset(&sources.id)
            .with_context(|| format!("dataset `{}` is not in the charter", sources.id))?;
        let dataset = &given(&charter, &config, dataset);
        let plan = plan(&config, dataset, sources, (strict, secret.clone()))?;
        match runtime.block_on(query::import::import(&plan)) {
            Ok(done) => show(&done, report)?,
            Err(error) => {
                if let Some(rejected) = error.report() {
                    show(rejected, report)?;
                }
                fail(error);
                exit = Exit::Usage;
            }
        }
    }
    Ok(exit)
}

/// Makes the key of the noise if there is none.
fn make_noise_key(config: &Config) {
    match noise::make(config) {
        Ok(false) => {}
        Ok(true) => print::note(format!("made {}: back it up", config.keys.noise.display())),
        // Snapshots are made without it: other profiles are answered all the same.
        Err(error) => {
            let code = error.code();
            print::note(format!("warning: {code}: {:#}", anyhow::Error::from(error)));
        }
    }
}

/// The dataset without the care that this hospital does not give.
fn given(charter: &Charter, config: &Config, dataset: &Dataset) -> Dataset {
    let not_given: Vec<_> = charter.not_given(&config.hospital, &dataset.id).collect();
    for said in &not_given {
        let codes: Vec<String> = said.codes.iter().map(ToString::to_string).collect();
        let (table, column, codes) = (&said.table, &said.column, codes.join(", "));
        print::note(format!(
            "the charter says that this hospital has no {table}.{column} {codes}: rows that have are refused"
        ));
    }
    dataset.without(not_given.into_iter())
}

fn fail(error: ImportError) {
    let code = error.code();
    print::note(format!("kring: {code}: {:#}", anyhow::Error::from(error)));
}

fn plan<'a>(
    config: &Config,
    dataset: &'a Dataset,
    sources: &DatasetSources,
    (strict, record_secret): (bool, RecordSecret),
) -> anyhow::Result<ImportPlan<'a>> {
    let source = |file: &SourceFile| -> anyhow::Result<Source> {
        let format = match file.format {
            SourceFormat::Csv => Format::Csv { delimiter: file.delimiter, null: file.null.clone() },
            SourceFormat::Parquet => Format::Parquet,
        };
        Ok(Source { name: Ident::new(&file.name)?, path: file.path.clone(), format })
    };
    let folder = config.patients_folder();
    query::snapshot::durable::create_folder(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(ImportPlan {
        dataset,
        hospital: config.hospital.clone(),
        sources: sources.sources.iter().map(source).collect::<anyhow::Result<_>>()?,
        tables: sources.tables.iter().map(mapping).collect::<anyhow::Result<_>>()?,
        opt_out: sources.opt_out.clone(),
        numbering: lineage::numbers_file(&folder, &dataset.id),
        new_series: policies::Digest::of(&*crate::keys::random_bytes()?),
        record_secret,
        out: config.snapshots.clone(),
        strict,
    })
}

fn mapping(file: &TableFile) -> anyhow::Result<TableMapping> {
    let TableFile { table, source, columns, sql } = file;
    let table = Ident::new(table)?;
    match (source, sql) {
        (Some(source), _) => {
            let columns = columns.iter().map(|(to, from)| Ok((Ident::new(to)?, from.clone())));
            let columns = columns.collect::<anyhow::Result<_>>()?;
            Ok(TableMapping::Columns { table, source: Ident::new(source)?, columns })
        }
        (None, Some(sql)) => Ok(TableMapping::Sql { table, sql: sql.clone() }),
        (None, None) => anyhow::bail!("table `{table}` needs either `source` or `sql`"),
    }
}

fn show(report: &ImportReport, format: ReportFormat) -> anyhow::Result<()> {
    match format {
        ReportFormat::Json => print::line(serde_json::to_string(report)?),
        ReportFormat::Html => print::line(report.to_html()),
        ReportFormat::Text => text(report),
    }
    Ok(())
}

fn text(report: &ImportReport) {
    let sealed =
        report.snapshot.map_or_else(|| "not sealed".to_owned(), |id| format!("snapshot {id}"));
    print::line(format!(
        "dataset {} version {}: {sealed}, {} patients",
        report.dataset, report.version, report.patients
    ));
    for (name, source) in &report.sources {
        print::line(format!(
            "  source {name}: {} rows read, {} rejected",
            source.read, source.rejected
        ));
    }
    for (name, table) in &report.tables {
        print::line(format!(
            "  table {name}: {} rows accepted, {} rejected, {} opted out, {} rounded",
            table.accepted, table.rejected, table.opted_out, table.rounded
        ));
        for (column, count) in &table.clamped {
            print::line(format!(
                "    column {column}: {count} values beyond the declared bounds, clamped to them"
            ));
        }
    }
    if report.is_empty() && report.snapshot.is_some() {
        print::note(
            "  warning: there is no patient in this snapshot; if that is wrong, correct the sources and import again",
        );
    }
    for problem in &report.problems {
        print::note(format!("  {problem} ({})", problem.code));
    }
    let more = report.problems_total.saturating_sub(report.problems.len() as u64);
    if more > 0 {
        print::note(format!("  and {more} more"));
    }
}
