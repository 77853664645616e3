-- Candles that the engine makes: what users read, and what a restart goes on from.

-- Beside next_offset: how far the partition's log has come in event time, ms since 1970 UTC; a candle
-- closes by it. NULL: not known, or no candles are made of the partition.
ALTER TABLE ingest_offsets ADD COLUMN watermark BIGINT;

-- Of each stream that candles are made from: the positions of its candle streams and every candle
-- that is open, packed (candle_state_codec). The first byte is the version. One row, so that what
-- changes with nearly every event is written once a transaction; it stays in its page.
CREATE TABLE candle_states (
  symbol VARCHAR(32) NOT NULL,
  stream TEXT NOT NULL,      -- price or trade
  state  BYTEA NOT NULL,
  PRIMARY KEY (symbol, stream)
) WITH (fillfactor = 45);

-- It is read back as the engine wrote it, so nobody else's can be taken over.
DO $foreign$
BEGIN
  IF EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relname = 'candles' AND n.nspname = current_schema()) THEN
    RAISE EXCEPTION 'candles exists already, and this program makes a table of that name: rename yours (ALTER TABLE candles RENAME TO candles_before_tradepulse), then migrate again';
  END IF;
END
$foreign$;

-- Candles that are closed, a row each, as they were corrected last. The numbered events themselves,
-- each close and each correction, stand in journal_candles.
CREATE TABLE candles (
  time                   TIMESTAMPTZ NOT NULL,  -- its start
  symbol                 VARCHAR(32) NOT NULL,
  interval               TEXT NOT NULL,         -- 1s 1m 5m 15m 1h 4h 1d
  epoch                  BIGINT NOT NULL,       -- the newest event of it in the stream
  sequence               BIGINT NOT NULL,       -- candle_<interval>: the close, or a correction
  revision               INTEGER NOT NULL,      -- how often it was corrected
  open                   NUMERIC(20,8) NOT NULL,
  high                   NUMERIC(20,8) NOT NULL,
  low                    NUMERIC(20,8) NOT NULL,
  close                  NUMERIC(20,8) NOT NULL,
  volume                 NUMERIC,               -- NULL: no event of it has a size
  quote_volume           NUMERIC,               -- NULL: the same, or above 1.7 * 10^22
  taker_buy_volume       NUMERIC,               -- NULL: not known of every event
  taker_buy_quote_volume NUMERIC,
  trades                 BIGINT NOT NULL,       -- events; 0: flat, at the close before
  first_trade_id         BIGINT,
  last_trade_id          BIGINT,
  source                 TEXT NOT NULL,         -- the stream it is made from: price or trade,
  source_epoch           BIGINT NOT NULL,       -- that stream's epoch,
  first_seq              BIGINT NOT NULL,       -- and its lowest and highest number; 0: flat
  last_seq               BIGINT NOT NULL,
  partial                BOOLEAN NOT NULL,      -- events before may have been of another epoch
  -- What the engine needs besides, to correct it after a restart.
  flags                  SMALLINT NOT NULL,     -- candle_flags
  open_after_ms          INTEGER NOT NULL,      -- the events that make open and close: ms after
  close_after_ms         INTEGER NOT NULL,      -- its start, and their numbers
  open_seq               BIGINT NOT NULL,
  close_seq              BIGINT NOT NULL,
  known_taker_buy_volume NUMERIC,               -- of some events, where the column above is NULL
  known_taker_buy_quote  NUMERIC,
  PRIMARY KEY (symbol, interval, time)
);

-- Rows of candle streams are of no use to a claim, which has them by candle_states; they are many.
CREATE INDEX idx_stream_positions_claimed ON stream_positions (home_topic, home_partition)
  WHERE stream NOT LIKE 'candle\_%';
