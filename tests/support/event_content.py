"""What an event's message says beside its place, as it came and as the log has it."""

from stream_keys import is_price

# What a message says of where it stands; all else is what the event was.
PLACES = ("symbol", "stream", "epoch", "sequence", "timestamp", "late", "n", "quote_seq")


def content_of(event):
    """Of one of the log."""
    if hasattr(event, "members"):
        return event.members, event.timestamp
    return event.price, event.volume, event.timestamp


def said(key, data, merged=False):
    """Of a message, in the same form."""
    if is_price(key):
        return data["price"], data["volume"], data["timestamp"]
    places = (*PLACES, "first_seq") if merged else PLACES
    return ({name: value for name, value in data.items() if name not in places},
            data["timestamp"])


def merged_pairs(key, data, covered):
    """[(what, as the log has it, as the message says)] of a message that stands for the events
    `covered`."""
    shown = max(covered, key=lambda event: (event.timestamp, event.sequence))
    last, late = data["sequence"], data.get("late", False)
    numbers = f"{covered[0].sequence}..{last}"
    all_late = all(event.late for event in covered)
    if not is_price(key):
        return [(f"the merged quote {numbers}",
                 (*content_of(shown), shown.sequence, len(covered), all_late),
                 (*said(key, data, True), data.get("quote_seq", last), data["n"], late))]
    prices = [event.price for event in covered]
    what = f"the merged update {numbers}"
    return [(what + " (n, o, h, l, c)",
             (len(covered), prices[0], max(prices), min(prices), prices[-1]),
             tuple(data.get(name) for name in "nohlc")),
            (what, (*content_of(shown), shown.sequence, all_late),
             (*said(key, data), data.get("price_seq", last), late))]
