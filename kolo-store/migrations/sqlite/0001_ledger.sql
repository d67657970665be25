-- The ledger. Every key is led by the tenant. Amounts are whole minor units, times whole seconds
-- since the Unix epoch. What is history (events, entries, postings) can only be added to.

CREATE TABLE aggregates (
    tenant          TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    id              TEXT    NOT NULL,
    version         INTEGER NOT NULL CHECK (version >= 1),
    record_kind     TEXT    NOT NULL,
    schema_version  INTEGER NOT NULL CHECK (schema_version >= 0),
    bytes           BLOB    NOT NULL,
    PRIMARY KEY (tenant, kind, id)
) STRICT;

CREATE TRIGGER aggregates_move_forward BEFORE UPDATE ON aggregates
WHEN NEW.version <= OLD.version
BEGIN SELECT RAISE(ABORT, 'an aggregate''s version only rises'); END;

CREATE TABLE index_names (
    tenant          TEXT NOT NULL,
    name            TEXT NOT NULL,
    value           TEXT NOT NULL,
    aggregate_kind  TEXT NOT NULL,
    aggregate_id    TEXT NOT NULL,
    PRIMARY KEY (tenant, name, value)
) STRICT, WITHOUT ROWID;

-- keep_until NULL: for ever.
CREATE TABLE commands (
    tenant          TEXT    NOT NULL,
    key             TEXT    NOT NULL,
    request_hash    BLOB    NOT NULL CHECK (length(request_hash) = 32),
    record_kind     TEXT    NOT NULL,
    schema_version  INTEGER NOT NULL CHECK (schema_version >= 0),
    bytes           BLOB    NOT NULL,
    recorded_at     INTEGER NOT NULL CHECK (recorded_at >= 0),
    keep_until      INTEGER CHECK (keep_until >= recorded_at),
    PRIMARY KEY (tenant, key)
) STRICT;

CREATE INDEX commands_to_forget ON commands (keep_until) WHERE keep_until IS NOT NULL;

CREATE TABLE events (
    tenant          TEXT    NOT NULL,
    position        INTEGER NOT NULL CHECK (position >= 1),
    aggregate_kind  TEXT    NOT NULL,
    aggregate_id    TEXT    NOT NULL,
    record_kind     TEXT    NOT NULL,
    schema_version  INTEGER NOT NULL CHECK (schema_version >= 0),
    bytes           BLOB    NOT NULL,
    recorded_at     INTEGER NOT NULL CHECK (recorded_at >= 0),
    PRIMARY KEY (tenant, position)
) STRICT;

CREATE TRIGGER events_have_no_gaps BEFORE INSERT ON events
WHEN NEW.position <> 1 + coalesce((SELECT max(position) FROM events WHERE tenant = NEW.tenant), 0)
BEGIN SELECT RAISE(ABORT, 'event positions have no gaps'); END;
CREATE TRIGGER events_do_not_change BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_stay BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;

-- An account and its balance: settled in its normal direction, pending inflows and outflows.
-- The figures are the sums of its postings; version counts how often they changed.
CREATE TABLE accounts (
    tenant          TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    asset           TEXT    NOT NULL,
    normal          TEXT    NOT NULL CHECK (normal IN ('debit', 'credit')),
    settled         INTEGER NOT NULL,
    pending_in      INTEGER NOT NULL CHECK (pending_in >= 0),
    pending_out     INTEGER NOT NULL CHECK (pending_out >= 0),
    version         INTEGER NOT NULL CHECK (version >= 1),
    PRIMARY KEY (tenant, name, asset)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER accounts_keep_their_side BEFORE UPDATE ON accounts
WHEN NEW.normal <> OLD.normal OR NEW.version <= OLD.version
BEGIN SELECT RAISE(ABORT, 'an account keeps its normal side and its version only rises'); END;
CREATE TRIGGER accounts_stay BEFORE DELETE ON accounts
BEGIN SELECT RAISE(ABORT, 'accounts are never deleted'); END;

-- held_at: set when the entry was written as a hold, to the moment the hold took effect.
CREATE TABLE entries (
    tenant          TEXT    NOT NULL,
    position        INTEGER NOT NULL CHECK (position >= 1),
    id              TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    status          TEXT    NOT NULL CHECK (status IN ('settled', 'pending', 'voided')),
    effective_at    INTEGER NOT NULL CHECK (effective_at >= 0),
    held_at         INTEGER CHECK (held_at >= 0),
    chain_tx        TEXT,
    details         TEXT    NOT NULL,
    recorded_at     INTEGER NOT NULL CHECK (recorded_at >= 0),
    PRIMARY KEY (tenant, position),
    UNIQUE (tenant, id),
    CHECK (held_at IS NOT NULL OR status = 'settled')
) STRICT;

CREATE TRIGGER entries_change_only_when_a_hold_ends BEFORE UPDATE ON entries
WHEN OLD.status <> 'pending'
  OR NEW.status NOT IN ('settled', 'voided')
  OR NEW.tenant <> OLD.tenant OR NEW.position <> OLD.position OR NEW.id <> OLD.id
  OR NEW.kind <> OLD.kind OR NEW.details <> OLD.details
  OR NEW.held_at IS NOT OLD.held_at OR NEW.recorded_at <> OLD.recorded_at
BEGIN SELECT RAISE(ABORT, 'entries are immutable; a hold ends once'); END;
CREATE TRIGGER entries_stay BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'entries are append-only'); END;

