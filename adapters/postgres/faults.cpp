#include "adapters/postgres/faults.hpp"

#include <string_view>

#include <pqxx/pqxx>

namespace tradepulse {
namespace {

constexpr std::size_t longest_message_bytes = 300;

// The first line: DETAIL and CONTEXT, which follow, may hold values of rows.
std::string first_line(std::string_view text) {
  const auto start = text.find_first_not_of(" \n");
  text = start == std::string_view::npos ? std::string_view{} : text.substr(start);
  text = text.substr(0, text.find('\n'));
  return std::string(text.substr(0, longest_message_bytes));
}

} // namespace

error database_fault::as_error() const {
  const errc code = kind == fault_kind::lost    ? errc::database_unavailable
                    : kind == fault_kind::retry ? errc::database_busy
                                                : errc::database_refused;
  return {code,
          "PostgreSQL: " + (sqlstate.empty() ? message : "SQLSTATE " + sqlstate + ": " + message)};
}

fault_kind classify(const std::string& sqlstate, bool still_connected) noexcept {
  const std::string_view state = sqlstate;
  const auto kind = state.substr(0, 2);
  // 25006: the server became a replica; only another connection finds the new primary.
  // 57P01..57P05: the server ends this session with the message.
  if (!still_connected || state.empty() || kind == "08" || state == "25006" ||
      state.starts_with("57P"))
    return fault_kind::lost;
  // P0001: RAISE EXCEPTION in a trigger of a table that was adopted, a rule as any constraint.
  if (kind == "22" || kind == "23" || state == "P0001")
    return fault_kind::poison;
  // 25P03 ends the session too, but then still_connected is false.
  if (kind == "40" || kind == "53" || kind == "57" || kind == "58" || state == "55P03")
    return fault_kind::retry;
  return fault_kind::refused;
}

database_fault fault_of(const std::exception_ptr& thrown, bool still_connected) {
  try {
    std::rethrow_exception(thrown);
  } catch (const pqxx::insufficient_privilege& e) {
    // libpqxx 6 forgets its SQLSTATE, and without one it would be a lost connection.
    return {classify("42501", still_connected), "42501", first_line(e.what())};
  } catch (const pqxx::sql_error& e) {
    return {classify(e.sqlstate(), still_connected), e.sqlstate(), first_line(e.what())};
  } catch (const pqxx::pqxx_exception& e) {
    // broken_connection, in_doubt_error, and values that could not be read: in each case the
    // session is not trusted any more.
    return {fault_kind::lost, "", first_line(e.base().what())};
  }
}

} // namespace tradepulse
