#pragma once

#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "adapters/postgres/source_store_postgres.hpp"
#include "tests/adapters/postgres/support/kinds.hpp"
#include "tests/adapters/postgres/support/settled_names.hpp"
#include "tests/adapters/postgres/support/wire_proxy.hpp"

// A stream of klines by upstream's numbers, and a reader of it.
namespace tradepulse::test {

inline constexpr std::int64_t day_ms = 86'400'000;
inline constexpr std::int64_t noon = 1'699'963'200'000; // 2023-11-14

class source_store_test : public testing::Test {
 protected:
  source_store_test() {
    migrated(db);
    gen = own(writer, part0);
  }

  // A message about the minute `close`, which is its close; without a number where that is 0.
  static logged_kline message(std::int64_t number, std::int64_t close, std::int64_t event_ms = 0) {
    auto out = kline(0, 60'000 * close, std::to_string(close), "1.5", true);
    if (number != 0)
      out.source_sequence = number;
    if (event_ms != 0)
      out.event_time = at_ms(event_ms);
    return out;
  }
  // On the day so many behind the first one, as the next ones of the stream.
  void commit(std::int64_t day, std::vector<logged_kline> messages, std::int64_t in_epoch = 1) {
    if (in_epoch != epoch_)
      next_ = 1;
    epoch_ = in_epoch;
    const auto count = static_cast<std::int64_t>(messages.size());
    const auto work =
        journalled(range(part0, gen.value(), offset_, offset_ + 1,
                         {position("A", kline_1m, in_epoch, next_ + count - 1, 1)}),
                   {events.run("A", in_epoch, next_, std::move(messages))}, noon + day * day_ms);
    ASSERT_EQ(word(writer.commit(work)), "committed 1");
    ++offset_;
    next_ += count;
  }
  source_page read(std::int64_t after, std::int64_t through, std::size_t limit = 100,
                   kline_interval interval = kline_interval::m1) {
    auto page = store.read({sym("A"), interval, after, through, limit});
    if (!page)
      throw std::runtime_error(page.failure().detail);
    return *page;
  }
  // "5=50 7=70 more below above": numbers with their closes.
  static std::string words(const source_page& page) {
    std::string out;
    for (const auto& each : page.klines)
      out += std::to_string(each.number) + "=" +
             (each.value ? each.value->close.to_string() : "unusable") + " ";
    for (const auto& [is, word] : {std::pair{page.more, "more "},
                                   {page.below, "below "},
                                   {page.above, "above "},
                                   {!page.known, "unknown "}})
      out += is ? word : "";
    return out;
  }
  postgres_settings through(const wire_proxy& proxy) const {
    auto settings = db.settings("counted");
    settings.url += " host=127.0.0.1 port=" + proxy.port() + " sslmode=disable gssencmode=disable";
    return settings;
  }

  test_database db;
  range_store_postgres writer{
      db.settings("writer"), shared_watchdog(), journal_kinds::all(), {kline_numbers::source}};
  source_store_postgres store{db.settings("reader"), shared_watchdog()};
  generation gen{1};
  kept_kinds events;
  std::int64_t offset_ = 0, next_ = 1, epoch_ = 1;
};

} // namespace tradepulse::test
