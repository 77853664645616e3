-- An operator may drop or rename <name>_before_tradepulse: then the views show ours alone.

-- What was put aside and is gone since, or is back.
CREATE FUNCTION tradepulse_look_aside() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  each record;
  changed boolean := false;
BEGIN
  FOR each IN SELECT n.name, n.detail LIKE '%_before_tradepulse is gone: %' AS was_gone, p.place,
                     to_regclass(p.place) AS standing
                FROM adopted_names n CROSS JOIN LATERAL (
                  SELECT CASE WHEN n.name LIKE 'stock%' THEN 'market_data_oltp.' ELSE '' END || n.name ||
                         '_before_tradepulse' AS place) p
               WHERE n.state = 'replaced' AND n.name NOT LIKE 'get\_next%' LOOP
    CONTINUE WHEN each.was_gone = (each.standing IS NULL);
    PERFORM tradepulse_note_name(each.name, 'replaced', CASE WHEN each.standing IS NULL
      THEN format('%s is gone: the view that has the name shows ours alone', each.place)
      ELSE format('what stood there is %s now, and a view of both has the name; INSERT into it is refused',
                  each.standing) END);
    changed := true;
  END LOOP;
  IF changed THEN
    PERFORM tradepulse_make_views();
  END IF;
END
$$;

ALTER FUNCTION tradepulse_settle_names(TEXT[]) RENAME TO tradepulse_settle_each_name;
CREATE FUNCTION tradepulse_settle_names(replace TEXT[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM tradepulse_settle_each_name(replace);
  PERFORM tradepulse_look_aside();
END
$$;

SELECT tradepulse_make_views() WHERE EXISTS (SELECT FROM adopted_names);
SELECT tradepulse_settle_names(
  string_to_array(coalesce(current_setting('tradepulse.adopt_replace', true), ''), ','));
