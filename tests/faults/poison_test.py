"""Records that cannot be used, under load: each has its letter, no good one has, nothing stalls."""

import time

import pytest
from bad_records import BAD, T
from checkers import check_degraded
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions
from kafka_client import RecordingProducer, create_topic, delete_topic
from kafka_line import KafkaLine
from line import START_OF_TIME_MS
from oracle import stored_ends
from supervised import wait_until

POISON = frozenset(value for value, _ in BAD.values())
GOOD_PER_BAD = 99
PARTITIONS = 4


def send(producer, value, partition):
    """The time of the record belongs to what is wrong with it."""
    producer.produce(value, partition=partition, timestamp_ms=T + 1000)


def seconds_to_store(line, timeout=45):
    began = time.monotonic()
    wait_until(lambda: stored_ends(line.database).items() >= line.truth.ends.items(),
               "all of it stored", timeout)
    return time.monotonic() - began


def test_one_bad_record_in_a_hundred(kafka, postgres, campaign):
    """All kinds, as fast as they can be produced."""
    with KafkaLine(kafka, postgres, campaign, poison=POISON, mixed=False) as line:
        def fault(draw):
            line.load.pause()
            kinds = list(BAD.values())
            draw.shuffle(kinds)
            for value, _ in kinds:
                for _ in range(GOOD_PER_BAD):
                    line.load.tick()
                send(line.producer, value, draw.randrange(PARTITIONS))
            line.learn()
            return seconds_to_store(line)
        campaign.run(line, fault, campaign.rounds(share=0.5))


def test_each_bad_record_alone_at_the_head_of_a_partition(kafka, postgres, campaign):
    """Of partitions that are added while the others are read."""
    with KafkaLine(kafka, postgres, campaign, poison=POISON, mixed=False) as line:
        admin = AdminClient({"bootstrap.servers": kafka})
        count = PARTITIONS

        def fault(_):
            nonlocal count
            first, count = count, count + len(BAD)
            admin.create_partitions([NewPartitions(line.topic, count)])[line.topic].result(30)
            wait_until(lambda: len(admin.list_topics(line.topic).topics[line.topic].partitions)
                       == count, "the partitions", 20)
            producer = RecordingProducer(kafka, line.topic)
            for partition, (value, _) in enumerate(BAD.values(), first):
                send(producer, value, partition)
                for number in range(3):
                    producer.tick(f"H{partition}", f"{number + 1}", "1",
                                  START_OF_TIME_MS + number, partition=partition)
            line.truth.add(producer.flush())
            line.wait_for_frames(300)
            return seconds_to_store(line)
        campaign.run(line, fault, min(5, campaign.rounds(share=0.1)))


def write_of_letters(kafka, line, allowed, how):
    name = line.topic + ".dead-letter"
    if how == "refused":  # Every letter is too large, also one that was cut.
        resource = ConfigResource(ConfigResource.Type.TOPIC, name, set_config={
            "max.message.bytes": "1048588" if allowed else "10"})
        admin = AdminClient({"bootstrap.servers": kafka})  # Must live until the answer is there.
        admin.alter_configs([resource])[resource].result(30)
    elif allowed:
        create_topic(kafka, name, 1)
    else:
        delete_topic(kafka, name)


@pytest.mark.parametrize("how", ["deleted", "refused"])
def test_dead_letters_that_cannot_be_written(kafka, postgres, campaign, how):
    """Each partition waits at its first bad record, with an alarm, and goes on when the topic is
    there again; ready all the time."""
    settings = {"kafka.dead_letter.timeout": "1s"}
    with KafkaLine(kafka, postgres, campaign, settings=settings) as line:
        def fault(draw):
            line.learn()
            seconds_to_store(line)  # All letters of it were written.
            line.collect_letters()
            write_of_letters(kafka, line, False, how)
            line.load.resume()
            answers = []

            def told():
                answers.append(line.ready())
                return answers[-1][1].get("status") == "degraded"
            wait_until(told, "an alarm", 15)
            # They wait, and do not go on without the letter.
            line.learn()
            end = time.monotonic() + draw.uniform(2, 5)
            while time.monotonic() < end:
                told()
                time.sleep(0.2)
            assert not stored_ends(line.database).items() >= line.truth.ends.items()
            write_of_letters(kafka, line, True, how)
            line.load.resume()
            began = time.monotonic()
            line.seconds_to_commit()
            return time.monotonic() - began, check_degraded(answers, ["dead"])
        campaign.run(line, fault, campaign.rounds(share=0.5))
