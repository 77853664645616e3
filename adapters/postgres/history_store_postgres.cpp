#include "adapters/postgres/history_store_postgres.hpp"

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "adapters/postgres/bar_reader.hpp"
#include "adapters/postgres/database_session.hpp"
#include "adapters/postgres/journal_page.hpp"
#include "adapters/postgres/journal_tables.hpp"
#include "protocol/expects.hpp"

namespace tradepulse {
namespace {

// How often leaves may go while one page is read. Retention takes one away in hours.
constexpr int attempts = 4;

// Whether events that the query asks for have gone since `read`.
bool went_up_into(stream_position after, stream_position read, stream_position now) {
  return now != read && (now == stream_position{} || now > after);
}

std::string text_of(stream_position at) {
  return "{" + std::to_string(at.epoch.value()) + ", " + std::to_string(at.seq.value()) + "}";
}

} // namespace

class history_store_postgres::implementation {
 public:
  implementation(postgres_settings settings, std::shared_ptr<watchdog> dog)
      : session_(settings_of_journal_readers(std::move(settings)), std::move(dog)) {
    prepare_journal(session_);
  }

  result<history_page> read(const history_query& query) {
    if (!journal_kinds::all().contains(query.kind.events()))
      return error{errc::unsupported, "there is no journal of " + name_of(query.kind)};
    std::optional<history_page> out;
    std::string why;
    auto fault = session_.attempt([&](database_session::call& db) {
      for (int i = 0; i < attempts && !out; ++i)
        out = attempt(db, query, why);
    });
    if (fault) {
      if (fault->kind != fault_kind::retry)
        session_.drop();
      return fault->as_error();
    }
    if (!out)
      return error{errc::database_refused,
                   "the journal of " + label_of({query.symbol, query.kind}) + ": " + why};
    if (query.committed && out->committed < *query.committed) {
      session_.drop(); // the next one may be another server's
      return error{errc::database_unavailable,
                   "the database that answers has " + label_of({query.symbol, query.kind}) +
                       " up to " + text_of(out->committed) + ", and " + text_of(*query.committed) +
                       " was committed: it is not the one that is written to (a primary that was "
                       "replaced must not come back)"};
    }
    return std::move(*out);
  }

  result<bar_page> read_bars(const bar_query& query) {
    bar_page out;
    auto fault = session_.attempt([&](database_session::call& db) { out = bars_.read(db, query); });
    if (!fault)
      return out;
    if (fault->kind != fault_kind::retry)
      session_.drop();
    return fault->as_error();
  }

 private:
  // Nothing: what was looked up is not there any more.
  std::optional<history_page> attempt(database_session::call& db, const history_query& query,
                                      std::string& why) {
    const auto& journal = journal_of(query.kind.events());
    auto& by = by_[journal.kind];
    std::optional<history_page> page;
    try {
      pqxx::transaction<pqxx::repeatable_read, pqxx::read_only> transaction(db.connection);
      db.answered();
      page = journal_page_reader(db, transaction, query, by).read();
      transaction.commit();
      db.answered();
    } catch (const journal_page_reader::leaf_is_gone& gone) {
      db.answered();
      why = "journal_leaves names " + std::string(journal.name) + "_" + gone.leaf +
            ", which does not exist";
      return std::nullopt;
    } catch (const journal_page_reader::leaf_is_closed&) {
      db.answered();
      by = sql::leaf_access::through_journal;
      why = "its leaves may not be read";
      return std::nullopt;
    }
    // By now, not as of that moment.
    pqxx::nontransaction now(db.connection);
    const auto lowest = lowest_kept(now, {query.symbol, query.kind});
    db.answered();
    if (went_up_into(query.time ? page->after : query.after, page->lowest, lowest)) {
      why = "leaves go faster than they can be read";
      return std::nullopt;
    }
    return page;
  }

  database_session session_;
  bar_reader bars_;
  // Through the journal once a leaf of it was refused: one that was made before SELECT on the
  // journal was granted does not grant it.
  std::map<event_kind, sql::leaf_access> by_; // by name, where there is nothing
};

history_store_postgres::history_store_postgres(postgres_settings settings,
                                               std::shared_ptr<watchdog> dog)
    : impl_(std::make_unique<implementation>(std::move(settings), std::move(dog))) {}

history_store_postgres::~history_store_postgres() = default;

result<history_page> history_store_postgres::read(const history_query& query) {
  TRADEPULSE_EXPECTS(query.limit > 0 || query.time);
  return impl_->read(query);
}

result<bar_page> history_store_postgres::read_bars(const bar_query& query) {
  TRADEPULSE_EXPECTS(query.limit > 0 && (query.kind.events() == event_kind::kline ||
                                         query.kind.events() == event_kind::candle));
  return impl_->read_bars(query);
}

} // namespace tradepulse
