// What leaves by the outbox: whole frames, in order, whatever the peer does.
//
// The first two tests are there for two mutants: an outbox that writes past its queue when the
// socket happens to be writable, and one that puts a pong in front of a half-written frame.
#include <gtest/gtest.h>

#include <atomic>
#include <map>

#include "tests/adapters/web/web_server.hpp"

namespace tradepulse::web {
namespace {

using namespace std::chrono_literals;
using testing::raw_client;
using testing::recorder;
using testing::text_slice;
using testing::web_server;

class Outbox : public ::testing::Test {
 protected:
  web_server server;

  // Which codes connections have ended with, and how often.
  std::map<std::string, std::uint64_t> closings() {
    std::map<std::string, std::uint64_t> out;
    for (const auto& family : server.registry.families())
      if (family.name == "tradepulse_web_closes_total")
        for (const auto& sample : family.samples)
          if (sample.as_counter->value() != 0)
            out[sample.tags.back().second] = sample.as_counter->value();
    return out;
  }

  Outbox() {
    server.options.limits.send_buffer_bytes = 4608;
    server.options.limits.outbound_queue_bytes = 32 * 1024;
  }
  void connect() {
    server.open();
    client = std::make_unique<raw_client>(server.number(), 4096);
    client->upgrade();
    owner = server.clients.connection();
  }
  // More than socket buffers take.
  static std::string large(char fill) { return std::string(512 * 1024, fill); }

