"""A checker for each connection of those who are watched, as they come and go."""


class ConnectionJudges:
    """`checker(history)` makes one. Violations are told once."""

    def __init__(self, checker):
        self._checker = checker
        self._of = {}  # {id of a history: its checker}
        self._found = []

    def read_on(self, groups):
        """What has come since, of all connections of these FaultClients."""
        for history in (each for clients in groups for each in clients.all()):
            if id(history) not in self._of:
                self._of[id(history)] = self._checker(history)
            self._found += self._of[id(history)].read_on()

    def have_all(self, groups):
        """Whether each of these clients is there and nothing of the log is missing."""
        for clients in groups:
            clients.settle()
        open_ones = self._open_ones(groups)
        return len(open_ones) == sum(clients.count for clients in groups) and not any(
            checker.behind() for checker in open_ones)

    def violations(self, groups):
        """All that was found, and what these clients lack at the end."""
        found, self._found = self._found, []
        return found + [each for checker in self._open_ones(groups)
                        for each in checker.at_the_end()]

    def forget(self):
        """What was judged."""
        for checker in self._of.values():
            checker.forget()

    def _open_ones(self, groups):
        own = {id(history) for clients in groups for history in clients.all()}
        return [checker for number, checker in self._of.items()
                if number in own and checker.history.open]
