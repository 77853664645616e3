#pragma once

#include <memory>

#include "adapters/postgres/settings.hpp"
#include "adapters/postgres/watchdog.hpp"
#include "protocol/ports/history.hpp"

namespace tradepulse {

// The journal in PostgreSQL, read by one connection that is made when it is first needed.
// A page is one read-only transaction that sees the database as of one moment: a look-up of the
// leaves (days) that hold the positions, then each of them by its name and its index, in order.
// Leaves that a page does not need are not touched; the newest may be, for `highest`.
// Retention may take leaves away meanwhile: it deletes their rows in journal_leaves first. A leaf
// that is gone is looked up again, and behind each page the lowest position is read once more;
// where it has gone up into the page the page is read again. Bursts are those of the query's kind:
// trade_burst, ... Errors: unsupported (a kind without a journal), database_unavailable (the
// connection is gone), database_busy, database_refused. Thread: one at a time. Blocks: up to the
// statement and watchdog deadlines, a few times.
class history_store_postgres final : public history_store {
 public:
  history_store_postgres(postgres_settings settings, std::shared_ptr<watchdog> dog);
  ~history_store_postgres() override;

  result<history_page> read(const history_query& query) override;
  // By the same connection (bar_reader).
  result<bar_page> read_bars(const bar_query& query) override;

 private:
  class implementation;
  std::unique_ptr<implementation> impl_;
};

} // namespace tradepulse