  std::unique_ptr<raw_client> client;
  std::shared_ptr<recorder> owner;
};

TEST_F(Outbox, KeepsFramesWholeAndInOrderBetweenPongsAndRefusals) {
  constexpr int frames = 20'000;
  server.options.limits.frames_per_second = 0;
  std::atomic<int> refusals{0};
  server.clients.opened_hook = [&](recorder& one) {
    const auto next = std::make_shared<int>(0);
    one.drained_hook = [&, next](recorder& self) {
      while (*next < frames) {
        // Lengths that fit no buffer; three forms of header.
        const auto text = std::to_string(*next) + ":" +
                          std::string(static_cast<std::size_t>(*next * 7919 % 700), 'x');
        const auto outcome = self.out->push(text_slice(text));
        if (outcome == push_outcome::refused) {
          ++refusals;
          return;
        }
        ASSERT_EQ(outcome, push_outcome::accepted);
        ++*next;
        if (*next % 5 == 0)
          self.out->flush();
      }
      self.out->flush();
    };
    one.drained_hook(one);
  };
  connect();
  int seen = 0;
  int pings = 0;
  int pongs = 0;
  while (seen < frames || pongs < pings) {
    const auto frame = client->read_frame();
    ASSERT_TRUE(frame);
    if (frame->first_octet == 0x8a) {
      ASSERT_EQ(frame->payload, "ping " + std::to_string(pongs++));
      continue;
    }
    ASSERT_EQ(frame->first_octet, 0x81);
    ASSERT_EQ(frame->payload.substr(0, frame->payload.find(':') + 1), std::to_string(seen) + ":");
    ASSERT_EQ(frame->payload.size(),
              std::to_string(seen).size() + 1 + static_cast<std::size_t>(seen * 7919 % 700));
    if (seen++ % 50 == 0)
      client->send_frame(0x89, "ping " + std::to_string(pings++));
  }
  EXPECT_GT(refusals, 0);
  EXPECT_EQ(pongs, 400);
}

TEST_F(Outbox, PutsAPongBehindTheFrameThatIsHalfWrittenAndBeforeTheNext) {
  connect();
  server.io([&] {
    // A burst of two frames, of which the first is half written.
    auto burst = std::make_shared<std::string>();
    websocket::append_frame(*burst, websocket::opcode::text, large('a'));
    websocket::append_frame(*burst, websocket::opcode::text, "in the burst");
    const std::size_t size = burst->size();
    EXPECT_EQ(owner->out->push({std::move(burst), 0, size}), push_outcome::accepted);
    owner->out->flush();
    EXPECT_GT(owner->out->queued_bytes(), 32U * 1024U);
  });
  client->send_frame(0x89, "hello");
  // Read, and so answered into the queue, before the client takes the first byte.
  ASSERT_TRUE(testing::eventually(
      [&] { return server.counter("tradepulse_web_received_bytes_total") == 11; }));
  server.io([] {});
  EXPECT_EQ(client->read_frame()->payload, large('a'));
  const auto pong = client->read_frame();
  EXPECT_EQ(pong->first_octet, 0x8a);
  EXPECT_EQ(pong->payload, "hello");
  EXPECT_EQ(client->read_frame()->payload, "in the burst");
}

TEST_F(Outbox, DoesNotWritePastAQueueThatWaits) {
  connect();
  server.io([&] {
    EXPECT_EQ(owner->out->push(text_slice(large('a'))), push_outcome::accepted);
    owner->out->flush();
    const auto calls = server.counter("tradepulse_web_send_calls_total");
    owner->out->flush(); // not writable: not even tried
    EXPECT_EQ(server.counter("tradepulse_web_send_calls_total"), calls);
  });
  EXPECT_EQ(client->read_frame()->payload, large('a'));
}

TEST_F(Outbox, SendsManyPushesWithOneSystemCall) {
  server.options.limits.send_buffer_bytes = 0;
  server.options.limits.outbound_queue_bytes = 1024 * 1024;
  connect();
  for (const std::size_t length : {std::size_t{100}, std::size_t{500}}) { // a copy; 64 pieces
    const auto calls = server.io([&] {
      const auto before = server.counter("tradepulse_web_send_calls_total");
      for (int i = 0; i < 64; ++i)
        EXPECT_EQ(owner->out->push(text_slice(std::string(length, 'x'))), push_outcome::accepted);
      EXPECT_EQ(server.counter("tradepulse_web_send_calls_total"), before); // push only appends
      owner->out->flush();
      EXPECT_EQ(owner->out->queued_bytes(), 0U);
      return server.counter("tradepulse_web_send_calls_total") - before;
    });
    EXPECT_EQ(calls, 1U) << length;
    for (int i = 0; i < 64; ++i)
      EXPECT_EQ(client->read_frame()->payload.size(), length);
  }
}

TEST_F(Outbox, RefusesWholeAboveItsBoundAndTellsWhenItIsEmpty) {
  connect();
  server.io([&] {
    EXPECT_EQ(owner->out->push(text_slice(large('a'))),
              push_outcome::accepted); // one slice: any size
    owner->out->flush();
    const auto waiting = owner->out->queued_bytes();
    EXPECT_EQ(owner->out->push(text_slice("b")), push_outcome::refused);
    EXPECT_EQ(owner->out->push(text_slice("c")), push_outcome::refused);
    EXPECT_EQ(owner->out->queued_bytes(), waiting);
  });
  EXPECT_EQ(owner->drained(), 0);
  EXPECT_EQ(client->read_frame()->payload, large('a'));
  ASSERT_TRUE(owner->wait_drained(1));
  server.io([&] {
    EXPECT_EQ(owner->out->push(text_slice("d")), push_outcome::accepted);
    owner->out->flush();
  });
  EXPECT_EQ(client->read_frame()->payload, "d"); // and nothing of what was refused
  EXPECT_EQ(owner->drained(), 1);
  EXPECT_EQ(server.counter("tradepulse_web_refused_pushes_total"), 2U);
}

TEST_F(Outbox, DoesNotTellOfEmptinessThatNobodyWaitsFor) {
  connect();
  server.io([&] {
    EXPECT_EQ(owner->out->push(text_slice(large('a'))), push_outcome::accepted);
    owner->out->flush();
  });
  EXPECT_EQ(client->read_frame()->payload, large('a'));
  ASSERT_TRUE(testing::eventually(
      [&] { return server.io([&] { return owner->out->queued_bytes(); }) == 0; }));
  EXPECT_EQ(owner->drained(), 0);
}

TEST_F(Outbox, WritesByItselfBeforeItRefusesAClientThatReads) {
  server.options.limits.send_buffer_bytes = 0;
  server.options.limits.outbound_queue_bytes = 4096;
  connect();
  server.io([&] {
    for (int i = 0; i < 16; ++i) // four times the bound, and no flush by us
      EXPECT_EQ(owner->out->push(text_slice(std::string(1000, 'x'))), push_outcome::accepted);
    owner->out->flush();
  });
  for (int i = 0; i < 16; ++i)
    EXPECT_EQ(client->read_frame()->payload.size(), 1000U);
}

TEST_F(Outbox, GivesAKickedClientItsWholeFramesAndThenTheClose) {
  connect();
  server.io([&] {
    EXPECT_EQ(owner->out->push(text_slice(large('a'))), push_outcome::accepted);
    owner->out->flush();
    EXPECT_EQ(owner->out->push(text_slice("b")), push_outcome::refused);
    owner->out->close(close_code::slow_consumer, "retry_after_ms=10");
    owner->out->close(close_code::normal, "twice");
    EXPECT_EQ(owner->out->push(text_slice("c")), push_outcome::closed);
  });
  EXPECT_EQ(client->read_frame()->payload, large('a'));
  const auto close = client->read_frame();
  ASSERT_TRUE(close);
  EXPECT_EQ(close->first_octet, 0x88);
  EXPECT_EQ(close->close_code(), 4503);
  EXPECT_EQ(close->close_reason(), "retry_after_ms=10");
  EXPECT_TRUE(client->confirm_close(4503));
  EXPECT_EQ(owner->wait_closed(), close_code::slow_consumer);
  EXPECT_EQ(owner->drained(), 0); // closed: nobody is told to go on
  EXPECT_TRUE(server.port->wait_until_empty(testing::patience));
  EXPECT_EQ(closings(), (std::map<std::string, std::uint64_t>{{"4503", 1}}));
}

TEST_F(Outbox, WritesNothingBehindItsCloseFrame) {
  connect();
  server.io([&] { owner->out->close(close_code::forbidden, ""); });
  client->send_frame(0x89, "ping");
  EXPECT_EQ(client->read_frame()->close_code(), 4403);
  client->send_frame(0x89, "ping");
  client->send_frame(0x88, "\x11\x33");
  EXPECT_FALSE(client->read_frame()); // no pong, no second close
  EXPECT_EQ(owner->wait_closed(), close_code::forbidden);
}

TEST_F(Outbox, AnswersThePeersCloseBehindTheHalfWrittenFrameOnly) {
  connect();
  server.io([&] {
    EXPECT_EQ(owner->out->push(text_slice(large('a'))), push_outcome::accepted);
    owner->out->flush();
    server.clients.connection();
  });
  client->send_frame(0x88, "\x03\xe8");
  EXPECT_EQ(client->read_frame()->payload, large('a'));
  EXPECT_EQ(client->read_frame()->close_code(), 1000);
  EXPECT_TRUE(client->reaches_end());
  EXPECT_EQ(owner->wait_closed(), close_code::normal);
}

TEST_F(Outbox, DropsAPeerThatDoesNotAnswerItsClose) {
  server.options.limits.close_timeout = 50ms;
  connect();
  server.io([&] { owner->out->close(close_code::replaced, ""); });
  EXPECT_EQ(client->read_close().close_code(), 4409);
  EXPECT_TRUE(client->reaches_end());
  EXPECT_EQ(owner->wait_closed(), close_code::replaced);
}

TEST_F(Outbox, ClosesAClientThatReadsNothingButSendsPongs) {
  server.options.limits.write_timeout = 200ms;
  server.options.limits.frames_per_second = 0;
  connect();
  server.io([&] {
    EXPECT_EQ(owner->out->push(text_slice(large('a'))), push_outcome::accepted);
    owner->out->flush();
  });
  while (!owner->closed_within(10ms))
    if (!client->try_send(testing::client_frame(0x8a, "alive")))
      break;
  EXPECT_EQ(owner->wait_closed(), close_code::slow_consumer);
  EXPECT_TRUE(server.port->wait_until_empty(testing::patience));
  EXPECT_EQ(closings(), (std::map<std::string, std::uint64_t>{{"4503", 1}}));
}

TEST_F(Outbox, CountsASlowClientThatThenVanishesOnce) {
  connect();
  server.io([&] {
    EXPECT_EQ(owner->out->push(text_slice(large('a'))), push_outcome::accepted);
    owner->out->flush();
    owner->out->close(close_code::slow_consumer, "");
  });
  client->reset(); // it never sees the close frame
  EXPECT_EQ(owner->wait_closed(), close_code::slow_consumer);
  EXPECT_TRUE(server.port->wait_until_empty(testing::patience));
  EXPECT_EQ(closings(), (std::map<std::string, std::uint64_t>{{"4503", 1}}));
}

TEST_F(Outbox, DropsAKickedClientThatNeverReads) {
  server.options.limits.write_timeout = 200ms;
  connect();
  server.io([&] {
    EXPECT_EQ(owner->out->push(text_slice(large('a'))), push_outcome::accepted);
    owner->out->flush();
    owner->out->close(close_code::unauthenticated, "");
  });
  EXPECT_EQ(owner->wait_closed(), close_code::unauthenticated); // the first cause is told
  EXPECT_TRUE(server.port->wait_until_empty(testing::patience));
}

TEST_F(Outbox, KeepsAClientThatReadsSlowly) {
  server.options.limits.write_timeout = 500ms;
  connect();
  server.io([&] {
    EXPECT_EQ(owner->out->push(text_slice(large('a'))), push_outcome::accepted);
    owner->out->flush();
  });
  // Some bytes at a time for longer than the deadline: progress is what counts.
  std::string got;
  for (int i = 0; i < 40; ++i) {
    got += client->read_bytes(4096);
    ASSERT_FALSE(owner->closed_within(30ms));
  }
  EXPECT_EQ(got.size(), 40U * 4096U);
}

TEST_F(Outbox, EndsWithAPeerThatVanishesWhileFramesWait) {
  connect();
  server.io([&] {
    EXPECT_EQ(owner->out->push(text_slice(large('a'))), push_outcome::accepted);
    owner->out->flush();
  });
  client->reset();
  EXPECT_EQ(owner->wait_closed(), close_code::going_away);
}

} // namespace
} // namespace tradepulse::web
