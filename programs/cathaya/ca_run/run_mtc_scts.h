/* run_mtc_scts.h - SCTs beside the certificates of a Merkle Tree CA of the service, where a profile says so. */
#ifndef CATHAYA_PROGRAMS_CA_RUN_RUN_MTC_SCTS_H
#define CATHAYA_PROGRAMS_CA_RUN_RUN_MTC_SCTS_H

#include "ca_run/run_ca_log.h"
#include "ca_run/run_config.h"
#include "service/mtc_scts/mtc_scts.h"

struct run_mtc_scts_ports {
    struct run_ca_log *log;
    const char *ca, *labels; /* of metrics */
    const struct algorithms *algorithms;
    struct work_port worker, pool;
    struct fetch_port fetch;
    struct timer_port timer;
    struct clock_port clock;
    struct events_port events;
    struct metrics *metrics;
};

/* run_mtc_scts_open makes the client of the CA's log with as many SCTs as the profile that wants most; *out stays NULL when none
 * wants any. mtc_scts_free ends it. */
MUST_USE enum status run_mtc_scts_open(const struct certificate_profile *const *profiles, size_t profile_count,
                                       const struct run_ct *settings, const struct run_mtc_scts_ports *ports, struct mtc_scts **out,
                                       struct error *err);

/* run_mtc_scts_peer tells the client of every checkpoint. */
struct sequencer_peer run_mtc_scts_peer(struct mtc_scts *client);

#endif
