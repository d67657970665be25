-- Past balances by effective time. Movements are kept in the order of their recording, and what took effect
-- by some moment can be anywhere among them. A span says of a run of movements of an account when the
-- earliest and the latest of them took effect: only runs that the moment divides need be looked into.
-- size: how many movements (64, 64 x 64, 64 x 64 x 64); version: the last of them, a multiple of size.
-- What it says of movements never changes, since they do not.

-- A commit that is under way ends first, and none begins before the trigger below is there: no movement is
-- missed, whoever runs this.
LOCK TABLE movements IN SHARE ROW EXCLUSIVE MODE;

CREATE TABLE spans (
    tenant          TEXT COLLATE "C" NOT NULL,
    account         TEXT COLLATE "C" NOT NULL,
    asset           TEXT COLLATE "C" NOT NULL,
    size            BIGINT NOT NULL CHECK (size IN (64, 4096, 262144)),
    version         BIGINT NOT NULL CHECK (version % size = 0),
    earliest        BIGINT NOT NULL,
    latest          BIGINT NOT NULL CHECK (latest >= earliest),
    PRIMARY KEY (tenant, account, asset, size, version)
);

INSERT INTO spans
SELECT m.tenant, m.account, m.asset, s.size, max(m.version), min(m.effective_at), max(m.effective_at)
FROM movements m CROSS JOIN (VALUES (64::bigint), (4096), (262144)) AS s (size)
GROUP BY m.tenant, m.account, m.asset, s.size, (m.version - 1) / s.size
HAVING count(*) = s.size;

CREATE FUNCTION kolo_span() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO spans
    SELECT NEW.tenant, NEW.account, NEW.asset, 64, NEW.version, min(effective_at), max(effective_at)
    FROM movements
    WHERE tenant = NEW.tenant AND account = NEW.account AND asset = NEW.asset
        AND version > NEW.version - 64 AND version <= NEW.version;
    IF NEW.version % 4096 = 0 THEN
        INSERT INTO spans
        SELECT NEW.tenant, NEW.account, NEW.asset, 4096, NEW.version, min(earliest), max(latest)
        FROM spans
        WHERE tenant = NEW.tenant AND account = NEW.account AND asset = NEW.asset
            AND size = 64 AND version > NEW.version - 4096 AND version <= NEW.version;
    END IF;
    IF NEW.version % 262144 = 0 THEN
        INSERT INTO spans
        SELECT NEW.tenant, NEW.account, NEW.asset, 262144, NEW.version, min(earliest), max(latest)
        FROM spans
        WHERE tenant = NEW.tenant AND account = NEW.account AND asset = NEW.asset
            AND size = 4096 AND version > NEW.version - 262144 AND version <= NEW.version;
    END IF;
    RETURN NULL;
END $$;

-- Called for one movement of an account in 64: the others cost a comparison.
CREATE TRIGGER movements_make_spans AFTER INSERT ON movements FOR EACH ROW
WHEN (NEW.version % 64 = 0) EXECUTE FUNCTION kolo_span();
CREATE TRIGGER spans_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON spans FOR EACH STATEMENT
EXECUTE FUNCTION kolo_refuse('spans are append-only');
