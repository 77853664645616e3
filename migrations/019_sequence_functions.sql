-- Trackers of other programs are adopted only where rows of streams go into them, and their
-- get_next_sequence() is replaced only where it is known which row it counts.

-- Writes a row of a stream as the engine does, and takes it back: raises what refuses it.
CREATE FUNCTION tradepulse_try_tracker(given TEXT) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('INSERT INTO %I (id, symbol, stream, last_sequence, epoch) OVERRIDING SYSTEM VALUE '
    'VALUES (nextval(''tradepulse_tracker_ids''), ''tradepulse'', ''trial'', 1, 1)', given);
  EXECUTE format('UPDATE %I SET last_sequence = 2, epoch = 2, updated_at = now() '
    'WHERE symbol = ''tradepulse'' AND stream = ''trial''', given);
  SET CONSTRAINTS ALL IMMEDIATE;
  RAISE EXCEPTION USING ERRCODE = 'TP001'; -- the way to take it back
EXCEPTION WHEN SQLSTATE 'TP001' THEN
  NULL;
END
$$;

-- As before, but for the row of a stream that is tried.
CREATE OR REPLACE FUNCTION tradepulse_adopt_name(given TEXT) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  aside CONSTANT text := given || '_tradepulse';
  done record;
  said text;
BEGIN
  IF given = 'sequence_tracker' THEN
    SELECT * INTO done FROM tradepulse_adopt_tracker(given);
    PERFORM tradepulse_try_tracker(given);
    IF to_regclass(aside) IS NOT NULL THEN
      INSERT INTO sequence_tracker (id, symbol, stream, last_sequence, epoch, updated_at)
        OVERRIDING SYSTEM VALUE
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

CREATE FUNCTION tradepulse_sequence_function(arguments TEXT) RETURNS oid LANGUAGE sql STABLE AS $$
  SELECT to_regprocedure(format('%I.get_next_sequence(%s)', current_schema(), arguments))::oid
$$;

-- The function of another program that is called where get_next_sequence has so many arguments.
CREATE FUNCTION tradepulse_foreign_sequence(arguments INTEGER) RETURNS oid LANGUAGE sql STABLE AS $$
  SELECT p.oid FROM pg_proc p
   WHERE p.proname = 'get_next_sequence' AND p.pronamespace = quote_ident(current_schema())::regnamespace
     AND p.pronargs - p.pronargdefaults <= arguments AND (p.pronargs >= arguments OR p.provariadic <> 0)
     -- A comment outlives CREATE OR REPLACE.
     AND NOT (coalesce(obj_description(p.oid, 'pg_proc'), '') = 'made by tradepulse migrate'
              AND p.prosrc ILIKE '%tradepulse%')
   ORDER BY abs(p.pronargs - arguments) LIMIT 1
$$;

-- Why it is not known what their get_next_sequence() counts, and what to do; NULL: it counts the one
-- global row of sequence_tracker. `hinders`: it counts one of several rows of a table that makes room.
CREATE FUNCTION tradepulse_unknown_sequence(theirs oid, OUT why TEXT, OUT remedy TEXT, OUT hinders BOOLEAN)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  p CONSTANT pg_proc := (SELECT f FROM pg_proc f WHERE f.oid = theirs);
  state CONSTANT text := (SELECT n.state FROM adopted_names n WHERE n.name = 'sequence_tracker');
  tracker CONSTANT text := tradepulse_tracker_target();
  found bigint;
BEGIN
  hinders := false;
  remedy := format('to have TradePulse''s, set last_sequence of the row of %I that has neither symbol nor '
    'stream to what was given last, DROP FUNCTION %s, and migrate again', tracker, theirs::regprocedure);
  IF p.prokind <> 'f' OR p.pronargs > 0 OR p.proretset OR p.prorettype NOT IN ('int8'::regtype,
       'int4'::regtype, 'int2'::regtype, 'numeric'::regtype, 'text'::regtype, 'varchar'::regtype) THEN
    why := format('%s is called by that name, and gives no number as TradePulse''s does',
                  theirs::regprocedure);
  ELSIF state = 'kept' THEN
    why := 'it belongs to sequence_tracker, which is kept';
    remedy := 'what becomes of that table becomes of it';
  ELSIF state NOT IN ('adopted', 'replaced') THEN
    why := 'there was no table sequence_tracker, so it counts something else';
  ELSIF strpos(lower(pg_get_functiondef(theirs)), 'sequence_tracker') = 0 THEN
    why := 'it does not name sequence_tracker, so it counts something else';
  ELSE
    EXECUTE format('SELECT count(*) FROM %I WHERE symbol IS NULL AND stream IS NULL', tracker) INTO found;
    IF found <> 1 THEN
      hinders := state = 'replaced';
      why := format('%s rows of sequence_tracker have neither symbol nor stream, and which one it counts '
                    'is not known', found);
      IF found > 1 THEN
        remedy := 'give those that it does not count a symbol and a stream, and migrate again';
      END IF;
    END IF;
  END IF;
END
$$;

