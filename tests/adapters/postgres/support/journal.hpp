#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "protocol/ports/history.hpp"
#include "tests/adapters/postgres/support/rows.hpp"
#include "tests/adapters/postgres/support/test_database.hpp"

// A journal that is filled by hand, and what was read of it as words.
namespace tradepulse::test {

// Events `first`..`last` of one epoch in the leaf of a day ("2024-08-01"), each a second behind the
// one before; price = number, volume 10, source sequence = number + 1000.
inline void journal(test_database& db, const std::string& name, std::int64_t in_epoch,
                    const std::string& day, std::int64_t first, std::int64_t last) {
  db.run("SELECT journal_leaf('journal_prices', DATE '" + day + "')");
  db.run("INSERT INTO journal_streams (symbol, stream) VALUES ('" + name +
         "', 'price') ON CONFLICT DO NOTHING");
  db.run(
      "INSERT INTO journal_partitions (topic, partition) VALUES ('t', 0) ON CONFLICT DO NOTHING");
  const std::string id = "(SELECT stream_id FROM journal_streams WHERE symbol = '" + name + "')";
  db.run("INSERT INTO journal_leaves VALUES (" + id + ", " + std::to_string(in_epoch) + ", '" +
         day + "', " + std::to_string(first) + ")");
  db.run("INSERT INTO journal_prices (price, size, event_time, commit_time, kafka_offset, epoch, "
         "seq, source_sequence, stream_id, partition_id, size_rest, flags) SELECT n * bigint "
         "'100000000', 10000000, 1000 * n, "
         "extract(epoch FROM TIMESTAMPTZ '" +
         day + " 00:00:00Z')::bigint * 1000 + n, n, " + std::to_string(in_epoch) +
         ", n, n + 1000, " + id +
         ", (SELECT partition_id FROM journal_partitions), NULL, 0 "
         "FROM generate_series(" +
         std::to_string(first) + ", " + std::to_string(last) + ") n");
}

inline stream_position pos(std::int64_t e, std::int64_t seq) {
  return {epoch{e}, sequence{seq}};
}

inline history_query behind(std::string_view name, stream_position after, std::size_t limit = 1'000,
                            std::optional<stream_position> through = {}) {
  return {sym(name), stream_index{7}, after, through, limit};
}

inline std::string words(stream_position at) {
  return std::to_string(at.epoch.value()) + "/" + std::to_string(at.seq.value());
}

// "1/5..9 2/1..3 more": the bursts of a page.
inline std::string words(const history_page& page) {
  std::string out;
  for (const auto& burst : page.bursts)
    out += (out.empty() ? "" : " ") + std::to_string(burst->epoch().value()) + "/" +
           std::to_string(burst->first().value()) + ".." + std::to_string(burst->last().value());
  return page.more ? out + " more" : out;
}

} // namespace tradepulse::test
