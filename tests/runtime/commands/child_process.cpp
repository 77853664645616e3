#include "tests/runtime/commands/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace tradepulse {

child_process::child_process(const std::vector<std::string>& words) {
  int output[2];
  int errors[2];
  if (::pipe2(output, O_CLOEXEC) != 0 || ::pipe2(errors, O_CLOEXEC) != 0)
    throw std::runtime_error("no pipe");
  std::vector<char*> arguments;
  for (const auto& word : words)
    arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::setpgid(0, 0);
    ::dup2(output[1], STDOUT_FILENO);
    ::dup2(errors[1], STDERR_FILENO);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
  ::setpgid(pid_, pid_);
  ::close(output[1]);
  ::close(errors[1]);
  output_ = output[0];
  errors_ = errors[0];
}

child_process::~child_process() {
  if (pid_ > 0) {
    ::kill(-pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(output_);
  ::close(errors_);
}

std::string child_process::read_line() {
  std::string out;
  for (char c = 0; ::read(output_, &c, 1) == 1 && c != '\n';)
    out += c;
  return out;
}

void child_process::send(int signal) const {
  ::kill(pid_, signal);
}

bool child_process::wait_until_blocked(int signal) const {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  const auto bit_of = [](int number) { return std::uint64_t{1} << (number - 1); };
  // Whoever makes a thread blocks all signals for that moment; stop_signals blocks two.
  const std::uint64_t looked_at = bit_of(signal) | bit_of(SIGUSR2);
  while (std::chrono::steady_clock::now() < deadline) {
    std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("SigBlk:") &&
          (std::stoull(line.substr(7), nullptr, 16) & looked_at) == bit_of(signal))
        return true;
    std::this_thread::yield();
  }
  return false;
}

child_process::outcome child_process::finish() {
  outcome out;
  std::array<pollfd, 2> ends{pollfd{output_, POLLIN, 0}, pollfd{errors_, POLLIN, 0}};
  while (ends[0].fd >= 0 || ends[1].fd >= 0) {
    ::poll(ends.data(), ends.size(), -1);
    for (auto& end : ends) {
      if (end.fd < 0 || end.revents == 0)
        continue;
      std::array<char, 4096> buffer;
      const auto n = ::read(end.fd, buffer.data(), buffer.size());
      if (n > 0)
        (&end == &ends[0] ? out.output : out.errors)
            .append(buffer.data(), static_cast<std::size_t>(n));
      else
        end.fd = -1;
    }
  }
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  out.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return out;
}

std::string tradepulse_binary() {
  if (const char* named = std::getenv("TRADEPULSE_BINARY"))
    return named;
  const auto self = std::filesystem::read_symlink("/proc/self/exe");
  const auto beside = self.parent_path().parent_path() / "tradepulse";
  return ::access(beside.c_str(), X_OK) == 0 ? beside.string() : std::string();
}

} // namespace tradepulse
