//! Many statements as one: what a batch asks or writes crosses the line once.
use sqlx::Arguments;
use sqlx::postgres::PgArguments;

use super::connection::db_error;
use crate::sql::{Bulk, DbError, Question, Row, Value};

/// Text with its values.
pub(super) struct Composed {
    pub sql: String,
    pub arguments: PgArguments,
}

/// Waits for the turn for 10 seconds at most, and asks for durability whatever the server's default is;
/// what is stricter stays. Both end with the transaction.
const SETTINGS: &str = "kolo_settings AS MATERIALIZED (\
    SELECT set_config('lock_timeout', '10s', true) AS wait, \
    CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') \
    THEN set_config('synchronous_commit', 'on', true) END AS durable)";

/// All writes in one statement, which does nothing when the turn is another one: foreign keys, and the
/// triggers that look at whole statements, are checked at its end. It answers a row when it wrote.
pub(super) fn writes(bulks: Vec<Bulk>, turn: Option<i64>) -> Result<Composed, DbError> {
    let mut arguments = PgArguments::default();
    let (mut parts, mut given) = (Vec::new(), "");
    if let Some(turn) = turn {
        add(&mut arguments, turn)?;
        parts.push(SETTINGS.to_owned());
        parts.push(
            "kolo_turn AS (UPDATE @kolo_turns SET number = number + 1 WHERE one = 1 \
             AND (SELECT wait FROM kolo_settings) IS NOT NULL AND number = $1 RETURNING number)"
                .to_owned(),
        );
        given = " WHERE EXISTS (SELECT 1 FROM kolo_turn)";
    }
    for (number, bulk) in bulks.into_iter().enumerate() {
        let rows = unnest(bulk.kinds, bulk.rows, &mut arguments)?;
        parts.push(format!("w{number} AS ({} {rows}{given}{})", bulk.head, bulk.tail));
    }
    let from = if turn.is_some() { " FROM kolo_turn" } else { "" };
    let sql = format!("WITH {} SELECT 1::bigint{from}", parts.join(", "));
    Ok(Composed { sql, arguments })
}

/// All questions in one statement, so that they are answered of one state of the database. Its rows
/// are as wide as the widest answer of each kind, with the question's number in front.
pub(super) fn questions(questions: Vec<Question>) -> Result<(Composed, Layout), DbError> {
    let layout = Layout::of(&questions);
    let mut arguments = PgArguments::default();
    let mut parts = Vec::new();
    for (number, question) in questions.into_iter().enumerate() {
        let mut statement = question.statement.to_owned();
        if !question.columns.is_empty() {
            let rows = unnest(question.kinds, question.rows, &mut arguments)?;
            statement = format!("WITH wanted ({}) AS ({rows}) {statement}", question.columns);
        }
        let names: Vec<String> = (0..question.answer.len()).map(|at| format!("c{at}")).collect();
        let slots = layout.select(question.answer);
        parts.push(format!(
            "SELECT {number}::bigint, {slots} FROM ({statement}) AS q ({})",
            names.join(", ")
        ));
    }
    Ok((Composed { sql: parts.join(" UNION ALL "), arguments }, layout))
}

/// Where the columns of the answers stand in the rows of the whole.
pub(super) struct Layout {
    /// What each question's answer is made of.
    answers: Vec<&'static str>,
    /// How many places there are of each of [`KINDS`].
    widths: [usize; 3],
}

const KINDS: [char; 3] = ['t', 'i', 'b'];

impl Layout {
    fn of(questions: &[Question]) -> Self {
        let answers: Vec<_> = questions.iter().map(|question| question.answer).collect();
        let most = |kind: char| {
            answers.iter().map(|answer| answer.chars().filter(|c| *c == kind).count()).max()
        };
        let widths = KINDS.map(|kind| most(kind).unwrap_or(0));
        Self { answers, widths }
    }

