-- What streams of other kinds than price need beside their position, so that after a restart the
-- same events are late and the same gaps of upstream's numbers are counted. Both are of the row's
-- epoch; NULL before its first event. A price stream has them in price_snapshots.
ALTER TABLE stream_positions
  ADD COLUMN newest_time   BIGINT,  -- event time of the newest by event time, ms since 1970 UTC
  ADD COLUMN newest_source BIGINT;  -- upstream's greatest number
