-- Makes what is missing under the shared names, adopts or keeps what stands there, and puts a view in
-- the place of what the operator has named (adopt.replace). Each `migrate` calls it: it does nothing
-- twice, and goes on once something is out of the way.

-- The columns of a relation as a list of a SELECT: absent ones as their usual value, floating point by
-- its shortest text, times without a zone as UTC, integers as milliseconds since 1970.
CREATE FUNCTION tradepulse_columns(relation regclass, names TEXT[], types TEXT[]) RETURNS TEXT
LANGUAGE sql STABLE AS $$
  SELECT string_agg(CASE
      WHEN a.attname IS NULL THEN CASE c.name WHEN 'interval' THEN '''1m''::text'
                                              ELSE format('NULL::%s', c.type) END
      WHEN c.type = 'numeric' AND a.atttypid IN ('float8'::regtype, 'float4'::regtype)
        THEN format('b.%I::text::numeric', c.name)
      WHEN c.type = 'timestamptz' AND a.atttypid = 'timestamp'::regtype
        THEN format('b.%I AT TIME ZONE ''UTC''', c.name)
      WHEN c.type = 'timestamptz' AND a.atttypid = 'int8'::regtype
        THEN format('timestamptz ''epoch'' + b.%I * interval ''1 millisecond''', c.name)
      ELSE format('b.%I::%s', c.name, c.type) END || format(' AS %I', c.name), ', ' ORDER BY c.place)
    FROM unnest(names, types) WITH ORDINALITY c(name, type, place)
    LEFT JOIN pg_attribute a ON a.attrelid = relation AND a.attname = c.name AND NOT a.attisdropped
$$;

-- Refuses a statement that writes to a view. Argument: what to do.
CREATE FUNCTION tradepulse_refuse_write() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%.% is a view of TradePulse: % is refused', TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_OP
    USING ERRCODE = '0A000', HINT = TG_ARGV[0];
END
$$;

