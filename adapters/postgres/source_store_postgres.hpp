#pragma once

#include <memory>

#include "adapters/postgres/settings.hpp"
#include "adapters/postgres/watchdog.hpp"
#include "protocol/ports/source_history.hpp"

namespace tradepulse {

// Klines by upstream's numbers: the journal of klines, by its second index, and the tables of other
// programs (the view adopted_klines), by one connection that is made when it is first needed.
// Numbers may go back and come twice, so that each leaf of the stream may have them: the first
// question looks into every one, once, and later ones read those alone whose numbers reach into the
// question, and the newest. Few leaves at a time, so that no statement is long and few locks are
// held. Leaves that retention takes away meanwhile are looked up again.
// Errors: database_unavailable, database_busy, database_refused.
// Thread: one at a time. Blocks: up to the statement and watchdog deadlines, a few times.
class source_store_postgres final : public source_store {
 public:
  source_store_postgres(postgres_settings settings, std::shared_ptr<watchdog> dog);
  ~source_store_postgres() override;

  result<source_page> read(const source_query& query) override;

 private:
  class implementation;
  std::unique_ptr<implementation> impl_;
};

} // namespace tradepulse
