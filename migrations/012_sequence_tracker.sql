-- Numbers that others can look up and draw: one global row (symbol and stream NULL) behind
-- get_next_sequence(), a row for each stream behind get_next_sequence(symbol, stream), and, where that
-- is switched on, the engine's own position of each stream (`epoch` is not NULL there).

-- Ids of new rows, far above those that an adopted table gives by itself.
CREATE SEQUENCE tradepulse_tracker_ids START 1000000000;

CREATE FUNCTION tradepulse_make_tracker(given TEXT) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($table$
    CREATE TABLE %1$I (
      id            BIGINT DEFAULT nextval('tradepulse_tracker_ids') CONSTRAINT %2$I PRIMARY KEY,
      symbol        VARCHAR(32),
      stream        TEXT,
      last_sequence BIGINT NOT NULL DEFAULT 0,
      epoch         BIGINT,              -- of the engine; NULL: numbers of other programs
      updated_at    TIMESTAMPTZ DEFAULT now()
    ) WITH (fillfactor = 70);
    CREATE UNIQUE INDEX %3$I ON %1$I (symbol, stream)$table$,
    given, given || '_pkey', given || '_stream');
END
$$;

-- Their table becomes ours: rows keep their ids and values, symbol and stream are NULL. Answers what
-- had to be taken away: a CHECK of the id, which would let in one row alone.
CREATE FUNCTION tradepulse_adopt_tracker(given TEXT, OUT rows_kept bigint, OUT said text)
LANGUAGE plpgsql AS $$
DECLARE
  relation CONSTANT regclass := format('%I', given);
  col      record;
  alter_it text := '';
  altered  text[] := '{}';
  found    text;
BEGIN
  said := '';
  PERFORM tradepulse_check_adoptable(given,
    ARRAY['id', 'symbol', 'stream', 'last_sequence', 'epoch', 'updated_at']);
  IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = relation AND attname = 'last_sequence'
                 AND NOT attisdropped) THEN
    RAISE EXCEPTION 'there is no column last_sequence';
  END IF;
  FOR col IN SELECT attname AS name, attnotnull, atttypid AS type, atttypmod AS modifier,
                    format_type(atttypid, atttypmod) AS shown
               FROM pg_attribute WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped LOOP
    IF NOT (CASE
        WHEN col.name = 'id' THEN col.type IN ('int8'::regtype, 'int4'::regtype)
        WHEN col.name IN ('last_sequence', 'epoch') THEN
          col.type IN ('int8'::regtype, 'int4'::regtype, 'int2'::regtype)
        WHEN col.name = 'symbol' THEN col.shown IN ('text', 'character varying')
          OR col.type = 'varchar'::regtype
        WHEN col.name = 'stream' THEN col.shown IN ('text', 'character varying')
        WHEN col.name = 'updated_at' THEN
          col.type IN ('timestamptz'::regtype, 'timestamp'::regtype)
        ELSE true END) THEN
      RAISE EXCEPTION 'column % is %', quote_ident(col.name), col.shown;
    END IF;
    IF col.name IN ('symbol', 'stream') AND col.attnotnull THEN
      RAISE EXCEPTION 'column % is NOT NULL: the global row has none', quote_ident(col.name);
    END IF;
    IF col.name IN ('last_sequence', 'epoch') AND col.shown <> 'bigint' THEN
      alter_it := alter_it || format('ALTER COLUMN %I TYPE BIGINT, ', col.name);
      altered := altered || col.name::text;
    ELSIF col.name = 'symbol' AND col.type = 'varchar'::regtype AND col.modifier BETWEEN 0 AND 35 THEN
      alter_it := alter_it || 'ALTER COLUMN symbol TYPE VARCHAR(32), ';
      altered := altered || col.name::text;
    END IF;
  END LOOP;
  found := tradepulse_dependent_views(relation, altered);
  IF found IS NOT NULL THEN
    RAISE EXCEPTION 'views use columns whose type would change (%): %; drop them, migrate, make them again',
      array_to_string(altered, ', '), found;
  END IF;
  -- Any unique index but of the id, or of symbol and stream together, would refuse streams.
  SELECT string_agg(i.indexrelid::regclass::text, ', ') INTO found FROM pg_index i
   CROSS JOIN LATERAL (SELECT array_agg(a.attname::text) AS names FROM pg_attribute a
     WHERE a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])) key
   WHERE i.indrelid = relation AND i.indisunique
     AND (i.indexprs IS NOT NULL OR NOT ('id' = ANY (key.names) OR key.names @> ARRAY['symbol', 'stream']));
  IF found IS NOT NULL THEN
    RAISE EXCEPTION 'a unique index could refuse rows of streams: %', found;
  END IF;

  EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', given);
  EXECUTE format('SELECT count(*) FROM %I', given) INTO rows_kept;
  FOR col IN SELECT c.conname, pg_get_constraintdef(c.oid) AS text FROM pg_constraint c
              WHERE c.conrelid = relation AND c.contype = 'c'
                AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = relation
                            AND a.attnum = ANY (c.conkey) AND a.attname = 'id') LOOP
    EXECUTE format('ALTER TABLE %I DROP CONSTRAINT %I', given, col.conname);
    said := said || format('; dropped the constraint %s %s, which lets in one row', col.conname, col.text);
  END LOOP;
  EXECUTE format('ALTER TABLE %I %s', given, alter_it ||
    'ADD COLUMN IF NOT EXISTS id BIGINT DEFAULT nextval(''tradepulse_tracker_ids''), '
    'ADD COLUMN IF NOT EXISTS symbol VARCHAR(32), ADD COLUMN IF NOT EXISTS stream TEXT, '
    'ADD COLUMN IF NOT EXISTS epoch BIGINT, '
    'ADD COLUMN IF NOT EXISTS updated_at TIMESTAMPTZ DEFAULT now()');
  EXECUTE format('CREATE UNIQUE INDEX %I ON %I (symbol, stream)', given || '_stream', given);
