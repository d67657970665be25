-- Statements: every change of an account's balance, with the balance after it. What a hold settled in
-- part, how it expired, and what caused an entry.

-- A program of the first schema would book without a movement. These names are in every commit and every
-- claim of it: with them gone these are refused from here on, instead of spoiling the books.
ALTER TABLE commands RENAME COLUMN request_hash TO hash;
ALTER TABLE work RENAME COLUMN claims TO token;

ALTER TABLE entries ADD COLUMN expired BIGINT NOT NULL DEFAULT 0 CHECK (expired IN (0, 1));
ALTER TABLE entries ADD COLUMN command TEXT;
ALTER TABLE entries ADD COLUMN correlation TEXT;
ALTER TABLE accounts ADD COLUMN recorded_at BIGINT NOT NULL DEFAULT 0;

-- What settled of a line of a hold that settled in part; without a row, all of it or nothing did.
CREATE TABLE parts (
    tenant          TEXT COLLATE "C" NOT NULL,
    entry           BIGINT NOT NULL,
    line            BIGINT NOT NULL,
    amount          BIGINT NOT NULL CHECK (amount >= 0),
    PRIMARY KEY (tenant, entry, line),
    FOREIGN KEY (tenant, entry, line) REFERENCES postings (tenant, entry, line)
);

-- step: settled (written so), held (written as a hold), ended (the hold did). The figures are changes;
-- those named _after are the balance then. minimum: what a guard asked to be available after it.
-- recorded_at never goes back on an account.
CREATE TABLE movements (
    tenant          TEXT COLLATE "C" NOT NULL,
    account         TEXT COLLATE "C" NOT NULL,
    asset           TEXT COLLATE "C" NOT NULL,
    version         BIGINT NOT NULL CHECK (version >= 1),
    entry           BIGINT NOT NULL,
    step            TEXT NOT NULL CHECK (step IN ('settled', 'held', 'ended')),
    settled         BIGINT NOT NULL,
    pending_in      BIGINT NOT NULL,
    pending_out     BIGINT NOT NULL,
    settled_after   BIGINT NOT NULL,
    pending_in_after  BIGINT NOT NULL CHECK (pending_in_after >= 0),
    pending_out_after BIGINT NOT NULL CHECK (pending_out_after >= 0),
    minimum         BIGINT,
    effective_at    BIGINT NOT NULL CHECK (effective_at >= 0),
    recorded_at     BIGINT NOT NULL CHECK (recorded_at >= 0),
    command         TEXT,
    correlation     TEXT,
    PRIMARY KEY (tenant, account, asset, version),
    CONSTRAINT never_below_the_guard
        CHECK (minimum IS NULL OR settled_after - pending_out_after >= minimum)
);

DROP TRIGGER accounts_keep_their_side ON accounts;
-- The number of the account's latest movement.
ALTER TABLE accounts RENAME COLUMN version TO movement;

INSERT INTO movements
SELECT tenant, account, asset, row_number() OVER steps, entry, step, settled, pending_in, pending_out,
    CAST(sum(settled) OVER steps AS BIGINT), CAST(sum(pending_in) OVER steps AS BIGINT),
    CAST(sum(pending_out) OVER steps AS BIGINT), NULL, effective_at,
    max(recorded_at) OVER steps, NULL, NULL
