#include "adapters/web/write_queue.hpp"

#include <gtest/gtest.h>

#include <array>

#include "protocol/websocket_frame.hpp"

namespace tradepulse::web {
namespace {

std::string frame(std::string_view payload) {
  std::string out;
  websocket::append_frame(out, websocket::opcode::text, payload);
  return out;
}

std::shared_ptr<const std::string> shared(std::string bytes) {
  return std::make_shared<const std::string>(std::move(bytes));
}

void append(write_queue& queue, std::string bytes) {
  const std::size_t size = bytes.size();
  queue.append({shared(std::move(bytes)), 0, size});
}

std::string take(write_queue& queue, std::size_t count) {
  std::string out(count, '\0');
  out.resize(queue.copy({out.data(), out.size()}));
  queue.consume(out.size());
  return out;
}

std::string take_all(write_queue& queue) {
  return take(queue, queue.bytes());
}

TEST(FrameBorder, FindsTheEndOfTheFrameThatBeganToLeave) {
  const std::string two = frame("abc") + frame("defg"); // 5 and 6 bytes
  EXPECT_EQ(frame_border(two, 0), 0U);
  EXPECT_EQ(frame_border(two, 1), 5U);
  EXPECT_EQ(frame_border(two, 5), 5U);
  EXPECT_EQ(frame_border(two, 6), 11U);
  EXPECT_EQ(frame_border(two, 11), 11U);
}

TEST(FrameBorder, KnowsTheLongerForms) {
  const std::string medium = frame(std::string(126, 'x'));  // 4 + 126
  const std::string large = frame(std::string(65536, 'x')); // 10 + 65536
  EXPECT_EQ(frame_border(medium + frame("a"), 1), 130U);
  EXPECT_EQ(frame_border(large + frame("a"), 1), 65546U);
}

TEST(WriteQueue, GivesBackWhatWasAppendedInItsOrder) {
  write_queue queue;
  append(queue, frame("one"));
  append(queue, frame("two"));
  EXPECT_EQ(queue.bytes(), 10U);
  EXPECT_EQ(take_all(queue), frame("one") + frame("two"));
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.bytes(), 0U);
}

TEST(WriteQueue, TakesPartOfASharedBuffer) {
  write_queue queue;
  const auto bytes = shared(frame("one") + frame("two"));
  queue.append({bytes, 5, 5});
  EXPECT_EQ(take_all(queue), frame("two"));
}

TEST(WriteQueue, IsNotFilledByAnEmptySlice) {
  write_queue queue;
  queue.append({shared("x"), 0, 0});
  EXPECT_TRUE(queue.empty());
}

TEST(WriteQueue, PutsAnUrgentFrameInFrontOfWhatHasNotBegun) {
  write_queue queue;
  append(queue, frame("one"));
  queue.insert_urgent(shared("PONG"));
  EXPECT_TRUE(queue.urgent_waiting());
  EXPECT_EQ(take_all(queue), "PONG" + frame("one"));
  EXPECT_FALSE(queue.urgent_waiting());
}

TEST(WriteQueue, PutsAnUrgentFrameBehindTheFrameThatIsHalfWritten) {
  write_queue queue;
  append(queue, frame("one"));
  append(queue, frame("two"));
  const auto begun = take(queue, 2);
  queue.insert_urgent(shared("PONG"));
  EXPECT_EQ(begun + take_all(queue), frame("one") + "PONG" + frame("two"));
}

TEST(WriteQueue, SplitsABurstAtTheFrameBorderForAnUrgentFrame) {
  write_queue queue;
  append(queue, frame("one") + frame("two") + frame("three"));
  const auto begun = take(queue, 7);
  queue.insert_urgent(shared("PONG"));
  EXPECT_EQ(begun + take_all(queue), frame("one") + frame("two") + "PONG" + frame("three"));
}

TEST(WriteQueue, NeedsNoWaitWhereABurstStandsAtAFrameBorder) {
  write_queue queue;
  append(queue, frame("one") + frame("two"));
  const auto begun = take(queue, 5);
  queue.insert_urgent(shared("PONG"));
  EXPECT_EQ(begun + take_all(queue), frame("one") + "PONG" + frame("two"));
}

TEST(WriteQueue, NeverCutsAnUrgentPieceThatIsNoFrame) {
  write_queue queue;
  queue.insert_urgent(shared("HTTP/1.1 101 Switching Protocols\r\n\r\n"));
  const auto begun = take(queue, 9);
  queue.insert_urgent(shared("CLOSE"));
  EXPECT_EQ(begun + take_all(queue), "HTTP/1.1 101 Switching Protocols\r\n\r\nCLOSE");
}

TEST(WriteQueue, CountsAnUrgentFrameAsWaitingUntilItsLastByte) {
  write_queue queue;
  queue.insert_urgent(shared("PONG"));
  take(queue, 3);
  EXPECT_TRUE(queue.urgent_waiting());
  take(queue, 1);
  EXPECT_FALSE(queue.urgent_waiting());
}

TEST(WriteQueue, DropsWhatHasNotBegunAndKeepsTheHalfWrittenFrame) {
  write_queue queue;
  append(queue, frame("one") + frame("two"));
  append(queue, frame("three"));
  const auto begun = take(queue, 1);
  queue.drop_unstarted();
  EXPECT_EQ(queue.bytes(), 4U);
  EXPECT_EQ(begun + take_all(queue), frame("one"));
}

TEST(WriteQueue, DropsEverythingWhereNothingHasBegun) {
  write_queue queue;
  append(queue, frame("one"));
  queue.insert_urgent(shared("PONG"));
  queue.drop_unstarted();
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.bytes(), 0U);
  EXPECT_FALSE(queue.urgent_waiting());
}

TEST(WriteQueue, GathersAtMostWhatThereIsRoomFor) {
  write_queue queue;
  for (int i = 0; i < 3; ++i)
    append(queue, frame("abc"));
  take(queue, 2);
  std::array<iovec, 2> room{};
  const auto pieces = queue.gather(room);
  ASSERT_EQ(pieces.size(), 2U);
  EXPECT_EQ(pieces[0].iov_len, 3U);
  EXPECT_EQ(pieces[1].iov_len, 5U);
}

TEST(WriteQueue, KeepsItsOrderWhileItIsFilledAndEmptiedForLong) {
  write_queue queue;
  std::string in;
  std::string out;
  for (int i = 0; i < 2000; ++i) {
    const auto one = frame(std::to_string(i));
    in += one;
    append(queue, one);
    if (i % 3 != 0)
      out += take(queue, 7);
  }
  out += take_all(queue);
  EXPECT_EQ(out, in);
}

} // namespace
} // namespace tradepulse::web
