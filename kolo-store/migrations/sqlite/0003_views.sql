-- Views for reporting: documented in docs/guide/database.md, which promises their columns. They read
-- what the program stores as JSON; nothing secret is in them, and nothing can be written through them.
-- A name that is taken already is left to whoever has it.

-- One row per person.
CREATE VIEW IF NOT EXISTS users AS
SELECT tenant, id, json_extract(CAST(bytes AS TEXT), '$.external_id') AS external_id, json_extract(CAST(bytes AS TEXT), '$.name') AS name, json_extract(CAST(bytes AS TEXT), '$.phone') AS phone,
    json_extract(CAST(bytes AS TEXT), '$.contact.channel') AS channel, json_extract(CAST(bytes AS TEXT), '$.contact.address') AS contact,
    json_extract(CAST(bytes AS TEXT), '$.address') AS address, lower(json_extract(CAST(bytes AS TEXT), '$.account')) AS account,
    CAST(json_extract(CAST(bytes AS TEXT), '$.registered_at') AS BIGINT) AS registered_at
FROM aggregates WHERE kind = 'member';

-- One row per circle. members: seats taken.
CREATE VIEW IF NOT EXISTS groups AS
SELECT tenant, id, json_extract(CAST(bytes AS TEXT), '$.name') AS name, json_extract(CAST(bytes AS TEXT), '$.organiser') AS organiser_id,
    json_extract(CAST(bytes AS TEXT), '$.asset.code') AS asset_code, json_extract(CAST(bytes AS TEXT), '$.asset.issuer') AS asset_issuer,
    CAST(json_extract(CAST(bytes AS TEXT), '$.asset.decimals') AS BIGINT) AS asset_decimals, json_extract(CAST(bytes AS TEXT), '$.address') AS contract,
    lower(json_extract(CAST(bytes AS TEXT), '$.contract')) AS contract_state, json_array_length(CAST(bytes AS TEXT), '$.holders') AS members,
    CAST(json_extract(CAST(bytes AS TEXT), '$.created_at') AS BIGINT) AS created_at, json_extract(CAST(bytes AS TEXT), '$.diverged') AS diverged
FROM aggregates WHERE kind = 'circle';

-- One row per person and asset. available: settled less what is on hold.
CREATE VIEW IF NOT EXISTS wallets AS
SELECT tenant, substr(name, 8) AS user_id, asset, settled, pending_out, pending_in,
    settled - pending_out AS available, movement AS version, recorded_at
FROM accounts WHERE name LIKE 'wallet/%';

-- One row per kind of account and asset, as the chart of accounts has them (what stands before the owner in
-- an account's name), in the direction in which it grows.
CREATE VIEW IF NOT EXISTS chart_of_accounts AS
SELECT tenant, substr(name, 1, instr(name || '/', '/') - 1) AS kind, asset, normal, count(*) AS accounts,
    sum(settled) AS settled, sum(pending_out) AS pending_out, sum(pending_in) AS pending_in
FROM accounts GROUP BY tenant, substr(name, 1, instr(name || '/', '/') - 1), asset, normal;

-- One row per line of a journal entry. amount: what settled, or is on hold; settled_amount: what counts.
CREATE VIEW IF NOT EXISTS transactions AS
SELECT e.tenant, e.position, p.line, e.id, e.kind,
    CASE WHEN e.expired = 1 THEN 'expired' ELSE e.status END AS status,
    p.account, p.asset, p.side, p.amount,
    CASE WHEN e.status = 'settled' THEN coalesce(s.amount, p.amount) ELSE 0 END AS settled_amount,
    CASE WHEN json_valid(e.details) THEN json_extract(e.details, '$.circle') END AS group_id, CAST(CASE WHEN json_valid(e.details) THEN json_extract(e.details, '$.round') END AS BIGINT) AS round,
    e.effective_at, e.recorded_at, e.chain_tx, e.command, e.correlation
FROM entries e
JOIN postings p ON p.tenant = e.tenant AND p.entry = e.position
LEFT JOIN parts s ON s.tenant = p.tenant AND s.entry = p.entry AND s.line = p.line;

-- One row per decision of a person: a vote, an answer to who asked for a place, a signature for another
-- code. approved: 1 or 0.
CREATE VIEW IF NOT EXISTS approvals AS
SELECT tenant, position, aggregate_id AS group_id,
    CASE record_kind WHEN 'circle.vote_cast' THEN 'vote' WHEN 'circle.upgrade_signed' THEN 'code' ELSE 'place' END AS kind,
    json_extract(CAST(bytes AS TEXT), '$.what.in_circle.' || substr(record_kind, 8) || '.member') AS address,
    CAST(json_extract(CAST(bytes AS TEXT), '$.what.in_circle.vote_cast.proposal') AS BIGINT) AS proposal,
    CASE record_kind WHEN 'circle.join_rejected' THEN 0
        WHEN 'circle.vote_cast' THEN json_extract(CAST(bytes AS TEXT), '$.what.in_circle.vote_cast.approve')
        ELSE 1 END AS approved,
    CAST(json_extract(CAST(bytes AS TEXT), '$.at') AS BIGINT) AS decided_at, json_extract(CAST(bytes AS TEXT), '$.tx') AS chain_tx
FROM events
WHERE record_kind IN ('circle.vote_cast', 'circle.participant_joined', 'circle.join_rejected', 'circle.upgrade_signed');

-- One row per signed receipt.
CREATE VIEW IF NOT EXISTS receipts AS
SELECT tenant, json_extract(CAST(bytes AS TEXT), '$.number') AS number, json_extract(CAST(bytes AS TEXT), '$.receipt.kind') AS kind,
    json_extract(CAST(bytes AS TEXT), '$.receipt.circle') AS group_id, json_extract(CAST(bytes AS TEXT), '$.receipt.circle_name') AS group_name,
    CAST(json_extract(CAST(bytes AS TEXT), '$.receipt.round') AS BIGINT) AS round, json_extract(CAST(bytes AS TEXT), '$.receipt.party') AS party,
    CAST(json_extract(CAST(bytes AS TEXT), '$.receipt.amount') AS BIGINT) AS amount, json_extract(CAST(bytes AS TEXT), '$.receipt.asset.code') AS asset_code,
    json_extract(CAST(bytes AS TEXT), '$.receipt.asset.issuer') AS asset_issuer, CAST(json_extract(CAST(bytes AS TEXT), '$.receipt.asset.decimals') AS BIGINT) AS asset_decimals,
    CAST(json_extract(CAST(bytes AS TEXT), '$.receipt.at') AS BIGINT) AS at, json_extract(CAST(bytes AS TEXT), '$.receipt.tx') AS chain_tx,
    json_extract(CAST(bytes AS TEXT), '$.receipt.credited') AS credited
FROM aggregates WHERE kind = 'receipt';

-- One row per message to a person: what is to be said (notice) and what is sent (outbound), without its
-- text. state: waiting, claimed (a worker has it, or had it and tries again), done.
CREATE VIEW IF NOT EXISTS notifications_log AS
SELECT tenant, seq, id, queue, lane AS contact, due_at, ready_at AS next_attempt_at, token AS attempts,
    CASE WHEN done = 1 THEN 'done' WHEN token > 0 THEN 'claimed' ELSE 'waiting' END AS state
FROM work WHERE queue IN ('notice', 'outbound');
