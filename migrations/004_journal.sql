-- Every numbered event, for those who come back and for those who look back.

-- An integer for each (symbol, stream) and for each partition of the log: they stand in every row.
CREATE TABLE journal_streams (
  stream_id INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  symbol    VARCHAR(32) NOT NULL,
  stream    TEXT NOT NULL,
  UNIQUE (symbol, stream)
);
CREATE TABLE journal_partitions (
  partition_id INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic        TEXT NOT NULL,
  partition    INTEGER NOT NULL,
  UNIQUE (topic, partition)
);

-- Events of the streams `price`. Wide columns first: no byte is lost to alignment. A leaf holds a UTC day of commit time and has one index, unique, on (stream_id, epoch, seq).
-- Writers COPY into the leaf itself. The epoch has 32 bits here for the index's sake: only in keys of
-- at most 16 bytes does a B-tree see that each stream grows at its own end, and fill its pages; half
-- of them would stay empty otherwise (35 bytes a row against 67).
CREATE TABLE journal_prices (
  price           BIGINT NOT NULL,  -- in 1e-8
  size            BIGINT,           -- volume or size, in 1e-6; NULL: the source said none
  event_time      BIGINT NOT NULL,  -- milliseconds since 1970 UTC, as the source says
  commit_time     BIGINT NOT NULL,  -- the same, by the writer's clock; never back within a partition
  kafka_offset    BIGINT NOT NULL,
  seq             BIGINT NOT NULL,
  source_sequence BIGINT,           -- upstream's own number
  stream_id       INTEGER NOT NULL,
  epoch           INTEGER NOT NULL,
  partition_id    INTEGER NOT NULL,
  size_rest       SMALLINT,         -- what size lacks, in 1e-8, 0 to 99: below 10^12 all is exact
  flags           SMALLINT NOT NULL -- bits: 1 late
) PARTITION BY RANGE (commit_time);

-- Where the events of a stream are: one row when a stream, or an epoch of it, enters a leaf. The
-- lowest of them is the lowest position that is kept.
CREATE TABLE journal_leaves (
  stream_id INTEGER NOT NULL,
  epoch     BIGINT NOT NULL,
  leaf      DATE NOT NULL,
  first_seq BIGINT NOT NULL,
  PRIMARY KEY (stream_id, epoch, leaf)
);

-- Beside next_offset: the commit time of the newest journalled events, so that it never goes back.
ALTER TABLE ingest_offsets ADD COLUMN journal_time BIGINT;

-- The name of the day's leaf of a journal, which is made where it is missing. Made apart and
-- attached: readers and writers of other leaves do not wait. For whoever may INSERT into the journal,
-- and with the rights of whoever migrates: a leaf is his, and grants what its journal grants.
CREATE FUNCTION journal_leaf(journal TEXT, day DATE) RETURNS TEXT
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  leaf    CONSTANT text := journal || '_' || to_char(day, 'YYYYMMDD');
  since   CONSTANT bigint := (day - DATE '1970-01-01') * bigint '86400000';
  parent  CONSTANT oid := (SELECT oid FROM pg_class WHERE oid = to_regclass(quote_ident(journal))
                              AND relkind = 'p' AND relname LIKE 'journal\_%');
  granted record;
BEGIN
  IF parent IS NULL THEN
    RAISE EXCEPTION 'there is no journal "%"', journal USING ERRCODE = '42P01';
  END IF;
  IF NOT has_table_privilege(session_user, parent, 'INSERT') THEN
    RAISE EXCEPTION 'permission denied for table %', journal USING ERRCODE = '42501';
  END IF;
  -- The privilege: one that was granted after the leaf was made is passed on below.
  -- By name, in the snapshot of the statement: to_regclass may remember that there was none before
  -- another session made it.
  IF EXISTS (SELECT FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
              WHERE i.inhparent = parent AND c.relname = leaf)
     AND has_table_privilege(session_user, leaf, 'INSERT') THEN
    RETURN leaf;
  END IF;
  -- One at a time; who waited finds it made.
  PERFORM pg_advisory_xact_lock(hashtext('tradepulse journal_leaf'));
  IF NOT EXISTS (SELECT FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                  WHERE i.inhparent = parent AND c.relname = leaf) THEN
    EXECUTE format('CREATE TABLE %I (LIKE %I)', leaf, journal);
    EXECUTE format('CREATE UNIQUE INDEX %I ON %I (stream_id, epoch, seq)', leaf || '_position', leaf);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)',
                   journal, leaf, since, since + 86400000);
  END IF;
  FOR granted IN
      SELECT acl.privilege_type AS what,
             CASE acl.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(r.rolname) END AS whom
        FROM pg_class c CROSS JOIN aclexplode(c.relacl) acl
        LEFT JOIN pg_roles r ON r.oid = acl.grantee
       WHERE c.oid = parent AND acl.grantee <> c.relowner LOOP
    EXECUTE format('GRANT %s ON %I TO %s', granted.what, leaf, granted.whom);
  END LOOP;
  RETURN leaf;
END
$$;

-- Where the tables are, and before that nothing that a caller could have put in their place.
DO $pin$
BEGIN
  EXECUTE format('ALTER FUNCTION journal_leaf(TEXT, DATE) SET search_path = %I, pg_temp', current_schema());
END
$pin$;
