#include "adapters/web/websocket_reader.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "adapters/web/websocket_layer.hpp"

namespace tradepulse::web {

namespace beast = boost::beast;

void beast_close_socket(websocket_layer& layer) {
  error_code ignored;
  layer.host().socket().close(ignored);
}

namespace {

constexpr std::size_t kept_buffer_bytes = 4096;

reading_end end_of(const error_code& failed) {
  if (failed == beast::websocket::error::closed)
    return reading_end::closed_by_peer;
  const bool transport = failed.category() == net::error::get_system_category() ||
                         failed.category() == net::error::get_misc_category();
  return transport ? reading_end::lost : reading_end::broken_protocol;
}

} // namespace

struct websocket_reader::stream {
  stream(layer_host& host, events& told) : owner(told), beast(host) {}

  void read();
  void message_read(error_code failed);

  events& owner;
  beast::websocket::stream<websocket_layer, false> beast; // false: no permessage-deflate
  beast::flat_buffer in;
};

void websocket_reader::stream::read() {
  beast.async_read(in, [this, kept = owner.keep_alive()](error_code failed, std::size_t) {
    message_read(failed);
  });
}

void websocket_reader::stream::message_read(error_code failed) {
  if (failed)
    return owner.on_reading_end(end_of(failed));
  owner.on_message({static_cast<const char*>(in.data().data()), in.size()}, beast.got_text());
  in.consume(in.size());
  if (in.capacity() > kept_buffer_bytes)
    in.shrink_to_fit();
  read();
}

websocket_reader::websocket_reader(layer_host& host, events& owner, std::size_t message_bytes)
    : stream_(std::make_unique<stream>(host, owner)) {
  stream_->beast.read_message_max(message_bytes);
  stream_->beast.set_option(
      beast::websocket::stream_base::decorator([](beast::websocket::response_type& answer) {
        answer.set(beast::http::field::server, "tradepulse");
      }));
}

websocket_reader::~websocket_reader() = default;

void websocket_reader::accept(const std::string& host_name, const std::string& key) {
  // What Beast needs of the request is written anew, so that nothing else of it (Expect,
  // extensions) can have an effect.
  beast::http::request<beast::http::empty_body> request{beast::http::verb::get, "/", 11};
  request.set(beast::http::field::host, host_name);
  request.set(beast::http::field::connection, "upgrade");
  request.set(beast::http::field::upgrade, "websocket");
  request.set(beast::http::field::sec_websocket_version, "13");
  request.set(beast::http::field::sec_websocket_key, key);
  auto& owner = stream_->owner;
  stream_->beast.async_accept(request, [&owner, kept = owner.keep_alive()](error_code failed) {
    if (failed)
      owner.on_reading_end(end_of(failed));
    else
      owner.on_accepted();
  });
}

void websocket_reader::start() {
  stream_->read();
}

std::uint16_t websocket_reader::peers_close_code() const noexcept {
  return stream_->beast.reason().code;
}

} // namespace tradepulse::web
