//! What stands above the cut: order, limits, several cuts, windows over figures.

use super::{Block, Piece, Writer};

impl Writer<'_> {
    /// A whole question, and whether its order is decided.
    pub(super) fn shape(&mut self) -> (Vec<Piece>, bool) {
        match self.dice.roll(24) {
            0..=13 => self.plain(),
            20 => self.nested_cells(),
            21 => self.scalar_subquery(),
            22 => self.window_over_cells(),
            14 => self.derived_cells(),
            15 => self.join_of_cells(),
            16 => self.union_of_cells(),
            17 => self.aggregate_of_cells(),
            18..=19 => self.grouping(),
            _ => self.distinct_or_cross(),
        }
    }

    fn keys(&mut self) -> usize {
        *self.dice.pick(&[0, 1, 1, 2, 2, 3]).unwrap_or(&1)
    }

    fn plain(&mut self) -> (Vec<Piece>, bool) {
        let (keys, figures) = (self.keys(), self.dice.roll(4).saturating_add(1));
        let block = self.block(keys, figures);
        let (tail, ordered) = self.tail(&block);
        let mut pieces = vec![Piece::Block(block)];
        pieces.extend(tail);
        (pieces, ordered)
    }

    /// ORDER BY that decides everything, and LIMIT.
    fn tail(&mut self, block: &Block) -> (Vec<Piece>, bool) {
        if block.keys.is_empty() || self.dice.one_in(2) {
            return (Vec::new(), false);
        }
        self.note("order_by");
        let mut by = Vec::new();
        let first = block.figures.first().map(|(_, name)| name.clone());
        if let Some(figure) = first.filter(|_| self.dice.one_in(3)) {
            // Only an exact figure orders alike everywhere.
            let exact = block.figures.first().is_some_and(|(sql, _)| {
                sql.starts_with("count") && !sql.contains('-') && !sql.contains('/')
            });
            if exact {
                self.note("order_by_aggregate");
                by.push(format!("{figure} DESC"));
            }
        }
        for (_, key) in &block.keys {
            by.push(match self.dice.roll(4) {
                0 => format!("{key} DESC"),
                1 => format!("{key} ASC NULLS FIRST"),
                _ => key.clone(),
            });
        }
        let mut tail = vec![Piece::Text(format!(" ORDER BY {}", by.join(", ")))];
        if self.dice.one_in(3) {
            self.note("limit");
            let offset = if self.dice.one_in(3) { " OFFSET 1" } else { "" };
            tail.push(Piece::Text(format!(" LIMIT {}{offset}", self.dice.between(0, 6))));
        }
        (tail, true)
    }

    fn derived_cells(&mut self) -> (Vec<Piece>, bool) {
        self.note("derived_cells");
        let mut block = self.block(2, 1);
        let count = self.name("n");
        block.figures.push(("count(*)".to_owned(), count.clone()));
        let limit = self.dice.between(0, 5);
        let pieces = vec![
            Piece::Text("SELECT * FROM (".to_owned()),
            Piece::Block(block),
            Piece::Text(format!(") y WHERE y.{count} > {limit}")),
        ];
        (pieces, false)
    }

    /// Numerator and denominator, each a cut of its own.
    fn join_of_cells(&mut self) -> (Vec<Piece>, bool) {
        self.note("join_of_cells");
        let mut one = self.block(1, 1);
        let mut other = Block { having: Vec::new(), ..one.clone() };
        one.figures = vec![("count(*)".to_owned(), "n".to_owned())];
        other.figures = vec![("count(*)".to_owned(), "m".to_owned())];
        other.filters.clear();
        let Some((_, key)) = one.keys.first().cloned() else {
            return (vec![Piece::Block(one)], false);
        };
        let kind = self.dice.word(&["JOIN", "LEFT JOIN", "FULL JOIN"]);
        if kind == "FULL JOIN" {
            self.note("full_join_of_cells");
        }
        let pieces = vec![
            Piece::Text(format!(
                "SELECT b.{key}, a.n, b.m, 100.0 * a.n / nullif(b.m, 0) AS part FROM ("
            )),
            Piece::Block(other),
            Piece::Text(format!(") b {kind} (")),
            Piece::Block(one),
            Piece::Text(format!(") a ON a.{key} = b.{key}")),
        ];
        (pieces, false)
    }

    fn union_of_cells(&mut self) -> (Vec<Piece>, bool) {
        self.note("union_of_cells");
        let mut pieces = Vec::new();
        let union = self.dice.word(&[" UNION ALL ", " UNION ALL ", " UNION "]).to_owned();
        if union == " UNION " {
            self.note("distinct_union_of_cells");
        }
        for part in 0..self.dice.roll(2).saturating_add(2) {
            let mut block = self.block(0, 1);
            block.figures = vec![
                (format!("'deel {part}'"), "part".to_owned()),
                ("count(*)".to_owned(), "n".to_owned()),
            ];
            if part > 0 {
                pieces.push(Piece::Text(union.clone()));
            }
            pieces.push(Piece::Block(block));
        }
        (pieces, false)
    }

    fn aggregate_of_cells(&mut self) -> (Vec<Piece>, bool) {
        self.note("aggregate_of_cells");
        let mut block = self.block(2, 1);
        block.figures = vec![("count(*)".to_owned(), "n".to_owned())];
        let outer = self.dice.word(&[
            "avg(y.n)",
            "max(y.n)",
            "min(y.n)",
            "sum(y.n)",
            "count(*)",
            "stddev_pop(y.n)",
        ]);
        let pieces = vec![
            Piece::Text(format!("SELECT {outer} AS v FROM (")),
            Piece::Block(block),
            Piece::Text(") y".to_owned()),
        ];
        (pieces, false)
    }

    fn window_over_cells(&mut self) -> (Vec<Piece>, bool) {
        self.note("window_over_cells");
        let mut block = self.block(2, 1);
        let keys: Vec<String> = block.keys.iter().map(|(sql, _)| sql.clone()).collect();
        let by = if keys.is_empty() { "count(*)".to_owned() } else { keys.join(", ") };
        let window = match self.dice.roll(9) {
            0 => "sum(count(*)) OVER ()".to_owned(),
            1 => "rank() OVER (ORDER BY count(*) DESC)".to_owned(),
            2 => "avg(count(*)) OVER ()".to_owned(),
            3 => format!("sum(count(*)) OVER (ORDER BY {by})"),
            4..=5 => {
                let value = self.dice.word(&[
                    "lag(count(*))",
                    "lead(count(*))",
                    "first_value(count(*))",
                    "last_value(count(*))",
                    "nth_value(count(*), 2)",
                ]);
                format!("{value} OVER (ORDER BY {by})")
            }
            6..=7 => {
                let rank = self.dice.word(&[
                    "row_number()",
                    "dense_rank()",
                    "percent_rank()",
                    "cume_dist()",
                    "ntile(3)",
                ]);
                format!("{rank} OVER (ORDER BY {by})")
            }
            _ => match keys.first() {
                Some(key) => format!("max(count(*)) OVER (PARTITION BY {key})"),
                None => "max(count(*)) OVER ()".to_owned(),
            },
        };
        let name = self.name("w");
        block.figures.push((window, name));
        (vec![Piece::Block(block)], false)
    }

    fn scalar_subquery(&mut self) -> (Vec<Piece>, bool) {
        let mut block = self.block(1, 1);
        let at = self.dice.roll(self.schema.tables.len());
        let alias = self.name("s");
        let scope = self.table(at, &alias);
        let from = scope.from.clone();
        let name = self.name("v");
        match self.dice.roll(4) {
            0 => {
                self.note("scalar_subquery_in_having");
                block.having.push(format!("count(*) * 9 > (SELECT count(*) FROM {from})"));
            }
            1 => {
                self.note("scalar_subquery_in_case");
                let key = self.group_key(&scope).unwrap_or_else(|| "1".to_owned());
                let mean = format!(
                    "SELECT avg(m.n) FROM (SELECT count(*) AS n FROM {from} GROUP BY {key}) m"
                );
                let case = format!("CASE WHEN count(*) > ({mean}) THEN 'boven' ELSE 'onder' END");
                block.figures.push((case, name));
            }
            2 => {
                self.note("scalar_subquery_in_where");
                block.figures = vec![("count(*)".to_owned(), "n".to_owned())];
                let pieces = vec![
                    Piece::Text("SELECT * FROM (".to_owned()),
                    Piece::Block(block),
                    Piece::Text(format!(") y WHERE y.n * 4 > (SELECT count(*) FROM {from})")),
                ];
                return (pieces, false);
            }
            _ => {
                self.note("scalar_subquery");
                let share = format!("count(*) * 1.0 / nullif((SELECT count(*) FROM {from}), 0)");
                block.figures.push((share, name));
            }
        }
        (vec![Piece::Block(block)], false)
    }

    fn grouping(&mut self) -> (Vec<Piece>, bool) {
        let mut block = self.block(2, 2);
        let (production, grouping) = match self.dice.roll(3) {
            0 => ("rollup", "ROLLUP"),
            1 => ("cube", "CUBE"),
            _ => ("grouping_sets", "SETS"),
        };
        self.note(production);
        block.grouping = grouping;
        if let Some((key, _)) = block.keys.first().filter(|_| self.dice.one_in(3)) {
            let margin = format!("grouping({key})");
            self.note("grouping_function");
            let name = self.name("w");
            block.figures.push((margin, name));
        }
        (vec![Piece::Block(block)], false)
    }

    /// A CTE of figures over a CTE of figures.
    fn nested_cells(&mut self) -> (Vec<Piece>, bool) {
        self.note("nested_cells");
        let mut block = self.block(2, 1);
        block.figures.push(("count(*)".to_owned(), "n".to_owned()));
        let (one, other) = (self.name("c"), self.name("c"));
        let limit = self.dice.between(0, 3);
        let mut with = std::mem::take(&mut self.with);
        with.push(format!("{one} AS ("));
        let end = format!(
            "), {other} AS (SELECT * FROM {one} WHERE {one}.n > {limit}) SELECT * FROM {other}"
        );
        let start = Piece::Text(format!("WITH {}", with.join(", ")));
        (vec![start, Piece::Block(block), Piece::Text(end)], false)
    }

    fn distinct_or_cross(&mut self) -> (Vec<Piece>, bool) {
        if self.dice.one_in(2) {
            self.note("distinct_cells");
            let mut block = self.block(2, 1);
            block.figures = vec![("count(*)".to_owned(), "n".to_owned())];
            let start = Piece::Text("SELECT DISTINCT y.n FROM (".to_owned());
            return (vec![start, Piece::Block(block), Piece::Text(") y".to_owned())], false);
        }
        self.note("cross_join_of_cells");
        let (mut one, mut other) = (self.block(0, 1), self.block(0, 1));
        one.figures = vec![("count(*)".to_owned(), "n".to_owned())];
        other.figures = vec![("count(*)".to_owned(), "m".to_owned())];
        let pieces = vec![
            Piece::Text("SELECT a.n, b.m, a.n - b.m AS rest FROM (".to_owned()),
            Piece::Block(one),
            Piece::Text(") a CROSS JOIN (".to_owned()),
            Piece::Block(other),
            Piece::Text(") b".to_owned()),
        ];
        (pieces, false)
    }
}
