// Requests out of bytes, without a socket.
#include <gtest/gtest.h>

#include <cstring>

#include "adapters/web/request_reader.hpp"

namespace tradepulse::web {
namespace {

using step = request_reader::step;

class RequestReader : public ::testing::Test {
 protected:
  connection_limits limits;
  request_reader reader{limits};

  void feed(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto room = reader.room();
      const std::size_t count = std::min(room.size(), bytes.size());
      std::memcpy(room.data(), bytes.data(), count);
      reader.received(count);
      bytes.remove_prefix(count);
    }
  }
};

TEST_F(RequestReader, TellsOfTheHeadBeforeTheBodyHasCome) {
  feed("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n");
  EXPECT_EQ(reader.advance(), step::more);
  feed("\r\n");
  EXPECT_EQ(reader.advance(), step::head);
  EXPECT_EQ(reader.request().method, "POST");
  EXPECT_EQ(reader.request().target, "/p");
  EXPECT_EQ(reader.advance(), step::more);
  feed("abc");
  EXPECT_EQ(reader.advance(), step::whole);
  EXPECT_EQ(reader.take_body(), "abc");
}

TEST_F(RequestReader, KeepsWhatCameBehindARequestForTheNext) {
  feed("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\nOrigin: o\r\n\r\n");
  EXPECT_EQ(reader.advance(), step::head);
  EXPECT_EQ(reader.advance(), step::whole);
  EXPECT_EQ(reader.request().target, "/1");
  EXPECT_EQ(reader.request().origin, "");
  EXPECT_FALSE(reader.drained());
  reader.begin();
  EXPECT_EQ(reader.advance(), step::head);
  EXPECT_EQ(reader.advance(), step::whole);
  EXPECT_EQ(reader.request().target, "/2");
  EXPECT_EQ(reader.request().origin, "o");
  EXPECT_TRUE(reader.drained());
}

TEST_F(RequestReader, DoesNotTakeAnEmptyLineForTheBeginningOfARequest) {
  feed("\r");
  EXPECT_EQ(reader.advance(), step::more);
  feed("\n");
  EXPECT_EQ(reader.advance(), step::more);
  EXPECT_TRUE(reader.drained());
  feed("GET / HTTP/1.1\r\nHost: h\r\n\r\n\r\n");
  EXPECT_EQ(reader.advance(), step::head);
  EXPECT_EQ(reader.advance(), step::whole);
  EXPECT_FALSE(reader.drained());
  reader.begin();
  EXPECT_TRUE(reader.drained());
}

TEST_F(RequestReader, RefusesALoneCarriageReturn) {
  feed("\rGET / HTTP/1.1\r\n");
  EXPECT_EQ(reader.advance(), step::refused);
}

TEST_F(RequestReader, ForgetsTheHeadOfTheRequestBefore) {
  feed("HEAD / HTTP/1.0\r\nAuthorization: Bearer t\r\n\r\n");
  EXPECT_EQ(reader.advance(), step::head);
  EXPECT_TRUE(reader.request().head_only);
  EXPECT_TRUE(reader.request().old_client);
  EXPECT_EQ(reader.advance(), step::whole);
  reader.begin();
  EXPECT_FALSE(reader.request().head_only);
  EXPECT_FALSE(reader.request().old_client);
  EXPECT_EQ(reader.request().authorization, "");
}

TEST_F(RequestReader, GivesBackWhatIsBehindAnUpgrade) {
  feed("GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
       "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\nframes");
  EXPECT_EQ(reader.advance(), step::head);
  EXPECT_TRUE(reader.request().wants_websocket);
  EXPECT_FALSE(reader.request().wrong_upgrade);
  EXPECT_EQ(reader.request().websocket_key, "dGhlIHNhbXBsZSBub25jZQ==");
  EXPECT_EQ(reader.rest(), "frames");
}

TEST_F(RequestReader, SaysWhatIsWrongWithAnUpgradeAndLetsTheHeadPass) {
  feed("GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  EXPECT_EQ(reader.advance(), step::head);
  ASSERT_TRUE(reader.request().wrong_upgrade);
  EXPECT_EQ(reader.request().wrong_upgrade->status, 426);
}

TEST_F(RequestReader, RefusesAHeadBeyondItsLimitBeforeItsEnd) {
  std::string many = "GET / HTTP/1.1\r\nHost: h\r\n";
  while (many.size() <= 16 * 1024)
    many += "X-Field: 0123456789\r\n";
  feed(many);
  EXPECT_EQ(reader.advance(), step::refused);
  EXPECT_EQ(reader.refused().status, 431);
  EXPECT_EQ(reader.refused().message, "header of more than 16384 bytes");
}

// RFC 9112, 5.2: two servers could read such a head differently.
TEST_F(RequestReader, RefusesAFieldThatGoesOnInTheNextLine) {
  for (const char* space : {" ", "\t"}) {
    request_reader each{limits};
    const auto head =
        "GET / HTTP/1.1\r\nHost: h\r\nX-Field: a\r\n" + std::string(space) + "b\r\n\r\n";
    std::memcpy(each.room().data(), head.data(), head.size());
    each.received(head.size());
    EXPECT_EQ(each.advance(), step::refused);
    EXPECT_EQ(each.refused().status, 400);
    EXPECT_EQ(each.refused().message,
              "a line of the header begins with a space: a field is written in one line");
  }
}

TEST_F(RequestReader, RefusesAFieldThatGoesOnHoweverItsBytesCome) {
  for (const char byte :
       std::string_view("GET / HTTP/1.1\r\nHost: h\r\nX-Field: a\r\n b\r\n\r\n")) {
    feed({&byte, 1});
    if (reader.advance() == step::refused)
      break;
  }
  EXPECT_EQ(reader.refused().message,
            "a line of the header begins with a space: a field is written in one line");
}

TEST_F(RequestReader, TakesSpacesWithinALineAndAtTheBeginningOfABody) {
  feed("POST / HTTP/1.1\r\nHost:  h \r\nX-Empty: \r\nContent-Length: 5\r\n\r\n \r\n b");
  EXPECT_EQ(reader.advance(), step::head);
  EXPECT_EQ(reader.request().host, "h");
  EXPECT_EQ(reader.advance(), step::whole);
  EXPECT_EQ(reader.take_body(), " \r\n b");
}

TEST_F(RequestReader, SaysNothingOfAHeadThatItCouldNotRead) {
  feed("HEAD / HTTP/3.7\r\n\r\n");
  EXPECT_EQ(reader.advance(), step::refused);
  EXPECT_EQ(reader.refused().status, 400);
  EXPECT_FALSE(reader.request().head_only);
}

} // namespace
} // namespace tradepulse::web
