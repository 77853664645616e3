#include "adapters/postgres/settings.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <memory>

#include <libpq-fe.h>

namespace tradepulse {
namespace {

using keywords = std::map<std::string, std::string>;

std::string_view name_of(commit_durability durability) {
  constexpr std::array<std::string_view, 5> names{"off", "local", "remote_write", "on",
                                                  "remote_apply"};
  return names[static_cast<std::size_t>(durability)];
}

std::string millis(std::chrono::milliseconds value) {
  return std::to_string(std::max<std::int64_t>(value.count(), 0));
}

// What a session is told. The generic plan: every statement of ours is planned once, and planning
// the arrays of a batch again each time costs more than it can win.
std::string session_options(const postgres_settings& s) {
  std::string out;
  auto set = [&out](std::string_view name, std::string_view value) {
    out.append(out.empty() ? "-c " : " -c ").append(name).append("=").append(value);
  };
  set("statement_timeout", millis(s.statement_timeout));
  set("lock_timeout", millis(s.lock_timeout));
  set("idle_in_transaction_session_timeout", millis(s.idle_in_transaction_timeout));
  set("synchronous_commit", name_of(s.synchronous_commit));
  set("default_transaction_isolation", "read\\ committed");
  set("plan_cache_mode", "force_generic_plan");
  set("jit", "off");
  return out;
}

// libpq's own error texts quote the URL, password included: they are not passed on.
result<keywords> parse_url(const std::string& url) {
  char* message = nullptr;
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> parsed{
      PQconninfoParse(url.c_str(), &message), PQconninfoFree};
  if (message != nullptr)
    PQfreemem(message);
  if (!parsed)
    return error{errc::configuration,
                 "postgres.url: not a URL (postgresql://user@host:port/database) or keyword "
                 "string of libpq (the value is not shown, it may hold a password)"};
  keywords out;
  for (const auto* option = parsed.get(); option->keyword != nullptr; ++option)
    if (option->val != nullptr)
      out.emplace(option->keyword, option->val);
  return out;
}

void append_keyword(std::string& out, const std::string& name, const std::string& value) {
  out.append(out.empty() ? "" : " ").append(name).append("='");
  for (const char c : value) {
    if (c == '\'' || c == '\\')
      out += '\\';
    out += c;
  }
  out += '\'';
}

} // namespace

bool holds_nul(std::string_view text) noexcept {
  return text.find('\0') != std::string_view::npos;
}

result<std::string> connection_string(const postgres_settings& s) {
  const std::array<std::pair<const char*, const std::string*>, 9> texts{{
      {"postgres.url", &s.url},
      {"postgres.host", &s.host},
      {"postgres.port", &s.port},
      {"postgres.database", &s.database},
      {"postgres.user", &s.user},
      {"postgres.password", &s.password},
      {"postgres.target_session_attrs", &s.target_session_attrs},
      {"postgres.options", &s.options},
      {"postgres.application_name", &s.application_name},
  }};
  for (const auto& [key, value] : texts)
    if (holds_nul(*value))
      return error{errc::configuration, std::string(key) + ": holds a NUL character"};

  keywords words;
  if (!s.url.empty()) {
    auto parsed = parse_url(s.url);
    if (!parsed)
      return parsed.failure();
    words = std::move(*parsed);
  } else {
    words = {{"host", s.host}, {"port", s.port}, {"dbname", s.database}, {"user", s.user}};
    if (!s.password.empty())
      words.emplace("password", s.password);
  }
  // What the URL says stands; ours fills the rest.
  if (!s.target_session_attrs.empty())
    words.emplace("target_session_attrs", s.target_session_attrs);
  words.emplace("application_name", s.application_name);
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(s.connect_timeout).count();
  words.emplace("connect_timeout", std::to_string(std::max<std::int64_t>(seconds, 2)));
  words["client_encoding"] = "UTF8";
  auto& options = words["options"];
  std::string all = session_options(s);
  for (const std::string& more : {options, s.options})
    if (!more.empty())
      all.append(" ").append(more);
  options = std::move(all);

  std::string out;
  for (const auto& [name, value] : words)
    append_keyword(out, name, value);
  return out;
}

} // namespace tradepulse
