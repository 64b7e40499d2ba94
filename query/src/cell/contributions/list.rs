//! Patients with what they contribute, in the order of the rows until it is put in order.

/// Entries that a list in disorder has before it is put in order for the first time.
const FIRST_ORDER: usize = 4096;

/// The contributions to one measure in one cell.
#[derive(Debug, Default)]
pub(super) struct List {
    patients: Vec<u32>,
    /// One for each of them.
    values: Values,
    /// Where a patient came after a greater one: how long the list may grow before it is put in order.
    disorder: Option<usize>,
}

/// Numbers of 64 bits, and of 128 once one is longer: most are short, and lists are long.
#[derive(Debug, Default)]
struct Values {
    short: Vec<i64>,
    /// All of them, where there is one that is not short.
    long: Option<Vec<i128>>,
}

impl Values {
    fn push(&mut self, value: i128) {
        match (&mut self.long, i64::try_from(value)) {
            (None, Ok(value)) => self.short.push(value),
            (Some(_), _) | (None, Err(_)) => self.long().push(value),
        }
    }

    /// Adds to the last.
    fn add(&mut self, value: i128) {
        if let (None, Ok(value), Some(last)) =
            (&self.long, i64::try_from(value), self.short.last_mut())
            && let Some(sum) = last.checked_add(value)
        {
            *last = sum;
        } else if let Some(last) = self.long().last_mut() {
            *last = last.saturating_add(value);
        }
    }

    fn long(&mut self) -> &mut Vec<i128> {
        let short = &mut self.short;
        let widened = || std::mem::take(short).into_iter().map(i128::from).collect();
        self.long.get_or_insert_with(widened)
    }

    fn iter(&self) -> impl Iterator<Item = i128> {
        let long = self.long.iter().flatten().copied();
        self.short.iter().map(|value| i128::from(*value)).chain(long)
    }

    fn size(&self) -> usize {
        let long = self.long.as_ref().map_or(0, Vec::capacity).saturating_mul(size_of::<i128>());
        self.short.capacity().saturating_mul(size_of::<i64>()).saturating_add(long)
    }
}

impl List {
    /// Adds a row of a patient.
    pub(super) fn add(&mut self, patient: u32, value: i128) {
        match self.patients.last() {
            Some(last) if *last == patient => return self.values.add(value),
            Some(last) if *last > patient && self.disorder.is_none() => {
                self.disorder = Some(self.patients.len().saturating_mul(2).max(FIRST_ORDER));
            }
            Some(_) | None => {}
        }
        if self.disorder.is_some_and(|limit| self.patients.len() >= limit) {
            self.order();
            self.disorder = Some(self.patients.len().saturating_mul(2).max(FIRST_ORDER));
            return self.add(patient, value);
        }
        self.patients.push(patient);
        self.values.push(value);
    }

    /// Puts patients in order, each once.
    fn order(&mut self) {
        let mut entries: Vec<(u32, i128)> =
            self.patients.iter().copied().zip(self.values.iter()).collect();
        entries.sort_by_key(|(patient, _)| *patient);
        *self = Self::default();
        for (patient, value) in entries {
            self.add(patient, value);
        }
    }

    /// Every patient once, ascending, with the sum of its rows.
    pub(super) fn contributions(mut self) -> impl Iterator<Item = (u32, i128)> {
        if self.disorder.is_some() {
            self.order();
        }
        let Self { patients, values, .. } = self;
        let Values { short, long } = values;
        let values = short.into_iter().map(i128::from).chain(long.into_iter().flatten());
        patients.into_iter().zip(values)
    }

    /// Bytes held, roughly.
    pub(super) fn size(&self) -> usize {
        let patients = self.patients.capacity().saturating_mul(size_of::<u32>());
        size_of::<Self>().saturating_add(patients).saturating_add(self.values.size())
    }
}

#[cfg(test)]
mod tests;
