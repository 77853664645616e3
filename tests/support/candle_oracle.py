"""Candles recomputed from trades, by the rules that docs/history.md gives. Shares no code with the
engine."""

import decimal
from decimal import Decimal

MS = {"1s": 1_000, "1m": 60_000, "5m": 300_000, "15m": 900_000, "1h": 3_600_000, "4h": 14_400_000,
      "1d": 86_400_000}


# A product has 16 decimals, and a sum of many no bound: Python's own 28 digits would round it.
EXACT = decimal.Context(prec=100)


class Trade:
    """As it was produced; `number` is its place among the trades of its symbol, from 1."""

    def __init__(self, number, time, price, size, taker_buys, trade_id):
        self.number, self.time, self.price, self.size = number, time, Decimal(price), Decimal(size)
        self.taker_buys, self.trade_id = taker_buys, trade_id

    @staticmethod
    def of_binance(number, data):
        return Trade(number, data["T"], data["p"], data["q"], not data["m"], data["t"])


def candle_of(trades):
    with decimal.localcontext(EXACT):
        return _candle_of(trades)


def _candle_of(trades):
    first = min(trades, key=lambda each: (each.time, each.number))
    last = max(trades, key=lambda each: (each.time, each.number))
    bought = [each for each in trades if each.taker_buys]
    return {
        "open": first.price, "high": max(each.price for each in trades),
        "low": min(each.price for each in trades), "close": last.price,
        "volume": sum(each.size for each in trades),
        "quote_volume": sum(each.price * each.size for each in trades),
        "taker_buy_volume": sum((each.size for each in bought), Decimal()),
        "taker_buy_quote_volume": sum((each.price * each.size for each in bought), Decimal()),
        "trades": len(trades), "first_trade_id": first.trade_id, "last_trade_id": last.trade_id,
        "first_seq": min(each.number for each in trades),
        "last_seq": max(each.number for each in trades)}


def by_start(trades, interval):
    """{start in ms: its trades}"""
    found = {}
    for each in trades:
        found.setdefault(each.time // MS[interval] * MS[interval], []).append(each)
    return found


def closed_candles(trades, interval, watermark):
    """{start: candle} of those whose end the watermark has reached, each with all its trades."""
    return {start: candle_of(its) for start, its in by_start(trades, interval).items()
            if start + MS[interval] <= watermark}
