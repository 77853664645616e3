#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

namespace tradepulse::test {

// Stands between a client and PostgreSQL on a loopback port, counts what the client asks and can
// lose an answer or a request. Serves one connection at a time, without TLS.
class wire_proxy {
 public:
  // `host` may be a socket's folder.
  wire_proxy(std::string host, std::string port);
  ~wire_proxy();

  std::string port() const { return std::to_string(port_); }
  // Messages after which the client waits for the server: Query, Sync and CopyDone.
  std::uint64_t round_trips() const { return round_trips_; }
  // The server does what it is asked next; its answer is thrown away and both sides are cut.
  void lose_next_answer() { lose_answer_ = true; }
  // The next request does not reach the server; both sides are cut.
  void lose_next_request() { lose_request_ = true; }
  // The same when rows of a COPY are on their way: the first of them do not arrive.
  void cut_next_copy() { cut_copy_ = true; }
  // The same when all of them are: the server does what the end of the COPY asks for.
  void lose_answer_of_next_copy() { lose_copy_answer_ = true; }

 private:
  void serve();
  void relay(int client, int server);
  // False: both sides are to be cut.
  bool count(const char* data, std::size_t size);
  int connect_upstream() const;

  std::string upstream_host_;
  std::string upstream_port_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<std::uint64_t> round_trips_{0};
  std::atomic<bool> lose_answer_{false};
  std::atomic<bool> lose_request_{false};
  std::atomic<bool> cut_copy_{false};
  std::atomic<bool> lose_copy_answer_{false};
  std::atomic<bool> stopping_{false};
  std::string pending_;  // what came of a client's message so far
  bool started_ = false; // the start-up message, which has no type, is through
  std::thread thread_;
};

} // namespace tradepulse::test
