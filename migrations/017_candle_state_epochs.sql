-- The epoch of the stream that the candles of a state are made from: where another partition has
-- begun a later one, what the one before commits behind it must not take its place.
ALTER TABLE candle_states ADD COLUMN source_epoch BIGINT NOT NULL DEFAULT 0;
