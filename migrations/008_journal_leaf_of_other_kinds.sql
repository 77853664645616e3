-- As in 004, and: a leaf of klines has a second index, since upstream's own numbers are asked for
-- there; messages without a number are not in it.
CREATE OR REPLACE FUNCTION journal_leaf(journal TEXT, day DATE) RETURNS TEXT
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
    -- Rows come in the index's order, each stream at its own end: pages that are written full stay so.
    EXECUTE format('CREATE UNIQUE INDEX %I ON %I (stream_id, epoch, seq)%s', leaf || '_position', leaf,
                   CASE journal WHEN 'journal_trades' THEN ' WITH (fillfactor = 100)' ELSE '' END);
    IF journal = 'journal_klines' THEN
      EXECUTE format('CREATE INDEX %I ON %I (stream_id, source_sequence)
                      WHERE source_sequence IS NOT NULL', leaf || '_source', leaf);
    END IF;
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
