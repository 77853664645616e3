#include <unordered_set>

#include "actors/ingest/partition.hpp"
#include "actors/tell.hpp"
#include "protocol/log.hpp"

// From a claim to reading: what the database has goes to the symbols, the log is looked at, and
// where it is not the one that was applied, the policy says what follows.
namespace tradepulse {
namespace {

// Of which the database has nothing.
stored_stream nothing_of(const stream_key& name) {
  stored_stream out;
  out.symbol = name.symbol;
  out.kind = name.kind;
  return out;
}

} // namespace

void partition::claim() {
  // What is not committed will be read again.
  if (gen_ < generation{0}) // this actor has no claim yet; another one may have had
    parts().directory->unsettle(options_->source);
  else
    parts().directory->unsettle(options_->source, gen_);
  enter(state::claiming, "claiming");
  repositioned_ = false;
  tell(options_->writer, claim_partition{options_->source, me()});
}

void partition::claim_later(std::string_view why) {
  stop_reading();
  const auto delay = retry_->next();
  log::info("claim_again", {{"partition", name()},
                            {"reason", why},
                            {"attempt", retry_->attempts()},
                            {"delay_ms", delay.count()}});
  enter(state::waiting, "waiting to claim again");
  self_.later(delay, retry_due{gen_});
}

void partition::claimed(const partition_claimed& answer) {
  const auto& grant = *answer.grant;
  gen_ = grant.gen;
  reading_ = false; // what the reader still has is of the claim before
  watch_.claimed(grant);
  end_at_claim_.claimed();
  shown_until_ = time_ms::min(); // what the claim restores is shown as it was stored: open
  dispatcher_->forget_all();
  failing_->claimed();
  builder_->claimed(grant.watermark);
  if (leaving_) {
    end();
    return;
  }
  enter(state::loading, "loading its streams");
  load_streams missing{grant.source, gen_, {}, me()};
  std::unordered_set<stream_key> granted;
  for (const auto& stream : grant.streams) {
    granted.insert(stream.key());
    if (const auto unknown = candles_unknown(stream); unknown.empty())
      restore(stream);
    else // of these once more, with them
      missing.streams.insert(missing.streams.end(), unknown.begin(), unknown.end());
  }
  // What memory has of this partition and the database does not was never committed.
  for (const auto& each : parts().directory->active_at(grant.source))
    if (!granted.contains(each))
      missing.streams.push_back(each);
  if (missing.streams.empty())
    verify();
  else
    tell(options_->writer, std::move(missing));
}

void partition::restore(const stored_stream& stream, bool looked_up) {
  failing_->restored(stream);
  candle_claim candles;
  if (options_->candles && stream.kind == options_->candles->stream) {
    candles = {options_->candles->rules,
               watch_.grant().watermark.value_or(partition_watermark::none)};
    if (stream.home == options_->source)
      builder_->restore(stream);
  }
  parts().directory->restore(options_->source, stream, candles, looked_up);
}

void partition::loaded(const streams_loaded& answer) {
  const bool claiming = state_ == state::loading;
  if (answer.gen != gen_ || (!claiming && state_ != state::reading))
    return;
  const auto take = [&](const stored_stream& stream) {
    if (claiming || parts().directory->can_use(stream, options_->source))
      restore(stream, !claiming);
  };
  std::unordered_set<stream_key> found;
  for (const auto& stream : with_candles(answer.found)) {
    found.insert(stream.key());
    take(stream);
  }
  for (const auto& name : answer.asked)
    if (!found.contains(name) && name.kind.events() != event_kind::candle)
      take(nothing_of(name));
  if (claiming) {
    verify();
    return;
  }
  dispatcher_->restored(answer.asked);
  settle_if_read();
}

// Streams of records that were read under this claim, and that another process may have had since
// this one has heard of them. Not while another claim is under way: it begins with all of that anew.
void partition::ask_for_unknown() {
  load_streams unknown{options_->source, gen_, {}, me()};
  for (const auto& name : dispatcher_->take_unknown()) {
    const auto with_its_candles = candles_unknown(nothing_of(name));
    unknown.streams.insert(unknown.streams.end(), with_its_candles.begin(), with_its_candles.end());
    if (with_its_candles.empty())
      unknown.streams.push_back(name);
  }
  if (state_ == state::reading && !unknown.streams.empty())
    tell(options_->writer, std::move(unknown));
}

void partition::verify() {
  parts().directory->hold(options_->source);
  if (std::exchange(repositioned_, false)) {
    read_from(watch_.grant().next.value_or(next_offset{0}));
    return;
  }
  enter(state::verifying, "checking the log");
  inspect(log_question::claim);
}

void partition::inspect(log_question question) {
  const bool check = question == log_question::check;
  const auto expected = check ? watch_.question() : watch_.applied_last();
  if (check && !expected)
    return;
  ask(question, expected ? std::optional(expected->offset) : std::nullopt, expected);
}

void partition::ask(log_question question, std::optional<record_offset> offset,
                    const std::optional<applied_record>& expected) {
  parts().inspector->inspect(options_->source, offset,
                             [to = me(), gen = gen_, question, expected](result<log_state> found) {
                               tell(to, log_inspected{gen, question, expected, std::move(found)});
                             });
}

void partition::inspected(const log_inspected& answer) {
  if (answer.gen != gen_)
    return;
  if (answer.question == log_question::check) {
    compare(answer);
    return;
  }
  if (answer.question == log_question::end) {
    end_at_claim_.answered(answer.state);
    settle_if_read();
    return;
  }
  if (state_ != state::verifying)
    return;
  if (!answer.state) {
    degraded("its log cannot be looked into: " + answer.state.failure().detail);
    self_.later(retry_->next(), retry_due{gen_});
    return;
  }
  end_at_claim_.seen(answer.state->end);
  const auto verdict = watch_.judge(*answer.state, options_->rules.start);
  using kind = log_verdict::kind;
  switch (verdict.what) {
  case kind::proceed:
    read_from(verdict.next, recognisable(*answer.state, verdict.next));
    return;
  case kind::unverified:
    log::info("log_unverified", {{"partition", name()},
                                 {"offset", watch_.applied_last()->offset.value()},
                                 {"next_offset", verdict.next.value()}});
    read_from(verdict.next);
    return;
  case kind::first_seen:
    move_to(verdict.next, false);
    return;
  case kind::expired:
    parts().metrics->expired_records.add(static_cast<std::uint64_t>(verdict.count));
    log::error("records_expired_unread", {{"partition", name()},
                                          {"next_offset", watch_.grant().next->value()},
                                          {"log_start", verdict.next.value()},
                                          {"records", verdict.count},
                                          {"action", "new_epoch"}});
    move_to(verdict.next, true);
    return;
  case kind::replaced:
    replaced(verdict);
    return;
  }
}

// The inspector's look and the reader's are two, and the log may be replaced between them: the
// reader has to see the record, too. Not where reading begins elsewhere than right behind it.
std::optional<applied_record> partition::recognisable(const log_state& log,
                                                      next_offset next) const {
  const auto& last = watch_.applied_last();
  return last && log.digest && last->offset.value() + 1 == next.value() ? last : std::nullopt;
}

void partition::move_to(next_offset next, bool new_epoch) {
  enter(state::repositioning, "moving to another place in its log");
  repositioned_ = true;
  unread_ = false;
  tell(options_->writer,
       move_partition{{options_->source, gen_, next, new_epoch, watch_.cluster_id()}, me()});
}

void partition::replaced(const log_verdict& verdict) {
  parts().metrics->replaced_logs.add();
  const bool stop = options_->rules.on_replaced_log == replaced_log_policy::stop;
  const std::string command = "tradepulse offsets set " + options_->source.topic + " " +
                              std::to_string(options_->source.partition) + " OFFSET";
  log::error("log_replaced", {{"partition", name()},
                              {"reason", verdict.why},
                              {"action", stop ? "stop" : "new_epoch"},
                              {"command", command}});
  if (!stop) {
    move_to(verdict.next, true);
    return;
  }
  stop_reading();
  tell(options_->writer, release_partition{options_->source, gen_});
  degraded("stopped, its log was replaced: " + verdict.why + "; `" + command +
           "` says where to go on (kafka.on_replaced_log)");
  enter(state::stopped, "stopped: the log was replaced");
}

void partition::read_from(next_offset next, const std::optional<applied_record>& before) {
  expected_ = next;
  committed_ = next;
  watch_.reading();
  last_check_ = parts().time->now();
  reading_ = true;
  if (!unread_)
    parts().health->clear(health_key());
  parts().reader->start(options_->source, gen_, next, before);
  settle_if_read();
  enter(state::reading, "reading");
  log::info("partition_reading", {{"partition", name()},
                                  {"generation", gen_.value()},
                                  {"next_offset", next.value()},
                                  {"epoch_floor", watch_.grant().epoch_floor.value()}});
  for (auto& each : std::exchange(died_, {}))
    tell(me(), stream_failed{std::move(each)});
}

void partition::compare(const log_inspected& answer) {
  // Without an answer nothing is known, and the same record is asked for again.
  if (!answer.state || state_ != state::reading)
    return;
  const auto why = watch_.compare(*answer.expected, *answer.state);
  if (!why)
    return;
  log::error("log_changed_while_reading",
             {{"partition", name()}, {"reason", *why}, {"action", "claim_again"}});
  stop_reading();
  claim();
}

void partition::lost(const claim_lost& what) {
  // Waiting and claiming will claim anyway; a stopped one has given its claim up itself.
  if (what.gen != gen_ || state_ == state::claiming || state_ == state::waiting ||
      state_ == state::stopped || state_ == state::ended)
    return;
  options_->card->set_error(what.detail);
  if (leaving_)
    end(); // what is not committed is left to the log and to the next owner
  else if (what.cause == claim_loss::fenced) {
    parts().directory->let_go(options_->source);
    claim_later("fenced");
  } else
    claim(); // the writer waits for the database; what was read goes on to clients meanwhile
}

void partition::row_changed_to(const row_changed& what) {
  if (state_ == state::stopped && what.gen == gen_)
    claim();
}

void partition::retry(const retry_due& due) {
  if (due.gen != gen_)
    return;
  if (state_ == state::waiting)
    claim();
  else if (state_ == state::verifying)
    inspect(log_question::claim);
}

// Told behind the symbols' work: who asks one of them from now on is answered behind it. A stream of
// candles gets its work from the actor of its source, maybe after a look into the database: only the
// commit comes behind that.
void partition::settle_if_read() {
  const auto done = options_->candles ? committed_ : expected_;
  if (!end_at_claim_.is_reached(done) || dispatcher_->streams_wait())
    return;
  end_at_claim_.reached();
  parts().directory->settle(options_->source, gen_);
}

void partition::look_for_the_end() {
  if (std::exchange(heard_, false) || state_ != state::reading)
    return;
  if (const auto from = end_at_claim_.question(expected_))
    ask(log_question::end, from);
}

} // namespace tradepulse
