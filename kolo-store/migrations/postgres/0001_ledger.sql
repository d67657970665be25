-- The ledger. Every key is led by the tenant. Amounts are whole minor units, times whole seconds
-- since the Unix epoch. What is history (events, entries, postings) can only be added to. Texts
-- compare by their bytes.

CREATE FUNCTION kolo_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'integrity_constraint_violation'; END $$;

CREATE TABLE aggregates (
    tenant          TEXT COLLATE "C" NOT NULL,
    kind            TEXT COLLATE "C" NOT NULL,
    id              TEXT COLLATE "C" NOT NULL,
    version         BIGINT NOT NULL CHECK (version >= 1),
    record_kind     TEXT   NOT NULL,
    schema_version  BIGINT NOT NULL CHECK (schema_version >= 0),
    bytes           BYTEA  NOT NULL,
    PRIMARY KEY (tenant, kind, id)
);

CREATE TRIGGER aggregates_move_forward BEFORE UPDATE ON aggregates FOR EACH ROW
WHEN (NEW.version <= OLD.version)
EXECUTE FUNCTION kolo_refuse('an aggregate''s version only rises');

CREATE TABLE index_names (
    tenant          TEXT COLLATE "C" NOT NULL,
    name            TEXT COLLATE "C" NOT NULL,
    value           TEXT COLLATE "C" NOT NULL,
    aggregate_kind  TEXT NOT NULL,
    aggregate_id    TEXT NOT NULL,
    PRIMARY KEY (tenant, name, value)
);

-- keep_until NULL: for ever.
CREATE TABLE commands (
    tenant          TEXT COLLATE "C" NOT NULL,
    key             TEXT COLLATE "C" NOT NULL,
    request_hash    BYTEA  NOT NULL CHECK (octet_length(request_hash) = 32),
    record_kind     TEXT   NOT NULL,
    schema_version  BIGINT NOT NULL CHECK (schema_version >= 0),
    bytes           BYTEA  NOT NULL,
    recorded_at     BIGINT NOT NULL CHECK (recorded_at >= 0),
    keep_until      BIGINT CHECK (keep_until >= recorded_at),
    PRIMARY KEY (tenant, key)
);

CREATE INDEX commands_to_forget ON commands (keep_until) WHERE keep_until IS NOT NULL;

CREATE TABLE events (
    tenant          TEXT COLLATE "C" NOT NULL,
    position        BIGINT NOT NULL CHECK (position >= 1),
    aggregate_kind  TEXT   NOT NULL,
    aggregate_id    TEXT   NOT NULL,
    record_kind     TEXT   NOT NULL,
    schema_version  BIGINT NOT NULL CHECK (schema_version >= 0),
    bytes           BYTEA  NOT NULL,
    recorded_at     BIGINT NOT NULL CHECK (recorded_at >= 0),
    PRIMARY KEY (tenant, position)
);

CREATE FUNCTION kolo_next_position() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.position <> 1 + coalesce(
        (SELECT max(e.position) FROM events e WHERE e.tenant = NEW.tenant), 0
    ) THEN
        RAISE EXCEPTION USING MESSAGE = 'event positions have no gaps',
            ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER events_have_no_gaps BEFORE INSERT ON events FOR EACH ROW
EXECUTE FUNCTION kolo_next_position();
CREATE TRIGGER events_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON events FOR EACH STATEMENT
EXECUTE FUNCTION kolo_refuse('events are append-only');

-- An account and its balance: settled in its normal direction, pending inflows and outflows.
-- The figures are the sums of its postings; version counts how often they changed.
CREATE TABLE accounts (
    tenant          TEXT COLLATE "C" NOT NULL,
    name            TEXT COLLATE "C" NOT NULL,
    asset           TEXT COLLATE "C" NOT NULL,
    normal          TEXT   NOT NULL CHECK (normal IN ('debit', 'credit')),
    settled         BIGINT NOT NULL,
    pending_in      BIGINT NOT NULL CHECK (pending_in >= 0),
    pending_out     BIGINT NOT NULL CHECK (pending_out >= 0),
    version         BIGINT NOT NULL CHECK (version >= 1),
    PRIMARY KEY (tenant, name, asset)
);

CREATE TRIGGER accounts_keep_their_side BEFORE UPDATE ON accounts FOR EACH ROW
WHEN (NEW.normal <> OLD.normal OR NEW.version <= OLD.version)
EXECUTE FUNCTION kolo_refuse('an account keeps its normal side and its version only rises');
CREATE TRIGGER accounts_stay BEFORE DELETE ON accounts FOR EACH STATEMENT
EXECUTE FUNCTION kolo_refuse('accounts are never deleted');

