-- What tradepulse_settle_names does to one name, and what it writes down about it.

CREATE FUNCTION tradepulse_note_name(given TEXT, is_now TEXT, said TEXT, kept BIGINT DEFAULT NULL,
                                     rounded_values BIGINT DEFAULT NULL, rejected_rows BIGINT DEFAULT NULL,
                                     one_interval TEXT DEFAULT NULL, was TEXT DEFAULT NULL) RETURNS void
LANGUAGE sql AS $$
  INSERT INTO adopted_names AS a (name, state, rows_kept, rounded, rejected, only_interval, detail,
                                  definition)
    VALUES (given, is_now, kept, rounded_values, rejected_rows, one_interval, said, was)
  ON CONFLICT (name) DO UPDATE SET state = EXCLUDED.state, rows_kept = EXCLUDED.rows_kept,
    rounded = EXCLUDED.rounded, rejected = EXCLUDED.rejected, only_interval = EXCLUDED.only_interval,
    detail = EXCLUDED.detail, definition = coalesce(EXCLUDED.definition, a.definition),
    told = false, settled_at = now()
$$;

-- Raises what is in the way; then nothing has changed.
CREATE FUNCTION tradepulse_adopt_name(given TEXT) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  aside CONSTANT text := given || '_tradepulse';
  done record;
  said text;
BEGIN
  IF given = 'sequence_tracker' THEN
    SELECT * INTO done FROM tradepulse_adopt_tracker(given);
    IF to_regclass(aside) IS NOT NULL THEN
      INSERT INTO sequence_tracker (id, symbol, stream, last_sequence, epoch, updated_at)
        SELECT nextval('tradepulse_tracker_ids'), symbol, stream, last_sequence, epoch, updated_at
          FROM sequence_tracker_tradepulse WHERE symbol IS NOT NULL;
    END IF;
    PERFORM tradepulse_note_name(given, 'adopted', format('%s rows kept%s', done.rows_kept, done.said),
                                 done.rows_kept);
  ELSE
    SELECT * INTO done FROM tradepulse_adopt_klines(given);
    said := format('%s rows kept, %s values rounded to 8 decimals, %s rows that cannot be stored%s',
      done.rows_kept, done.rounded, done.rejected,
      CASE WHEN done.rejected > 0 THEN format(' are in %s_rejected', given) ELSE '' END);
    IF given = 'market_klines' THEN
      IF done.only_interval IS NOT NULL THEN
        said := said || format('; its key is (time, symbol), so it takes klines of %s alone and others '
          'wait in market_klines_waiting: drop the unique index %s once no other program needs it, then '
          'migrate again',
          done.only_interval, tradepulse_one_interval_index(given));
        IF to_regclass('market_klines_waiting') IS NULL THEN
          PERFORM tradepulse_make_klines('market_klines_waiting');
        END IF;
      END IF;
      IF to_regclass(aside) IS NOT NULL THEN -- what came while it was kept
        PERFORM tradepulse_move_klines(aside, given, done.only_interval);
        IF done.only_interval IS NOT NULL THEN
          PERFORM tradepulse_move_klines(aside, 'market_klines_waiting', NULL);
        END IF;
      END IF;
    ELSE
      said := said || '; TradePulse writes market_klines, not this table';
    END IF;
    PERFORM tradepulse_note_name(given, 'adopted', said, done.rows_kept, done.rounded, done.rejected,
                                 done.only_interval);
  END IF;
END
$$;

-- Theirs stays as it is. What it hinders is said each time.
CREATE FUNCTION tradepulse_keep_name(given TEXT, reason TEXT) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM tradepulse_note_name(given, 'kept', format('%s. It stays as it is with its rows and writers%s; '
    'adopt.replace = ["%s"] renames it to %s_before_tradepulse and puts a view of both in its place', reason,
    CASE WHEN given IN ('market_klines', 'sequence_tracker')
         THEN format(', and TradePulse writes %s_tradepulse', given) ELSE '' END, given, given));
  PERFORM tradepulse_make_aside(given, NULL);
END
$$;

-- The views follow what became of the tables.
CREATE FUNCTION tradepulse_make_views() RETURNS void LANGUAGE plpgsql AS $$
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
  -- Klines of other programs, for whoever asks by upstream's number: those that a price can hold.
  SELECT string_agg(format('SELECT symbol, interval, time, '
      'round(open, 8) AS open, round(high, 8) AS high, '
      'round(low, 8) AS low, round(close, 8) AS close, round(volume, 8) AS volume, '
      'round(quote_volume, 8) AS quote_volume, sequence FROM (SELECT %s FROM %s b%s) b '
      'WHERE least(open, high, low, close) >= 0 AND greatest(open, high, low, close) < 92233720368.54775808',
      tradepulse_columns(piece.relation,
             ARRAY['symbol', 'interval', 'time', 'open', 'high', 'low', 'close', 'volume', 'quote_volume',
                   'sequence'],
             ARRAY['text', 'text', 'timestamptz', 'numeric', 'numeric', 'numeric', 'numeric', 'numeric',
                   'numeric', 'bigint']),
             piece.relation, piece.which), ' UNION ALL ')
    INTO pieces
    FROM (SELECT CASE WHEN state = 'replaced' THEN name || '_before_tradepulse'
                      ELSE name END::regclass AS relation,
                 CASE WHEN state = 'replaced' OR name = 'klines' THEN ''
                      ELSE ' WHERE b.epoch IS NULL' END AS which
            FROM adopted_names
           WHERE name = 'market_klines' AND state <> 'kept'
              OR name = 'klines' AND state IN ('adopted', 'replaced')) piece;
  IF pieces IS NULL THEN
    pieces := 'SELECT symbol::text, interval, time, open::numeric, high::numeric, low::numeric, '
              'close::numeric, volume, quote_volume, sequence FROM market_klines_tradepulse b '
              'WHERE false';
  END IF;
  EXECUTE 'CREATE OR REPLACE VIEW adopted_klines AS ' || pieces;