    /// The columns `c0 …` of an answer in their places.
    fn select(&self, answer: &str) -> String {
        let mut slots = Vec::new();
        for (kind, width) in KINDS.into_iter().zip(self.widths) {
            let of_kind = answer.chars().enumerate().filter(|(_, c)| *c == kind);
            let mut columns = of_kind.map(|(at, _)| format!("c{at}"));
            for _ in 0..width {
                let column = columns.next().unwrap_or_else(|| "NULL".to_owned());
                slots.push(format!("{column}::{}", type_of(kind)));
            }
        }
        slots.join(", ")
    }

    /// The answers to each question.
    pub fn sort(&self, rows: Vec<Vec<Value>>) -> Result<Vec<Vec<Row>>, DbError> {
        let mut answers: Vec<Vec<Row>> = self.answers.iter().map(|_| Vec::new()).collect();
        for row in rows {
            let mut values = row.into_iter();
            let Some(Value::Int(Some(number))) = values.next() else {
                return Err(strange());
            };
            let number = usize::try_from(number).map_err(|_| strange())?;
            let (Some(answer), Some(found)) = (self.answers.get(number), answers.get_mut(number))
            else {
                return Err(strange());
            };
            let mut places: Vec<_> = self
                .widths
                .iter()
                .map(|width| values.by_ref().take(*width).collect::<Vec<_>>().into_iter())
                .collect();
            let columns = answer.chars().map(|kind| {
                let at = KINDS.iter().position(|known| *known == kind)?;
                places.get_mut(at)?.next()
            });
            let columns: Option<Vec<Value>> = columns.collect();
            found.push(Row::new(columns.ok_or_else(strange)?));
        }
        Ok(answers)
    }
}

fn strange() -> DbError {
    DbError::corrupt("the database answered what was not asked: please report this")
}

const fn type_of(kind: char) -> &'static str {
    match kind {
        'i' => "bigint",
        'b' => "bytea",
        _ => "text",
    }
}

/// The values of one column.
enum Column {
    Int(Vec<Option<i64>>),
    Text(Vec<Option<String>>),
    Bytes(Vec<Vec<u8>>),
}

/// The rows as a table, their columns bound as the next arguments: the text depends on the kinds alone,
/// so that it is planned once, however many rows there are.
fn unnest(
    kinds: &str,
    rows: Vec<Vec<Value>>,
    arguments: &mut PgArguments,
) -> Result<String, DbError> {
    let mut columns: Vec<Column> = kinds
        .chars()
        .map(|kind| match kind {
            'i' => Column::Int(Vec::with_capacity(rows.len())),
            'b' => Column::Bytes(Vec::with_capacity(rows.len())),
            _ => Column::Text(Vec::with_capacity(rows.len())),
        })
        .collect();
    for row in rows {
        if row.len() != columns.len() {
            return Err(DbError::invalid("a row is not as wide as its table"));
        }
        for (column, value) in columns.iter_mut().zip(row) {
            match (column, value) {
                (Column::Int(values), Value::Int(value)) => values.push(value),
                (Column::Text(values), Value::Text(value)) => values.push(value),
                (Column::Bytes(values), Value::Bytes(value)) => values.push(value),
                _ => return Err(DbError::invalid("a column of different kinds")),
            }
        }
    }
    let mut named = Vec::new();
    for (column, kind) in columns.into_iter().zip(kinds.chars()) {
        match column {
            Column::Int(values) => add(arguments, values)?,
            Column::Text(values) => add(arguments, values)?,
            Column::Bytes(values) => add(arguments, values)?,
        }
        named.push(format!("${}::{}[]", arguments.len(), type_of(kind)));
    }
    Ok(format!("SELECT * FROM unnest({})", named.join(", ")))
}

fn add<'q, T>(arguments: &mut PgArguments, value: T) -> Result<(), DbError>
where
    T: sqlx::Encode<'q, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    arguments.add(value).map_err(|error| db_error(sqlx::Error::Encode(error)))
}
