"""A reader that works longer on a record than the brokers need to send it: does it ever wait?"""

import json
import os
import secrets
import statistics
import subprocess

from measure import Spread, check
from workload import fill

MEGABYTE = 2**20
# Records, partitions, what librdkafka may hold of all of them, work on each record.
SIZES = {
    "tiny": [(60_000, 1, MEGABYTE, 1_000)],
    "full": [(800_000, 1, MEGABYTE, 1_000), (800_000, 1, MEGABYTE, 2_500),
             (800_000, 1, 8 * MEGABYTE, 1_000), (1_500_000, 8, 8 * MEGABYTE, 2_500)],
}
FETCH_WAIT_MS = 100
LIMIT_S = 300


def once(context, topic, records, prefetch, work_ns):
    done = subprocess.run(
        [os.path.join(context.programs, "benchmark_slow_reader"), context.kafka, topic,
         str(records), str(work_ns), str(prefetch), str(FETCH_WAIT_MS)],
        stdout=subprocess.PIPE, check=True, timeout=LIMIT_S)
    report = json.loads(done.stdout)
    check(report["records"], records, "slow reader: records")
    return report


def run(context):
    print("ratio = time with work at hand / all time; 1 is a reader that never waits\n"
          "  records  partitions  MB a partition  us a record  records/s  longest wait ms  ratio")
    for records, partitions, prefetch, work_ns in SIZES[context.size]:
        load = fill(context.kafka, "benchmark-slow-" + secrets.token_hex(4), records=records,
                    symbols=304, partitions=partitions)
        found = [once(context, load.topic, records, prefetch, work_ns)
                 for _ in range(context.rounds)]
        ratios = Spread([each["ratio"] for each in found])
        rates = [records / each["wall_seconds"] for each in found]
        longest = max(each["longest_wait_ms"] for each in found)
        print(f"  {records:7}  {partitions:10}  {prefetch / partitions / MEGABYTE:14.0f}  "
              f"{work_ns / 1e3:11.1f}  {statistics.median(rates):9,.0f}  {longest:15.1f}  "
              f"{ratios.show('{:.2f}')}", flush=True)
