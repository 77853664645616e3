#include "mock_cluster.hpp"

#include <array>
#include <csignal>
#include <iostream>
#include <sstream>
#include <stdexcept>

#include "adapters/kafka/embedded_log.hpp"

#include <librdkafka/rdkafka.h>

#include <librdkafka/rdkafka_mock.h>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tradepulse::kafka::testing {
namespace {

constexpr std::int16_t produce_request = 0;
constexpr std::int16_t fetch_request = 1;

void write_all(int to, const std::string& text) {
  if (write(to, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw std::runtime_error("the mock cluster's process is gone");
}

bool obey(rd_kafka_mock_cluster_t* cluster, const std::string& line) {
  std::istringstream words(line);
  std::string verb;
  std::string topic;
  int first = 0;
  int second = 0;
  words >> verb;
  if (verb == "topic")
    return (words >> topic >> first) &&
           !rd_kafka_mock_topic_create(cluster, topic.c_str(), first, 1);
  if (verb == "leader")
    return (words >> topic >> first >> second) &&
           !rd_kafka_mock_partition_set_leader(cluster, topic.c_str(), first, second);
  if (verb == "down")
    return (words >> first) && !rd_kafka_mock_broker_set_down(cluster, first);
  if (verb == "up")
    return (words >> first) && !rd_kafka_mock_broker_set_up(cluster, first);
  if (verb == "too-large") {
    rd_kafka_mock_push_request_errors(cluster, produce_request, 1,
                                      RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    return true;
  }
  if (verb == "fail-fetch") {
    rd_kafka_mock_push_request_errors(cluster, fetch_request, 1, RD_KAFKA_RESP_ERR_UNKNOWN);
    return true;
  }
  return false;
}

} // namespace

child_process run_again(const std::vector<std::string>& arguments) {
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  if (pipe2(in.data(), O_CLOEXEC) != 0 || pipe2(out.data(), O_CLOEXEC) != 0)
    throw std::runtime_error("pipe2");
  std::vector<std::string> words{"/proc/self/exe"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (auto& word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL); // also when the test dies
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    execv("/proc/self/exe", argv.data());
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  return {child, in[1], out[0]};
}

void end(const child_process& child) {
  close(child.input);
  close(child.output);
  waitpid(child.id, nullptr, 0);
}

std::string read_line(int from) {
  std::string line;
  char c = 0;
  while (read(from, &c, 1) == 1 && c != '\n')
    line += c;
  return line;
}

mock_cluster::mock_cluster(const std::vector<topic>& topics, int brokers) {
  const auto child = run_again({mock_cluster_argument, std::to_string(brokers)});
  child_ = child.id;
  to_child_ = child.input;
  from_child_ = child.output;
  servers_ = read_line();
  for (const auto& [name, partitions] : topics)
    create_topic(name, partitions);
}

mock_cluster::~mock_cluster() {
  end({child_, to_child_, from_child_});
}

std::string mock_cluster::read_line() const {
  return testing::read_line(from_child_);
}

void mock_cluster::command(const std::string& line) {
  write_all(to_child_, line + '\n');
  if (const auto answer = read_line(); answer != "ok")
    throw std::runtime_error("mock cluster: " + line + ": " + answer);
}

void mock_cluster::create_topic(const std::string& name, int partitions) {
  command("topic " + name + ' ' + std::to_string(partitions));
}
void mock_cluster::set_leader(const std::string& name, int partition, int broker) {
  command("leader " + name + ' ' + std::to_string(partition) + ' ' + std::to_string(broker));
}
void mock_cluster::set_down(int broker) {
  command("down " + std::to_string(broker));
}
void mock_cluster::set_up(int broker) {
  command("up " + std::to_string(broker));
}
void mock_cluster::refuse_next_produce_for_size() {
  command("too-large");
}

void mock_cluster::fail_next_fetch() {
  command("fail-fetch");
}

int run_mock_cluster(int brokers) {
  std::array<char, 512> why{};
  auto* conf = rd_kafka_conf_new();
  rd_kafka_conf_set_log_cb(conf, nullptr);
  auto* home = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why.data(), why.size());
  auto* cluster = home ? rd_kafka_mock_cluster_new(home, brokers) : nullptr;
  if (!cluster)
    return 1;
  std::cout << rd_kafka_mock_cluster_bootstraps(cluster) << std::endl;
  for (std::string line; std::getline(std::cin, line);)
    std::cout << (obey(cluster, line) ? "ok" : "refused") << std::endl;
  rd_kafka_mock_cluster_destroy(cluster);
  rd_kafka_destroy(home);
  return 0;
}

int run_embedded_log() {
  embedded_log_options options;
  options.topics = {{"embedded-a", 3}, {"embedded-b", 1}};
  const auto log = embedded_log::start(options);
  if (!log)
    return 1;
  std::cout << (*log)->bootstrap_servers() << std::endl;
  std::string line;
  std::getline(std::cin, line);
  return 0;
}

} // namespace tradepulse::kafka::testing
