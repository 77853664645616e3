#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

namespace tradepulse::kafka::testing {

// librdkafka's mock cluster in a process of its own (this program, run again with an argument):
// together with its consumers in one process it once got stuck.
class mock_cluster {
 public:
  struct topic {
    std::string name;
    int partitions = 1;
  };
  explicit mock_cluster(const std::vector<topic>& topics, int brokers = 1);
  ~mock_cluster();
  mock_cluster(const mock_cluster&) = delete;
  mock_cluster& operator=(const mock_cluster&) = delete;

  const std::string& servers() const { return servers_; }
  void create_topic(const std::string& name, int partitions);
  void set_leader(const std::string& name, int partition, int broker);
  void set_down(int broker);
  void set_up(int broker);
  // The next produce request is answered with MSG_SIZE_TOO_LARGE.
  void refuse_next_produce_for_size();
  // The next fetch request is answered with UNKNOWN_SERVER_ERROR.
  void fail_next_fetch();

 private:
  void command(const std::string& line);
  std::string read_line() const;

  pid_t child_ = -1;
  int to_child_ = -1;
  int from_child_ = -1;
  std::string servers_;
};

// What the program does when it is run as the mock cluster; ends when its input ends.
int run_mock_cluster(int brokers);
inline constexpr const char* mock_cluster_argument = "--run-mock-cluster";

// The same for the product's embedded log: prints its servers and waits for the end of its input.
int run_embedded_log();
inline constexpr const char* embedded_log_argument = "--run-embedded-log";

// Runs this program again with an argument; gives the pipe's ends and the process.
struct child_process {
  pid_t id = -1;
  int input = -1;
  int output = -1;
};
child_process run_again(const std::vector<std::string>& arguments);
void end(const child_process& child);
std::string read_line(int from);

} // namespace tradepulse::kafka::testing