-- What each name shows. `before`: what stood there, which the view unites with ours.
CREATE FUNCTION tradepulse_make_view(given TEXT, before regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  klines CONSTANT text[] := ARRAY['time', 'symbol', 'interval', 'open', 'high', 'low', 'close', 'volume',
    'sequence', 'epoch', 'engine_seq', 'last_sequence', 'quote_volume', 'closed'];
  kline_types CONSTANT text[] := ARRAY['timestamptz', 'text', 'text', 'numeric', 'numeric', 'numeric',
    'numeric', 'numeric', 'bigint', 'bigint', 'bigint', 'bigint', 'numeric', 'boolean'];
  trades CONSTANT text[] := ARRAY['symbol', 'price', 'size', 'timestamp'];
  bars CONSTANT text[] := ARRAY['symbol', 'open', 'high', 'low', 'close', 'volume', 'timestamp'];
  tracker CONSTANT text[] := ARRAY['id', 'symbol', 'stream', 'last_sequence', 'epoch', 'updated_at'];
  -- What has our klines: where theirs was kept, it is not united with ours.
  shown CONSTANT regclass := CASE
    WHEN given = 'market_klines' OR (SELECT state = 'kept' FROM adopted_names WHERE name = 'market_klines')
    THEN (tradepulse_kline_target()).target ELSE 'market_klines' END;
  place CONSTANT text := format('%I.%I', CASE WHEN given LIKE 'stock%' THEN 'market_data_oltp'
                                              ELSE current_schema() END, given);
  produce CONSTANT text := 'Produce to a topic that TradePulse reads';
  query text;
  hint text;
BEGIN
  CASE given
  WHEN 'market_klines', 'klines' THEN
    hint := replace(produce, 'Produce', 'Produce klines');
    query := format('SELECT %s FROM %s b', tradepulse_columns(shown, klines, kline_types), shown);
    IF before IS NOT NULL THEN
      query := query || format(' UNION ALL SELECT * FROM (SELECT %s FROM %s b) b WHERE NOT EXISTS '
        '(SELECT FROM %s o WHERE o.symbol = b.symbol AND o.interval = b.interval AND o.time = b.time)',
        tradepulse_columns(before, klines, kline_types), before, shown);
    END IF;
  WHEN 'sequence_tracker' THEN
    hint := 'Call get_next_sequence() or get_next_sequence(symbol, stream)';
    query := format('SELECT %s FROM sequence_tracker_tradepulse b',
      tradepulse_columns('sequence_tracker_tradepulse', tracker,
        ARRAY['bigint', 'text', 'text', 'bigint', 'bigint', 'timestamptz']));
    before := NULL; -- its rows are in ours
  WHEN 'stock_trades_realtime' THEN
    hint := replace(produce, 'Produce', 'Produce trades');
    query := 'SELECT s.symbol::text AS symbol, e.price * 0.00000001 AS price, '
      'e.size * 0.000001 + coalesce(e.size_rest, 0) * 0.00000001 AS size, '
      'timestamptz ''epoch'' + e.event_time * interval ''1 millisecond'' AS timestamp '
      'FROM journal_streams s JOIN journal_trades e USING (stream_id)';
    IF before IS NOT NULL THEN
      query := query || format(' UNION ALL SELECT %s FROM %s b', tradepulse_columns(before, trades,
        ARRAY['text', 'numeric', 'numeric', 'timestamptz']), before);
    END IF;
  WHEN 'stock_bars_staging' THEN
    hint := replace(produce, 'Produce', 'Produce bars');
    query := format('SELECT k.symbol::text AS symbol, k.open::numeric AS open, k.high::numeric AS high, '
      'k.low::numeric AS low, k.close::numeric AS close, k.volume, k.time AS timestamp FROM %s k '
      'WHERE k.interval = ''1m''', shown);
    IF before IS NOT NULL THEN
      query := query || format(' UNION ALL SELECT * FROM (SELECT %s FROM %s b) b WHERE NOT EXISTS '
        '(SELECT FROM %s o WHERE o.symbol = b.symbol AND o.interval = ''1m'' AND o.time = b.timestamp)',
        tradepulse_columns(before, bars, ARRAY['text', 'numeric', 'numeric', 'numeric', 'numeric',
          'numeric', 'timestamptz']), before, shown);
    END IF;
  END CASE;
  IF before IS NOT NULL THEN
    hint := hint || format(', or write to %s: this view shows both', before);
  END IF;
  EXECUTE format('CREATE OR REPLACE VIEW %s AS %s', place, query);
  EXECUTE format('CREATE OR REPLACE TRIGGER tradepulse_refuse_write '
                 'INSTEAD OF INSERT OR UPDATE OR DELETE ON %s '
                 'FOR EACH ROW EXECUTE FUNCTION tradepulse_refuse_write(%L)', place, hint || '.');
END
$$;

-- Ours, where nothing stands under the name.
CREATE FUNCTION tradepulse_make_name(given TEXT) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  aside CONSTANT text := given || '_tradepulse'; -- what we had while theirs was kept
BEGIN
  IF given IN ('market_klines', 'sequence_tracker') THEN
    IF to_regclass(aside) IS NOT NULL THEN
      EXECUTE format('ALTER TABLE %I RENAME TO %I', aside, given);
    ELSIF given = 'market_klines' THEN
      PERFORM tradepulse_make_klines(given);
    ELSE
      PERFORM tradepulse_make_tracker(given);
      INSERT INTO sequence_tracker (id) VALUES (1);
    END IF;
  END IF;
END
$$;

-- Theirs gets the name <name>_before_tradepulse, with its indexes, so that ours are free.
CREATE FUNCTION tradepulse_put_aside(given TEXT, place TEXT) RETURNS regclass LANGUAGE plpgsql AS $$
DECLARE
  relation CONSTANT regclass := place;
  suffix CONSTANT text := '_before_tradepulse';
  wanted CONSTANT text[] := CASE given
    WHEN 'stock_trades_realtime' THEN ARRAY['symbol', 'price', 'size', 'timestamp']
    WHEN 'stock_bars_staging' THEN ARRAY['symbol', 'open', 'high', 'low', 'close', 'volume', 'timestamp']
    WHEN 'sequence_tracker' THEN ARRAY['last_sequence']
    ELSE ARRAY['time', 'symbol', 'open', 'high', 'low', 'close'] END;
  missing text;
  i record;
BEGIN
  SELECT string_agg(name, ', ') INTO missing FROM unnest(wanted) name
   WHERE NOT EXISTS (SELECT FROM pg_attribute
                      WHERE attrelid = relation AND attname = name AND NOT attisdropped);
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION 'adopt.replace: % cannot be united with ours: it has no column %', place, missing
      USING HINT = 'Rename it, or take it out of adopt.replace.';
  END IF;
  FOR i IN SELECT c.oid::regclass AS index, c.relname FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid
            WHERE x.indrelid = relation LOOP
    EXECUTE format('ALTER INDEX %s RENAME TO %I', i.index, left(i.relname, 63 - length(suffix)) || suffix);
  END LOOP;
  EXECUTE format('ALTER TABLE %s RENAME TO %I', relation, given || suffix); -- of a view, too
  RETURN relation;
END
$$;

-- market_klines and sequence_tracker: ours besides, where theirs keeps or gets another name.
CREATE FUNCTION tradepulse_make_aside(given TEXT, before regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  aside CONSTANT text := given || '_tradepulse';
BEGIN
  IF to_regclass(aside) IS NULL AND given = 'market_klines' THEN
    PERFORM tradepulse_make_klines(aside);
  ELSIF to_regclass(aside) IS NULL AND given = 'sequence_tracker' THEN
    PERFORM tradepulse_make_tracker(aside);
    IF before IS NOT NULL THEN
      EXECUTE format('INSERT INTO sequence_tracker_tradepulse '
        'SELECT coalesce(id, -row_number() OVER ()), symbol, stream, last_sequence, NULL, '
        'coalesce(updated_at, now()) FROM (SELECT %s FROM %s b) b',
        tradepulse_columns(before, ARRAY['id', 'symbol', 'stream', 'last_sequence', 'updated_at'],
                           ARRAY['bigint', 'text', 'text', 'bigint', 'timestamptz']), before);
    ELSE
      INSERT INTO sequence_tracker_tradepulse (id) VALUES (1);
    END IF;
  END IF;
END
$$;