-- Writes get_next_sequence() over the table of that name. A function that was there keeps its owner and
-- grants, whatever calls it, and how it runs: by whose rights, and with which settings.
CREATE FUNCTION tradepulse_write_global_sequence(tracker TEXT) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  p CONSTANT pg_proc := (SELECT f FROM pg_proc f WHERE f.oid = tradepulse_sequence_function(''));
  each record;
BEGIN
  EXECUTE format($function$
    CREATE OR REPLACE FUNCTION get_next_sequence() RETURNS %2$s LANGUAGE plpgsql %3$s
    SET search_path = %4$I, pg_temp AS $body$
      DECLARE
        given bigint;
      BEGIN
        FOR attempt IN 1..2 LOOP
          -- The row's lock makes it atomic: who waits goes on from what was committed.
          UPDATE %1$I SET last_sequence = last_sequence + 1, updated_at = now()
           WHERE symbol IS NULL AND stream IS NULL AND id IS NOT DISTINCT FROM
                 (SELECT id FROM %1$I WHERE symbol IS NULL AND stream IS NULL ORDER BY id LIMIT 1)
          RETURNING last_sequence INTO given;
          IF FOUND THEN
            RETURN given;
          END IF;
          PERFORM pg_advisory_xact_lock(hashtext('tradepulse get_next_sequence'));
        END LOOP;
        INSERT INTO %1$I (id, last_sequence) OVERRIDING SYSTEM VALUE
          VALUES (coalesce((SELECT min(id) FROM %1$I), 2) - 1, 1) RETURNING last_sequence INTO given;
        RETURN given;
      END $body$
    $function$, tracker, coalesce(pg_get_function_result(p.oid), 'bigint'),
    CASE WHEN p.prosecdef THEN 'SECURITY DEFINER' ELSE '' END, current_schema());
  EXECUTE format('COMMENT ON FUNCTION get_next_sequence() IS %L', 'made by tradepulse migrate');
  FOR each IN SELECT split_part(c, '=', 1) AS name, substr(c, strpos(c, '=') + 1) AS value
                FROM unnest(p.proconfig) c WHERE c NOT LIKE 'search\_path=%' LOOP
    EXECUTE format('ALTER FUNCTION get_next_sequence() SET %I TO %L', each.name, each.value);
  END LOOP;
  -- Who could count in a table that has made room counts in ours.
  FOR each IN SELECT a.grantee, a.privilege_type AS right FROM pg_class c
               CROSS JOIN LATERAL aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
               WHERE tracker = 'sequence_tracker_tradepulse'
                 AND c.oid = to_regclass('sequence_tracker_before_tradepulse')
                 AND a.privilege_type IN ('SELECT', 'INSERT', 'UPDATE') LOOP
    EXECUTE format('GRANT %s ON %I TO %s', each.right, tracker,
                   CASE each.grantee WHEN 0 THEN 'PUBLIC' ELSE each.grantee::regrole::text END);
  END LOOP;
END
$$;

CREATE FUNCTION tradepulse_write_stream_sequence(tracker TEXT) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($function$
    CREATE OR REPLACE FUNCTION get_next_sequence(symbol TEXT, stream TEXT) RETURNS bigint
    LANGUAGE plpgsql SET search_path = %2$I, pg_temp AS $body$
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
      INSERT INTO %1$I AS t (id, symbol, stream, last_sequence) OVERRIDING SYSTEM VALUE
        SELECT nextval('tradepulse_tracker_ids'), get_next_sequence.symbol, get_next_sequence.stream, 1
         WHERE NOT EXISTS (SELECT FROM %1$I e WHERE e.symbol = get_next_sequence.symbol
                              AND e.stream = get_next_sequence.stream)
        ON CONFLICT (symbol, stream) DO NOTHING RETURNING t.last_sequence INTO given;
      IF FOUND THEN
        RETURN given;
      END IF;
      UPDATE %1$I t SET last_sequence = t.last_sequence + 1, updated_at = now()
       WHERE t.symbol = get_next_sequence.symbol AND t.stream = get_next_sequence.stream AND t.epoch IS NULL
      RETURNING t.last_sequence INTO STRICT given;
      RETURN given;
    END $body$
  $function$, tracker, current_schema());
  EXECUTE format('COMMENT ON FUNCTION get_next_sequence(TEXT, TEXT) IS %L', 'made by tradepulse migrate');
END
$$;
DROP FUNCTION tradepulse_write_sequence_functions(TEXT, BOOLEAN);

-- get_next_sequence() and get_next_sequence(symbol, stream): ours, or theirs and a word about it.
CREATE OR REPLACE FUNCTION tradepulse_settle_functions() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  tracker CONSTANT text := tradepulse_tracker_target();
  theirs oid := tradepulse_foreign_sequence(0);
  unknown record;
