-- The newest event of each symbol's price stream, and the position of that stream.
-- Makes the table, or adopts one that another program made, with all its rows: what is missing is
-- added, what can be widened without loss is widened, anything else is an error that says what to
-- do. Nothing is dropped.

CREATE TABLE IF NOT EXISTS price_snapshots (
  id         UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  symbol     VARCHAR(32) NOT NULL CONSTRAINT price_snapshots_symbol_key UNIQUE,
  price      DECIMAL(20,8) NOT NULL,
  timestamp  BIGINT NOT NULL,
  volume     DECIMAL(20,8),
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

DO $adopt$
DECLARE
  snapshots CONSTANT regclass := 'price_snapshots'::regclass;
  kind "char" := (SELECT relkind FROM pg_class WHERE oid = snapshots);
  col record;
  wanted record;
  amount bigint;
  example text;
BEGIN
  IF kind <> 'r' THEN
    RAISE EXCEPTION 'price_snapshots exists and is no plain table (relkind %): rename it', kind;
  END IF;
  LOCK TABLE price_snapshots IN ACCESS EXCLUSIVE MODE;

  FOR wanted IN SELECT * FROM (VALUES
      ('symbol', 'character varying(32)'), ('price', 'numeric(20,8)'), ('timestamp', 'bigint'))
      AS w(name, type) LOOP
    IF NOT EXISTS (SELECT FROM pg_attribute
                   WHERE attrelid = snapshots AND attname = wanted.name AND NOT attisdropped) THEN
      EXECUTE 'SELECT count(*) FROM price_snapshots' INTO amount;
      IF amount > 0 THEN
        RAISE EXCEPTION 'price_snapshots has % rows and no column "%": it cannot be adopted; add the column with its values, or rename the table',
          amount, wanted.name;
      END IF;
      EXECUTE format('ALTER TABLE price_snapshots ADD COLUMN %I %s', wanted.name, wanted.type);
    END IF;
  END LOOP;

  ALTER TABLE price_snapshots
    ADD COLUMN IF NOT EXISTS id         UUID,
    ADD COLUMN IF NOT EXISTS volume     DECIMAL(20,8),
    ADD COLUMN IF NOT EXISTS created_at TIMESTAMPTZ DEFAULT now(),
    ADD COLUMN IF NOT EXISTS updated_at TIMESTAMPTZ DEFAULT now();

  -- A column that must be filled and that we do not know would refuse each of our rows.
  SELECT string_agg(quote_ident(attname), ', ') INTO example FROM pg_attribute
   WHERE attrelid = snapshots AND attnum > 0 AND NOT attisdropped AND attnotnull
     AND NOT atthasdef AND attidentity = '' AND attgenerated = ''
     AND attname NOT IN ('id', 'symbol', 'price', 'timestamp', 'volume', 'created_at', 'updated_at');
  IF example IS NOT NULL THEN
    RAISE EXCEPTION 'price_snapshots has columns that are NOT NULL without a default (%): give them a default or allow NULL', example;
  END IF;

  -- Types.
  FOR col IN SELECT attname AS name, atttypid AS type, atttypmod AS modifier,
                      format_type(atttypid, atttypmod) AS shown
               FROM pg_attribute WHERE attrelid = snapshots AND attnum > 0 AND NOT attisdropped LOOP
    CASE col.name
    WHEN 'id' THEN
      IF col.type IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype) THEN
        ALTER TABLE price_snapshots ALTER COLUMN id DROP DEFAULT;
        ALTER TABLE price_snapshots ALTER COLUMN id TYPE UUID USING id::text::uuid;
      ELSIF col.type <> 'uuid'::regtype THEN
        RAISE EXCEPTION 'price_snapshots.id is % and must be uuid: rename the column, a new one is made', col.shown;
      END IF;
    WHEN 'symbol' THEN
      IF col.type = 'varchar'::regtype AND col.modifier BETWEEN 0 AND 35 THEN
        ALTER TABLE price_snapshots ALTER COLUMN symbol TYPE VARCHAR(32);
      ELSIF col.type = 'bpchar'::regtype THEN
        ALTER TABLE price_snapshots ALTER COLUMN symbol TYPE VARCHAR(32) USING symbol::text;
      ELSIF col.type NOT IN ('varchar'::regtype, 'text'::regtype) THEN
        RAISE EXCEPTION 'price_snapshots.symbol is % and must be varchar(32)', col.shown;
      END IF;
    WHEN 'price', 'volume' THEN
      IF col.shown <> 'numeric(20,8)' THEN
        IF col.type NOT IN ('numeric'::regtype, 'float8'::regtype, 'float4'::regtype,
                              'int8'::regtype, 'int4'::regtype) THEN
          RAISE EXCEPTION 'price_snapshots.% is % and must be numeric(20,8)', col.name, col.shown;
        END IF;
        EXECUTE format('SELECT count(*), min(symbol) FROM price_snapshots
                        WHERE %1$I::numeric <> round(%1$I::numeric, 8)
                           OR abs(%1$I::numeric) >= 1000000000000', col.name)
          INTO amount, example;
        IF amount > 0 THEN
          RAISE EXCEPTION 'price_snapshots.% (%) has % values that numeric(20,8) cannot hold exactly (symbol "%"): round them first',
            col.name, col.shown, amount, example;
        END IF;
        EXECUTE format('ALTER TABLE price_snapshots ALTER COLUMN %1$I TYPE DECIMAL(20,8)
                        USING %1$I::numeric', col.name);
      END IF;
    WHEN 'timestamp' THEN
      IF col.type IN ('int4'::regtype, 'int2'::regtype) THEN
        ALTER TABLE price_snapshots ALTER COLUMN timestamp TYPE BIGINT;
      ELSIF col.type <> 'int8'::regtype THEN
        RAISE EXCEPTION 'price_snapshots.timestamp is % and must be bigint (milliseconds since 1970)', col.shown;
      END IF;
    ELSE
      NULL;
    END CASE;
  END LOOP;

  -- Values that must be there.
  FOREACH example IN ARRAY ARRAY['symbol', 'price', 'timestamp'] LOOP
    EXECUTE format('SELECT count(*) FROM price_snapshots WHERE %I IS NULL', example) INTO amount;
    IF amount > 0 THEN
      RAISE EXCEPTION 'price_snapshots has % rows without a %: fill or delete them', amount, example;
    END IF;
    EXECUTE format('ALTER TABLE price_snapshots ALTER COLUMN %I SET NOT NULL', example);
  END LOOP;
  UPDATE price_snapshots SET id = gen_random_uuid() WHERE id IS NULL;
  ALTER TABLE price_snapshots
    ALTER COLUMN id SET NOT NULL,
    ALTER COLUMN id SET DEFAULT gen_random_uuid(),
    ALTER COLUMN created_at SET DEFAULT now(),
    ALTER COLUMN updated_at SET DEFAULT now();

  -- Keys. A primary key on another column stays: other tables may refer to it.
  IF NOT EXISTS (SELECT FROM pg_index WHERE indrelid = snapshots AND indisprimary) THEN
    ALTER TABLE price_snapshots ADD PRIMARY KEY (id);
  ELSIF NOT EXISTS (
      SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
      WHERE i.indrelid = snapshots AND i.indisunique AND i.indnkeyatts = 1 AND a.attname = 'id') THEN
    ALTER TABLE price_snapshots ADD CONSTRAINT price_snapshots_id_key UNIQUE (id);
  END IF;
  -- An upsert needs a unique index that is checked at once, of the symbol alone, over all rows.
  IF NOT EXISTS (
      SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
      WHERE i.indrelid = snapshots AND i.indisunique AND i.indimmediate AND i.indisvalid
        AND i.indnkeyatts = 1 AND i.indpred IS NULL AND a.attname = 'symbol') THEN
    SELECT count(*), min(symbol) INTO amount, example
      FROM (SELECT symbol FROM price_snapshots GROUP BY symbol HAVING count(*) > 1) doubles;
    IF amount > 0 THEN
      RAISE EXCEPTION 'price_snapshots has % symbols with more than one row (such as "%"): keep one row of each, then migrate again',
        amount, example;
    END IF;
    ALTER TABLE price_snapshots ADD CONSTRAINT price_snapshots_symbol_unique UNIQUE (symbol);
  END IF;
END
$adopt$;

-- Position of the price stream. epoch 0 = no event was numbered yet (adopted rows).
-- price_sequence: the event shown; below last_sequence after a late event; 0 = it is older than
-- the epoch. home: the partition that feeds the symbol; NULL = the first event sets it.
-- state, bits: 1 unordered (fed from several partitions), 2 stopped.
ALTER TABLE price_snapshots
  ADD COLUMN IF NOT EXISTS epoch           BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN IF NOT EXISTS last_sequence   BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN IF NOT EXISTS price_sequence  BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN IF NOT EXISTS source_sequence BIGINT,
  ADD COLUMN IF NOT EXISTS home_topic      TEXT,
  ADD COLUMN IF NOT EXISTS home_partition  INTEGER,
  ADD COLUMN IF NOT EXISTS home_moved_at   BIGINT,
  ADD COLUMN IF NOT EXISTS state           SMALLINT NOT NULL DEFAULT 0;

COMMENT ON COLUMN price_snapshots.timestamp IS 'event time, milliseconds since 1970 UTC';
COMMENT ON COLUMN price_snapshots.home_moved_at IS 'milliseconds since 1970 UTC';
COMMENT ON COLUMN price_snapshots.state IS 'bits: 1 unordered, 2 stopped';

-- Room for new versions of a row in its own page: updates stay HOT and write no index.
ALTER TABLE price_snapshots SET (fillfactor = 70);

-- A claim finds its streams by it. Its columns rarely change, so HOT stays.
CREATE INDEX IF NOT EXISTS idx_price_snapshots_home ON price_snapshots (home_topic, home_partition);

-- The few streams that are unordered or stopped.
CREATE INDEX IF NOT EXISTS idx_price_snapshots_flagged
  ON price_snapshots (home_topic, home_partition) WHERE state <> 0;
