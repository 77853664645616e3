#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <pqxx/pqxx>

#include "adapters/postgres/faults.hpp"
#include "adapters/postgres/open_connection.hpp"
#include "adapters/postgres/settings.hpp"
#include "adapters/postgres/watchdog.hpp"

namespace tradepulse {

// One connection that is made when it is needed and thrown away when it is no longer trusted.
// Private to this folder: it shows libpqxx.
// Thread: one at a time. Blocks: attempt(), up to the timeouts.
class database_session {
 public:
  database_session(postgres_settings settings, std::shared_ptr<watchdog> dog);
  ~database_session();
  database_session(const database_session&) = delete;
  database_session& operator=(const database_session&) = delete;

  // A statement that every connection knows by name; the server plans it at its first use.
  void prepare(std::string name, std::string statement);

  // What a unit of work is given. The watchdog watches from its start; one that makes several
  // calls says answered() after each.
  struct call {
    open_connection& connection;
    watchdog::guard& guard;
    std::uint64_t number; // of the connection, in this session: what it was told is its own

    void answered() { guard.restart(); }
  };

  // Connects where there is no connection, runs work(call) and returns its fault, if any. Only a
  // retry or poison fault of a living session keeps the connection: its transaction is over by
  // then. A connection that failed otherwise would come back to life by itself at the next use
  // (libpqxx 6), with a transaction lost and nobody told: it is destroyed.
  // Throws: what is no exception of libpqxx, after dropping the connection.
  template <class Work>
  std::optional<database_fault> attempt(Work&& work) {
    if (auto failed = connect())
      return failed;
    std::exception_ptr thrown;
    bool cut = false;
    {
      watchdog::guard guard(*dog_, socket_, settings_.watchdog_timeout);
      try {
        call c{*connection_, guard, number_};
        work(c);
      } catch (...) {
        thrown = std::current_exception();
      }
      cut = guard.cut();
    }
    return thrown ? std::optional(failed(thrown, cut)) : std::nullopt;
  }

  void drop() noexcept;
  bool connected() const noexcept { return connection_ != nullptr; }

 private:
  std::optional<database_fault> connect();
  database_fault failed(const std::exception_ptr& thrown, bool cut);

  postgres_settings settings_;
  std::vector<std::pair<std::string, std::string>> prepared_;
  std::shared_ptr<watchdog> dog_;
  std::unique_ptr<open_connection> connection_;
  std::uint64_t number_ = 0;
  std::unique_ptr<pqxx::quiet_errorhandler> quiet_; // notices are no lines on stderr
  // A duplicate of the connection's socket, ours to close: so the watchdog can never shut down a
  // number that by then is somebody else's.
  int socket_ = -1;
};

} // namespace tradepulse
