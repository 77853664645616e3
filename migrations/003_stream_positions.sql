-- Positions of streams that have no row of their own: a price stream whose row was refused by the
-- data itself, and streams of other kinds. Where price_snapshots has the symbol too, the greater
-- (epoch, last_sequence) is the position.
CREATE TABLE stream_positions (
  symbol         VARCHAR(32) NOT NULL,
  stream         TEXT NOT NULL,
  epoch          BIGINT NOT NULL,
  last_sequence  BIGINT NOT NULL,
  home_topic     TEXT,
  home_partition INTEGER,
  home_moved_at  BIGINT,                     -- milliseconds since 1970 UTC
  state          SMALLINT NOT NULL DEFAULT 0, -- bits: 1 unordered, 2 stopped
  updated_at     TIMESTAMPTZ NOT NULL DEFAULT now(),
  PRIMARY KEY (symbol, stream)
) WITH (fillfactor = 70);
CREATE INDEX idx_stream_positions_home ON stream_positions (home_topic, home_partition);

-- Which partitions feed a stream whose home has moved. While such a stream is unordered, each
-- claim of any of them begins a new epoch of it.
CREATE TABLE stream_sources (
  topic     TEXT NOT NULL,
  partition INTEGER NOT NULL,
  symbol    VARCHAR(32) NOT NULL,
  stream    TEXT NOT NULL,
  PRIMARY KEY (topic, partition, stream, symbol)
);
CREATE INDEX idx_stream_sources_symbol ON stream_sources (symbol, stream);
