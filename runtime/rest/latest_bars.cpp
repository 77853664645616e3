#include "runtime/rest/latest_bars.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/rest/bar_answer.hpp"
#include "runtime/rest/bar_request.hpp"
#include "runtime/rest/responses.hpp"

namespace tradepulse {
namespace {

using state = symbol_directory::lookup_state;

constexpr std::string_view route = "/bars/latest";
// Streams that one look at the directory gives.
constexpr std::size_t streams_at_a_time = 512;

struct symbols_behind {
  std::vector<symbol> names;
  bool more = false;
};

symbols_behind all_symbols(const symbol_directory& directory, const symbol& after,
                           std::size_t limit) {
  symbols_behind out;
  auto last = after;
  stream_key at{after};
  for (;;) {
    const auto streams = directory.list_all(at, streams_at_a_time);
    for (const auto& each : streams) {
      if (each->key.symbol == last)
        continue;
      if (out.names.size() == limit) {
        out.more = true;
        return out;
      }
      last = each->key.symbol;
      out.names.push_back(last);
    }
    if (streams.size() < streams_at_a_time)
      return out;
    at = streams.back()->key;
  }
}

void append_name(std::string& to, const symbol& name) {
  to += to.empty() ? "\"" : ",\"";
  to.append(name.view()).append("\"");
}

// One request, until it has its bars.
class latest_asking : public std::enable_shared_from_this<latest_asking> {
 public:
  latest_asking(const bar_parts& parts, const latest_request& asked)
      : stored_(*parts.stored), interval_(asked.interval), all_(asked.symbols.empty()) {
    symbols_behind which{asked.symbols, false};
    if (all_)
      which = all_symbols(*parts.directory, asked.after.value_or(symbol{}), asked.limit);
    if (which.more)
      next_ = which.names.back().str();
    for (const auto& name : which.names) {
      auto from = find_bar_stream(parts, name, asked.interval);
      if (from.state == state::not_owner)
        append_name(elsewhere_, name);
      else
        wanted_.push_back({name, std::move(from), {}});
    }
  }

  void begin(http_answer answer) {
    answer_ = std::move(answer);
    read(event_kind::kline);
  }

 private:
  // First the klines, then the candles: each is one question.
  void read(event_kind of) {
    bar_query query;
    query.limit = 1;
    query.newest = true;
    for (const auto& each : wanted_)
      if (each.from.kind.events() == of) {
        query.symbols.push_back(each.name);
        query.kind = each.from.kind;
      }
    if (query.symbols.empty())
      return take(of, query, {});
    stored_.read(query, [self = shared_from_this(), of, query](result<bar_page> page) {
      if (!page)
        return self->answer_(refused(page.failure(), route));
      self->take(of, query, std::move(*page));
    });
  }

  struct one {
    symbol name;
    bar_stream from;
    bars_of_symbol found;
  };

  void take(event_kind of, const bar_query& query, bar_page page) {
    auto found = page.begin();
    for (auto& each : wanted_)
      if (each.from.kind.events() == of) {
        each.found = std::move(*found++);
        add_memory(each.found, each.from, query);
      }
    if (of == event_kind::kline)
      return read(event_kind::candle);
    answer_(routed(json_response(200, body()), route));
  }

  std::string body() const {
    std::string data, missing;
    std::size_t count = 0;
    for (const auto& each : wanted_) {
      if (each.found.bars.empty()) {
        if (!all_)
          append_name(missing, each.name);
        continue;
      }
      data += count++ == 0 ? "" : ",";
      data += R"({"symbol":")" + each.name.str() + R"(","source":")" + name_of(each.from.kind) +
              R"(",)";
      append_bar(data, each.found.bars.back());
      const auto at = each.found.committed;
      data += R"(,"position":)";
      data += at == stream_position{} ? "null}"
                                      : R"({"epoch":)" + std::to_string(at.epoch.value()) +
                                            R"(,"seq":)" + std::to_string(at.seq.value()) + "}}";
    }
    std::string out = R"({"interval":")" + std::string(name_of(interval_)) + R"(","count":)" +
                      std::to_string(count) + R"(,"data":[)" + data + R"(],"missing":[)" + missing +
                      "]";
    if (!elsewhere_.empty())
      out += R"(,"not_owner":[)" + elsewhere_ + "]";
    if (!next_.empty())
      out += R"(,"next":")" + next_ + R"(")";
    return out + "}";
  }

  bar_source& stored_;
  const kline_interval interval_;
  const bool all_;
  http_answer answer_;
  std::vector<one> wanted_;
  std::string elsewhere_;
  std::string next_;
};

} // namespace

http_response latest_bars(const bar_parts& parts, std::string_view query) {
  const auto asked = parse_latest_request(query);
  if (!asked)
    return refused(asked.failure(), route);
  auto one = std::make_shared<latest_asking>(parts, *asked);
  http_response out;
  out.later = [one = std::move(one)](http_answer answer) { one->begin(std::move(answer)); };
  return routed(std::move(out), route);
}

} // namespace tradepulse
