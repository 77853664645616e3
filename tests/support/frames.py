"""Frames of a combined stream as a mixed load writes them, and the events that they must become."""

import decimal
import json

D = decimal.Decimal
MINUTE_MS = 60_000

# Each of them is refused by the decoder; the number makes the value one of its own.
BAD_FRAMES = (
    '{{"stream":"s@trade","data":{{"e":"trade","s":"S000","p":"1","T":17000000{0:08d}',  # cut off
    '{{"stream":"s@trade","data":{{"e":"trade","s":"S000","t":{0},"p":"-{0}1","q":"1",'
    '"T":1700000000000}}}}',                                                         # below zero
    '{{"stream":"s@bookTicker","data":{{"s":"S 0{0}","b":"1","B":"1","a":"1","A":"1",'
    '"T":1700000000000}}}}',                                                      # not a symbol
    '{{"stream":"s@trade","data":{{"e":"trade","p":"{0}","q":"1","T":1700000000000}}}}',
    '{{"stream":"s@kline_1m","data":{{"e":"kline","E":1700000000000,"s":"S000","k":{{"t":0,"T":1,'
    '"i":"1m","o":"1{0}","h":"0","l":"0","c":"0","v":"0","x":false}}}}}}',   # not within low..high
    'frame {0}')


def trade(symbol, number, price, size, timestamp, maker):
    return {"stream": f"{symbol.lower()}@trade", "data": {
        "e": "trade", "E": timestamp + 1, "s": symbol, "t": number, "p": price, "q": size,
        "T": timestamp, "m": maker}}


def quote(symbol, number, bid, bid_size, ask, ask_size, timestamp):
    return {"stream": f"{symbol.lower()}@bookTicker", "data": {
        "u": number, "s": symbol, "b": bid, "B": bid_size, "a": ask, "A": ask_size,
        "T": timestamp}}


def kline(symbol, number, prices, volume, timestamp, closed):
    """`prices`: open, high, low, close."""
    start = timestamp // MINUTE_MS * MINUTE_MS
    opened, high, low, close = prices
    return {"stream": f"{symbol.lower()}@kline_1m", "data": {
        "e": "kline", "E": timestamp, "s": symbol, "sequence": number,
        "k": {"t": start, "T": start + MINUTE_MS - 1, "s": symbol, "i": "1m", "f": number,
              "L": number + 6, "o": opened, "c": close, "h": high, "l": low, "v": volume,
              "n": 7, "x": closed, "q": "375000.25", "V": "6", "Q": "180000.5", "B": "0"}}}


def text_of(frame):
    return json.dumps(frame, separators=(",", ":"))


def events_of_frame(frame):
    """[(stream, timestamp, members)]: what the messages must say, but for where they stand. Of a
    price the members are its price and its volume."""
    data = frame["data"]
    name = frame["stream"].partition("@")[2]
    if name == "trade":
        price, size = D(data["p"]), D(data["q"])
        return [("price", data["T"], {"price": price, "volume": size}),
                ("trade", data["T"], {
                    "price": price, "size": size, "side": "sell" if data["m"] else "buy",
                    "trade_id": data["t"], "source_sequence": data["t"]})]
    if name == "bookTicker":
        return [("quote", data["T"], {
            "bid": D(data["b"]), "bid_size": D(data["B"]), "ask": D(data["a"]),
            "ask_size": D(data["A"]), "source_sequence": data["u"]})]
    k = data["k"]
    return [(f"kline_{k['i']}", data["E"], {
        "start": k["t"], "end": k["T"], "open": D(k["o"]), "high": D(k["h"]), "low": D(k["l"]),
        "close": D(k["c"]), "volume": D(k["v"]), "quote_volume": D(k["q"]),
        "taker_buy_volume": D(k["V"]), "taker_buy_quote_volume": D(k["Q"]), "trades": k["n"],
        "first_trade_id": k["f"], "last_trade_id": k["L"], "closed": k["x"],
        "source_sequence": data["sequence"]})]
