#include "adapters/postgres/settings.hpp"

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

using std::chrono::milliseconds;

std::string made(const postgres_settings& s) {
  auto out = connection_string(s);
  return out ? *out : "failed: " + out.failure().detail;
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(PostgresSettings, MakeAConnectionStringOfTheParts) {
  postgres_settings s;
  s.host = "db1";
  s.port = "5433";
  s.database = "prices";
  s.user = "writer";
  s.password = "it's a \\ secret";
  const auto text = made(s);
  EXPECT_TRUE(holds(text, "host='db1'")) << text;
  EXPECT_TRUE(holds(text, "port='5433'")) << text;
  EXPECT_TRUE(holds(text, "dbname='prices'")) << text;
  EXPECT_TRUE(holds(text, "user='writer'")) << text;
  EXPECT_TRUE(holds(text, "password='it\\'s a \\\\ secret'")) << text;
  EXPECT_TRUE(holds(text, "client_encoding='UTF8'")) << text;
  EXPECT_TRUE(holds(text, "application_name='tradepulse'")) << text;
}

TEST(PostgresSettings, PutTheTimeoutsIntoTheOptionsOfTheSession) {
  postgres_settings s;
  s.statement_timeout = milliseconds(4500);
  s.lock_timeout = milliseconds(700);
  s.idle_in_transaction_timeout = milliseconds(5000);
  s.synchronous_commit = commit_durability::off;
  const auto text = made(s);
  EXPECT_TRUE(holds(text, "-c statement_timeout=4500 -c lock_timeout=700 "
                          "-c idle_in_transaction_session_timeout=5000 "
                          "-c synchronous_commit=off"))
      << text;
}

TEST(PostgresSettings, PutTheOperatorsOptionsLastSoThatTheyWin) {
  postgres_settings s;
  s.url = "postgresql://u@h/d?options=-c%20work_mem%3D8MB";
  s.options = "-c statement_timeout=1";
  const auto text = made(s);
  EXPECT_LT(text.find("-c jit=off"), text.find("-c work_mem=8MB")) << text;
  EXPECT_LT(text.find("-c work_mem=8MB"), text.find("-c statement_timeout=1'")) << text;
  EXPECT_TRUE(holds(text, "-c statement_timeout=1'")) << text;
}

TEST(PostgresSettings, PassSeveralHostsThrough) {
  postgres_settings s;
  s.host = "a,b";
  s.port = "5432,5433";
  s.target_session_attrs = "read-write";
  const auto text = made(s);
  EXPECT_TRUE(holds(text, "host='a,b' ")) << text;
  EXPECT_TRUE(holds(text, "port='5432,5433'")) << text;
  EXPECT_TRUE(holds(text, "target_session_attrs='read-write'")) << text;

  postgres_settings by_url;
  by_url.url = "postgresql://u@a:1,b:2/d?target_session_attrs=read-write&connect_timeout=9";
  const auto other = made(by_url);
  EXPECT_TRUE(holds(other, "host='a,b' ")) << other;
  EXPECT_TRUE(holds(other, "port='1,2'")) << other;
  EXPECT_TRUE(holds(other, "target_session_attrs='read-write'")) << other;
  EXPECT_TRUE(holds(other, "connect_timeout='9'")) << other;
}

TEST(PostgresSettings, RoundTheConnectTimeoutUpToWholeSecondsOfAtLeastTwo) {
  postgres_settings s;
  s.connect_timeout = milliseconds(300);
  EXPECT_TRUE(holds(made(s), "connect_timeout='2'"));
  s.connect_timeout = milliseconds(2001);
  EXPECT_TRUE(holds(made(s), "connect_timeout='3'"));
}

TEST(PostgresSettings, NeverShowTheUrlInAnError) {
  postgres_settings s;
  s.url = "postgresql://u:hunter2%zz@h/d";
  auto out = connection_string(s);
  ASSERT_FALSE(out);
  EXPECT_EQ(out.failure().code, errc::configuration);
  EXPECT_TRUE(holds(out.failure().detail, "postgres.url")) << out.failure().detail;
  EXPECT_FALSE(holds(out.failure().detail, "hunter2")) << out.failure().detail;
}

TEST(PostgresSettings, RefuseNul) {
  postgres_settings s;
  s.user = std::string("a\0b", 3);
  auto out = connection_string(s);
  ASSERT_FALSE(out);
  EXPECT_EQ(out.failure().detail, "postgres.user: holds a NUL character");
}

} // namespace
} // namespace tradepulse
