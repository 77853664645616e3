#pragma once

// Private to adapters/postgres: one page of the journal within one transaction.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <pqxx/pqxx>

#include "adapters/postgres/database_session.hpp"
#include "adapters/postgres/history_statements.hpp"
#include "adapters/postgres/journal_decoding.hpp"
#include "protocol/ports/history.hpp"

namespace tradepulse {

// A row of journal_leaves: from `first` on the stream's events of that epoch are in that leaf.
struct journal_place {
  std::int32_t stream_id = 0;
  tradepulse::epoch epoch;
  std::string leaf; // YYYYMMDD
  sequence first;
};

// Reads the page of one query, behind a position or a time. Requires: the statements of
// prepare_journal() are prepared.
class journal_page_reader {
 public:
  static constexpr const char* time_statement = "journal_places_of_time";
  static constexpr const char* before_statement = "journal_leaf_before";

  journal_page_reader(database_session::call& db, pqxx::transaction_base& transaction,
                      history_query query, sql::leaf_access by)
      : db_(db), transaction_(transaction), query_(std::move(query)), by_(by),
        run_(make_burst_builder(query_.kind)) {}

  // Throws: what libpqxx throws; leaf_is_gone where a leaf that was looked up does not exist;
  // leaf_is_closed where it may not be read by its name. Requires: its kind has a journal.
  history_page read();

  struct leaf_is_gone {
    std::string leaf;
  };
  struct leaf_is_closed {};

 private:
  // The position of a time (journal_time.cpp).
  struct newest_event {
    sequence seq;
    time_ms commit_time;
  };
  void locate();
  stream_position behind_which(const std::vector<journal_place>& from, const journal_place& last);
  stream_position last_before(const journal_place& place);
  std::optional<newest_event> newest_in(const journal_place& in);
  sequence first_since(const journal_place& in, sequence newest);

  void look_up();
  void read_leaves();
  bool next_places();
  void read_leaf(const journal_place& from);
  sequence last_in(const journal_place& in);
  pqxx::result ask_leaf(const journal_place& in, const std::string& statement,
                        const std::vector<std::int64_t>& arguments);
  void take(const pqxx::result& rows, tradepulse::epoch in);
  void end_burst();

  database_session::call& db_;
  pqxx::transaction_base& transaction_;
  history_query query_;
  sql::leaf_access by_;
  history_page page_;
  std::optional<journal_place> last_of_stream_;
  std::optional<journal_place> last_of_epoch_;
  std::vector<journal_place> places_; // to read, in order
  bool more_places_ = false;          // there may be some behind these
  std::size_t left_ = 0;              // events that the page still takes
  // The burst that is being gathered.
  std::unique_ptr<burst_builder> run_;
  tradepulse::epoch run_epoch_;
  time_ms run_commit_time_{};
};

// A row of (stream_id, epoch, leaf, first_seq), from column `first` on.
journal_place place_of(const pqxx::row& row, int first);
inline stream_position start_of(const journal_place& place) {
  return {place.epoch, place.first};
}

// Plans go by the indexes and in their order, whatever the server has counted of a table that is
// new. What an operator sets stands behind these and wins.
postgres_settings settings_of_journal_readers(postgres_settings from);
void prepare_journal(database_session& session);
// The lowest position that is kept now; 0/0: nothing is.
stream_position lowest_kept(pqxx::transaction_base& transaction, const stream_key& of);

} // namespace tradepulse
