// librdkafka's mock cluster as a process of its own, which fails as it is told: what no real broker
// can be made to answer at will. tests/support/mock_kafka.py compiles and runs it.
//
//   mock_kafka BROKERS
//
// Prints the bootstrap servers, then answers each line of its input with `ok [VALUE]` or
// `refused WHY`, and ends with its input.
//
//   topic NAME PARTITIONS
//   leader TOPIC PARTITION BROKER     the partition moves to that broker
//   down BROKER, up BROKER            its connections end, and none is taken
//   rtt BROKER MS                     from now on each of its answers takes so much longer
//   coordinator GROUP BROKER          that broker speaks for the group
//   error BROKER API ERROR COUNT      its next COUNT answers to API (a number) are that error
//   left BROKER API                   how many of these were not given yet
#include <array>
#include <cstdint>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>

#include <librdkafka/rdkafka.h>

#include <librdkafka/rdkafka_mock.h>

namespace {

// By the name that librdkafka has for it, `_TRANSPORT` for a connection that ends.
rd_kafka_resp_err_t error_named(std::string_view name) {
  const rd_kafka_err_desc* all = nullptr;
  std::size_t count = 0;
  rd_kafka_get_err_descs(&all, &count);
  for (std::size_t at = 0; at != count; ++at)
    if (all[at].name && name == all[at].name)
      return all[at].code;
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

std::string outcome(rd_kafka_resp_err_t failed) {
  return failed ? std::string("refused ") + rd_kafka_err2str(failed) : "ok";
}

std::string push_errors(rd_kafka_mock_cluster_t* cluster, int broker, std::int16_t api,
                        const std::string& name, int count) {
  const auto code = error_named(name);
  if (!code)
    return "refused no error is called " + name;
  for (; count > 0; --count)
    if (const auto failed =
            rd_kafka_mock_broker_push_request_error_rtts(cluster, broker, api, 1, code, 0))
      return outcome(failed);
  return "ok";
}

std::string errors_left(rd_kafka_mock_cluster_t* cluster, int broker, std::int16_t api) {
  std::size_t count = 0;
  const auto failed = rd_kafka_mock_broker_error_stack_cnt(cluster, broker, api, &count);
  // Nothing was ever pushed for it.
  return failed ? "ok 0" : "ok " + std::to_string(count);
}

std::string obey(rd_kafka_mock_cluster_t* cluster, const std::string& line) {
  std::istringstream words(line);
  std::string verb;
  std::string name;
  int first = 0;
  int second = 0;
  std::int16_t api = 0;
  words >> verb;
  if (verb == "topic" && words >> name >> first)
    return outcome(rd_kafka_mock_topic_create(cluster, name.c_str(), first, 1));
  if (verb == "leader" && words >> name >> first >> second)
    return outcome(rd_kafka_mock_partition_set_leader(cluster, name.c_str(), first, second));
  if (verb == "down" && words >> first)
    return outcome(rd_kafka_mock_broker_set_down(cluster, first));
  if (verb == "up" && words >> first)
    return outcome(rd_kafka_mock_broker_set_up(cluster, first));
  if (verb == "rtt" && words >> first >> second)
    return outcome(rd_kafka_mock_broker_set_rtt(cluster, first, second));
  if (verb == "coordinator" && words >> name >> first)
    return outcome(rd_kafka_mock_coordinator_set(cluster, "group", name.c_str(), first));
  if (verb == "error" && words >> first >> api >> name >> second)
    return push_errors(cluster, first, api, name, second);
  if (verb == "left" && words >> first >> api)
    return errors_left(cluster, first, api);
  return "refused no such command";
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 2)
    return 64;
  std::array<char, 512> why{};
  auto* conf = rd_kafka_conf_new();
  rd_kafka_conf_set_log_cb(conf, nullptr);
  // The cluster's home; it has no brokers of its own.
  auto* home = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why.data(), why.size());
  auto* cluster = home ? rd_kafka_mock_cluster_new(home, std::stoi(argv[1])) : nullptr;
  if (!cluster)
    return 1;
  std::cout << rd_kafka_mock_cluster_bootstraps(cluster) << std::endl;
  for (std::string line; std::getline(std::cin, line);)
    std::cout << obey(cluster, line) << std::endl;
  rd_kafka_mock_cluster_destroy(cluster);
  rd_kafka_destroy(home);
  return 0;
}
