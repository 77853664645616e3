#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "actors/distribution/connection_actor.hpp"
#include "actors/distribution/slow_reader.hpp"
#include "actors/messages.hpp"

namespace tradepulse {

// What a connection actor knows and decides: the subscriptions of one client, what it is answered,
// when it is sent away. What waits for a slow client is slow_reader's business.
class connection_session {
 public:
  explicit connection_session(connection_options options);
  connection_session(const connection_session&) = delete;
  connection_session& operator=(const connection_session&) = delete;
  // Also where the actor dies: what it has counted must not outlive it.
  ~connection_session() { gone(); }

  void hear(const client_message& message);

  template <class Diverted>
  void diverted(const Diverted& what) {
    if (const auto beyond = slow_.diverted(what, is_of_now(what)))
      send_away(*beyond);
    hand_on();
  }
  void handed(const handed_back& answer);
  void drained();
  void refused(const control_refused& what);
  void failed(const recovery_failed& what);
  void gone();

 private:
  void said(const subscribe_request& request);
  void said(const unsubscribe_request& request);
  void said(const list_request& request);
  void said(const ping_message& request);
  void said(const pong_message&) {}
  void said(const invalid_request& request);

  bool is_of_now(const events_diverted& what) const;
  bool is_of_now(const move_diverted& what) const;
  bool is_of_now(const stream_key& stream, std::uint64_t group) const;
  const fan_out_actor& fan_out() const;
  void leave(std::vector<stream_index> streams);
  template <class Write>
  void reply(Write&& write);
  void refuse(const std::string& id, errc code, const std::string& detail);
  void refuse(const std::string& id, const std::vector<refused_member>& members);
  void hand_on();

  void count_beyond_limit(bool one_more);
  void send_away(const resume_point& beyond);
  void send_away(close_code code, const std::string& why, const std::string& reason);
  void show();

  connection_options options_;
  slow_reader slow_;
  struct subscribed {
    stream_index index;
    std::uint64_t group = 0; // the last request
  };
  std::map<stream_key, subscribed> subscriptions_;
  std::uint64_t last_group_ = 0;
  unsigned beyond_limit_ = 0; // requests in succession that were refused something for the limit
  bool given_up_ = false;
};

} // namespace tradepulse