END
$$;

CREATE FUNCTION tradepulse_settle_functions() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  was text;
BEGIN
  was := tradepulse_write_sequence_functions(tradepulse_tracker_target(),
    (SELECT state = 'kept' FROM adopted_names WHERE name = 'sequence_tracker'));
  IF was IS NOT NULL THEN
    PERFORM tradepulse_note_name('get_next_sequence()', 'replaced', 'it goes on from the same row; what '
      'it was is in adopted_names.definition', was => was);
  END IF;
EXCEPTION WHEN insufficient_privilege OR invalid_function_definition THEN
  PERFORM tradepulse_note_name('get_next_sequence()', 'kept', SQLERRM);
END
$$;

-- Idempotent: each `migrate` calls it.
CREATE FUNCTION tradepulse_settle_names(replace TEXT[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  given text;
  place text;
  standing regclass;
  was text;
  before regclass;
  changed boolean := false;
BEGIN
  IF to_regnamespace('market_data_oltp') IS NULL THEN
    BEGIN
      CREATE SCHEMA market_data_oltp;
    EXCEPTION WHEN insufficient_privilege THEN
      NULL; -- said below
    END;
  END IF;
  FOREACH given IN ARRAY ARRAY['market_klines', 'klines', 'sequence_tracker', 'stock_trades_realtime',
                               'stock_bars_staging'] LOOP
    SELECT state INTO was FROM adopted_names WHERE name = given;
    IF given LIKE 'stock%'
       AND NOT coalesce(has_schema_privilege(to_regnamespace('market_data_oltp'), 'CREATE'), false) THEN
      IF was IS NULL OR was = 'missing' THEN
        PERFORM tradepulse_note_name(given, 'missing', format('%s may not make views in the schema '
          'market_data_oltp: CREATE SCHEMA IF NOT EXISTS market_data_oltp; GRANT USAGE, CREATE ON SCHEMA '
          'market_data_oltp TO %I; then migrate again', current_user, current_user));
      END IF;
      CONTINUE;
    END IF;
    place := format('%I.%I', CASE WHEN given LIKE 'stock%' THEN 'market_data_oltp'
                                  ELSE current_schema() END, given);
    standing := to_regclass(place);
    IF standing IS NULL THEN
      IF was IS DISTINCT FROM 'replaced' THEN
        PERFORM tradepulse_make_name(given);
        PERFORM tradepulse_note_name(given, 'ours', '');
      END IF;
    ELSIF was IN ('ours', 'replaced') OR was = 'adopted' AND given <> ALL (replace) THEN
      CONTINUE;
    ELSIF given = ANY (replace) THEN
      before := tradepulse_put_aside(given, place);
      PERFORM tradepulse_make_aside(given, before);
      PERFORM tradepulse_note_name(given, 'replaced', format('what stood there is %s now, and a view of '
        'both has the name; INSERT into it is refused', before));
    ELSE
      BEGIN
        IF given LIKE 'stock%' THEN
          RAISE EXCEPTION 'TradePulse has a view of this name, and something stands there';
        END IF;
        PERFORM tradepulse_adopt_name(given);
      EXCEPTION WHEN raise_exception OR feature_not_supported OR object_in_use OR data_exception
                  OR integrity_constraint_violation OR syntax_error_or_access_rule_violation
                  OR dependent_objects_still_exist THEN
        PERFORM tradepulse_keep_name(given, SQLERRM);
      END;
    END IF;
    changed := true;
  END LOOP;
  IF changed THEN
    PERFORM tradepulse_settle_functions();
    PERFORM tradepulse_make_views();
    -- Adopted since: what was aside is in it.
    IF (SELECT state = 'adopted' FROM adopted_names WHERE name = 'market_klines') THEN
      DROP TABLE IF EXISTS market_klines_tradepulse;
    END IF;
    IF (SELECT state = 'adopted' FROM adopted_names WHERE name = 'sequence_tracker') THEN
      DROP TABLE IF EXISTS sequence_tracker_tradepulse;
    END IF;
  END IF;
  PERFORM tradepulse_release_klines();
END
$$;

SELECT tradepulse_settle_names(
  string_to_array(coalesce(current_setting('tradepulse.adopt_replace', true), ''), ','));
