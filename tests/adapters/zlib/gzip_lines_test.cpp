#include "adapters/zlib/gzip_lines.hpp"

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <vector>

#include <zlib.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tradepulse {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string gzip(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  std::string in = text;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

class GzipLines : public testing::Test {
 protected:
  void SetUp() override {
    path = testing::TempDir() + "/tradepulse-lines-" + std::to_string(::getpid());
  }
  void TearDown() override { std::remove(path.c_str()); }

  gzip_lines open(const std::string& content, std::size_t longest = 1'000'000) {
    std::ofstream(path, std::ios::binary) << content;
    auto made = gzip_lines::open(path, longest);
    EXPECT_TRUE(made.has_value());
    return std::move(made).value();
  }
  // All lines; the error at the end, if there was one, in `failure`.
  std::vector<std::string> read(gzip_lines&& lines) {
    std::vector<std::string> out;
    for (;;) {
      const auto line = lines.next();
      if (!line) {
        failure = line.failure();
        return out;
      }
      if (!*line)
        return out;
      out.emplace_back(**line);
    }
  }

  std::string path;
  std::optional<error> failure;
};

TEST_F(GzipLines, ReadsACompressedFile) {
  EXPECT_THAT(read(open(gzip("one\ntwo\n\nfour\n"))), ElementsAre("one", "two", "", "four"));
  EXPECT_FALSE(failure);
}

TEST_F(GzipLines, ReadsAPlainFile) {
  EXPECT_THAT(read(open("one\ntwo\r\nthree")), ElementsAre("one", "two\r", "three"));
  EXPECT_FALSE(failure);
}

TEST_F(GzipLines, GivesTheLastLineWithoutALineFeed) {
  EXPECT_THAT(read(open(gzip("one\ntwo"))), ElementsAre("one", "two"));
}

TEST_F(GzipLines, HasNoLineInAnEmptyFile) {
  EXPECT_THAT(read(open("")), IsEmpty());
  EXPECT_THAT(read(open(gzip(""))), IsEmpty());
  EXPECT_FALSE(failure);
}

TEST_F(GzipLines, ReadsMembersOneAfterTheOther) {
  EXPECT_THAT(read(open(gzip("one\ntw") + gzip("o\nthree\n"))), ElementsAre("one", "two", "three"));
  EXPECT_THAT(read(open(gzip("one\n") + std::string(512, '\0'))), ElementsAre("one"));
  EXPECT_FALSE(failure);
}

TEST_F(GzipLines, ReadsLinesLongerThanItsBuffers) {
  const std::string line(400'000, 'x');
  EXPECT_THAT(read(open(gzip(line + "\nshort\n" + line + "\n"))), ElementsAre(line, "short", line));
  EXPECT_FALSE(failure);
}

TEST_F(GzipLines, CountsLinesAndBytes) {
  const auto content = gzip("one\ntwo\n");
  auto lines = open(content);
  EXPECT_EQ(lines.line_number(), 0u);
  EXPECT_EQ(lines.total_bytes(), content.size());
  for (std::uint64_t expected : {1u, 2u}) {
    ASSERT_TRUE(lines.next().has_value());
    EXPECT_EQ(lines.line_number(), expected);
  }
  const auto end = lines.next();
  ASSERT_TRUE(end.has_value());
  EXPECT_FALSE(end->has_value());
  EXPECT_EQ(lines.bytes_read(), content.size());
}

TEST_F(GzipLines, SaysWhereATruncatedFileEnds) {
  const auto content = gzip("one\ntwo\nthree\n");
  for (std::size_t cut = 1; cut < content.size(); ++cut) {
    failure.reset();
    read(open(content.substr(0, cut)));
    ASSERT_TRUE(failure) << "cut off after " << cut << " bytes";
    EXPECT_EQ(failure->code, errc::io);
    EXPECT_THAT(failure->detail, HasSubstr("byte " + std::to_string(cut) + ": truncated"));
  }
}

TEST_F(GzipLines, GivesTheLinesBeforeADamage) {
  std::string text;
  for (int i = 0; i < 100'000; ++i)
    text += "line " + std::to_string(i * 7919 % 100'003) + "\n";
  auto content = gzip(text);
  content[content.size() - 6] ^= 0x55; // in the checksum
  const auto lines = read(open(content));
  EXPECT_GT(lines.size(), 90'000u);
  EXPECT_EQ(lines[1], "line 7919");
  ASSERT_TRUE(failure);
  EXPECT_THAT(failure->detail, HasSubstr("corrupt: incorrect data check"));
}

TEST_F(GzipLines, RefusesGarbageBehindAMember) {
  EXPECT_THAT(read(open(gzip("one\n") + "garbage")), ElementsAre("one"));
  ASSERT_TRUE(failure);
  EXPECT_THAT(failure->detail, HasSubstr("corrupt: incorrect header check"));
}

TEST_F(GzipLines, RefusesALineAboveTheLimit) {
  EXPECT_THAT(read(open("123456\n1234567\n", 6)), ElementsAre("123456"));
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, errc::too_large);
  EXPECT_THAT(failure->detail, HasSubstr("line 2, "));
}

TEST_F(GzipLines, RepeatsItsError) {
  auto lines = open("1234567\nshort\n", 6);
  const auto first = lines.next();
  const auto second = lines.next();
  ASSERT_FALSE(first.has_value());
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(first.failure(), second.failure());
}

TEST_F(GzipLines, NamesAFileThatIsNotThere) {
  const auto made = gzip_lines::open(path + ".absent");
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.failure().detail, "\"" + path + ".absent\": No such file or directory");
  const auto folder = gzip_lines::open(testing::TempDir());
  ASSERT_FALSE(folder.has_value());
  EXPECT_THAT(folder.failure().detail, HasSubstr("is a folder"));
}

} // namespace
} // namespace tradepulse
