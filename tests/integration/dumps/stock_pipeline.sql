--
-- PostgreSQL database dump, written by hand: a pipeline that stores trades and bars of stocks, and
-- klines of several intervals with a view over them.
--
SET client_encoding = 'UTF8';
SELECT pg_catalog.set_config('search_path', '', false);

CREATE SCHEMA market_data_oltp;

CREATE TABLE market_data_oltp.stock_trades_realtime (
    id integer NOT NULL,
    symbol character varying(10) NOT NULL,
    price numeric(12,4) NOT NULL,
    size integer,
    "timestamp" timestamp with time zone NOT NULL
);

CREATE SEQUENCE market_data_oltp.stock_trades_realtime_id_seq AS integer;
ALTER SEQUENCE market_data_oltp.stock_trades_realtime_id_seq OWNED BY market_data_oltp.stock_trades_realtime.id;
ALTER TABLE ONLY market_data_oltp.stock_trades_realtime ALTER COLUMN id
    SET DEFAULT nextval('market_data_oltp.stock_trades_realtime_id_seq'::regclass);

CREATE TABLE market_data_oltp.stock_bars_staging (
    symbol character varying(10) NOT NULL,
    open double precision,
    high double precision,
    low double precision,
    close double precision,
    volume bigint,
    "timestamp" timestamp with time zone NOT NULL
);

CREATE TABLE public.klines (
    symbol text NOT NULL,
    "interval" character varying(5) NOT NULL,
    "time" timestamp with time zone NOT NULL,
    open numeric(20,8),
    high numeric(20,8),
    low numeric(20,8),
    close numeric(20,8),
    volume numeric(20,8)
);

CREATE VIEW public.last_close AS
 SELECT DISTINCT ON (klines.symbol) klines.symbol, klines.close FROM public.klines
  ORDER BY klines.symbol, klines."time" DESC;

COPY market_data_oltp.stock_trades_realtime (id, symbol, price, size, "timestamp") FROM stdin;
1	AAPL	150.2500	100	2024-08-08 14:30:00.5+00
\.

COPY market_data_oltp.stock_bars_staging (symbol, open, high, low, close, volume, "timestamp") FROM stdin;
AAPL	150.1	151	150	150.5	1000	2024-08-08 14:30:00+00
\.

COPY public.klines (symbol, "interval", "time", open, high, low, close, volume) FROM stdin;
AAPL	1m	2024-08-08 14:30:00+00	150.10000000	151.00000000	150.00000000	150.50000000	1000.00000000
AAPL	5m	2024-08-08 14:30:00+00	150.10000000	151.00000000	150.00000000	150.50000000	5000.00000000
\.

SELECT pg_catalog.setval('market_data_oltp.stock_trades_realtime_id_seq', 1, true);

ALTER TABLE ONLY public.klines ADD CONSTRAINT klines_pkey PRIMARY KEY (symbol, "interval", "time");
