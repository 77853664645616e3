-- As in 005, over the journals of all kinds: each branch reads the leaves of one of them.
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
    WHERE l.stream LIKE 'kline\_%') events) numbered
GROUP BY symbol, stream, epoch;
