#include "adapters/postgres/database_session.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tradepulse {

database_session::database_session(postgres_settings settings, std::shared_ptr<watchdog> dog)
    : settings_(std::move(settings)), dog_(std::move(dog)) {}

database_session::~database_session() {
  drop();
}

void database_session::prepare(std::string name, std::string statement) {
  drop();
  prepared_.emplace_back(std::move(name), std::move(statement));
}

std::optional<database_fault> database_session::connect() {
  if (connection_)
    return std::nullopt;
  if (dog_->cuts_all()) // a connection attempt cannot be cut, and lasts for connect_timeout
    return database_fault{fault_kind::lost, "", "cannot connect: the process ends"};
  auto parameters = connection_string(settings_);
  if (!parameters)
    return database_fault{fault_kind::refused, "", parameters.failure().detail};
  try {
    // Bounded by connect_timeout for each address, also where the other side accepts and then
    // says nothing: PQconnectdb waits with a deadline until the session stands.
    auto made = std::make_unique<open_connection>(*parameters);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    made->inhibit_reactivation(true);
#pragma GCC diagnostic pop
    auto quiet = std::make_unique<pqxx::quiet_errorhandler>(*made);
    socket_ = ::fcntl(made->sock(), F_DUPFD_CLOEXEC, 0);
    if (socket_ < 0)
      return database_fault{fault_kind::lost, "", "no file descriptor is left"};
    for (const auto& [name, statement] : prepared_)
      made->prepare(name, statement);
    quiet_ = std::move(quiet);
    connection_ = std::move(made);
    ++number_;
    return std::nullopt;
  } catch (...) {
    auto fault = fault_of(std::current_exception(), false);
    fault.message = "cannot connect: " + fault.message;
    return fault;
  }
}

database_fault database_session::failed(const std::exception_ptr& thrown, bool cut) {
  try {
    auto fault = fault_of(thrown, connection_->is_open() && !cut);
    if (cut)
      fault.message = "no answer within " + std::to_string(settings_.watchdog_timeout.count()) +
                      " ms (postgres.watchdog), connection cut";
    if (fault.kind == fault_kind::lost)
      ::shutdown(socket_, SHUT_RDWR); // saying goodbye to a frozen server could block as well
    if (fault.kind == fault_kind::lost || fault.kind == fault_kind::refused)
      drop();
    return fault;
  } catch (...) {
    drop();
    throw;
  }
}

void database_session::drop() noexcept {
  quiet_.reset();
  connection_.reset();
  if (socket_ >= 0)
    ::close(socket_);
  socket_ = -1;
}

} // namespace tradepulse

#if defined(__SANITIZE_ADDRESS__)
// A call that loses its connection costs about 2 KB for good: libpqxx 6.4.5 asks the dead
// connection for its encoding, which throws, before it owns the answer of libpq. Known, and bounded
// by the number of lost connections; without this line it would hide leaks of our own. By the
// library's file: one of the callers is a private function, which has no name in its symbol table.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libpqxx-6.4.so\n";
}
#endif
