-- The journal of candles: as journal_klines (007), each close and each correction that was numbered.
-- Times are milliseconds since 1970 UTC, prices count 1e-8. kafka_offset and event_time are those of
-- the record that caused the event, which may be of another symbol. Volumes are NULL where they are
-- not known; quote volumes have 16 decimals: a product of price and size is exact.
CREATE TABLE journal_candles (
  start_time             BIGINT NOT NULL,
  open                   BIGINT NOT NULL,
  high                   BIGINT NOT NULL,
  low                    BIGINT NOT NULL,
  close                  BIGINT NOT NULL,
  event_time             BIGINT NOT NULL,
  commit_time            BIGINT NOT NULL,
  kafka_offset           BIGINT NOT NULL,
  seq                    BIGINT NOT NULL,
  source_sequence        BIGINT,            -- as in the other journals; a candle has none
  trades                 BIGINT NOT NULL,   -- 0: flat, at the close before
  first_trade_id         BIGINT,
  last_trade_id          BIGINT,
  source_epoch           BIGINT NOT NULL,   -- of the stream it is made from,
  first_seq              BIGINT NOT NULL,   -- and its lowest and highest number; 0: flat
  last_seq               BIGINT NOT NULL,
  stream_id              INTEGER NOT NULL,
  epoch                  INTEGER NOT NULL,
  partition_id           INTEGER NOT NULL,
  revision               INTEGER NOT NULL,
  flags                  SMALLINT NOT NULL, -- 0: candles are never late
  candle_flags           SMALLINT NOT NULL, -- bits: 1 closed, 2 partial, 4 has sizes, 8 lacks some,
                                            -- 16 lacks takers, 32 quote volume too great
  volume                 NUMERIC(39,8),
  quote_volume           NUMERIC(39,16),
  taker_buy_volume       NUMERIC(39,8),
  taker_buy_quote_volume NUMERIC(39,16)
) PARTITION BY RANGE (commit_time);

-- As in 009, with the journal of candles.
CREATE OR REPLACE VIEW stream_gaps (symbol, stream, epoch, events, min_seq, max_seq, gap_count) AS
WITH lowest AS NOT MATERIALIZED (
  SELECT s.stream_id, s.symbol, s.stream, f.epoch, f.first_seq
  FROM journal_streams s
  JOIN LATERAL (SELECT l.epoch, l.first_seq FROM journal_leaves l
                WHERE l.stream_id = s.stream_id ORDER BY l.epoch, l.leaf LIMIT 1) f ON true)
SELECT symbol, stream, epoch, count(*), min(seq), max(seq), sum(missing)::bigint
FROM (
  SELECT symbol, stream, epoch, seq,
    greatest(seq - 1 - lag(seq, 1, seq - 1)
      OVER (PARTITION BY symbol, stream, epoch ORDER BY seq), 0) AS missing
  FROM (
    SELECT l.symbol, l.stream, e.epoch, e.seq FROM lowest l
    JOIN journal_prices e ON e.stream_id = l.stream_id AND (e.epoch, e.seq) >= (l.epoch, l.first_seq)
    WHERE l.stream = 'price'
    UNION ALL
    SELECT l.symbol, l.stream, e.epoch, e.seq FROM lowest l
    JOIN journal_trades e ON e.stream_id = l.stream_id AND (e.epoch, e.seq) >= (l.epoch, l.first_seq)
    WHERE l.stream = 'trade'
    UNION ALL
    SELECT l.symbol, l.stream, e.epoch, e.seq FROM lowest l
    JOIN journal_quotes e ON e.stream_id = l.stream_id AND (e.epoch, e.seq) >= (l.epoch, l.first_seq)
    WHERE l.stream = 'quote'
    UNION ALL
    SELECT l.symbol, l.stream, e.epoch, e.seq FROM lowest l
    JOIN journal_klines e ON e.stream_id = l.stream_id AND (e.epoch, e.seq) >= (l.epoch, l.first_seq)
    WHERE l.stream LIKE 'kline\_%'
    UNION ALL
    SELECT l.symbol, l.stream, e.epoch, e.seq FROM lowest l
    JOIN journal_candles e ON e.stream_id = l.stream_id AND (e.epoch, e.seq) >= (l.epoch, l.first_seq)
    WHERE l.stream LIKE 'candle\_%') events) numbered
GROUP BY symbol, stream, epoch;
