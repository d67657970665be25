-- Statements: every change of an account's balance, with the balance after it. What a hold settled in
-- part, how it expired, and what caused an entry.

-- A program of the first schema would book without a movement. These names are in every commit and every
-- claim of it: with them gone these are refused from here on, instead of spoiling the books.
ALTER TABLE commands RENAME COLUMN request_hash TO hash;
ALTER TABLE work RENAME COLUMN claims TO token;

ALTER TABLE entries ADD COLUMN expired INTEGER NOT NULL DEFAULT 0 CHECK (expired IN (0, 1));
ALTER TABLE entries ADD COLUMN command TEXT;
ALTER TABLE entries ADD COLUMN correlation TEXT;
ALTER TABLE accounts ADD COLUMN recorded_at INTEGER NOT NULL DEFAULT 0;

-- What settled of a line of a hold that settled in part; without a row, all of it or nothing did.
CREATE TABLE parts (
    tenant          TEXT NOT NULL,
    entry           INTEGER NOT NULL,
    line            INTEGER NOT NULL,
    amount          INTEGER NOT NULL CHECK (amount >= 0),
    PRIMARY KEY (tenant, entry, line),
    FOREIGN KEY (tenant, entry, line) REFERENCES postings (tenant, entry, line)
) STRICT, WITHOUT ROWID;

-- step: settled (written so), held (written as a hold), ended (the hold did). The figures are changes;
-- those named _after are the balance then. minimum: what a guard asked to be available after it.
-- recorded_at never goes back on an account.
CREATE TABLE movements (
    tenant          TEXT NOT NULL,
    account         TEXT NOT NULL,
    asset           TEXT NOT NULL,
    version         INTEGER NOT NULL CHECK (version >= 1),
    entry           INTEGER NOT NULL,
    step            TEXT NOT NULL CHECK (step IN ('settled', 'held', 'ended')),
    settled         INTEGER NOT NULL,
    pending_in      INTEGER NOT NULL,
    pending_out     INTEGER NOT NULL,
    settled_after   INTEGER NOT NULL,
    pending_in_after  INTEGER NOT NULL CHECK (pending_in_after >= 0),
    pending_out_after INTEGER NOT NULL CHECK (pending_out_after >= 0),
    minimum         INTEGER,
    effective_at    INTEGER NOT NULL CHECK (effective_at >= 0),
    recorded_at     INTEGER NOT NULL CHECK (recorded_at >= 0),
    command         TEXT,
    correlation     TEXT,
    PRIMARY KEY (tenant, account, asset, version),
    CONSTRAINT never_below_the_guard
        CHECK (minimum IS NULL OR settled_after - pending_out_after >= minimum)
) STRICT, WITHOUT ROWID;

DROP TRIGGER accounts_keep_their_side;
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

-- Books that do not add up are not brought up to date: no movement could continue them. (Only a trigger
-- can say so.)
CREATE TABLE kolo_wrong (name TEXT NOT NULL) STRICT;
CREATE TRIGGER accounts_add_up BEFORE INSERT ON kolo_wrong
BEGIN SELECT RAISE(ABORT, 'an account is not what its entries come to: check the books (ledger check) with the program that made them, and mend them before this migration'); END;
INSERT INTO kolo_wrong
SELECT a.name FROM accounts a LEFT JOIN movements m ON m.tenant = a.tenant
    AND m.account = a.name AND m.asset = a.asset AND m.version = a.movement
WHERE m.version IS NULL OR m.settled_after <> a.settled
    OR m.pending_in_after <> a.pending_in OR m.pending_out_after <> a.pending_out;
DROP TABLE kolo_wrong;

CREATE TRIGGER accounts_keep_their_side BEFORE UPDATE ON accounts
WHEN NEW.normal <> OLD.normal OR NEW.movement <= OLD.movement OR NEW.recorded_at < OLD.recorded_at
BEGIN SELECT RAISE(ABORT, 'an account keeps its normal side; its movements and its time only rise'); END;

DROP TRIGGER entries_change_only_when_a_hold_ends;
CREATE TRIGGER entries_change_only_when_a_hold_ends BEFORE UPDATE ON entries
WHEN OLD.status <> 'pending'
  OR NEW.status NOT IN ('settled', 'voided')
  OR (NEW.expired = 1 AND NEW.status <> 'voided')
  OR NEW.tenant <> OLD.tenant OR NEW.position <> OLD.position OR NEW.id <> OLD.id
  OR NEW.kind <> OLD.kind OR NEW.details <> OLD.details
  OR NEW.command IS NOT OLD.command OR NEW.correlation IS NOT OLD.correlation
  OR NEW.held_at IS NOT OLD.held_at OR NEW.recorded_at <> OLD.recorded_at
BEGIN SELECT RAISE(ABORT, 'entries are immutable; a hold ends once'); END;

CREATE TRIGGER parts_are_parts BEFORE INSERT ON parts
WHEN NEW.amount > (SELECT p.amount FROM postings p
    WHERE p.tenant = NEW.tenant AND p.entry = NEW.entry AND p.line = NEW.line)
BEGIN SELECT RAISE(ABORT, 'no more settles than was held'); END;
CREATE TRIGGER parts_do_not_change BEFORE UPDATE ON parts
BEGIN SELECT RAISE(ABORT, 'parts are append-only'); END;
CREATE TRIGGER parts_stay BEFORE DELETE ON parts
BEGIN SELECT RAISE(ABORT, 'parts are append-only'); END;
CREATE TRIGGER movements_do_not_change BEFORE UPDATE ON movements
BEGIN SELECT RAISE(ABORT, 'movements are append-only'); END;
CREATE TRIGGER movements_stay BEFORE DELETE ON movements
BEGIN SELECT RAISE(ABORT, 'movements are append-only'); END;

-- Each movement continues the one before it.
CREATE TRIGGER movements_follow_each_other BEFORE INSERT ON movements
WHEN NOT EXISTS (
    SELECT 1 FROM movements p
    WHERE p.tenant = NEW.tenant AND p.account = NEW.account AND p.asset = NEW.asset
        AND p.version = NEW.version - 1
        AND NEW.settled_after = p.settled_after + NEW.settled
        AND NEW.pending_in_after = p.pending_in_after + NEW.pending_in
        AND NEW.pending_out_after = p.pending_out_after + NEW.pending_out
        AND NEW.recorded_at >= p.recorded_at
) AND NOT (
    NEW.version = 1 AND NEW.settled_after = NEW.settled
    AND NEW.pending_in_after = NEW.pending_in AND NEW.pending_out_after = NEW.pending_out
)
BEGIN SELECT RAISE(ABORT, 'a movement continues the balance before it'); END;
