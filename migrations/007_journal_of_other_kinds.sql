-- The journals of trades, quotes and klines: as journal_prices (004), each with what its events say.
-- Times are milliseconds since 1970 UTC, prices count 1e-8. A size counts 1e-6 and has a rest in
-- 1e-8, 0 to 99: below 10^12 all is exact. Volumes of klines, whose sums pass that, are NUMERIC: few
-- rows, exact below 10^28, and shorter than two integers.

CREATE TABLE journal_trades (
  price           BIGINT NOT NULL,
  size            BIGINT NOT NULL,
  event_time      BIGINT NOT NULL,
  commit_time     BIGINT NOT NULL,
  kafka_offset    BIGINT NOT NULL,
  seq             BIGINT NOT NULL,
  source_sequence BIGINT,            -- upstream's own number
  trade_id        BIGINT,
  stream_id       INTEGER NOT NULL,
  epoch           INTEGER NOT NULL,
  partition_id    INTEGER NOT NULL,
  size_rest       SMALLINT NOT NULL,
  flags           SMALLINT NOT NULL  -- bits: 1 late, 2 the taker bought, 4 the taker sold
) PARTITION BY RANGE (commit_time);

CREATE TABLE journal_quotes (
  bid             BIGINT NOT NULL,
  bid_size        BIGINT NOT NULL,
  ask             BIGINT NOT NULL,
  ask_size        BIGINT NOT NULL,
  event_time      BIGINT NOT NULL,
  commit_time     BIGINT NOT NULL,
  kafka_offset    BIGINT NOT NULL,
  seq             BIGINT NOT NULL,
  source_sequence BIGINT,
  stream_id       INTEGER NOT NULL,
  epoch           INTEGER NOT NULL,
  partition_id    INTEGER NOT NULL,
  bid_size_rest   SMALLINT NOT NULL,
  ask_size_rest   SMALLINT NOT NULL,
  flags           SMALLINT NOT NULL
) PARTITION BY RANGE (commit_time);

-- Each message of upstream about a kline; the interval is that of the stream (kline_1m, ...).
CREATE TABLE journal_klines (
  start_time             BIGINT NOT NULL,
  end_time               BIGINT NOT NULL, -- as upstream says: its last millisecond, or the next start
  open                   BIGINT NOT NULL,
  high                   BIGINT NOT NULL,
  low                    BIGINT NOT NULL,
  close                  BIGINT NOT NULL,
  event_time             BIGINT NOT NULL,
  commit_time            BIGINT NOT NULL,
  kafka_offset           BIGINT NOT NULL,
  seq                    BIGINT NOT NULL,
  source_sequence        BIGINT,
  trades                 BIGINT,
  first_trade_id         BIGINT,
  last_trade_id          BIGINT,
  stream_id              INTEGER NOT NULL,
  epoch                  INTEGER NOT NULL,
  partition_id           INTEGER NOT NULL,
  flags                  SMALLINT NOT NULL, -- bits: 1 late
  closed                 BOOLEAN NOT NULL,
  volume                 NUMERIC(36,8) NOT NULL,
  quote_volume           NUMERIC(36,8),
  taker_buy_volume       NUMERIC(36,8),
  taker_buy_quote_volume NUMERIC(36,8)
) PARTITION BY RANGE (commit_time);
