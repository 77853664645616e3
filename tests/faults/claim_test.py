"""A process that stands still inside its claim while another one takes its partitions over."""

import contextlib
import time
import urllib.parse

import pytest
from history import Violation
from kafka_line import KafkaLine, frozen, wait_for_owners
from postgres_line import terminate
from postgres_proxy import IN_TRANSACTION, TRANSACTION_OVER, PostgresProxy


@pytest.mark.parametrize("point", [IN_TRANSACTION, TRANSACTION_OVER],
                         ids=["with_its_lock", "granted_and_unknown"])
def test_frozen_inside_its_claim(kafka, postgres, campaign, point):
    """SIGSTOP when the server has locked the row for it, or has granted the claim, and it does not
    know. The other one claims with a greater generation, after
    postgres.idle_in_transaction_session_timeout where the row is locked; what the first one does
    when it comes back is refused."""
    server = urllib.parse.urlsplit(postgres)
    proxy = PostgresProxy(server.hostname, server.port)
    # The proxy ends first: what it holds would keep the engine's end waiting.
    with KafkaLine(kafka, postgres, campaign, engine_url=proxy.url_for,
                   gaps=("moved",)) as line, contextlib.closing(proxy):
        member = line.second()
        member.process.settings["postgres.url"] = line.database.url

        def fault(_):
            hold = proxy.hold(point)
            try:
                terminate(line.database)
                hold.wait()
                before = line.generations()
                with frozen(line.process):
                    hold.release()  # It has the answer when it comes back.
                    member.process.start()
                    wait_for_owners(line, 1)
                    began = time.monotonic()
                    line.wait_for_commits(300)
                    granted = line.generations()
            finally:
                hold.drop()
            seconds = time.monotonic() - began
            found = [Violation("claim", f"partition {number}", "no greater generation",
                               f"> {before[number]}", granted[number])
                     for number in granted if granted[number] <= before[number]]
            wait_for_owners(line, 2)
            member.process.stop()
            wait_for_owners(line, 1)
            now = line.generations()
            return seconds, found + [
                Violation("claim", f"partition {number}", "a generation is granted again",
                          f">= {granted[number]}", now[number])
                for number in granted if now[number] < granted[number]]
        campaign.run(line, fault, campaign.rounds(share=0.3))
