#!/usr/bin/python3 -s
"""Shows that the simulation finds faults: puts one into a copy of the tree, builds the simulation
there, and lets the seeds run until one of them fails; then the next one. Ends with 0 where the tree
as it is holds and each fault was found.

    tests/simulation/mutants.py [--seeds N] [-k TEXT]

The copy is build/mutants; what did not change comes from the compiler's cache.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from collections import namedtuple

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
COPY = os.path.join(ROOT, "build", "mutants")

# In `file`, `text` (which stands there once) becomes `instead`.
Mutant = namedtuple("Mutant", "name file text instead")

MUTANTS = (
    Mutant("an acknowledgement is dropped",
           "actors/market/stream_candles.cpp",
           "intervals)) {\n    what.ticket.acknowledge();\n", "intervals)) {\n"),
    Mutant("the join is off by one",
           "actors/distribution/delivery_table_events.cpp",
           "new_epoch ? 0 : burst->first_above(to.position.seq)",
           "new_epoch ? 0 : burst->first_above(sequence{to.position.seq.value() - 1})"),
    Mutant("a batch of an older generation is let through",
           "actors/ingest/partition_records.cpp",
           "what.batch->gen != gen_ || ", ""),
    Mutant("an unknown outcome counts as a commit",
           "actors/persistence/writer_commits.cpp",
           """owned&, const outcome_unknown& what) {
  failed("commit", source, what.why);
  connection_lost(what.why.detail);
""", """owned& mine, const outcome_unknown& what) {
  failed("release", source, {errc::database_busy, what.why.detail});
  settle(source, mine, tradepulse::committed{0});
"""),
    Mutant("a burst that a socket refused is forgotten",
           "actors/distribution/delivery_table_events.cpp",
           "    reader.owner->tell(events_diverted{burst, first, to.position, true, to.group});\n",
           ""),
    Mutant("a claim leaves the streams as memory has them",
           "actors/ingest/partition_claim.cpp",
           "unknown.empty())\n      restore(stream);\n",
           "unknown.empty())\n      continue;\n"),
    Mutant("a claim forgets what the database has lost",
           "actors/market/symbol_directory_actors.cpp",
           "(entry->worked || entry->needs_restore || entry->idle)",
           "(entry->worked || entry->needs_restore)"),
    Mutant("a late event replaces the snapshot",
           "actors/market/stream_numbering.cpp",
           "if (late && shows_this_epoch() &&", "if (late && position.seq.value() < 0 &&"),
    Mutant("what is merged forgets its highest price",
           "actors/distribution/merged_event.cpp",
           "m.high = std::max(m.high, event.price);", "m.high = event.price;"),
    Mutant("a client that comes back is live one page too early",
           "actors/distribution/recovery.cpp",
           "last_of(*found.burst) == found.newest ? next::live : next::ask_memory", "next::live"),
    Mutant("the credit of thrown away work is kept",
           "actors/ingest/range_dispatcher.cpp",
           "  uncommitted_.clear();\n", ""),
    Mutant("a range does not wait for its dead letters",
           "actors/ingest/range_dispatcher.cpp",
           "      tell(to, letter_refused{kept, ticket, done.failure().detail});\n",
           "      ticket.acknowledge();\n"),
    Mutant("commit times follow the wall clock back",
           "actors/persistence/pending_commit.cpp",
           "out.events.empty() ? journal_time_ : std::max(journal_time_, now)",
           "out.events.empty() ? journal_time_ : now"),
    Mutant("a candle is closed by the wall clock",
           "actors/ingest/partition_records.cpp",
           "  range.credit = what.credit;\n",
           """  range.credit = what.credit;
  if (range.marks) {
    auto by_clock = std::make_shared<candle_marks>(*range.marks);
    by_clock->rises.clear();
    by_clock->before = by_clock->behind = parts().time->wall();
    range.marks = std::move(by_clock);
  }
"""),
    Mutant("a candle closes behind the record that is its end",
           "actors/market/candle_desk.cpp",
           "range.marks->watermark_at(read.offset)",
           "range.marks->watermark_at(record_offset{read.offset.value() - 1})"),
    Mutant("a claim forgets how far the log has come in time",
           "actors/ingest/partition_claim.cpp",
           "builder_->claimed(grant.watermark);", "builder_->claimed({});"),
    Mutant("a late event changes a closed candle without a correction",
           "actors/market/candle_series.cpp",
           "    closed_at(changed);\n    number(changed, cause, out);\n",
           "    closed_at(changed);\n    if (result.opened)\n      number(changed, cause, out);\n"),
    Mutant("a closed candle is taken from an epoch that is over",
           "actors/market/candle_series_state.cpp",
           "!found || found->candle.source_epoch != stream_.source_epoch ||", "!found ||"),
    Mutant("a partition that is given up does not finish what it has read",
           "actors/ingest/partition.cpp",
           "  if (dispatcher_->in_flight() == 0 || state_ != state::reading)\n    end();\n",
           "  end();\n"),
    Mutant("who comes back with a time misses the first event that was committed then",
           "actors/distribution/recovery.cpp",
           "position_ = found.after;", "position_ = behind(found.after);"),
    Mutant("a home that moves goes on with the numbers that it had",
           "actors/market/stream_numbering.cpp",
           "if (!read.empty() && state_.home && *state_.home != source) {",
           "if (!read.empty() && state_.home && *state_.home != source && floor < epoch{1}) {"),
    Mutant("records that expired unread end no epoch",
           "actors/ingest/partition_claim.cpp",
           """{"action", "new_epoch"}});
    move_to(verdict.next, true);""",
           """{"action", "new_epoch"}});
    move_to(verdict.next, false);"""),
    Mutant("a provisional view is not taken back",
           "actors/distribution/waiting_views.cpp",
           "view->encoded(numbers_as_strings, owes(start_of(view)))",
           "view->encoded(numbers_as_strings)"),
    Mutant("a stream of another process goes on from hearsay",
           "actors/market/symbol_directory_claims.cpp",
           "found == in.entries.end() || !found->second->home)\n    return false;",
           "found == in.entries.end() || !found->second->home)\n    return true;"),
    Mutant("a claim overlooks a move that waits for its actor",
           "actors/market/symbol_directory_actors.cpp",
           "is_fed_by(*entry, home) &&", "entry->home == home &&"),
    Mutant("what closes at a former home is work of the stream",
           "actors/ingest/range_dispatcher.cpp",
           "if (work.ticket.slot().count > 0)", "if (true)"),
    Mutant("a question is answered without the work behind it",
           "actors/market/symbol_directory_recall.cpp",
           "question.settled_before != times_settled_", "false"),
    Mutant("who is live behind an answer waits for a turn",
           "actors/distribution/recovery_desk.cpp",
           "  advance(*of); // at once: ", "  of->owner->due.insert(of->index); // "),
)


def sources():
    listing = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"],
                             cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    return [name for name in listing.splitlines() if os.path.isfile(os.path.join(ROOT, name))]


def copy_tree():
    """Where it differs, so that a second run builds little."""
    for name in sources():
        source, target = os.path.join(ROOT, name), os.path.join(COPY, name)
        with open(source, "rb") as file:
            wanted = file.read()
        if os.path.exists(target):
            with open(target, "rb") as file:
                if file.read() == wanted:
                    continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy(source, target)


def put(mutant):
    """Returns the text as it was."""
    path = os.path.join(COPY, mutant.file)
    with open(path, encoding="utf-8") as file:
        whole = file.read()
    if whole.count(mutant.text) != 1:
        raise SystemExit(f"{mutant.name}: {mutant.file} has {whole.count(mutant.text)} times: "
                         f"{mutant.text!r}")
    with open(path, "w", encoding="utf-8") as file:
        file.write(whole.replace(mutant.text, mutant.instead))
    return whole


def build():
    done = subprocess.run(["ninja", "-C", "build/dev", "-j2", "test_simulation"], cwd=COPY,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"it does not build:\n{done.stdout[-3000:]}")


def run(seeds):
    """Nothing: every seed held. Else what was found."""
    try:
        done = subprocess.run(["build/dev/tests/test_simulation", "--gtest_filter=*WhateverTheSeed"],
                              cwd=COPY, env={**os.environ, "TRADEPULSE_SIMULATION_SEEDS": str(seeds),
                                             "TRADEPULSE_SIMULATION_SEED": "1"},
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", timeout=600, check=False)
    except subprocess.TimeoutExpired:
        return "it never ends"
    if done.returncode == 0:
        return None
    found = re.search(r"^seed \d+: .*", done.stdout, re.MULTILINE)
    return found[0][:150] if found else f"the process ended with {done.returncode}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20_000)
    parser.add_argument("-k", dest="keyword", default="")
    options = parser.parse_args()
    copy_tree()
    subprocess.run(["cmake", "--preset", "dev"], cwd=COPY, stdout=subprocess.DEVNULL, check=True)
    build()
    if (found := run(options.seeds)) is not None:
        print(f"The tree as it is fails: {found}")
        return 1
    print(f"{options.seeds} seeds hold in the tree as it is", flush=True)
    chosen = [each for each in MUTANTS if options.keyword in each.name]
    missed = 0
    for mutant in chosen:
        before = put(mutant)
        started = time.monotonic()
        try:
            build()
            found = run(options.seeds)
        finally:
            with open(os.path.join(COPY, mutant.file), "w", encoding="utf-8") as file:
                file.write(before)
        missed += found is None
        print(f"{'MISSED' if found is None else 'caught'}: {mutant.name} "
              f"({time.monotonic() - started:.0f} s)\n    {found or ''}", flush=True)
    print(f"{len(chosen) - missed} of {len(chosen)} caught")
    return 1 if missed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
