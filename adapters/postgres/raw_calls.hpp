#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <libpq-fe.h>

// Calls of libpq itself, for what libpqxx 6 cannot do. They fail by the exceptions of libpqxx, so
// that faults.hpp sorts these failures like any other. Private to this folder.
// Blocks: every call; a watchdog that shuts the socket down ends it.
namespace tradepulse::raw {

using answer = std::unique_ptr<PGresult, decltype(&PQclear)>;

// Parameters of a statement, in its order.
class parameters {
 public:
  parameters& text(std::string value);
  parameters& integer(std::int64_t value) { return text(std::to_string(value)); }
  parameters& integer_or_null(std::optional<std::int64_t> value);
  parameters& binary(std::string value); // as binary_array makes it

  int count() const noexcept { return static_cast<int>(given_.size()); }
  const char* const* values() const;
  const int* lengths() const noexcept { return lengths_.data(); }
  const int* formats() const noexcept { return formats_.data(); }

 private:
  void add(std::optional<std::string> value, int format);

  std::vector<std::optional<std::string>> given_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
  mutable std::vector<const char*> values_;
};

// A statement of one answer. Throws pqxx::sql_error, pqxx::broken_connection.
answer execute(PGconn* on, const std::string& statement, const parameters& given);
answer execute_prepared(PGconn* on, const char* name, const parameters& given);

std::string_view value(const answer& of, int row, int column);
std::int64_t integer(const answer& of, int row, int column);

// A prepared statement with its parameters.
struct prepared_call {
  const char* name;
  parameters given;
};

// A transaction that begins with prepared statements, all in one round trip: send() and, after
// whatever can be done meanwhile, answered(). What does not commit is rolled back at its end, where
// the connection lives.
class transaction {
 public:
  explicit transaction(PGconn* on) : on_(on) {}
  ~transaction();
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;

  void send(std::span<const prepared_call> calls);
  // Of the first statement that answers rows.
  answer answered();
  // Of one that ends without a COPY: a round trip of its own.
  void commit();
  // Sends the rows of a COPY; with `commit` the transaction commits in the same round trip.
  void copy(const std::string& statement, std::string_view rows, bool commit);

 private:
  void end_copy(const std::string& statement, bool commit);

  PGconn* on_;
  bool in_pipeline_ = false;
};

} // namespace tradepulse::raw
