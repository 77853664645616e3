#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/result.hpp"

namespace tradepulse {

// How long a transaction waits for its bytes to be safe: PostgreSQL's synchronous_commit.
enum class commit_durability : std::uint8_t { off, local, remote_write, on, remote_apply };

// Where the database is, and what every session of ours is told when it connects.
struct postgres_settings {
  // A libpq URL or keyword string. Where it is set, host, port, database, user and password below
  // are not used. Several hosts and target_session_attrs are passed through, in either form.
  std::string url;
  std::string host = "localhost"; // "a,b" = try a, then b; a leading '/' is a socket's folder
  std::string port = "5432";      // "5432,5433" goes with "a,b"
  std::string database = "tradepulse";
  std::string user = "tradepulse";
  std::string password;
  // "read-write" makes a connection to several hosts follow a failover. Empty: libpq decides.
  std::string target_session_attrs;
  // More command-line options of a session ("-c work_mem=64MB"), after ours, so they win.
  std::string options;
  std::string application_name = "tradepulse";
  commit_durability synchronous_commit = commit_durability::on;

  // For each host and address; libpq counts whole seconds and waits at least 2.
  std::chrono::milliseconds connect_timeout{2000};
  // Below the watchdog's, so that a slow statement is cancelled by a server that lives and only a
  // frozen one costs the connection.
  std::chrono::milliseconds statement_timeout{4000};
  std::chrono::milliseconds lock_timeout{2000};
  std::chrono::milliseconds idle_in_transaction_timeout{5000};
  // A call without an answer for so long has its socket shut down under it.
  std::chrono::milliseconds watchdog_timeout{5000};
};

// The keyword string that libpq connects with. Secret: it holds the password.
// Errors: configuration, which names the key but never shows the URL or the password.
result<std::string> connection_string(const postgres_settings& settings);

// PostgreSQL ends texts at NUL and libpq would cut them there without a word.
bool holds_nul(std::string_view text) noexcept;

} // namespace tradepulse
