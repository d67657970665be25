//! What the books promise, each rule one statement that both databases understand.
use super::finding::Finding;
use crate::sql::{DbError, Row};

pub(super) type Found = fn(&mut Row) -> Result<Finding, DbError>;

/// Each rule: the rows that break it, and what such a row says.
pub(super) const RULES: &[(&str, Found)] = &[
    (
        "SELECT e.tenant, e.id, p.asset FROM entries e \
         JOIN postings p ON p.tenant = e.tenant AND p.entry = e.position \
         GROUP BY e.tenant, e.id, p.asset \
         HAVING sum(CASE p.side WHEN 'debit' THEN p.amount ELSE -p.amount END) <> 0 \
         UNION SELECT e.tenant, e.id, p.asset FROM parts s \
         JOIN postings p ON p.tenant = s.tenant AND p.entry = s.entry AND p.line = s.line \
         JOIN entries e ON e.tenant = s.tenant AND e.position = s.entry \
         GROUP BY e.tenant, e.id, p.asset \
         HAVING sum(CASE p.side WHEN 'debit' THEN s.amount ELSE -s.amount END) <> 0",
        |row| {
            Ok(Finding::Unbalanced {
                tenant: row.tenant()?,
                entry: row.text()?,
                asset: row.text()?,
            })
        },
    ),
    (
        "SELECT e.tenant, e.id FROM entries e LEFT JOIN postings p \
         ON p.tenant = e.tenant AND p.entry = e.position \
         GROUP BY e.tenant, e.id HAVING count(p.line) < 2",
        |row| Ok(Finding::TooFewLines { tenant: row.tenant()?, entry: row.text()? }),
    ),
    (
        "SELECT a.tenant, a.name, a.asset FROM accounts a \
         LEFT JOIN postings p \
         ON p.tenant = a.tenant AND p.account = a.name AND p.asset = a.asset \
         LEFT JOIN entries e ON e.tenant = p.tenant AND e.position = p.entry \
         LEFT JOIN parts s ON s.tenant = p.tenant AND s.entry = p.entry AND s.line = p.line \
         GROUP BY a.tenant, a.name, a.asset, a.normal, a.settled, a.pending_in, a.pending_out \
         HAVING a.settled <> coalesce(sum(CASE WHEN e.status <> 'settled' THEN 0 \
             WHEN p.side = a.normal THEN coalesce(s.amount, p.amount) \
             ELSE -coalesce(s.amount, p.amount) END), 0) \
         OR a.pending_in <> coalesce(sum(CASE WHEN e.status = 'pending' AND p.side = a.normal \
             THEN p.amount ELSE 0 END), 0) \
         OR a.pending_out <> coalesce(sum(CASE WHEN e.status = 'pending' AND p.side <> a.normal \
             THEN p.amount ELSE 0 END), 0)",
        |row| {
            Ok(Finding::Balance { tenant: row.tenant()?, account: row.text()?, asset: row.text()? })
        },
    ),
    (
        // The history of an account: numbered without gaps, each step continuing the one before, and
        // the last one is the balance.
        "SELECT a.tenant, a.name, a.asset FROM accounts a LEFT JOIN movements m \
         ON m.tenant = a.tenant AND m.account = a.name AND m.asset = a.asset \
         AND m.version = a.movement \
         WHERE m.version IS NULL OR m.settled_after <> a.settled \
         OR m.pending_in_after <> a.pending_in OR m.pending_out_after <> a.pending_out \
         UNION SELECT tenant, account, asset FROM (\
             SELECT tenant, account, asset, version, \
             row_number() OVER steps AS number, \
             settled_after - settled AS settled_before, \
             lag(settled_after, 1, 0) OVER steps AS settled_was, \
             pending_in_after - pending_in AS in_before, \
             lag(pending_in_after, 1, 0) OVER steps AS in_was, \
             pending_out_after - pending_out AS out_before, \
             lag(pending_out_after, 1, 0) OVER steps AS out_was FROM movements \
             WINDOW steps AS (PARTITION BY tenant, account, asset ORDER BY version)) AS steps \
         WHERE version <> number OR settled_before <> settled_was OR in_before <> in_was \
         OR out_before <> out_was",
        |row| {
            Ok(Finding::Balance { tenant: row.tenant()?, account: row.text()?, asset: row.text()? })
        },
    ),
    (
        // What past balances are looked up by: it says of movements what they are, and of all of them.
        "SELECT s.tenant, s.account, s.asset FROM spans s JOIN movements m \
         ON m.tenant = s.tenant AND m.account = s.account AND m.asset = s.asset \
         AND m.version > s.version - s.size AND m.version <= s.version \
         GROUP BY s.tenant, s.account, s.asset, s.size, s.version, s.earliest, s.latest \
         HAVING min(m.effective_at) <> s.earliest OR max(m.effective_at) <> s.latest \
         UNION SELECT a.tenant, a.name, a.asset FROM accounts a \
         LEFT JOIN spans s ON s.tenant = a.tenant AND s.account = a.name AND s.asset = a.asset \
         GROUP BY a.tenant, a.name, a.asset, a.movement \
         HAVING count(s.size) <> a.movement / 64 + a.movement / 4096 + a.movement / 262144",
        |row| {
            Ok(Finding::Balance { tenant: row.tenant()?, account: row.text()?, asset: row.text()? })
        },
    ),
    (
        "SELECT tenant, 'movements of ' || account || ' (' || asset || ')' FROM movements \
         GROUP BY tenant, account, asset HAVING min(version) <> 1 OR max(version) <> count(*) \
         UNION ALL SELECT tenant, 'events' FROM events GROUP BY tenant \
         HAVING min(position) <> 1 OR max(position) <> count(*) \
         UNION ALL SELECT tenant, 'entries' FROM entries GROUP BY tenant \
         HAVING min(position) <> 1 OR max(position) <> count(*)",
        |row| Ok(Finding::Gap { tenant: row.tenant()?, of: row.text()? }),
    ),
    (
        "SELECT tenant, id FROM entries WHERE (held_at IS NULL AND status <> 'settled') \
         OR (status = 'pending' AND effective_at <> held_at) \
         UNION SELECT e.tenant, e.id FROM entries e JOIN movements m \
         ON m.tenant = e.tenant AND m.entry = e.position \
         GROUP BY e.tenant, e.id, e.held_at, e.status, m.account, m.asset \
         HAVING sum(CASE WHEN m.step = 'ended' THEN 1 ELSE 0 END) \
         <> CASE WHEN e.held_at IS NOT NULL AND e.status <> 'pending' THEN 1 ELSE 0 END \
         OR sum(CASE WHEN m.step = 'ended' THEN 0 ELSE 1 END) <> 1 \
         UNION SELECT e.tenant, e.id FROM parts s \
         JOIN postings p ON p.tenant = s.tenant AND p.entry = s.entry AND p.line = s.line \
         JOIN entries e ON e.tenant = s.tenant AND e.position = s.entry \
         WHERE s.amount > p.amount OR e.held_at IS NULL OR e.status <> 'settled'",
        |row| Ok(Finding::Hold { tenant: row.tenant()?, entry: row.text()? }),
    ),
    (
        // One effect per key. What a command recorded was recorded at once: its entries, and its
        // movements of an account, follow each other. An entry's command is the one that moved it first.
        // And the keys of what moved money are kept for ever.
        "SELECT tenant, command FROM entries WHERE command IS NOT NULL GROUP BY tenant, command \
         HAVING max(position) - min(position) + 1 <> count(*) \
         UNION SELECT tenant, command FROM movements WHERE command IS NOT NULL \
         GROUP BY tenant, command, account, asset HAVING max(version) - min(version) + 1 <> count(*) \
         UNION SELECT e.tenant, coalesce(e.command, m.command) FROM movements m \
         JOIN entries e ON e.tenant = m.tenant AND e.position = m.entry \
         WHERE m.step <> 'ended' AND coalesce(m.command, '') <> coalesce(e.command, '') \
         UNION SELECT m.tenant, m.command FROM movements m \
         LEFT JOIN commands c ON c.tenant = m.tenant AND c.key = m.command \
         WHERE m.command IS NOT NULL AND (c.key IS NULL OR c.keep_until IS NOT NULL)",
        |row| Ok(Finding::Command { tenant: row.tenant()?, key: row.text()? }),
    ),
    ("SELECT tenant, kind, id FROM aggregates WHERE version < 1", |row| {
        Ok(Finding::Version { tenant: row.tenant()?, kind: row.text()?, id: row.text()? })
    }),
];
