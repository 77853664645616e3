-- Upstream's klines, under the name that other programs know, and who writes where.

-- Names that TradePulse shares with other programs, and what became of what stood there. `migrate`
-- looks at them each time (tradepulse_settle_names).
CREATE TABLE adopted_names (
  name          TEXT PRIMARY KEY,
  -- ours: nothing stood there. adopted: their table, in our form, written by both. kept: theirs, not
  -- touched. replaced: theirs is <name>_before_tradepulse, a view of both has the name. missing: could
  -- not be made.
  state         TEXT NOT NULL CHECK (state IN ('ours', 'adopted', 'kept', 'replaced', 'missing')),
  rows_kept     BIGINT,
  rounded       BIGINT,        -- values that had more than 8 decimals
  rejected      BIGINT,        -- rows that are in <name>_rejected
  only_interval TEXT,          -- of a table whose key is (time, symbol): the interval that it had
  detail        TEXT NOT NULL DEFAULT '',
  definition    TEXT,          -- of a function that was there
  told          BOOLEAN NOT NULL DEFAULT false, -- `migrate` has said so
  settled_at    TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- Makes a table of klines, one row for each (symbol, interval, time).
--
-- An open kline has no `sequence`, but `last_sequence`: its row is written many times, and an update
-- that sets a column of an index is never HOT. 300 symbols, 60 updates a kline, PostgreSQL 15: 347,793
-- of 360,000 updates HOT, 153 bytes of log and 28 MB of indexes, against none, 323 bytes and 40 MB
-- where it carries it, and 1.5 times the time; fillfactor 70 against 100: 97 % HOT against 80.
CREATE FUNCTION tradepulse_make_klines(given TEXT) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($table$
    CREATE TABLE %1$I (
      time          TIMESTAMPTZ NOT NULL,  -- the kline's start
      symbol        VARCHAR(32) NOT NULL,
      interval      TEXT NOT NULL DEFAULT '1m',
      open          NUMERIC(20,8) NOT NULL,
      high          NUMERIC(20,8) NOT NULL,
      low           NUMERIC(20,8) NOT NULL,
      close         NUMERIC(20,8) NOT NULL,
      volume        NUMERIC,
      sequence      BIGINT,                -- of the last message, once the kline is closed
      epoch         BIGINT,                -- of the engine; NULL: another program wrote the row
      engine_seq    BIGINT,                -- the engine's number of the last message
      last_sequence BIGINT,                -- as sequence, also while the kline is open
      quote_volume  NUMERIC,
      closed        BOOLEAN,               -- NULL: the source does not say
      CONSTRAINT %2$I PRIMARY KEY (symbol, interval, time)
    ) WITH (fillfactor = 70)$table$, given, given || '_pkey');
  PERFORM tradepulse_index_sequences(given);
END
$$;

-- The index for gaps and for questions by number, where the table has none that serves.
CREATE FUNCTION tradepulse_index_sequences(given TEXT) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  wanted CONSTANT text := 'idx_' || given || '_symbol_sequence';
BEGIN
  IF EXISTS (SELECT FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid
              WHERE i.indrelid = format('%I', given)::regclass AND c.relname = wanted)
     OR EXISTS (SELECT FROM pg_index i
                  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                  JOIN pg_attribute b ON b.attrelid = i.indrelid AND b.attnum = i.indkey[1]
                 WHERE i.indrelid = format('%I', given)::regclass AND i.indisvalid
                   AND a.attname = 'symbol' AND b.attname = 'sequence'
                   AND coalesce(pg_get_expr(i.indpred, i.indrelid), '(sequence IS NOT NULL)')
                       = '(sequence IS NOT NULL)') THEN
    RETURN;
  END IF;
  EXECUTE format('CREATE INDEX %I ON %I (symbol, sequence) WHERE sequence IS NOT NULL', wanted, given);
END
$$;

-- The unique index on time, symbol or both, if there is one: it lets one interval in.
CREATE FUNCTION tradepulse_one_interval_index(given TEXT) RETURNS regclass LANGUAGE sql STABLE AS $$
  SELECT i.indexrelid::regclass FROM pg_index i
   WHERE i.indrelid = to_regclass(quote_ident(given)) AND i.indisunique AND i.indpred IS NULL
     AND i.indexprs IS NULL
     AND NOT EXISTS (SELECT FROM unnest((i.indkey::int2[])[0:i.indnkeyatts - 1]) k
                     JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k
                     WHERE a.attname NOT IN ('time', 'symbol'))
   ORDER BY 1 LIMIT 1
$$;

-- Moves klines from one table to another of the same form, where the newer one stays; with
-- `of_interval` those alone. Answers how many it has taken.
CREATE FUNCTION tradepulse_move_klines(given TEXT, target TEXT, of_interval TEXT) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  names CONSTANT text := 'time, symbol, interval, open, high, low, close, volume, sequence, epoch, '
                         'engine_seq, last_sequence, quote_volume, closed';
  moved bigint;
BEGIN
  EXECUTE format($move$
    WITH taken AS (DELETE FROM %1$I WHERE $1 IS NULL OR interval = $1 RETURNING %3$s)
    INSERT INTO %2$I AS t (%3$s) SELECT %3$s FROM taken
    ON CONFLICT (symbol, interval, time) DO UPDATE SET open = EXCLUDED.open, high = EXCLUDED.high,
      low = EXCLUDED.low, close = EXCLUDED.close, volume = EXCLUDED.volume,
      sequence = EXCLUDED.sequence, epoch = EXCLUDED.epoch, engine_seq = EXCLUDED.engine_seq,
      last_sequence = EXCLUDED.last_sequence, quote_volume = EXCLUDED.quote_volume,
      closed = EXCLUDED.closed
    WHERE t.epoch IS NULL OR (EXCLUDED.epoch, EXCLUDED.engine_seq) > (t.epoch, t.engine_seq)$move$,
    given, target, names) USING of_interval;
  GET DIAGNOSTICS moved = ROW_COUNT;
  RETURN moved;
END
$$;

-- What a writer of klines asks once on each connection, and again after 42P01 or while klines wait:
-- the table that it writes; where a unique index on (time, symbol) lets in one interval alone, which
-- one that is and what would drop the index. Klines of other intervals go to market_klines_waiting,
-- which is there then, and tradepulse_release_klines() brings them in once the index is gone.
CREATE FUNCTION tradepulse_kline_target(OUT target TEXT, OUT only_interval TEXT, OUT remedy TEXT,
                                        OUT waiting BOOLEAN)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  blocking regclass;
BEGIN
  SELECT CASE WHEN n.state IN ('ours', 'adopted') THEN 'market_klines'
              ELSE 'market_klines_tradepulse' END, n.only_interval
    INTO target, only_interval FROM adopted_names n WHERE n.name = 'market_klines';
  waiting := false;
  IF only_interval IS NULL THEN
    RETURN;
  END IF;
  EXECUTE 'SELECT EXISTS (SELECT FROM market_klines_waiting)' INTO waiting;
  blocking := tradepulse_one_interval_index(target);
  IF blocking IS NULL THEN -- the operator has dropped it
    only_interval := NULL;
    RETURN;
  END IF;
  SELECT CASE WHEN c.conname IS NULL THEN format('DROP INDEX %s', blocking)
              ELSE format('ALTER TABLE %I DROP CONSTRAINT %I', target, c.conname) END
    INTO remedy FROM (SELECT) one LEFT JOIN pg_constraint c
      ON c.conindid = blocking AND c.contype IN ('p', 'u');
END
$$;

-- Brings in what waited, once nothing keeps it out. Answers how many klines that were.
CREATE FUNCTION tradepulse_release_klines() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  asked CONSTANT record := tradepulse_kline_target();
BEGIN
  IF NOT asked.waiting OR asked.only_interval IS NOT NULL THEN
    RETURN 0;
  END IF;
  RETURN tradepulse_move_klines('market_klines_waiting', asked.target, NULL);
END
$$;