CREATE TABLE postings (
    tenant          TEXT    NOT NULL,
    entry           INTEGER NOT NULL,
    line            INTEGER NOT NULL CHECK (line >= 0),
    account         TEXT    NOT NULL,
    asset           TEXT    NOT NULL,
    side            TEXT    NOT NULL CHECK (side IN ('debit', 'credit')),
    amount          INTEGER NOT NULL CHECK (amount > 0),
    PRIMARY KEY (tenant, entry, line),
    FOREIGN KEY (tenant, entry) REFERENCES entries (tenant, position),
    FOREIGN KEY (tenant, account, asset) REFERENCES accounts (tenant, name, asset)
) STRICT, WITHOUT ROWID;

CREATE INDEX postings_of_an_account ON postings (tenant, account, asset, entry);

CREATE TRIGGER postings_do_not_change BEFORE UPDATE ON postings
BEGIN SELECT RAISE(ABORT, 'postings are append-only'); END;
CREATE TRIGGER postings_stay BEFORE DELETE ON postings
BEGIN SELECT RAISE(ABORT, 'postings are append-only'); END;

-- seq is the order of enqueueing over all tenants. The number of claims is also the token of the
-- latest one. ready_at: due_at, or the moment of the latest retry. A row stays when it is done, so
-- that its id is never enqueued again; its payload goes.
CREATE TABLE work (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant          TEXT    NOT NULL,
    id              TEXT    NOT NULL,
    queue           TEXT    NOT NULL,
    lane            TEXT,
    due_at          INTEGER NOT NULL CHECK (due_at >= 0),
    ready_at        INTEGER NOT NULL CHECK (ready_at >= 0),
    claims          INTEGER NOT NULL DEFAULT 0 CHECK (claims >= 0),
    leased_until    INTEGER,
    done            INTEGER NOT NULL DEFAULT 0 CHECK (done IN (0, 1)),
    record_kind     TEXT    NOT NULL,
    schema_version  INTEGER NOT NULL CHECK (schema_version >= 0),
    bytes           BLOB    NOT NULL,
    UNIQUE (tenant, id),
    CHECK (leased_until IS NULL OR (claims > 0 AND done = 0))
) STRICT;

CREATE INDEX work_ready ON work (queue, ready_at, seq) WHERE done = 0;
CREATE INDEX work_lanes ON work (tenant, queue, lane, due_at, seq) WHERE done = 0;
CREATE INDEX work_started ON work (tenant, queue, lane) WHERE done = 0 AND claims > 0;

CREATE TRIGGER work_stays BEFORE DELETE ON work
BEGIN SELECT RAISE(ABORT, 'work ids are remembered for ever'); END;

-- A key's seed, encrypted under a master key; the nonce is new at every encryption.
CREATE TABLE vault_keys (
    tenant          TEXT NOT NULL,
    name            TEXT NOT NULL,
    public_key      BLOB NOT NULL CHECK (length(public_key) = 32),
    master_key      TEXT NOT NULL,
    nonce           BLOB NOT NULL CHECK (length(nonce) = 12),
    ciphertext      BLOB NOT NULL CHECK (length(ciphertext) = 48),
    PRIMARY KEY (tenant, name),
    UNIQUE (tenant, public_key)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER vault_keys_keep_their_identity BEFORE UPDATE ON vault_keys
WHEN NEW.tenant <> OLD.tenant OR NEW.name <> OLD.name OR NEW.public_key <> OLD.public_key
BEGIN SELECT RAISE(ABORT, 'a key keeps its tenant, name and public half'); END;
