/* mpic.h - multi-perspective issuance corroboration [BR 3.2.2.9]: how many remote perspectives must agree
 * with the primary one. The numbers are dated data, which a configuration may replace. */
#ifndef CATHAYA_RULES_MPIC_H
#define CATHAYA_RULES_MPIC_H

#include "base/status.h"

/* More perspectives than anybody runs. */
#define MPIC_REMOTES_MAX 32

/* From a day on. */
struct mpic_phase {
    int64_t from_s;
    unsigned remote_min; /* remote perspectives that are asked */
    unsigned rir_min;    /* regions that those who agree are in */
};

/* With so many remote perspectives or more. */
struct mpic_allowance {
    unsigned remote_from;
    unsigned refusals_max; /* that do not corroborate */
};

/* Both ascending. Before the first phase nothing is asked for. */
struct mpic_quorum {
    const struct mpic_phase *phases;
    size_t phase_count;
    const struct mpic_allowance *allowances;
    size_t allowance_count;
};

extern const struct mpic_quorum mpic_quorum_br; /* of the Baseline Requirements */

/* mpic_phase_at is the phase that holds at a time; {0, 0, 0} before the first. */
struct mpic_phase mpic_phase_at(const struct mpic_quorum *quorum, int64_t now_s);
unsigned mpic_refusals_max(const struct mpic_quorum *quorum, size_t remote_count);

/* mpic_rir_is_known: one of the five Regional Internet Registries, as ARIN, RIPE, APNIC, LACNIC, AFRINIC. */
bool mpic_rir_is_known(const char *rir);

/* mpic_check_set: can these perspectives make the quorum at that time at all? STATUS_USAGE with the
 * numbers. */
MUST_USE enum status mpic_check_set(const struct mpic_quorum *quorum, const char *const *rirs,
                                    size_t count, int64_t now_s, struct error *err);

enum mpic_vote { MPIC_OPEN, MPIC_CORROBORATES, MPIC_REFUSES };

struct mpic_remote {
    const char *rir;
    enum mpic_vote vote;
};

/* mpic_decide says what the votes come to: MPIC_OPEN while a vote that is open can still change it. */
enum mpic_vote mpic_decide(const struct mpic_quorum *quorum, int64_t now_s,
                           const struct mpic_remote *remotes, size_t count);

#endif
