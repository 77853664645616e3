#pragma once

#include "actors/distribution/subscriber.hpp"
#include "actors/distribution/write_pass.hpp"
#include "actors/engine_metrics.hpp"

namespace tradepulse {

// Writes what an owner hands back, as far as it is still meant: not of a subscription that was
// left, or that began anew (and was diverted again, further on). Of a lossless stream as far as the
// outbox takes it. A subscription whose owner has got no more meanwhile is live again.
// Returns what was refused, for its owner. No others: an item of a subscription that began anew
// must not be put before what the new one got.
// Thread: the I/O thread.
handed_back write_handed(const hand_back& handed, subscriber& to, write_pass& pass,
                         engine_metrics& metrics);

} // namespace tradepulse
