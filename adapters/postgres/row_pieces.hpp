#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

namespace tradepulse {

// So many rows are no statement that statement_timeout or the watchdog could mind, however many
// have waited for the database. What has more is several statements of one transaction, and each is
// a round trip of its own: the watchdog sees that the server is at work.
inline constexpr std::size_t rows_per_statement = 10'000;

// Takes the rows of the next statement away from the front.
template <class Row>
std::span<const Row> take_piece(std::span<const Row>& rows) {
  const auto piece = rows.first(std::min(rows.size(), rows_per_statement));
  rows = rows.subspan(piece.size());
  return piece;
}

} // namespace tradepulse
