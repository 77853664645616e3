"""Pieces of work beside each other: most of them wait most of the time."""

import queue
import threading


def side_by_side(pieces, count, work):
    """work(piece) of each, in their order, `count` at a time. Raises what the first of them raised
    when all have ended.

    Thread: the threads are daemons. An interrupt of the caller's does not wait for them; what they
    have started ends with the process.
    """
    left, ended, failures = queue.SimpleQueue(), queue.SimpleQueue(), []
    for piece in pieces:
        left.put(piece)

    def run():
        try:
            while not failures:
                work(left.get_nowait())
        except queue.Empty:
            pass
        except BaseException as error:  # pylint: disable=broad-except
            failures.append(error)
        finally:
            ended.put(None)

    for _ in range(count):
        threading.Thread(target=run, daemon=True).start()
    for _ in range(count):
        ended.get()
    if failures:
        raise failures[0]
