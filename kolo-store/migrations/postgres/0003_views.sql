-- Views for reporting: documented in docs/guide/database.md, which promises their columns. They read
-- what the program stores as JSON; nothing secret is in them, and nothing can be written through them.
-- A name that a host's own table has in the same schema is left to it, with a warning.

-- Whatever the search path of who reads finds by these names.
CREATE FUNCTION kolo_json(bytes BYTEA) RETURNS JSONB LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN pg_catalog.convert_from(bytes, 'UTF8'::pg_catalog.name)::pg_catalog.jsonb;

-- An entry's details are any text: what is no JSON has no facts.
CREATE FUNCTION kolo_details(details TEXT) RETURNS JSONB LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
    RETURN details::pg_catalog.jsonb;
EXCEPTION WHEN OTHERS THEN
    RETURN NULL;
END $$;

CREATE FUNCTION kolo_view(name TEXT, query TEXT) RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
    IF to_regclass(format('%I.%I', current_schema(), name)) IS NULL THEN
        EXECUTE format('CREATE VIEW %I AS %s', name, query);
    ELSE
        RAISE WARNING 'the view % is not made: something of that name is there', name;
    END IF;
END $$;

-- One row per person.
SELECT kolo_view('users', $view$
SELECT tenant, id, kolo_json(bytes) #>> '{external_id}' AS external_id, kolo_json(bytes) #>> '{name}' AS name, kolo_json(bytes) #>> '{phone}' AS phone,
    kolo_json(bytes) #>> '{contact,channel}' AS channel, kolo_json(bytes) #>> '{contact,address}' AS contact,
    kolo_json(bytes) #>> '{address}' AS address, lower(kolo_json(bytes) #>> '{account}') AS account,
    CAST(kolo_json(bytes) #>> '{registered_at}' AS BIGINT) AS registered_at
FROM aggregates WHERE kind = 'member'
$view$);

-- One row per circle. members: seats taken.
SELECT kolo_view('groups', $view$
SELECT tenant, id, kolo_json(bytes) #>> '{name}' AS name, kolo_json(bytes) #>> '{organiser}' AS organiser_id,
    kolo_json(bytes) #>> '{asset,code}' AS asset_code, kolo_json(bytes) #>> '{asset,issuer}' AS asset_issuer,
    CAST(kolo_json(bytes) #>> '{asset,decimals}' AS BIGINT) AS asset_decimals, kolo_json(bytes) #>> '{address}' AS contract,
    lower(kolo_json(bytes) #>> '{contract}') AS contract_state, jsonb_array_length(kolo_json(bytes) -> 'holders') AS members,
    CAST(kolo_json(bytes) #>> '{created_at}' AS BIGINT) AS created_at, kolo_json(bytes) #>> '{diverged}' AS diverged
FROM aggregates WHERE kind = 'circle'
$view$);

-- One row per person and asset. available: settled less what is on hold.
SELECT kolo_view('wallets', $view$
SELECT tenant, substr(name, 8) AS user_id, asset, settled, pending_out, pending_in,
    settled - pending_out AS available, movement AS version, recorded_at
FROM accounts WHERE name LIKE 'wallet/%'
$view$);

-- One row per kind of account and asset, as the chart of accounts has them (what stands before the owner in
-- an account's name), in the direction in which it grows.
SELECT kolo_view('chart_of_accounts', $view$
SELECT tenant, split_part(name, '/', 1) AS kind, asset, normal, count(*) AS accounts,
    sum(settled) AS settled, sum(pending_out) AS pending_out, sum(pending_in) AS pending_in
FROM accounts GROUP BY tenant, split_part(name, '/', 1), asset, normal
$view$);

-- One row per line of a journal entry. amount: what settled, or is on hold; settled_amount: what counts.
SELECT kolo_view('transactions', $view$
SELECT e.tenant, e.position, p.line, e.id, e.kind,
    CASE WHEN e.expired = 1 THEN 'expired' ELSE e.status END AS status,
    p.account, p.asset, p.side, p.amount,
    CASE WHEN e.status = 'settled' THEN coalesce(s.amount, p.amount) ELSE 0 END AS settled_amount,
    kolo_details(e.details) ->> 'circle' AS group_id,
    CAST(substring(kolo_details(e.details) ->> 'round' FROM '^[0-9]{1,18}$') AS BIGINT) AS round,
    e.effective_at, e.recorded_at, e.chain_tx, e.command, e.correlation
FROM entries e
JOIN postings p ON p.tenant = e.tenant AND p.entry = e.position
LEFT JOIN parts s ON s.tenant = p.tenant AND s.entry = p.entry AND s.line = p.line
$view$);

-- One row per decision of a person: a vote, an answer to who asked for a place, a signature for another
-- code. approved: 1 or 0.
SELECT kolo_view('approvals', $view$
SELECT tenant, position, aggregate_id AS group_id,
    CASE record_kind WHEN 'circle.vote_cast' THEN 'vote' WHEN 'circle.upgrade_signed' THEN 'code' ELSE 'place' END AS kind,
    kolo_json(bytes) #>> ARRAY['what', 'in_circle', substr(record_kind, 8), 'member'] AS address,
    CAST(kolo_json(bytes) #>> '{what,in_circle,vote_cast,proposal}' AS BIGINT) AS proposal,
    CASE record_kind WHEN 'circle.join_rejected' THEN 0 WHEN 'circle.vote_cast' THEN
        CASE kolo_json(bytes) #>> '{what,in_circle,vote_cast,approve}' WHEN 'true' THEN 1 WHEN 'false' THEN 0 END
        ELSE 1 END AS approved,
    CAST(kolo_json(bytes) #>> '{at}' AS BIGINT) AS decided_at, kolo_json(bytes) #>> '{tx}' AS chain_tx
FROM events
WHERE record_kind IN ('circle.vote_cast', 'circle.participant_joined', 'circle.join_rejected', 'circle.upgrade_signed')
$view$);

-- One row per signed receipt.
SELECT kolo_view('receipts', $view$
SELECT tenant, kolo_json(bytes) #>> '{number}' AS number, kolo_json(bytes) #>> '{receipt,kind}' AS kind,
    kolo_json(bytes) #>> '{receipt,circle}' AS group_id, kolo_json(bytes) #>> '{receipt,circle_name}' AS group_name,
    CAST(kolo_json(bytes) #>> '{receipt,round}' AS BIGINT) AS round, kolo_json(bytes) #>> '{receipt,party}' AS party,
    CAST(kolo_json(bytes) #>> '{receipt,amount}' AS BIGINT) AS amount, kolo_json(bytes) #>> '{receipt,asset,code}' AS asset_code,
    kolo_json(bytes) #>> '{receipt,asset,issuer}' AS asset_issuer, CAST(kolo_json(bytes) #>> '{receipt,asset,decimals}' AS BIGINT) AS asset_decimals,
    CAST(kolo_json(bytes) #>> '{receipt,at}' AS BIGINT) AS at, kolo_json(bytes) #>> '{receipt,tx}' AS chain_tx,
    CASE kolo_json(bytes) #>> '{receipt,credited}' WHEN 'true' THEN 1 WHEN 'false' THEN 0 END AS credited
FROM aggregates WHERE kind = 'receipt'
$view$);

-- One row per message to a person: what is to be said (notice) and what is sent (outbound), without its
-- text. state: waiting, claimed (a worker has it, or had it and tries again), done.
SELECT kolo_view('notifications_log', $view$
SELECT tenant, seq, id, queue, lane AS contact, due_at, ready_at AS next_attempt_at, token AS attempts,
    CASE WHEN done = 1 THEN 'done' WHEN token > 0 THEN 'claimed' ELSE 'waiting' END AS state
FROM work WHERE queue IN ('notice', 'outbound')
$view$);

DROP FUNCTION kolo_view(TEXT, TEXT);
