"""How the harness names streams: a symbol alone is its price, another stream stands behind it."""

PRICE = "price"
# What a mixed load feeds, and what the engine makes of its trades.
ALL_KINDS = (PRICE, "trade", "quote", "kline_1m")
INTERVALS = ("1s", "1m")
CANDLES = tuple(f"candle_{interval}" for interval in INTERVALS)
# The types of the messages that have events, and of the one that shows an open candle.
EVENTS = {"price_update": PRICE, "trade": "trade", "quote": "quote", "kline": "kline",
          "candle": "candle"}
VIEW = "candle_view"
# Where a slow reader gets fewer messages than there were events.
MERGED = (PRICE, "quote")


def key_of(symbol, stream=PRICE):
    """"S001", "S001 trade", "S001 kline_1m"."""
    return symbol if stream == PRICE else f"{symbol} {stream}"


def key_in(said):
    """Of a position, a `gap`, an `error`, an event's `data`."""
    return key_of(said["symbol"], said.get("stream", PRICE))


def symbol_of(key):
    return key.partition(" ")[0]


def stream_of(key):
    return key.partition(" ")[2] or PRICE


def is_price(key):
    return " " not in key


def is_candle(key):
    return stream_of(key).startswith("candle_")


def interval_of(key):
    """Of a stream of candles."""
    return stream_of(key).removeprefix("candle_")


def is_merged(data):
    """Of a candle `first_seq` names its first trade."""
    return "first_seq" in data and not is_candle(key_in(data))


def numbers_in(data):
    """The first and the last number that an event's `data` stands for."""
    last = data["sequence"]
    return (data["first_seq"] if is_merged(data) else last), last


def is_event(message):
    """Not a snapshot."""
    return message["type"] in EVENTS and not message.get("snapshot")
