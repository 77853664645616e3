-- What the journal holds of each stream and epoch, from the stream's lowest kept position on, and how
-- many numbers are missing between the first and the last of them: none, but where the journal was
-- switched off for a time. Of one stream with WHERE symbol = ...; without, all leaves are read.
-- Counted from number to number: one that came twice would not hide one that is missing.
CREATE VIEW stream_gaps (symbol, stream, epoch, events, min_seq, max_seq, gap_count) AS
SELECT symbol, stream, epoch, count(*), min(seq), max(seq), sum(missing)::bigint
FROM (SELECT s.symbol, s.stream, e.epoch, e.seq,
        greatest(e.seq - 1 - lag(e.seq, 1, e.seq - 1)
          OVER (PARTITION BY s.symbol, s.stream, e.epoch ORDER BY e.seq), 0) AS missing
      FROM journal_streams s
      JOIN LATERAL (SELECT l.epoch, l.first_seq FROM journal_leaves l
                    WHERE l.stream_id = s.stream_id ORDER BY l.epoch, l.leaf LIMIT 1) lowest ON true
      JOIN journal_prices e ON e.stream_id = s.stream_id
        AND (e.epoch, e.seq) >= (lowest.epoch, lowest.first_seq)) numbered
GROUP BY symbol, stream, epoch;