BEGIN
  SELECT * INTO unknown FROM tradepulse_unknown_sequence(theirs) WHERE theirs IS NOT NULL;
  IF unknown.hinders THEN
    RAISE EXCEPTION 'adopt.replace: sequence_tracker cannot make room for a view: %, and a view refuses it',
      unknown.why USING HINT = 'Give those that get_next_sequence() does not count a symbol and a stream, or '
      'take the name out of adopt.replace.';
  END IF;
  BEGIN
    IF unknown.why IS NOT NULL THEN
      PERFORM tradepulse_note_name('get_next_sequence()', 'kept', format('%s. It stays as it is; %s',
                                   unknown.why, unknown.remedy));
    ELSIF theirs IS NOT NULL THEN
      PERFORM tradepulse_note_name('get_next_sequence()', 'replaced', 'it goes on from the same row; what '
        'it was is in adopted_names.definition', was => pg_get_functiondef(theirs));
      PERFORM tradepulse_write_global_sequence(tracker);
    ELSE
      PERFORM tradepulse_write_global_sequence(tracker);
      DELETE FROM adopted_names WHERE name = 'get_next_sequence()' AND state = 'kept';
    END IF;
  EXCEPTION WHEN insufficient_privilege OR invalid_function_definition THEN
    PERFORM tradepulse_note_name('get_next_sequence()', 'kept', SQLERRM);
  END;
  theirs := tradepulse_foreign_sequence(2);
  BEGIN
    IF theirs IS NOT NULL THEN
      PERFORM tradepulse_note_name('get_next_sequence(symbol, stream)', 'kept', format('%s is called by that '
        'name. It stays as it is; to have TradePulse''s, DROP FUNCTION %s, and migrate again',
        theirs::regprocedure, theirs::regprocedure));
    ELSE
      PERFORM tradepulse_write_stream_sequence(tracker);
      DELETE FROM adopted_names WHERE name = 'get_next_sequence(symbol, stream)' AND state = 'kept';
    END IF;
  EXCEPTION WHEN insufficient_privilege THEN
    PERFORM tradepulse_note_name('get_next_sequence(symbol, stream)', 'kept', SQLERRM);
  END;
END
$$;

-- As before; what is said of a function that is kept is looked at each time.
CREATE OR REPLACE FUNCTION tradepulse_settle_names(replace TEXT[]) RETURNS void LANGUAGE plpgsql AS $$
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
  IF changed OR EXISTS (SELECT FROM adopted_names n WHERE n.name LIKE 'get\_next%' AND n.state = 'kept')
     OR tradepulse_sequence_function('') IS NULL OR tradepulse_sequence_function('text, text') IS NULL THEN
    PERFORM tradepulse_settle_functions();
  END IF;
  IF changed THEN
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

-- What an earlier `migrate` has done otherwise.
CREATE FUNCTION tradepulse_mend_trackers() RETURNS void LANGUAGE plpgsql SET check_function_bodies = off AS $$
DECLARE
  was adopted_names;
  unknown record;
  drawn boolean;
BEGIN
  IF EXISTS (SELECT FROM adopted_names WHERE name = 'sequence_tracker' AND state = 'adopted') THEN
    BEGIN
      PERFORM tradepulse_try_tracker('sequence_tracker');
    EXCEPTION WHEN raise_exception OR feature_not_supported OR data_exception
                OR integrity_constraint_violation OR syntax_error_or_access_rule_violation THEN
      PERFORM tradepulse_make_aside('sequence_tracker', 'sequence_tracker');
      DROP INDEX IF EXISTS sequence_tracker_stream;
      PERFORM tradepulse_keep_name('sequence_tracker', SQLERRM);
    END;
  END IF;
  -- Theirs again, as it was, and then looked at anew.
  SELECT * INTO was FROM adopted_names WHERE name = 'get_next_sequence()' AND state = 'replaced'
     AND definition IS NOT NULL AND tradepulse_sequence_function('') IS NOT NULL
     AND tradepulse_foreign_sequence(0) IS NULL;
  IF FOUND THEN
    EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE symbol IS NULL AND stream IS NULL AND updated_at > $1)',
                   tradepulse_tracker_target()) INTO drawn USING was.settled_at;
    EXECUTE was.definition;
    COMMENT ON FUNCTION get_next_sequence() IS NULL;
    UPDATE adopted_names SET definition = NULL WHERE name = was.name;
    SELECT * INTO unknown FROM tradepulse_unknown_sequence(tradepulse_sequence_function(''));
    IF unknown.hinders OR drawn AND unknown.why IS NOT NULL THEN
      -- Numbers have come from ours since, or theirs could not count any more.
      PERFORM tradepulse_write_global_sequence(tradepulse_tracker_target());
      PERFORM tradepulse_note_name('get_next_sequence()', 'replaced', format('an earlier migrate did, though '
        '%s, and %s counts since. What it was is in adopted_names.definition: where numbers went back, set '
        'last_sequence of the row that has neither symbol nor stream', unknown.why,
        tradepulse_tracker_target()), was => was.definition);
    END IF;
  END IF;
  PERFORM tradepulse_settle_functions();
END
$$;
SELECT tradepulse_mend_trackers() WHERE EXISTS (SELECT FROM adopted_names);
DROP FUNCTION tradepulse_mend_trackers();

SELECT tradepulse_settle_names(
  string_to_array(coalesce(current_setting('tradepulse.adopt_replace', true), ''), ','));
