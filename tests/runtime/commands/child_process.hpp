#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace tradepulse {

// A program under test with its output caught. Killed, with all it started, where the test ends
// before it does.
class child_process {
 public:
  explicit child_process(const std::vector<std::string>& words);
  ~child_process();
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;

  // Reads standard output up to the next line feed; what there was at the end of it.
  std::string read_line();
  void send(int signal) const;
  // Waits until the program has blocked the signal, so that it will be taken and not end it; false
  // after 20 s.
  bool wait_until_blocked(int signal) const;

  struct outcome {
    int status = -1; // the exit status, or 128 + the signal
    std::string output;
    std::string errors;
  };
  // Reads both to their ends and waits for the exit.
  outcome finish();

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  int errors_ = -1;
};

// `tradepulse` beside the folder of the test program (or TRADEPULSE_BINARY); empty where it has not
// been built.
std::string tradepulse_binary();

} // namespace tradepulse
