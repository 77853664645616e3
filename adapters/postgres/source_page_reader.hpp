#pragma once

// Private to adapters/postgres: one question for klines by upstream's numbers.
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <pqxx/pqxx>

#include "adapters/postgres/database_session.hpp"
#include "adapters/postgres/source_ranges.hpp"
#include "adapters/postgres/source_statements.hpp"
#include "protocol/ports/source_history.hpp"

namespace tradepulse {

// Throws: what libpqxx throws; where a leaf has gone since it was looked up pqxx::undefined_table
// or, through the journal, leaf_is_gone; pqxx::insufficient_privilege where one may not be read by
// its name.
class source_page_reader {
 public:
  struct leaf_is_gone {
    std::string leaf;
  };

  source_page_reader(database_session::call& db, pqxx::transaction_base& transaction,
                     const source_query& query, source_ranges& ranges, sql::leaf_access by)
      : db_(db), transaction_(transaction), query_(query), ranges_(ranges), by_(by),
        bound_(query.through) {}

  source_page read();

 private:
  // Of one number the greatest wins: (epoch, event time, number of ours); 0 of another program's.
  using age = std::tuple<std::int64_t, std::int64_t, std::int64_t>;
  struct candidate {
    age how_new;
    source_kline kline;
  };

  void look_up();
  void look_into(const std::vector<source_ranges::leaf>& leaves);
  void consider(const source_ranges::leaf& leaf,
                const std::optional<source_ranges::range>& numbers);
  void find_first_kept();
  void read_leaves();
  void look_for_leaves_again();
  void read_adopted();
  void look_around();
  void take(candidate one);

  database_session::call& db_;
  pqxx::transaction_base& transaction_;
  const source_query& query_;
  source_ranges& ranges_;
  const sql::leaf_access by_;

  std::optional<std::int32_t> stream_id_;
  std::vector<source_ranges::place> places_;
  std::set<std::string> numbered_;          // leaves that have any number
  std::vector<std::string> to_read_;        // leaves whose numbers reach into the question
  std::map<std::int64_t, candidate> found_; // at most limit + 1
  std::int64_t bound_;                      // nothing above it can be in the page
  source_page page_;
};

} // namespace tradepulse
