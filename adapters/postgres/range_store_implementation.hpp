#pragma once

// Private to range_store_postgres*.cpp: what its members share.
#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "adapters/postgres/database_session.hpp"
#include "adapters/postgres/journal_names.hpp"
#include "adapters/postgres/range_commit.hpp"
#include "adapters/postgres/range_store_postgres.hpp"

namespace tradepulse {

namespace range_store_details {

// Every statement here finds its rows by an index. A plan that was made while a table was empty
// would read all of it, and stays until the server has counted the rows anew, up to a minute later
// and 100,000 rows too late. What an operator sets stands behind these and wins.
inline postgres_settings by_index(postgres_settings settings) {
  settings.options =
      "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off " + settings.options;
  return settings;
}

inline std::optional<error>
nul_in(std::initializer_list<std::pair<const char*, std::string_view>> texts) {
  for (const auto& [name, text] : texts)
    if (holds_nul(text))
      return error{errc::bad_utf8, std::string(name) + ": holds a NUL character"};
  return std::nullopt;
}

} // namespace range_store_details

class range_store_postgres::implementation {
 public:
  implementation(postgres_settings settings, std::shared_ptr<watchdog> dog, journal_kinds kept,
                 shared_table_options shared)
      : idle_limit_(settings.idle_in_transaction_timeout), kept_(kept), shared_tables_(shared),
        session_(range_store_details::by_index(std::move(settings)), std::move(dog)) {
    prepare_commit(session_);
  }

  // Work that answers a value, or a result of one. Where the server only was busy the connection is
  // kept.
  template <class T, class Work>
  result<T> answer(Work&& work) {
    std::optional<result<T>> out;
    if (auto fault = session_.attempt([&](database_session::call& db) { out.emplace(work(db)); })) {
      if (fault->kind != fault_kind::retry)
        session_.drop();
      return fault->as_error();
    }
    return std::move(*out);
  }

  generation granted(const topic_partition& source) const {
    const auto found = granted_.find(source);
    return found == granted_.end() ? generation{0} : found->second;
  }
  void remember(const claimed_partition& claim) { granted_[claim.source] = claim.gen; }

  const std::chrono::milliseconds idle_limit_;
  const journal_kinds kept_;
  shared_tables shared_tables_;
  database_session session_;
  journal_names names_;

 private:
  std::unordered_map<topic_partition, generation> granted_; // the last of each, also if lost
};

} // namespace tradepulse
