"""Every kind of record that cannot be used, and why."""

from line import START_OF_TIME_MS

T = START_OF_TIME_MS
HOUR_MS = 3_600_000


def tick(price="1", timestamp=T, symbol='"BAD"', more=""):
    return f'{{"symbol":{symbol},"price":{price},"timestamp":{timestamp}{more}}}'.encode()


# name: (value, reason); every record's own time is T + 1 s.
BAD = {
    "not json": (b'{"symbol":"BAD","price":1,"timestamp":', "bad_json"),
    "words": (b"hello", "bad_json"),
    "zero length": (b"", "bad_json"),
    "two values": (tick() + tick(), "bad_json"),
    "an array": (b"[1]", "wrong_type"),
    "not utf-8": (tick(symbol='"B').replace(b'"B', b'"B\xff"'), "bad_utf8"),
    "overlong utf-8": (tick(more=',"x":"').replace(b'"}', b'"\xc0\xaf"}'), "bad_utf8"),
    "nul": (tick(symbol='"B\0D"'), "bad_utf8"),
    "escaped nul": (tick(symbol=r'"B\u0000D"'), "bad_symbol"),
    "nan": (tick("NaN"), "bad_number"),
    "nan as text": (tick('"NaN"'), "bad_number"),
    "infinity": (tick('"Infinity"'), "bad_number"),
    "plus sign": (tick('"+1"'), "bad_number"),
    "hexadecimal": (tick('"0x10"'), "bad_number"),
    "empty number": (tick('""'), "bad_number"),
    "no symbol": (b'{"price":1,"timestamp":%d}' % T, "missing_member"),
    "no price": (b'{"symbol":"BAD","timestamp":%d}' % T, "missing_member"),
    "no time": (b'{"symbol":"BAD","price":1}', "missing_member"),
    "price true": (tick("true"), "wrong_type"),
    "price null": (tick("null"), "wrong_type"),
    "price an object": (tick("{}"), "wrong_type"),
    "symbol a number": (tick(symbol="7"), "wrong_type"),
    "negative price": (tick("-1"), "negative"),
    "negative volume": (tick(more=',"volume":-0.5'), "negative"),
    "nine decimals": (tick("0.000000001"), "too_precise"),
    "nine decimals, rounded by a double": (tick("1.000000001"), "too_precise"),
    "small exponent": (tick("1e-12"), "too_precise"),
    "volume too precise": (tick(more=',"volume":1e-9'), "too_precise"),
    "price above the bound": (tick("92233720368.54775808"), "out_of_range"),
    "huge price": (tick("1e400"), "out_of_range"),
    "volume at 10^12": (tick(more=',"volume":1000000000000'), "out_of_range"),
    "empty symbol": (tick(symbol='""'), "bad_symbol"),
    "symbol of 33": (tick(symbol='"' + "A" * 33 + '"'), "bad_symbol"),
    "symbol with a blank": (tick(symbol='"A B"'), "bad_symbol"),
    "symbol beyond ascii": (tick(symbol='"\u00c4"'), "bad_symbol"),
    "before 2000": (tick(timestamp=946684799999), "bad_time"),
    "2100": (tick(timestamp=4102444800000), "bad_time"),
    "seconds": (tick(timestamp=T // 1000), "bad_time"),
    "no time at all": (tick(timestamp='"yesterday"'), "bad_time"),
    "30 february": (tick(timestamp='"2024-02-30T00:00:00Z"'), "bad_time"),
    "ahead of its record": (tick(timestamp=T + 1000 + HOUR_MS + 1), "time_ahead"),
    "too deep": (tick(more=',"x":' + "[" * 33 + "]" * 33), "too_deep"),
    "oversize": (tick(more=',"x":"' + "x" * 65536 + '"'), "too_large"),
}