-- held_at: set when the entry was written as a hold, to the moment the hold took effect.
CREATE TABLE entries (
    tenant          TEXT COLLATE "C" NOT NULL,
    position        BIGINT NOT NULL CHECK (position >= 1),
    id              TEXT COLLATE "C" NOT NULL,
    kind            TEXT   NOT NULL,
    status          TEXT   NOT NULL CHECK (status IN ('settled', 'pending', 'voided')),
    effective_at    BIGINT NOT NULL CHECK (effective_at >= 0),
    held_at         BIGINT CHECK (held_at >= 0),
    chain_tx        TEXT,
    details         TEXT   NOT NULL,
    recorded_at     BIGINT NOT NULL CHECK (recorded_at >= 0),
    PRIMARY KEY (tenant, position),
    UNIQUE (tenant, id),
    CHECK (held_at IS NOT NULL OR status = 'settled')
);

CREATE TRIGGER entries_change_only_when_a_hold_ends BEFORE UPDATE ON entries FOR EACH ROW
WHEN (OLD.status <> 'pending'
  OR NEW.status NOT IN ('settled', 'voided')
  OR NEW.tenant <> OLD.tenant OR NEW.position <> OLD.position OR NEW.id <> OLD.id
  OR NEW.kind <> OLD.kind OR NEW.details <> OLD.details
  OR NEW.held_at IS DISTINCT FROM OLD.held_at OR NEW.recorded_at <> OLD.recorded_at)
EXECUTE FUNCTION kolo_refuse('entries are immutable; a hold ends once');
CREATE TRIGGER entries_stay BEFORE DELETE ON entries FOR EACH STATEMENT
EXECUTE FUNCTION kolo_refuse('entries are append-only');

CREATE TABLE postings (
    tenant          TEXT COLLATE "C" NOT NULL,
    entry           BIGINT NOT NULL,
    line            BIGINT NOT NULL CHECK (line >= 0),
    account         TEXT COLLATE "C" NOT NULL,
    asset           TEXT COLLATE "C" NOT NULL,
    side            TEXT   NOT NULL CHECK (side IN ('debit', 'credit')),
    amount          BIGINT NOT NULL CHECK (amount > 0),
    PRIMARY KEY (tenant, entry, line),
    FOREIGN KEY (tenant, entry) REFERENCES entries (tenant, position),
    FOREIGN KEY (tenant, account, asset) REFERENCES accounts (tenant, name, asset)
);

CREATE INDEX postings_of_an_account ON postings (tenant, account, asset, entry);

CREATE TRIGGER postings_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON postings FOR EACH STATEMENT
EXECUTE FUNCTION kolo_refuse('postings are append-only');

-- seq is the order of enqueueing over all tenants. The number of claims is also the token of the
-- latest one. ready_at: due_at, or the moment of the latest retry. A row stays when it is done, so
-- that its id is never enqueued again; its payload goes.
CREATE TABLE work (
    seq             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant          TEXT COLLATE "C" NOT NULL,
    id              TEXT COLLATE "C" NOT NULL,
    queue           TEXT COLLATE "C" NOT NULL,
    lane            TEXT COLLATE "C",
    due_at          BIGINT NOT NULL CHECK (due_at >= 0),
    ready_at        BIGINT NOT NULL CHECK (ready_at >= 0),
    claims          BIGINT NOT NULL DEFAULT 0 CHECK (claims >= 0),
    leased_until    BIGINT,
    done            BIGINT NOT NULL DEFAULT 0 CHECK (done IN (0, 1)),
    record_kind     TEXT   NOT NULL,
    schema_version  BIGINT NOT NULL CHECK (schema_version >= 0),
    bytes           BYTEA  NOT NULL,
    UNIQUE (tenant, id),
    CHECK (leased_until IS NULL OR (claims > 0 AND done = 0))
);

CREATE INDEX work_ready ON work (queue, ready_at, seq) WHERE done = 0;
CREATE INDEX work_lanes ON work (tenant, queue, lane, due_at, seq) WHERE done = 0;
CREATE INDEX work_started ON work (tenant, queue, lane) WHERE done = 0 AND claims > 0;

CREATE TRIGGER work_stays BEFORE DELETE ON work FOR EACH STATEMENT
EXECUTE FUNCTION kolo_refuse('work ids are remembered for ever');

-- A key's seed, encrypted under a master key; the nonce is new at every encryption.
CREATE TABLE vault_keys (
    tenant          TEXT COLLATE "C" NOT NULL,
    name            TEXT COLLATE "C" NOT NULL,
    public_key      BYTEA NOT NULL CHECK (octet_length(public_key) = 32),
    master_key      TEXT  NOT NULL,
    nonce           BYTEA NOT NULL CHECK (octet_length(nonce) = 12),
    ciphertext      BYTEA NOT NULL CHECK (octet_length(ciphertext) = 48),
    PRIMARY KEY (tenant, name),
    UNIQUE (tenant, public_key)
);

CREATE TRIGGER vault_keys_keep_their_identity BEFORE UPDATE ON vault_keys FOR EACH ROW
WHEN (NEW.tenant <> OLD.tenant OR NEW.name <> OLD.name OR NEW.public_key <> OLD.public_key)
EXECUTE FUNCTION kolo_refuse('a key keeps its tenant, name and public half');
