//! What the running program has to be allowed, found out before it begins: without a right that only some
//! commits need it would stop in the middle of the day.

/// What is done with each table. The vault's own table is not among them: its keys may be elsewhere, and
/// without it the first one says so.
const NEEDED: &[(&str, &[&str])] = &[
    ("accounts", &["SELECT", "INSERT", "UPDATE"]),
    ("aggregates", &["SELECT", "INSERT", "UPDATE"]),
    // Forgetting old keys needs DELETE too: a host that never does may go without.
    ("commands", &["SELECT", "INSERT"]),
    ("entries", &["SELECT", "INSERT", "UPDATE"]),
    ("events", &["SELECT", "INSERT"]),
    ("index_names", &["SELECT", "INSERT", "UPDATE", "DELETE"]),
    ("kolo_migrations", &["SELECT"]),
    ("kolo_turns", &["SELECT", "UPDATE"]),
    ("movements", &["SELECT", "INSERT"]),
    ("parts", &["SELECT", "INSERT"]),
    ("postings", &["SELECT", "INSERT"]),
    // By the trigger of `movements`: for one of an account in 64.
    ("spans", &["SELECT", "INSERT"]),
    ("work", &["SELECT", "INSERT", "UPDATE"]),
];

/// Asks for the statements that grant what is missing in a schema, as one text; empty when nothing is. (The
/// number of `work` is an identity: its sequence needs no grant.) A role that sees the turn and cannot take it
/// writes nothing at all, as one that only checks the books: it needs no more than to read.
pub(super) fn missing(schema: &str) -> String {
    let schema = schema.replace('\'', "''");
    let each = |(table, rights): &(&str, &[&str])| {
        rights.iter().map(|right| format!("('{table}', '{right}')")).collect::<Vec<_>>()
    };
    let needed: Vec<String> = NEEDED.iter().flat_map(each).collect();
    format!(
        "SELECT coalesce(string_agg(format('GRANT %s ON %I.%I TO %I', rights, '{schema}', name, \
         current_user), '; ' ORDER BY name), '')::text FROM (\
         SELECT name, string_agg(needed, ', ' ORDER BY needed DESC) AS rights \
         FROM (VALUES {}) AS needs (name, needed) \
         WHERE NOT has_table_privilege(format('%I.%I', '{schema}', name), needed) \
         AND (needed = 'SELECT' \
         OR has_table_privilege(format('%I.kolo_turns', '{schema}'), 'UPDATE') \
         OR NOT has_table_privilege(format('%I.kolo_turns', '{schema}'), 'SELECT')) \
         GROUP BY name) AS lacking",
        needed.join(", ")
    )
}
