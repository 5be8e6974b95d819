/* trust_round.h - one round of updates: every log of every CA of a trust directory, one after the other. */
#ifndef CATHAYA_PROGRAM_TRUST_TRUST_ROUND_H
#define CATHAYA_PROGRAM_TRUST_TRUST_ROUND_H

#include "service/landmark_update/landmark_update.h"

struct trust_round_settings {
    const char *dir;
    const char *ca_file; /* for https; NULL: the system's */
    const struct algorithms *algorithms;
    struct landmark_update_ports ports;
    bool is_json;
};

struct trust_round;

/* trust_round_start takes the directory's lock, reads it, and begins; each log is reported on stdout, each failure on
 * stderr, as it ends. done gets the exit status, later, and calls trust_round_free. STATUS_REFUSED when somebody else
 * has the lock, and for a damaged directory. */
MUST_USE enum status trust_round_start(const struct trust_round_settings *settings, void (*done)(void *cookie, int exit_status),
                                       void *cookie, struct trust_round **out, struct error *err);

/* trust_round_free lets go of the lock; no fetch may be under way. NULL is fine. */
void trust_round_free(struct trust_round *round);

#endif
