-- How far each partition of the log is applied, and whose it is.
CREATE TABLE ingest_offsets (
  topic         TEXT NOT NULL,
  partition     INTEGER NOT NULL,
  next_offset   BIGINT,                      -- NULL: no start was decided yet
  generation    BIGINT NOT NULL,             -- rises with each claim; the greatest one wins
  owner         TEXT,                        -- NULL: given up
  epoch_floor   BIGINT NOT NULL DEFAULT 1,
  cluster_id    TEXT NOT NULL DEFAULT '',    -- '': not known yet
  digest        BIGINT,                      -- of the record applied last (64 bits, as signed)
  digest_offset BIGINT,                      -- that record's own offset
  updated_at    TIMESTAMPTZ NOT NULL DEFAULT now(),
  PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);
