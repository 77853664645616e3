#include "runtime/commands/embedded_log.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "adapters/kafka/embedded_log.hpp"
#include "runtime/commands/exit_code.hpp"
#include "runtime/commands/stop_signals.hpp"

namespace tradepulse {
namespace {

// Written whole and then renamed: a reader never sees half a number. Gone with its owner.
class port_file {
 public:
  static result<port_file> write(const std::string& path, std::string_view port) {
    const auto temporary = path + ".new";
    std::ofstream out(temporary, std::ios::trunc);
    out << port << '\n';
    out.close();
    if (!out || std::rename(temporary.c_str(), path.c_str()) != 0)
      return error{errc::io, "--port-file \"" + path +
                                 "\": " + std::generic_category().message(errno ? errno : EIO)};
    return port_file(path);
  }
  port_file() = default;
  port_file(port_file&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  port_file& operator=(port_file&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  ~port_file() {
    if (!path_.empty())
      std::remove(path_.c_str());
  }

 private:
  explicit port_file(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

} // namespace

int run_embedded_log(const embedded_log_options& options) {
  stop_signals signals; // before the cluster makes its threads
  if (options.die_with_parent) {
    const auto parent = ::getppid();
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) // it ended before it could be watched
      return static_cast<int>(exit_code::clean);
  }

  kafka::embedded_log_options wanted;
  for (const auto& topic : options.topics)
    wanted.topics.push_back({topic.name, topic.partitions});
  const auto log = kafka::embedded_log::start(wanted);
  if (!log)
    return fail(log.failure());

  const std::string_view bootstrap = (*log)->bootstrap_servers();
  std::printf("bootstrap=%.*s\n", static_cast<int>(bootstrap.size()), bootstrap.data());
  std::fflush(stdout);
  port_file written;
  if (!options.port_file.empty()) {
    auto file = port_file::write(options.port_file, bootstrap.substr(bootstrap.rfind(':') + 1));
    if (!file)
      return fail(file.failure());
    written = std::move(*file);
  }
  signals.wait();
  return static_cast<int>(exit_code::clean);
}

} // namespace tradepulse