END
$$;

-- Writes get_next_sequence() and get_next_sequence(symbol, stream) over the table of that name. A
-- function that was there keeps its grants and whatever calls it; what it was is the answer.
CREATE FUNCTION tradepulse_write_sequence_functions(tracker TEXT, keep_theirs BOOLEAN) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  made CONSTANT text := 'made by tradepulse migrate';
  pin  CONSTANT text := format('SET search_path = %I, pg_temp', current_schema());
  was  record;
BEGIN
  SELECT pg_get_function_result(p.oid) AS type, pg_get_functiondef(p.oid) AS text,
         coalesce(obj_description(p.oid, 'pg_proc'), '') = made AS ours INTO was
    FROM pg_proc p WHERE p.proname = 'get_next_sequence' AND p.pronargs = 0 AND p.prokind = 'f'
     AND p.pronamespace = quote_ident(current_schema())::regnamespace;
  IF was.ours IS NULL OR was.ours OR NOT keep_theirs THEN
    EXECUTE format($function$
      CREATE OR REPLACE FUNCTION get_next_sequence() RETURNS %2$s LANGUAGE plpgsql %3$s AS $body$
      DECLARE
        given bigint;
      BEGIN
        FOR attempt IN 1..2 LOOP
          -- The row's lock makes it atomic: who waits goes on from what was committed.
          UPDATE %1$I SET last_sequence = last_sequence + 1, updated_at = now()
           WHERE id = (SELECT id FROM %1$I WHERE symbol IS NULL AND stream IS NULL ORDER BY id LIMIT 1)
          RETURNING last_sequence INTO given;
          IF FOUND THEN
            RETURN given;
          END IF;
          PERFORM pg_advisory_xact_lock(hashtext('tradepulse get_next_sequence'));
        END LOOP;
        INSERT INTO %1$I (id, last_sequence)
          VALUES (coalesce((SELECT min(id) FROM %1$I), 2) - 1, 1) RETURNING last_sequence INTO given;
        RETURN given;
      END $body$
    $function$, tracker, coalesce(was.type, 'bigint'), pin);
    EXECUTE format('COMMENT ON FUNCTION get_next_sequence() IS %L', made);
  END IF;

  EXECUTE format($function$
    CREATE OR REPLACE FUNCTION get_next_sequence(symbol TEXT, stream TEXT) RETURNS bigint
    LANGUAGE plpgsql %2$s AS $body$
    #variable_conflict use_column
    DECLARE
      given bigint;
    BEGIN
      IF get_next_sequence.symbol IS NULL OR get_next_sequence.stream IS NULL THEN
        RAISE EXCEPTION 'get_next_sequence(symbol, stream): neither may be NULL'
          USING ERRCODE = '22004', HINT = 'The global number is get_next_sequence().';
      END IF;
      IF EXISTS (SELECT FROM stream_positions p WHERE p.symbol = get_next_sequence.symbol
                    AND p.stream = get_next_sequence.stream)
         OR EXISTS (SELECT FROM journal_streams j WHERE j.symbol = get_next_sequence.symbol
                       AND j.stream = get_next_sequence.stream)
         OR get_next_sequence.stream = 'price'
            AND EXISTS (SELECT FROM price_snapshots s WHERE s.symbol = get_next_sequence.symbol)
         OR EXISTS (SELECT FROM %1$I t WHERE t.symbol = get_next_sequence.symbol
                       AND t.stream = get_next_sequence.stream AND t.epoch IS NOT NULL) THEN
        RAISE EXCEPTION 'the stream %% of %% is numbered by TradePulse',
          get_next_sequence.stream, get_next_sequence.symbol
          USING ERRCODE = '55006', HINT =
            'Produce its events to Kafka and they are numbered, or use another name for the stream.';
      END IF;
      INSERT INTO %1$I AS t (id, symbol, stream, last_sequence)
        SELECT nextval('tradepulse_tracker_ids'), get_next_sequence.symbol, get_next_sequence.stream, 0
         WHERE NOT EXISTS (SELECT FROM %1$I e WHERE e.symbol = get_next_sequence.symbol
                              AND e.stream = get_next_sequence.stream)
        ON CONFLICT (symbol, stream) DO NOTHING;
      UPDATE %1$I t SET last_sequence = t.last_sequence + 1, updated_at = now()
       WHERE t.symbol = get_next_sequence.symbol AND t.stream = get_next_sequence.stream AND t.epoch IS NULL
      RETURNING t.last_sequence INTO STRICT given;
      RETURN given;
    END $body$
  $function$, tracker, pin);
  EXECUTE format('COMMENT ON FUNCTION get_next_sequence(TEXT, TEXT) IS %L', made);
  RETURN CASE WHEN NOT was.ours AND NOT keep_theirs THEN was.text END;
END
$$;

-- The table that the engine's rows go to.
CREATE FUNCTION tradepulse_tracker_target() RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN state IN ('ours', 'adopted') THEN 'sequence_tracker'
              ELSE 'sequence_tracker_tradepulse' END
    FROM adopted_names WHERE name = 'sequence_tracker'
$$;
