//! The report as a page. Every text is escaped: a value in a rejected row is whatever the source held.

use std::fmt::Write as _;

use crate::import::ImportReport;

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}\
table{border-collapse:collapse;margin:1rem 0}th,td{border:1px solid #999;padding:.2rem .6rem;text-align:left}\
td.n{text-align:right;font-variant-numeric:tabular-nums}";

/// One page.
pub(crate) fn page(report: &ImportReport) -> String {
    let mut page =
        String::from("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
    let title = format!("Import of {} v{} at {}", report.dataset, report.version, report.hospital);
    // Writing to a String cannot fail.
    let _infallible = write!(
        page,
        "<title>{0}</title><style>{STYLE}</style></head><body>\n<h1>{0}</h1>\n",
        escape(&title)
    );
    let outcome = match &report.snapshot {
        Some(id) if report.is_empty() => {
            format!("Sealed as snapshot {id}. There is no patient in it.")
        }
        Some(id) => format!("Sealed as snapshot {id}: {} patients.", report.patients),
        None => "Nothing was sealed.".to_owned(),
    };
    let _infallible =
        writeln!(page, "<p>{} {} rows rejected.</p>", escape(&outcome), report.rejected);
    let sources = report.sources.iter();
    let sources = sources.map(|(name, counts)| (name.as_str(), vec![counts.read, counts.rejected]));
    counts(&mut page, &["Source", "read", "rejected"], sources);
    let tables =
        report.tables.iter().map(|(name, counts)| {
            let crate::import::TableCounts {
                read,
                accepted,
                rejected,
                opted_out,
                rounded,
                clamped: _,
            } = counts;
            (name.as_str(), vec![*read, *accepted, *rejected, *opted_out, *rounded])
        });
    let heads = ["Table", "read", "accepted", "rejected", "opted out", "values rounded"];
    counts(&mut page, &heads, tables);
    clamped(&mut page, report);
    if report.problems_total > 0 {
        let reasons = report.reasons.iter().map(|(code, count)| (*code, vec![*count]));
        counts(&mut page, &["Problem", "count"], reasons);
        problems(&mut page, report);
    }
    page.push_str("</body></html>\n");
    page
}

/// Which columns have values beyond their bounds.
fn clamped(page: &mut String, report: &ImportReport) {
    let columns = report.tables.iter().flat_map(|(table, counts)| {
        let named = move |(column, count)| (format!("{table}.{column}"), count);
        counts.clamped.iter().map(named)
    });
    let columns: Vec<(String, &u64)> = columns.collect();
    if !columns.is_empty() {
        let rows = columns.iter().map(|(name, count)| (name.as_str(), vec![**count]));
        counts(page, &["Column", "values beyond its bounds, clamped to them"], rows);
    }
}

fn counts<'a>(page: &mut String, heads: &[&str], rows: impl Iterator<Item = (&'a str, Vec<u64>)>) {
    head(page, heads);
    for (name, numbers) in rows {
        let _infallible = write!(page, "<tr><td>{}</td>", escape(name));
        for number in numbers {
            let _infallible = write!(page, "<td class=\"n\">{number}</td>");
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody></table>\n");
}

fn problems(page: &mut String, report: &ImportReport) {
    let _infallible = writeln!(
        page,
        "<p>The first {} of {} problems:</p>",
        report.problems.len(),
        report.problems_total
    );
    head(page, &["Source", "line", "table", "column", "problem"]);
    for problem in &report.problems {
        let line = problem.line.map(|line| line.to_string()).unwrap_or_default();
        let table = problem.table.as_ref().map_or("", |name| name.as_str());
        let column = problem.column.as_ref().map_or("", |name| name.as_str());
        page.push_str("<tr>");
        for text in [problem.source.as_str(), &line, table, column, &problem.reason] {
            let _infallible = write!(page, "<td>{}</td>", escape(text));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody></table>\n");
}

fn head(page: &mut String, heads: &[&str]) {
    page.push_str("<table><thead><tr>");
    for text in heads {
        let _infallible = write!(page, "<th scope=\"col\">{}</th>", escape(text));
    }
    page.push_str("</tr></thead><tbody>\n");
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
