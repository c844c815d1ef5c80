//! Rows for people: columns as wide as their widest cell; or the same rows as JSON for programs.

use serde_json::{Map, Value};

/// A table with named columns.
pub(crate) struct Table {
    /// What the rows are, as in `windvane.trades/1`.
    schema: &'static str,
    columns: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    pub(crate) const fn new(schema: &'static str, columns: &'static [&'static str]) -> Self {
        Self { schema, columns, rows: Vec::new() }
    }

    /// Adds a row; one cell for each column.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }

    /// Keeps the last `count` rows.
    pub(crate) fn keep_last(&mut self, count: usize) {
        self.rows.drain(..self.rows.len().saturating_sub(count));
    }

    /// For people: headings, then rows.
    pub(crate) fn lines(&self) -> Vec<String> {
        let headings: Vec<String> = self.columns.iter().map(|name| (*name).to_owned()).collect();
        let width = |column: usize| {
            let cells = self.rows.iter().chain([&headings]).filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        std::iter::once(line(&headings)).chain(self.rows.iter().map(line)).collect()
    }

    /// For programs: one object, the rows under `rows` with the columns as keys.
    pub(crate) fn json(&self) -> Value {
        let row = |cells: &Vec<String>| {
            let fields = self.columns.iter().zip(cells);
            Value::Object(fields.map(|(name, cell)| ((*name).to_owned(), cell.clone().into())).collect())
        };
        let mut object = Map::new();
        object.insert("schema".to_owned(), self.schema.into());
        object.insert("rows".to_owned(), self.rows.iter().map(row).collect());
        Value::Object(object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_json_has_the_same_rows() {
        let mut table = Table::new("windvane.test/1", &["a", "name"]);
        table.row(["1".to_owned(), "x".to_owned()]);
        table.row(["222".to_owned(), "long one".to_owned()]);
        assert_eq!(table.lines(), ["a    name", "1    x", "222  long one"]);
        table.keep_last(1);
        assert_eq!(
            table.json().to_string(),
            r#"{"rows":[{"a":"222","name":"long one"}],"schema":"windvane.test/1"}"#
        );
    }
}
