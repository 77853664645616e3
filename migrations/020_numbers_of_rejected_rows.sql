-- The view adopted_klines has the numbers of rows that an adoption has put into <table>_rejected, too:
-- another program has given them, so they do not look as if upstream had left them out.

-- A piece of that view. The rows keep the types that they had; the index is on what the view compares.
CREATE FUNCTION tradepulse_rejected_numbers(rejected TEXT) RETURNS TEXT LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON %I ((symbol::text), (sequence::bigint)) '
                 'WHERE sequence IS NOT NULL', 'idx_' || rejected || '_symbol_sequence', rejected);
  RETURN format(' UNION ALL SELECT symbol, coalesce(interval, ''1m''), NULL::timestamptz, NULL::numeric, '
    'NULL::numeric, NULL::numeric, NULL::numeric, NULL::numeric, NULL::numeric, sequence, false '
    'FROM (SELECT %s FROM %I b WHERE b.sequence IS NOT NULL) b',
    tradepulse_columns(format('%I', rejected)::regclass, ARRAY['symbol', 'interval', 'sequence'],
                       ARRAY['text', 'text', 'bigint']), rejected);
END
$$;

-- As before, with that piece; a table that is gone is left out, and a row without an interval is of a
-- minute, as adoption makes it.
CREATE OR REPLACE FUNCTION tradepulse_make_views() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  shared record;
  pieces text;
BEGIN
  FOR shared IN
      SELECT n.name, n.state, CASE WHEN n.state = 'replaced' THEN to_regclass(
               CASE WHEN n.name LIKE 'stock%' THEN 'market_data_oltp.' ELSE '' END ||
               n.name || '_before_tradepulse') END AS before
        FROM adopted_names n
       WHERE n.state = 'replaced' AND n.name NOT LIKE 'get\_next%'
          OR n.state = 'ours' AND n.name IN ('klines', 'stock_trades_realtime', 'stock_bars_staging')
       ORDER BY n.name <> 'market_klines' LOOP
    PERFORM tradepulse_make_view(shared.name, shared.before);
  END LOOP;
  -- Klines of other programs, for whoever asks by upstream's number. `usable`: of a finite time,
  -- each price one that a price can hold, the volume unknown or a number.
  SELECT string_agg(format('SELECT symbol, %s AS interval, time, '
      'round(open, 8) AS open, round(high, 8) AS high, '
      'round(low, 8) AS low, round(close, 8) AS close, round(volume, 8) AS volume, '
      'round(quote_volume, 8) AS quote_volume, sequence, '
      'num_nulls(time, open, high, low, close) = 0 AND isfinite(time) '
      'AND least(open, high, low, close) >= 0 '
      'AND round(greatest(open, high, low, close), 8) < 92233720368.54775808 '
      'AND coalesce(abs(round(volume, 8)) < 1e28, volume IS NULL) AS usable '
      'FROM (SELECT %s FROM %s b%s) b',
      CASE WHEN EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = piece.relation
                           AND a.attname = 'interval' AND NOT a.attnotnull)
           THEN 'coalesce(interval, ''1m'')' ELSE 'interval' END,
      tradepulse_columns(piece.relation,
             ARRAY['symbol', 'interval', 'time', 'open', 'high', 'low', 'close', 'volume', 'quote_volume',
                   'sequence'],
             ARRAY['text', 'text', 'timestamptz', 'numeric', 'numeric', 'numeric', 'numeric', 'numeric',
                   'numeric', 'bigint']),
             piece.relation, piece.which), ' UNION ALL ')
    INTO pieces
    FROM (SELECT to_regclass(CASE WHEN state = 'replaced' THEN name || '_before_tradepulse'
                                  ELSE name END) AS relation,
                 CASE WHEN state = 'replaced' OR name = 'klines' THEN ''
                      ELSE ' WHERE b.epoch IS NULL' END AS which
            FROM adopted_names
           WHERE name = 'market_klines' AND state <> 'kept'
              OR name = 'klines' AND state IN ('adopted', 'replaced')) piece
   WHERE piece.relation IS NOT NULL;
  IF pieces IS NULL THEN
    pieces := 'SELECT symbol::text, interval, time, open::numeric, high::numeric, low::numeric, '
              'close::numeric, volume, quote_volume, sequence, true AS usable '
              'FROM market_klines_tradepulse b WHERE false';
  END IF;
  FOR shared IN
      SELECT n.name || '_rejected' AS name FROM adopted_names n
       WHERE n.name IN ('market_klines', 'klines')
         AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass(n.name || '_rejected')
                      AND attname = 'tradepulse_reason')
         AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass(n.name || '_rejected')
                      AND attname = 'sequence' AND NOT attisdropped)
       ORDER BY n.name LOOP
    pieces := pieces || tradepulse_rejected_numbers(shared.name);
  END LOOP;
  EXECUTE 'CREATE OR REPLACE VIEW adopted_klines AS ' || pieces;
END
$$;

SELECT tradepulse_make_views() WHERE EXISTS (SELECT FROM adopted_names);
