//! Small groups with every margin beside them: the totals do not give them back.

use node::log::Event;
use serde_json::Value;

use crate::support::{Net, logged};

const CUBE: &str = "SELECT hospital, size, grade, count(*) AS n FROM patient GROUP BY CUBE (hospital, size, grade)";
/// No group is larger.
const MOST: i64 = 3_000;

/// A group: hospital, size and grade, each of which may be all of them, and its patients where they are shown.
struct Group {
    keys: [Option<String>; 3],
    n: Option<i64>,
}

impl Group {
    fn of(row: &Value) -> Self {
        let text = |column: usize| row[column].as_str().map(str::to_owned);
        Self { keys: [text(0), text(1), text(2)], n: text(3).map(|n| n.parse().unwrap()) }
    }

    fn is_single(&self) -> bool {
        self.keys.iter().all(Option::is_some)
    }

    fn holds(&self, single: &Self) -> bool {
        let mut keys = self.keys.iter().zip(&single.keys);
        keys.all(|(all, one)| all.is_none() || all == one)
    }
}

/// What can be known of every single group from what is shown: its least and greatest number.
fn known(groups: &[Group]) -> Vec<(&Group, i64, i64)> {
    let single = groups.iter().filter(|group| group.is_single());
    let mut known: Vec<(&Group, i64, i64)> = single.map(|group| (group, 0, MOST)).collect();
    let shown: Vec<(i64, Vec<usize>)> = groups
        .iter()
        .filter_map(|group| {
            let within = (0..known.len()).filter(|at| group.holds(known[*at].0));
            Some((group.n?, within.collect()))
        })
        .collect();
    loop {
        let before: Vec<_> = known.iter().map(|(_, low, high)| (*low, *high)).collect();
        for (n, within) in &shown {
            let sum = |of: fn(&(&Group, i64, i64)) -> i64, known: &[(&Group, i64, i64)]| -> i64 {
                within.iter().map(|at| of(&known[*at])).sum()
            };
            for at in within {
                let others_high = sum(|known| known.2, &known) - known[*at].2;
                known[*at].1 = known[*at].1.max(n - others_high);
                let others_low = sum(|known| known.1, &known) - known[*at].1;
                known[*at].2 = known[*at].2.min(n - others_low);
            }
        }
        if before.iter().eq(known
            .iter()
            .map(|(_, low, high)| (*low, *high))
            .collect::<Vec<_>>()
            .iter())
        {
            return known;
        }
    }
}

/// By size, grade and hospital, 42 patients of size over 50 and grade 2 over five hospitals, four cells under 10.
pub(super) fn totals_do_not_give_small_cells_back(net: &Net) {
    let answer = net.answer("a.jansen", CUBE);
    let groups: Vec<Group> = answer["rows"].as_array().unwrap().iter().map(Group::of).collect();
    assert_eq!(groups.len(), 6 * 4 * 3);
    let known = known(&groups);
    assert_eq!(known.len(), 5 * 3 * 2);
    let mut nulls = [0, 0];
    for (group, low, high) in known {
        let small = group.keys[1..] == [Some(">50".to_owned()), Some("2".to_owned())];
        if group.n.is_some() {
            assert_eq!((Some(low), Some(high)), (group.n, group.n));
            continue;
        }
        nulls[usize::from(small)] += 1;
        assert!(high - low >= 9, "{:?} is in [{low}, {high}]: {answer}", group.keys);
        assert!(!small || (low == 0 && high >= 9), "{:?}: [{low}, {high}]", group.keys);
    }
    let [further, small] = nulls;
    assert!(small >= 4 && further >= 4, "{further} beside {small}: {answer}");
    let all = groups.iter().find(|group| group.keys.iter().all(Option::is_none)).unwrap();
    assert_eq!(all.n, Some(2_982), "what needs no company is shown");
    let linked = |event: &Event| matches!(event, Event::Outcome { hidden_by, .. } if hidden_by.contains_key("linked"));
    logged(net, "OOST", linked);
}
