#include "adapters/postgres/raw_calls.hpp"

#include <algorithm>
#include <charconv>

#include <pqxx/except>

namespace tradepulse::raw {
namespace {

[[noreturn]] void fail(PGconn* on, const PGresult* answered, const std::string& statement) {
  const char* state = answered ? PQresultErrorField(answered, PG_DIAG_SQLSTATE) : nullptr;
  const std::string text = answered ? PQresultErrorMessage(answered) : PQerrorMessage(on);
  if (state == nullptr) // not the server's word
    throw pqxx::broken_connection(text);
  throw pqxx::sql_error(text, statement, state);
}

answer owned(PGresult* given) {
  return {given, &PQclear};
}

answer checked(PGconn* on, answer given, const std::string& statement) {
  const auto status = PQresultStatus(given.get()); // of none: PGRES_FATAL_ERROR
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
    fail(on, given.get(), statement);
  return given;
}

// A COMMIT of what has failed answers ROLLBACK, without an error.
void expect_committed(PGresult* answered) {
  if (std::string_view(PQcmdStatus(answered)) != "COMMIT")
    throw pqxx::in_doubt_error("COMMIT answered " + std::string(PQcmdStatus(answered)));
}

// One PQputCopyData of more than libpq's own buffer would have it grow to that size.
constexpr std::size_t copy_piece_bytes = 64 * 1024;

} // namespace

void parameters::add(std::optional<std::string> value, int format) {
  lengths_.push_back(value ? static_cast<int>(value->size()) : 0);
  formats_.push_back(format);
  given_.push_back(std::move(value));
}

parameters& parameters::text(std::string value) {
  add(std::move(value), 0);
  return *this;
}

parameters& parameters::integer_or_null(std::optional<std::int64_t> value) {
  add(value ? std::optional(std::to_string(*value)) : std::nullopt, 0);
  return *this;
}

parameters& parameters::binary(std::string value) {
  add(std::move(value), 1);
  return *this;
}

const char* const* parameters::values() const {
  values_.clear();
  for (const auto& each : given_)
    values_.push_back(each ? each->c_str() : nullptr);
  return values_.data();
}

answer execute(PGconn* on, const std::string& statement, const parameters& given) {
  return checked(on,
                 owned(PQexecParams(on, statement.c_str(), given.count(), nullptr, given.values(),
                                    given.lengths(), given.formats(), 0)),
                 statement);
}

answer execute_prepared(PGconn* on, const char* name, const parameters& given) {
  return checked(on,
                 owned(PQexecPrepared(on, name, given.count(), given.values(), given.lengths(),
                                      given.formats(), 0)),
                 name);
}

std::string_view value(const answer& of, int row, int column) {
  return {PQgetvalue(of.get(), row, column),
          static_cast<std::size_t>(PQgetlength(of.get(), row, column))};
}

std::int64_t integer(const answer& of, int row, int column) {
  const auto text = value(of, row, column);
  std::int64_t out = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), out).ec != std::errc{})
    throw pqxx::conversion_error("not an integer: " + std::string(text));
  return out;
}

transaction::~transaction() {
  if (PQstatus(on_) != CONNECTION_OK)
    return;
  if (PQpipelineStatus(on_) != PQ_PIPELINE_OFF || PQtransactionStatus(on_) == PQTRANS_ACTIVE)
    return; // thrown out of the middle of a call: the session drops the connection
  if (PQtransactionStatus(on_) != PQTRANS_IDLE)
    owned(PQexec(on_, "ROLLBACK")); // its failure is the connection's end, which the session sees
}

void transaction::send(std::span<const prepared_call> calls) {
  if (PQenterPipelineMode(on_) != 1 ||
      PQsendQueryParams(on_, "BEGIN", 0, nullptr, nullptr, nullptr, nullptr, 0) != 1)
    fail(on_, nullptr, "BEGIN");
  for (const auto& [name, given] : calls)
    if (PQsendQueryPrepared(on_, name, given.count(), given.values(), given.lengths(),
                            given.formats(), 0) != 1)
      fail(on_, nullptr, name);
  if (PQpipelineSync(on_) != 1)
    fail(on_, nullptr, "");
}

answer transaction::answered() {
  answer rows = owned(nullptr);
  answer refused = owned(nullptr);
  for (bool synchronised = false; !synchronised;) {
    auto next = owned(PQgetResult(on_));
    if (PQstatus(on_) != CONNECTION_OK)
      fail(on_, refused ? refused.get() : next.get(), "");
    if (!next)
      continue; // between the answers of two statements
    const auto status = PQresultStatus(next.get());
    synchronised = status == PGRES_PIPELINE_SYNC;
    if (status == PGRES_FATAL_ERROR && !refused)
      refused = std::move(next);
    else if (status == PGRES_TUPLES_OK && !rows)
      rows = std::move(next);
  }
  if (PQexitPipelineMode(on_) != 1)
    fail(on_, nullptr, "");
  if (refused || !rows)
    fail(on_, refused.get(), "");
  return rows;
}

void transaction::copy(const std::string& statement, std::string_view rows, bool commit) {
  const auto all = commit ? statement + "; COMMIT" : statement;
  if (PQsendQuery(on_, all.c_str()) != 1)
    fail(on_, nullptr, statement);
  auto ready = owned(PQgetResult(on_));
  if (PQresultStatus(ready.get()) != PGRES_COPY_IN) {
    while (owned(PQgetResult(on_))) {
    }
    fail(on_, ready.get(), statement);
  }
  while (!rows.empty()) {
    const auto piece = rows.substr(0, copy_piece_bytes);
    if (PQputCopyData(on_, piece.data(), static_cast<int>(piece.size())) != 1)
      fail(on_, nullptr, statement);
    rows.remove_prefix(piece.size());
  }
  if (PQputCopyEnd(on_, nullptr) != 1)
    fail(on_, nullptr, statement);
  end_copy(statement, commit);
}

void transaction::commit() {
  const auto done = owned(PQexec(on_, "COMMIT"));
  if (!done || PQresultStatus(done.get()) != PGRES_COMMAND_OK || PQstatus(on_) != CONNECTION_OK)
    fail(on_, done.get(), "COMMIT");
  expect_committed(done.get());
}

void transaction::end_copy(const std::string& statement, bool commit) {
  answer refused = owned(nullptr);
  answer last = owned(nullptr);
  while (auto next = owned(PQgetResult(on_))) {
    const bool good = PQresultStatus(next.get()) == PGRES_COMMAND_OK;
    if (!good && !refused)
      refused = std::move(next);
    else
      last = std::move(next);
  }
  if (refused || !last || PQstatus(on_) != CONNECTION_OK)
    fail(on_, refused.get(), statement);
  if (commit)
    expect_committed(last.get());
}

} // namespace tradepulse::raw
