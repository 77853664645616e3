#pragma once

// Private to adapters/web: what Beast's WebSocket stream takes for its socket. Reading goes to the
// socket; what Beast itself wants written (the handshake's answer, pongs, close frames) goes to the
// one outbox that also holds the prepared frames, so that no two writers ever meet on a socket.
// It must not have next_layer(): Beast then stops here when it looks for the lowest layer.
#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/associator.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/core/role.hpp>

#include "adapters/web/layer_host.hpp"
#include "adapters/web/net.hpp"

namespace tradepulse::web {

// Shows the host what was read and then calls Beast's handler, with whose executor, allocator and
// cancellation slot it runs (see the associator below).
template <class Buffers, class Handler>
struct observed_read {
  layer_host* host;
  Buffers buffers;
  Handler handler;

  void operator()(error_code result, std::size_t count) {
    std::size_t left = count;
    for (const net::mutable_buffer part : boost::beast::buffers_range_ref(buffers)) {
      const std::size_t size = std::min(part.size(), left);
      if (size != 0)
        host->received({static_cast<const char*>(part.data()), size});
      left -= size;
    }
    std::move(handler)(result, count);
  }
};

template <class Handler>
class erased_write final : public pending_write {
 public:
  erased_write(Handler handler, executor where)
      : handler_(std::move(handler)), where_(std::move(where)) {}

  void complete(error_code result, std::size_t bytes) override {
    const auto target = net::get_associated_executor(handler_, where_);
    net::post(target, boost::beast::bind_front_handler(std::move(handler_), result, bytes));
  }

 private:
  Handler handler_;
  executor where_;
};

class websocket_layer {
 public:
  using executor_type = executor;
  template <class Handler>
  using result_of =
      typename net::async_result<std::decay_t<Handler>, void(error_code, std::size_t)>::return_type;

  explicit websocket_layer(layer_host& host) noexcept : host_(&host) {}

  executor_type get_executor() noexcept { return host_->socket().get_executor(); }

  template <class Buffers, class Handler>
  result_of<Handler> async_read_some(const Buffers& buffers, Handler&& handler) {
    return net::async_initiate<Handler, void(error_code, std::size_t)>(start_read{}, handler, host_,
                                                                       buffers);
  }

  template <class Buffers, class Handler>
  result_of<Handler> async_write_some(const Buffers& buffers, Handler&& handler) {
    return net::async_initiate<Handler, void(error_code, std::size_t)>(start_write{}, handler,
                                                                       host_, buffers);
  }

  layer_host& host() noexcept { return *host_; }

 private:
  struct start_read {
    template <class Handler, class Buffers>
    void operator()(Handler&& handler, layer_host* host, const Buffers& buffers) const {
      using observer = observed_read<Buffers, std::decay_t<Handler>>;
      if (host->reading_ended())
        return; // the session ends by its deadline
      observer with{host, buffers, std::forward<Handler>(handler)};
      std::string& early = host->early_bytes();
      if (early.empty()) {
        host->socket().async_read_some(buffers, std::move(with));
        return;
      }
      const std::size_t copied = net::buffer_copy(buffers, net::buffer(early));
      std::string(early, copied).swap(early); // gives the memory back
      net::post(host->socket().get_executor(),
                boost::beast::bind_front_handler(std::move(with), error_code{}, copied));
    }
  };

  struct start_write {
    template <class Handler, class Buffers>
    void operator()(Handler&& handler, layer_host* host, const Buffers& buffers) const {
      std::string bytes;
      for (const net::const_buffer part : boost::beast::buffers_range_ref(buffers))
        bytes.append(static_cast<const char*>(part.data()), part.size());
      host->write(std::move(bytes),
                  std::make_unique<erased_write<std::decay_t<Handler>>>(
                      std::forward<Handler>(handler), host->socket().get_executor()));
    }
  };

  layer_host* host_;
};

// Found by Beast through the argument's namespace.
void beast_close_socket(websocket_layer& layer);

// Beast's own teardown waits for the peer's FIN without a deadline and closes a descriptor that the
// outbox may be writing to. So nothing is torn down here: the host is told, and does it.
template <class Handler>
void async_teardown(boost::beast::role_type, websocket_layer& layer, Handler&& handler) {
  layer.host().torn_down();
  net::post(layer.get_executor(),
            boost::beast::bind_front_handler(std::forward<Handler>(handler), error_code{}));
}

} // namespace tradepulse::web

template <template <typename, typename> class Associator, class Buffers, class Handler,
          class Candidate>
struct boost::asio::associator<Associator, tradepulse::web::observed_read<Buffers, Handler>,
                               Candidate> : Associator<Handler, Candidate> {
  static typename Associator<Handler, Candidate>::type
  get(const tradepulse::web::observed_read<Buffers, Handler>& read,
      const Candidate& candidate = Candidate()) noexcept {
    return Associator<Handler, Candidate>::get(read.handler, candidate);
  }
};
