--
-- PostgreSQL database dump, written by hand: a service that stores klines of one interval and draws
-- their numbers from one row.
--
SET statement_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;

CREATE FUNCTION public.get_next_sequence() RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    next_seq BIGINT;
BEGIN
    UPDATE public.sequence_tracker SET last_sequence = last_sequence + 1 RETURNING last_sequence INTO next_seq;
    RETURN next_seq;
END;
$$;

CREATE TABLE public.market_klines (
    "time" timestamp with time zone NOT NULL,
    symbol character varying(20) NOT NULL,
    open double precision NOT NULL,
    high double precision NOT NULL,
    low double precision NOT NULL,
    close double precision NOT NULL,
    volume double precision NOT NULL,
    sequence bigint
);

CREATE TABLE public.sequence_tracker (
    id integer DEFAULT 1 NOT NULL,
    last_sequence bigint DEFAULT 0 NOT NULL,
    CONSTRAINT single_row CHECK ((id = 1))
);

COPY public.market_klines ("time", symbol, open, high, low, close, volume, sequence) FROM stdin;
2024-08-08 14:30:00+00	BTCUSDT	61000.1	61001.2	60999.9	61000.30000000001	12.5	4708
2024-08-08 14:31:00+00	BTCUSDT	61000.3	61001.2	60999.9	61000.4	NaN	4709
2024-08-08 14:32:00+00	BTCUSDT	61000.4	61001.2	60999.9	61000.5	0.1	4711
\.

COPY public.sequence_tracker (id, last_sequence) FROM stdin;
1	4711
\.

ALTER TABLE ONLY public.market_klines
    ADD CONSTRAINT market_klines_pkey PRIMARY KEY ("time", symbol);

ALTER TABLE ONLY public.sequence_tracker
    ADD CONSTRAINT sequence_tracker_pkey PRIMARY KEY (id);

CREATE INDEX idx_market_klines_symbol_sequence ON public.market_klines USING btree (symbol, sequence) WHERE (sequence IS NOT NULL);
