-- Views for reporting: documented in docs/guide/reporting.md, which promises their columns. They read
-- what the program stores as JSON; nothing secret is in them, and nothing can be written through them.

CREATE FUNCTION kolo_json(bytes BYTEA) RETURNS JSONB LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT convert_from(bytes, 'UTF8')::jsonb $$;

-- One row per person.
CREATE VIEW users AS
SELECT tenant, id, kolo_json(bytes) #>> '{external_id}' AS external_id, kolo_json(bytes) #>> '{name}' AS name, kolo_json(bytes) #>> '{phone}' AS phone,
    kolo_json(bytes) #>> '{contact,channel}' AS channel, kolo_json(bytes) #>> '{contact,address}' AS contact,
    kolo_json(bytes) #>> '{address}' AS address, lower(kolo_json(bytes) #>> '{account}') AS account,
    CAST(kolo_json(bytes) #>> '{registered_at}' AS BIGINT) AS registered_at
FROM aggregates WHERE kind = 'member';

-- One row per circle. members: seats taken.
CREATE VIEW groups AS
SELECT tenant, id, kolo_json(bytes) #>> '{name}' AS name, kolo_json(bytes) #>> '{organiser}' AS organiser_id,
    kolo_json(bytes) #>> '{asset,code}' AS asset_code, kolo_json(bytes) #>> '{asset,issuer}' AS asset_issuer,
    CAST(kolo_json(bytes) #>> '{asset,decimals}' AS BIGINT) AS asset_decimals, kolo_json(bytes) #>> '{address}' AS contract,
    lower(kolo_json(bytes) #>> '{contract}') AS contract_state, jsonb_array_length(kolo_json(bytes) -> 'holders') AS members,
    CAST(kolo_json(bytes) #>> '{created_at}' AS BIGINT) AS created_at, kolo_json(bytes) #>> '{diverged}' AS diverged
FROM aggregates WHERE kind = 'circle';

-- One row per person and asset. available: settled less what is on hold.
CREATE VIEW wallets AS
SELECT tenant, substr(name, 8) AS user_id, asset, settled, pending_out, pending_in,
    settled - pending_out AS available, version, recorded_at
FROM accounts WHERE name LIKE 'wallet/%';

-- One row per line of a journal entry. amount: what settled, or is on hold; settled_amount: what counts.
CREATE VIEW transactions AS
SELECT e.tenant, e.position, p.line, e.id, e.kind,
    CASE WHEN e.expired = 1 THEN 'expired' ELSE e.status END AS status,
    p.account, p.asset, p.side, p.amount,
    CASE WHEN e.status = 'settled' THEN coalesce(s.amount, p.amount) ELSE 0 END AS settled_amount,
    CASE WHEN e.details LIKE '{%' THEN e.details::jsonb ->> 'circle' END AS group_id, CAST(CASE WHEN e.details LIKE '{%' THEN e.details::jsonb ->> 'round' END AS BIGINT) AS round,
    e.effective_at, e.recorded_at, e.chain_tx, e.command, e.correlation
FROM entries e
JOIN postings p ON p.tenant = e.tenant AND p.entry = e.position
LEFT JOIN parts s ON s.tenant = p.tenant AND s.entry = p.entry AND s.line = p.line;

-- One row per decision of a person: a vote, an answer to who asked for a place, a signature for another
-- code. approved: 1 or 0.
CREATE VIEW approvals AS
SELECT tenant, position, aggregate_id AS group_id, 'vote' AS kind,
    kolo_json(bytes) #>> '{what,in_circle,vote_cast,member}' AS address,
    CAST(kolo_json(bytes) #>> '{what,in_circle,vote_cast,proposal}' AS BIGINT) AS proposal,
    CASE kolo_json(bytes) #>> '{what,in_circle,vote_cast,approve}' WHEN 'true' THEN 1 WHEN 'false' THEN 0 END AS approved,
    CAST(kolo_json(bytes) #>> '{at}' AS BIGINT) AS decided_at, kolo_json(bytes) #>> '{tx}' AS chain_tx
FROM events WHERE record_kind = 'circle.vote_cast'
UNION ALL
SELECT tenant, position, aggregate_id, 'place',
    kolo_json(bytes) #>> '{what,in_circle,participant_joined,member}', NULL, 1, CAST(kolo_json(bytes) #>> '{at}' AS BIGINT), kolo_json(bytes) #>> '{tx}'
FROM events WHERE record_kind = 'circle.participant_joined'
UNION ALL
SELECT tenant, position, aggregate_id, 'place',
    kolo_json(bytes) #>> '{what,in_circle,join_rejected,member}', NULL, 0, CAST(kolo_json(bytes) #>> '{at}' AS BIGINT), kolo_json(bytes) #>> '{tx}'
FROM events WHERE record_kind = 'circle.join_rejected'
UNION ALL
SELECT tenant, position, aggregate_id, 'code',
    kolo_json(bytes) #>> '{what,in_circle,upgrade_signed,member}', NULL, 1, CAST(kolo_json(bytes) #>> '{at}' AS BIGINT), kolo_json(bytes) #>> '{tx}'
FROM events WHERE record_kind = 'circle.upgrade_signed';

-- One row per signed receipt.
CREATE VIEW receipts AS
SELECT tenant, kolo_json(bytes) #>> '{number}' AS number, kolo_json(bytes) #>> '{receipt,kind}' AS kind,
    kolo_json(bytes) #>> '{receipt,circle}' AS group_id, kolo_json(bytes) #>> '{receipt,circle_name}' AS group_name,
    CAST(kolo_json(bytes) #>> '{receipt,round}' AS BIGINT) AS round, kolo_json(bytes) #>> '{receipt,party}' AS party,
    CAST(kolo_json(bytes) #>> '{receipt,amount}' AS BIGINT) AS amount, kolo_json(bytes) #>> '{receipt,asset,code}' AS asset_code,
    kolo_json(bytes) #>> '{receipt,asset,issuer}' AS asset_issuer, CAST(kolo_json(bytes) #>> '{receipt,asset,decimals}' AS BIGINT) AS asset_decimals,
    CAST(kolo_json(bytes) #>> '{receipt,at}' AS BIGINT) AS at, kolo_json(bytes) #>> '{receipt,tx}' AS chain_tx,
    CASE kolo_json(bytes) #>> '{receipt,credited}' WHEN 'true' THEN 1 WHEN 'false' THEN 0 END AS credited
FROM aggregates WHERE kind = 'receipt';

-- One row per message to a person: what is to be said (notice) and what is sent (outbound), without its
-- text. state: waiting, claimed (a worker has it, or had it and tries again), done.
CREATE VIEW notifications_log AS
SELECT tenant, seq, id, queue, lane AS contact, due_at, ready_at AS next_attempt_at, claims AS attempts,
    CASE WHEN done = 1 THEN 'done' WHEN claims > 0 THEN 'claimed' ELSE 'waiting' END AS state
FROM work WHERE queue IN ('notice', 'outbound');
