/* run_cqrp.h - what of a configuration does not meet the draft of Chrome's Quantum-resistant Root Program (version 0.3.0):
 * key types, cosigner quorum, lifetimes, landmark counts, log numbers, retention, ARI. */
#ifndef CATHAYA_PROGRAMS_CA_RUN_RUN_CQRP_H
#define CATHAYA_PROGRAMS_CA_RUN_RUN_CQRP_H

#include "ca_run/run_config.h"
#include "crypto/algorithm.h"

bool run_cqrp_is_name(const char *name);

/* run_cqrp prints a line for each finding; the exit status is EXIT_NO when there is one. */
int run_cqrp(const char *path, const struct run_config *config, struct algorithms *algorithms);

#endif