FROM (
    SELECT p.tenant, p.account, p.asset, p.entry, 1 AS part,
        CASE WHEN e.held_at IS NULL THEN 'settled' ELSE 'held' END AS step,
        CAST(sum(CASE WHEN e.held_at IS NOT NULL THEN 0
            WHEN p.side = a.normal THEN p.amount ELSE -p.amount END) AS BIGINT) AS settled,
        CAST(sum(CASE WHEN e.held_at IS NOT NULL AND p.side = a.normal THEN p.amount ELSE 0 END)
            AS BIGINT) AS pending_in,
        CAST(sum(CASE WHEN e.held_at IS NOT NULL AND p.side <> a.normal THEN p.amount ELSE 0 END)
            AS BIGINT) AS pending_out,
        coalesce(e.held_at, e.effective_at) AS effective_at, e.recorded_at
    FROM postings p
    JOIN entries e ON e.tenant = p.tenant AND e.position = p.entry
    JOIN accounts a ON a.tenant = p.tenant AND a.name = p.account AND a.asset = p.asset
    GROUP BY p.tenant, p.account, p.asset, p.entry, e.held_at, e.effective_at, e.recorded_at
    UNION ALL
    SELECT p.tenant, p.account, p.asset, p.entry, 2, 'ended',
        CAST(sum(CASE WHEN e.status <> 'settled' THEN 0
            WHEN p.side = a.normal THEN p.amount ELSE -p.amount END) AS BIGINT),
        CAST(sum(CASE WHEN p.side = a.normal THEN -p.amount ELSE 0 END) AS BIGINT),
        CAST(sum(CASE WHEN p.side <> a.normal THEN -p.amount ELSE 0 END) AS BIGINT),
        e.effective_at,
        -- When a hold ended was not kept: no earlier than it took effect, and no later than the last
        -- thing that was recorded, or whatever comes next would be dated as late.
        CASE WHEN e.effective_at <= e.recorded_at THEN e.recorded_at
            WHEN e.effective_at > clock.latest THEN clock.latest ELSE e.effective_at END
    FROM postings p
    JOIN entries e ON e.tenant = p.tenant AND e.position = p.entry
    JOIN accounts a ON a.tenant = p.tenant AND a.name = p.account AND a.asset = p.asset
    JOIN (
        SELECT tenant, max(recorded_at) AS latest FROM (
            SELECT tenant, recorded_at FROM entries
            UNION ALL SELECT tenant, recorded_at FROM events
            UNION ALL SELECT tenant, recorded_at FROM commands
        ) AS recorded GROUP BY tenant
    ) AS clock ON clock.tenant = e.tenant
    WHERE e.held_at IS NOT NULL AND e.status <> 'pending'
    GROUP BY p.tenant, p.account, p.asset, p.entry, e.effective_at, e.recorded_at, clock.latest
) AS known
WINDOW steps AS (PARTITION BY tenant, account, asset ORDER BY recorded_at, entry, part);

UPDATE accounts SET movement = latest.version, recorded_at = latest.recorded_at
FROM (
    SELECT tenant, account, asset, max(version) AS version, max(recorded_at) AS recorded_at
    FROM movements GROUP BY tenant, account, asset
) AS latest
WHERE latest.tenant = accounts.tenant AND latest.account = accounts.name
    AND latest.asset = accounts.asset;

-- Books that do not add up are not brought up to date: no movement could continue them.
DO $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM accounts a LEFT JOIN movements m ON m.tenant = a.tenant
            AND m.account = a.name AND m.asset = a.asset AND m.version = a.movement
        WHERE m.version IS NULL OR m.settled_after <> a.settled
            OR m.pending_in_after <> a.pending_in OR m.pending_out_after <> a.pending_out
    ) THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE =
            'an account is not what its entries come to: check the books (ledger check) '
            'with the program that made them, and mend them before this migration';
    END IF;
END $$;

CREATE TRIGGER accounts_keep_their_side BEFORE UPDATE ON accounts FOR EACH ROW
WHEN (NEW.normal <> OLD.normal OR NEW.movement <= OLD.movement OR NEW.recorded_at < OLD.recorded_at)
EXECUTE FUNCTION kolo_refuse('an account keeps its normal side; its movements and its time only rise');

DROP TRIGGER entries_change_only_when_a_hold_ends ON entries;
CREATE TRIGGER entries_change_only_when_a_hold_ends BEFORE UPDATE ON entries FOR EACH ROW
WHEN (OLD.status <> 'pending'
  OR NEW.status NOT IN ('settled', 'voided')
  OR (NEW.expired = 1 AND NEW.status <> 'voided')
  OR NEW.tenant <> OLD.tenant OR NEW.position <> OLD.position OR NEW.id <> OLD.id
  OR NEW.kind <> OLD.kind OR NEW.details <> OLD.details
  OR NEW.command IS DISTINCT FROM OLD.command OR NEW.correlation IS DISTINCT FROM OLD.correlation
  OR NEW.held_at IS DISTINCT FROM OLD.held_at OR NEW.recorded_at <> OLD.recorded_at)
