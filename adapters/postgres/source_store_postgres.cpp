#include "adapters/postgres/source_store_postgres.hpp"

#include <optional>
#include <string>
#include <utility>

#include "adapters/postgres/database_session.hpp"
#include "adapters/postgres/journal_page.hpp"
#include "adapters/postgres/source_page_reader.hpp"
#include "protocol/expects.hpp"

namespace tradepulse {
namespace {

// How often leaves may go while one page is read. Retention takes one away in hours.
constexpr int attempts = 4;

} // namespace

class source_store_postgres::implementation {
 public:
  implementation(postgres_settings settings, std::shared_ptr<watchdog> dog)
      : session_(settings_of_journal_readers(std::move(settings)), std::move(dog)) {}

  result<source_page> read(const source_query& query) {
    std::optional<source_page> out;
    std::string why;
    auto fault = session_.attempt([&](database_session::call& db) {
      if (std::exchange(learned_of_, db.number) != db.number)
        ranges_ = {}; // the next server may be another one
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
                   "the journal of klines of " + query.symbol.str() + ": " + why};
    return std::move(*out);
  }

 private:
  // Nothing: what was looked up is not there any more.
  std::optional<source_page> attempt(database_session::call& db, const source_query& query,
                                     std::string& why) {
    try {
      // A statement at a time: a journal has more leaves than a transaction should lock.
      pqxx::nontransaction transaction(db.connection);
      return source_page_reader(db, transaction, query, ranges_, by_).read();
    } catch (const pqxx::undefined_table& gone) {
      why = gone.what();
    } catch (const source_page_reader::leaf_is_gone& gone) {
      why = "leaves go faster than they can be read: journal_klines_" + gone.leaf;
    } catch (const pqxx::insufficient_privilege&) {
      if (std::exchange(by_, sql::leaf_access::through_journal) ==
          sql::leaf_access::through_journal)
        throw;
      why = "its leaves may not be read";
    }
    db.answered();
    return std::nullopt;
  }

  database_session session_;
  source_ranges ranges_;
  std::uint64_t learned_of_ = 0;
  sql::leaf_access by_ = sql::leaf_access::by_name; // until one was refused
};

source_store_postgres::source_store_postgres(postgres_settings settings,
                                             std::shared_ptr<watchdog> dog)
    : impl_(std::make_unique<implementation>(std::move(settings), std::move(dog))) {}

source_store_postgres::~source_store_postgres() = default;

result<source_page> source_store_postgres::read(const source_query& query) {
  TRADEPULSE_EXPECTS(query.after < query.through && query.limit > 0);
  return impl_->read(query);
}

} // namespace tradepulse
