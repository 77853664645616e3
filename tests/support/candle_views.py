"""I5 and I3 of candles that are open: what one connection was shown of them.

A view has no number and is never waited for. What it says must be true of the position that it
names, and it must not be older than what the connection knows already.
"""

import collections


class Shown:
    """Of one stream of candles."""

    def __init__(self):
        self.through = (0, 0)
        self.views = {}  # {start: what it said}
        self.provisional = set()  # starts


# What a view says of where it stands.
PLACES = ("symbol", "stream", "source", "through", "provisional")


class CandleViews:
    """`say(check, where, what, expected, found)` takes violations. Streams are told by their key."""

    def __init__(self, say):
        self._say = say
        self._of = collections.defaultdict(Shown)

    def view(self, key, data, subscription, truth):
        """`truth`: a Truth or an EpochTruth."""
        shown, start = self._of[key], data["start"]
        through = data["through"]["epoch"], data["through"]["seq"]
        if "sequence" in data or "epoch" in data:
            self._say("I5", key, "a view with a number", None, data)
        if data.get("source") != "trade":
            self._say("I5", key, "a view that names another source", "trade", data.get("source"))
        due = truth.candles and truth.candles.members(key, start, through)
        told = {name: value for name, value in data.items() if name not in PLACES}
        if told != due:
            self._say("I5", key, f"the view of {start} through {through} is not what the log has",
                      due, told)
        if through < shown.through:
            self._say("I3", key, "a view that is older than the one before", shown.through, through)
        self._behind_its_close(key, start, through, subscription, truth.candles)
        if start in shown.provisional and "provisional" not in data:
            self._say("I3", key, f"the provisional view of {start} is not taken back", False, told)
        (shown.provisional.add if data.get("provisional") else shown.provisional.discard)(start)
        shown.through = through
        shown.views[start] = told

    def _behind_its_close(self, key, start, through, subscription, candles):
        over = candles and candles.over_at(key, start, through[0])
        known = subscription.epoch, subscription.sequence
        if over and over <= known:
            self._say("I3", key, f"{start} is shown open behind its close", None,
                      {"through": through, "closed by": over, "the connection has": known})

    def numbered(self, key, start):
        """An event of that candle has come: it is heard of."""
        self._of[key].provisional.discard(start)
        self._of[key].views.pop(start, None)

    def gap(self, key):
        """It has to ask again."""
        self._of[key].provisional.clear()

    def missing(self, key, truth):
        """[(start, what is due, what was shown)]: open candles that it was not shown as they are."""
        if truth.candles is None:
            return []
        views = self._of[key].views
        return [(start, due, views.get(start)) for start, due in truth.candles.open_ones(key).items()
                if views.get(start) != due]
