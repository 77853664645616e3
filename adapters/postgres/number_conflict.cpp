#include "adapters/postgres/number_conflict.hpp"

#include <string_view>
#include <utility>

namespace tradepulse {

void number_conflict::look_at(const pqxx::sql_error& refused) {
  if (refused.sqlstate() != "23505")
    return;
  const std::string_view text = refused.what();
  const auto begin = text.find("(stream_id, epoch, seq)=(");
  if (begin == text.npos)
    return;
  const auto values = text.substr(text.find('=', begin) + 2);
  key_ = values.substr(0, values.find(')'));
}

commit_outcome number_conflict::what_it_means(database_session& db,
                                              const database_fault& fault) const {
  const auto stream_id = key_->substr(0, key_->find(','));
  std::string who = "stream " + stream_id;
  std::string positions = "price_snapshots";
  bool of_another_home = false;
  const auto lost = db.attempt([&](database_session::call& call) {
    pqxx::nontransaction asking(call.connection);
    const auto rows =
        asking.exec("SELECT symbol, stream FROM journal_streams WHERE stream_id = " + stream_id);
    if (rows.empty())
      return;
    who = rows[0][0].c_str();
    if (const std::string stream = rows[0][1].c_str(); stream != "price") {
      who += "/" + stream;
      positions = "stream_positions";
    }
    const auto moved = asking.exec(
        "SELECT FROM (SELECT symbol, 'price' AS stream, epoch, last_sequence, home_topic, "
        "home_partition FROM price_snapshots UNION ALL SELECT symbol, stream, epoch, "
        "last_sequence, home_topic, home_partition FROM stream_positions) p WHERE p.symbol = " +
        asking.quote(rows[0][0].c_str()) + " AND p.stream = " + asking.quote(rows[0][1].c_str()) +
        " AND (" + stream_id + ", p.epoch, p.last_sequence) >= (" + *key_ +
        ") AND (p.home_topic, p.home_partition) <> (" + asking.quote(work_.source.topic) + ", " +
        std::to_string(work_.source.partition) + ")");
    of_another_home = !moved.empty();
  });
  if (lost)
    return outcome_of(db, *lost);
  if (of_another_home)
    return fenced{};
  const auto& source = work_.source;
  auto out = fault.as_error();
  out.detail =
      "the journal has a number already that " + source.to_string() + " is about to give: " + who +
      ", epoch and seq " + key_->substr(key_->find(',') + 2) +
      ". Nothing of this partition is stored until that is repaired; its records stay in Kafka. " +
      positions +
      ", ingest_offsets or the journal was changed or put back without the others: put them back "
      "together, or let its streams begin a new epoch from the stored offset on with `tradepulse "
      "offsets set " +
      source.topic + " " + std::to_string(source.partition) + " " +
      std::to_string(work_.from.value()) + "`. " + out.detail;
  return try_again{std::move(out)};
}

commit_outcome outcome_of(const database_session& db, const database_fault& fault) {
  if (fault.kind == fault_kind::lost || !db.connected())
    // `refused` drops the connection too, but that one has said clearly that nothing was done.
    return fault.kind == fault_kind::refused ? commit_outcome{try_again{fault.as_error()}}
                                             : commit_outcome{outcome_unknown{fault.as_error()}};
  return try_again{fault.as_error()};
}

} // namespace tradepulse
