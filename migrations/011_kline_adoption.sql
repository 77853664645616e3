-- How a table of klines that another program made becomes one of our form, with its rows and its
-- writers. What is in the way is raised (P0001) before anything was changed.
--
-- The table is locked and written anew. 10 million rows of doubles with a key and an index on numbers
-- (888 MB and 602 MB of indexes): 190 s on two busy cores, 70 s of a backend's CPU; 1 million alone on
-- them 10 s. 1,042 MB and 981 MB afterwards, and room for both meanwhile.

-- The views that use one of these columns, or of any where `columns` is NULL.
CREATE FUNCTION tradepulse_dependent_views(relation regclass, columns TEXT[]) RETURNS TEXT
LANGUAGE sql STABLE AS $$
  SELECT string_agg(DISTINCT r.ev_class::regclass::text, ', ')
    FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
    LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
   WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
     AND d.refobjid = relation AND r.ev_class <> relation
     AND (columns IS NULL OR a.attname = ANY (columns))
$$;

-- What every adoption wants: a table, no column of it that must be filled and that we do not know.
CREATE FUNCTION tradepulse_check_adoptable(given TEXT, known TEXT[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  relation CONSTANT regclass := format('%I', given);
  found text;
BEGIN
  IF (SELECT relkind NOT IN ('r', 'p') FROM pg_class WHERE oid = relation) THEN
    RAISE EXCEPTION '% is no table', given;
  END IF;
  SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO found FROM pg_attribute
   WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped AND attnotnull AND NOT atthasdef
     AND attidentity = '' AND attgenerated = '' AND attname <> ALL (known);
  IF found IS NOT NULL THEN
    RAISE EXCEPTION 'columns are NOT NULL without a default: %; give them one or allow NULL', found;
  END IF;
END
$$;

-- What would have to be altered in a column, as the argument of ALTER TABLE; NULL: nothing.
-- `number`: an expression that is its value as a number, exact: floating point by its shortest text.
CREATE FUNCTION tradepulse_kline_column(a pg_attribute, OUT alter_to TEXT, OUT number TEXT)
LANGUAGE plpgsql AS $$
DECLARE
  shown CONSTANT text := format_type(a.atttypid, a.atttypmod);
  text_like CONSTANT boolean := a.atttypid IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype);
  number_like CONSTANT boolean := a.atttypid IN ('numeric'::regtype, 'float8'::regtype,
    'float4'::regtype, 'int8'::regtype, 'int4'::regtype, 'int2'::regtype);
  is_float CONSTANT boolean := a.atttypid IN ('float8'::regtype, 'float4'::regtype);
  fits boolean;
BEGIN
  number := format(CASE WHEN is_float THEN 't.%I::text::numeric' ELSE 't.%I::numeric' END, a.attname);
  CASE
  WHEN a.attname = 'time' THEN
    fits := a.atttypid = 'timestamptz'::regtype;
  WHEN a.attname = 'symbol' THEN
    fits := text_like;
    IF shown NOT IN ('text', 'character varying') AND NOT
       (a.atttypid = 'varchar'::regtype AND a.atttypmod >= 36) THEN
      alter_to := 'TYPE VARCHAR(32) USING symbol::text';
    END IF;
  WHEN a.attname = 'interval' THEN
    fits := text_like;
    IF shown NOT IN ('text', 'character varying') THEN
      alter_to := 'TYPE TEXT USING interval::text';
    END IF;
  WHEN a.attname IN ('open', 'high', 'low', 'close') THEN
    fits := number_like;
    IF shown <> 'numeric(20,8)' THEN
      alter_to := format('TYPE NUMERIC(20,8) USING round(%s, 8)', replace(number, 't.', ''));
    END IF;
  WHEN a.attname IN ('volume', 'quote_volume') THEN
    fits := number_like;
    IF is_float THEN
      alter_to := format('TYPE NUMERIC USING round(%s, 8)', replace(number, 't.', ''));
    ELSIF shown <> 'numeric' THEN
      alter_to := 'TYPE NUMERIC';
    END IF;
  WHEN a.attname = 'sequence' THEN
    fits := a.atttypid IN ('int8'::regtype, 'int4'::regtype, 'int2'::regtype);
    IF shown <> 'bigint' THEN
      alter_to := 'TYPE BIGINT';
    END IF;
  WHEN a.attname = 'closed' THEN
    fits := a.atttypid = 'bool'::regtype;
  WHEN a.attname IN ('epoch', 'engine_seq', 'last_sequence') THEN
    fits := false; -- ours, and meant otherwise
  ELSE
    fits := true;
  END CASE;
  IF NOT fits THEN
    RAISE EXCEPTION 'column % is %', quote_ident(a.attname), shown;
  END IF;
END
$$;

-- Rows that cannot be kept go to <table>_rejected: `reason` is an expression over t and n, NULL for a
-- row that stays.
CREATE FUNCTION tradepulse_reject_klines(given TEXT, numbers TEXT, reason TEXT) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  gone bigint;
BEGIN
  EXECUTE format('CREATE TABLE IF NOT EXISTS %I AS SELECT t.*, ''''::text AS tradepulse_reason FROM %I t '
                 'WITH NO DATA', given || '_rejected', given);
  EXECUTE format($reject$
    WITH bad AS (SELECT * FROM (SELECT t.tableoid AS part, t.ctid AS place, %3$s AS reason
                                  FROM %2$I t %4$s) judged WHERE reason IS NOT NULL),
    gone AS (DELETE FROM %2$I t USING bad b WHERE t.ctid = b.place AND t.tableoid = b.part
             RETURNING t.*, b.reason)
    INSERT INTO %1$I SELECT * FROM gone$reject$, given || '_rejected', given, reason, numbers);
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END
$$;

CREATE FUNCTION tradepulse_adopt_klines(given TEXT, OUT rows_kept bigint, OUT rounded bigint,
                                        OUT rejected bigint, OUT only_interval text)
LANGUAGE plpgsql SET extra_float_digits = 1 AS $$
DECLARE
  relation CONSTANT regclass := format('%I', given);
  had      CONSTANT text[] := ARRAY(SELECT attname FROM pg_attribute
                                     WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped);
  missing  text;
  col      record;
  alter_it text := '';
  altered  text[] := '{}';
  numbers  text := '';
  reason   text := 'WHEN t.time IS NULL OR NOT isfinite(t.time) THEN ''time'' '
                   'WHEN t.symbol IS NULL OR length(t.symbol) NOT BETWEEN 1 AND 32 THEN ''symbol''';
  more     text := '0';
  bound    text;
  found    text;
BEGIN
  PERFORM tradepulse_check_adoptable(given, ARRAY['time', 'symbol', 'interval', 'open', 'high', 'low',
    'close', 'volume', 'quote_volume', 'sequence', 'closed']);
  SELECT string_agg(name, ', ') INTO missing
    FROM unnest(ARRAY['time', 'symbol', 'open', 'high', 'low', 'close']) name WHERE name <> ALL (had);
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION 'there is no column %', missing;
  END IF;

  FOR col IN SELECT a.attname AS name, k.alter_to, k.number FROM pg_attribute a CROSS JOIN LATERAL tradepulse_kline_column(a) k
              WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped LOOP
    IF col.alter_to IS NOT NULL THEN
      alter_it := alter_it || format('ALTER COLUMN %I %s, ', col.name, col.alter_to);
      altered := altered || col.name::text;
    END IF;
    CONTINUE WHEN col.name NOT IN ('open', 'high', 'low', 'close', 'volume', 'quote_volume');
    numbers := numbers || format('%s%s AS %I', CASE numbers WHEN '' THEN '' ELSE ', ' END,
                                 col.number, col.name);
    -- NaN is above all numbers here.
    bound := CASE WHEN col.name IN ('volume', 'quote_volume')
                  THEN 'n.%1$I >= ''Infinity'' OR n.%1$I = ''-Infinity'''
                  ELSE 'n.%1$I IS NULL OR abs(round(n.%1$I, 8)) >= 1000000000000' END;
    reason := reason || format(' WHEN ' || bound || ' THEN %1$L', col.name);
    IF col.alter_to LIKE '%round(%' THEN
      more := more || format(' + coalesce(n.%1$I <> round(n.%1$I, 8), false)::int', col.name);
    END IF;
  END LOOP;
  reason := 'CASE ' || reason || ' END';
  numbers := format('CROSS JOIN LATERAL (SELECT %s OFFSET 0) n', numbers);

  found := tradepulse_dependent_views(relation, altered);
  IF found IS NOT NULL THEN
    RAISE EXCEPTION 'views use columns whose type would change (%): %; drop them, migrate, make them again',
      array_to_string(altered, ', '), found;
  END IF;
  SELECT string_agg(i.indexrelid::regclass::text, ', ') INTO found FROM pg_index i
   WHERE i.indrelid = relation AND i.indisunique
     AND (i.indexprs IS NOT NULL OR EXISTS (
       SELECT FROM unnest((i.indkey::int2[])[0:i.indnkeyatts - 1]) k
       JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k
       WHERE a.attname IN ('open', 'high', 'low', 'close', 'volume', 'quote_volume', 'sequence')));
  IF found IS NOT NULL THEN
    RAISE EXCEPTION 'a unique index could refuse new klines: %; drop it, or make it one that is not unique',
      found;
  END IF;

  EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', given);
  EXECUTE format('SELECT count(*) - count(reason), coalesce(sum(more) FILTER (WHERE reason IS NULL), 0), '
                 'count(reason) FROM (SELECT %s AS reason, %s AS more FROM %I t %s) judged',
                 reason, more, given, numbers) INTO rows_kept, rounded, rejected;
  IF rejected > 0 THEN
    rejected := tradepulse_reject_klines(given, numbers, reason);
  END IF;
  IF 'interval' = ANY (had) THEN
    EXECUTE format('UPDATE %I SET interval = ''1m'' WHERE interval IS NULL', given);
  END IF;
  -- Of several rows of one kline the one with the greatest number stays.
  IF NOT tradepulse_has_kline_key(relation) AND tradepulse_one_interval_index(given) IS NULL THEN
    found := format(
      'CASE WHEN row_number() OVER (PARTITION BY t.symbol%s, t.time ORDER BY %s t.ctid DESC) > 1 '
      'THEN ''a newer row of this kline is kept'' END',
      CASE WHEN 'interval' = ANY (had) THEN ', t.interval' ELSE '' END,
      CASE WHEN 'sequence' = ANY (had) THEN 't.sequence DESC NULLS LAST,' ELSE '' END);
    EXECUTE format('SELECT count(*) FROM (SELECT %s AS reason FROM %I t) judged WHERE reason IS NOT NULL',
                   found, given) INTO bound;
    IF bound::bigint > 0 THEN
      rejected := rejected + tradepulse_reject_klines(given, '', found);
      rows_kept := rows_kept - bound::bigint;
    END IF;
  END IF;

  -- One command: the table is written once.
  EXECUTE format('ALTER TABLE %I %s', given, alter_it ||
    'ADD COLUMN IF NOT EXISTS interval TEXT NOT NULL DEFAULT ''1m'', '
    'ADD COLUMN IF NOT EXISTS volume NUMERIC, ADD COLUMN IF NOT EXISTS sequence BIGINT, '
    'ADD COLUMN epoch BIGINT, ADD COLUMN engine_seq BIGINT, ADD COLUMN last_sequence BIGINT, '
    'ADD COLUMN IF NOT EXISTS quote_volume NUMERIC, ADD COLUMN IF NOT EXISTS closed BOOLEAN, '
    'ALTER COLUMN time SET NOT NULL, ALTER COLUMN symbol SET NOT NULL, ALTER COLUMN open SET NOT NULL, '
    'ALTER COLUMN high SET NOT NULL, ALTER COLUMN low SET NOT NULL, ALTER COLUMN close SET NOT NULL');
  -- What not every source says, and a number that an open kline has not yet.
  EXECUTE format('ALTER TABLE %I ALTER COLUMN interval SET NOT NULL, ALTER COLUMN volume DROP NOT NULL, '
    'ALTER COLUMN quote_volume DROP NOT NULL, ALTER COLUMN sequence DROP NOT NULL, '
    'ALTER COLUMN closed DROP NOT NULL', given);
  IF (SELECT NOT atthasdef FROM pg_attribute WHERE attrelid = relation AND attname = 'interval') THEN
    EXECUTE format('ALTER TABLE %I ALTER COLUMN interval SET DEFAULT ''1m''', given);
  END IF;
  IF (SELECT relkind = 'r' FROM pg_class WHERE oid = relation) THEN
    EXECUTE format('ALTER TABLE %I SET (fillfactor = 70)', given); -- pages from now on
  END IF;
  IF NOT tradepulse_has_kline_key(relation) THEN
    EXECUTE format('CREATE UNIQUE INDEX %I ON %I (symbol, interval, time)',
                   'idx_' || given || '_symbol_interval_time', given);
  END IF;
  PERFORM tradepulse_index_sequences(given);
  IF tradepulse_one_interval_index(given) IS NOT NULL THEN
    EXECUTE format('SELECT coalesce((SELECT interval FROM %I GROUP BY interval '
                   'ORDER BY count(*) DESC LIMIT 1), ''1m'')', given) INTO only_interval;
  END IF;
END
$$;

-- Whether an upsert finds the unique index that it names.
CREATE FUNCTION tradepulse_has_kline_key(relation regclass) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (
    SELECT FROM pg_index i WHERE i.indrelid = relation AND i.indisunique AND i.indimmediate
       AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL AND i.indnkeyatts = 3
       AND NOT EXISTS (SELECT FROM unnest(ARRAY['symbol', 'interval', 'time']) wanted
                        WHERE wanted NOT IN (SELECT a.attname FROM pg_attribute a
                          WHERE a.attrelid = relation
                            AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]))))
$$;