EXECUTE FUNCTION kolo_refuse('entries are immutable; a hold ends once');

CREATE FUNCTION kolo_check_parts() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM fresh f
        LEFT JOIN postings p ON p.tenant = f.tenant AND p.entry = f.entry AND p.line = f.line
        WHERE p.amount IS NULL OR f.amount > p.amount
    ) OR EXISTS (
        SELECT 1 FROM fresh f
        JOIN postings p ON p.tenant = f.tenant AND p.entry = f.entry AND p.line = f.line
        GROUP BY p.tenant, p.entry, p.asset
        HAVING sum(CASE p.side WHEN 'debit' THEN f.amount ELSE -f.amount END) <> 0
    ) THEN
        RAISE EXCEPTION USING MESSAGE = 'no more settles than was held, and what does balances',
            ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER parts_are_parts AFTER INSERT ON parts
REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION kolo_check_parts();
CREATE TRIGGER parts_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON parts FOR EACH STATEMENT
EXECUTE FUNCTION kolo_refuse('parts are append-only');
CREATE TRIGGER movements_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON movements FOR EACH STATEMENT
EXECUTE FUNCTION kolo_refuse('movements are append-only');

-- All lines of an entry are written by one statement.
CREATE FUNCTION kolo_check_postings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM fresh GROUP BY tenant, entry, asset
        HAVING sum(CASE side WHEN 'debit' THEN amount ELSE -amount END) <> 0
    ) THEN
        RAISE EXCEPTION USING MESSAGE = 'an entry balances in each asset',
            ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER entries_balance AFTER INSERT ON postings
REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION kolo_check_postings();

-- Each movement continues the one before it. Once per statement, however many rows it writes.
CREATE FUNCTION kolo_check_movements() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM fresh f LEFT JOIN movements p
        ON p.tenant = f.tenant AND p.account = f.account AND p.asset = f.asset
            AND p.version = f.version - 1
        WHERE (f.version > 1 AND p.version IS NULL)
        OR f.settled_after <> coalesce(p.settled_after, 0) + f.settled
        OR f.pending_in_after <> coalesce(p.pending_in_after, 0) + f.pending_in
        OR f.pending_out_after <> coalesce(p.pending_out_after, 0) + f.pending_out
        OR f.recorded_at < coalesce(p.recorded_at, 0)
    ) THEN
        RAISE EXCEPTION USING MESSAGE = 'a movement continues the balance before it',
            ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER movements_follow_each_other AFTER INSERT ON movements
REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION kolo_check_movements();

-- The same rule as before, once per statement instead of once per row.
CREATE FUNCTION kolo_check_positions() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM (
            SELECT tenant, min(position) AS first, max(position) AS last, count(*) AS rows
            FROM fresh GROUP BY tenant
        ) f
        WHERE f.last - f.first + 1 <> f.rows
        OR f.first <> 1 + coalesce((SELECT max(e.position) FROM events e
            WHERE e.tenant = f.tenant AND e.position < f.first), 0)
    ) THEN
        RAISE EXCEPTION USING MESSAGE = 'event positions have no gaps',
            ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER events_have_no_gaps ON events;
DROP FUNCTION kolo_next_position();
CREATE TRIGGER events_have_no_gaps AFTER INSERT ON events
REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION kolo_check_positions();

-- Whose turn it is to write. Every transaction that changes what a commit depends on moves the number
-- on and holds the row until it has ended: what was read at a number still holds if the number does.
CREATE TABLE kolo_turns (
    one             BIGINT PRIMARY KEY CHECK (one = 1),
    number          BIGINT NOT NULL
) WITH (fillfactor = 10);
INSERT INTO kolo_turns VALUES (1, 0);
CREATE TRIGGER turns_only_rise BEFORE UPDATE ON kolo_turns FOR EACH ROW
WHEN (NEW.number <= OLD.number OR NEW.one <> OLD.one)
EXECUTE FUNCTION kolo_refuse('the turn only moves on');
CREATE TRIGGER turns_stay BEFORE DELETE OR TRUNCATE ON kolo_turns FOR EACH STATEMENT
EXECUTE FUNCTION kolo_refuse('the turn stays');
