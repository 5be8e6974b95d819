/* run_ct.h - CT logs and policies of the service, from the `ct` block: files that are read at the start and on SIGHUP. */
#ifndef CATHAYA_PROGRAMS_CA_RUN_RUN_CT_H
#define CATHAYA_PROGRAMS_CA_RUN_RUN_CT_H

#include "ca_run/run_config.h"
#include "codec/ct/log_list.h"
#include "service/ct_submission/ct_submission.h"

/* run_ct_open makes the submitter of a configuration with a `ct` block; *out stays NULL without one. ports: everything but the
 * block's own settings. STATUS_USAGE names the file, or the profile whose policy there is not. ct_submission_free frees. */
MUST_USE enum status run_ct_open(const struct run_config *config, const struct ct_submission_config *ports,
                                 struct ct_submission **out, struct error *err);

/* run_ct_read reads lists and policies again, as config names them; its profiles' policies have to be there, and those of the
 * profiles that the service runs with until its restart. After a failure everything is as before. */
MUST_USE enum status run_ct_read(const struct run_config *config, const struct run_config *running, struct ct_submission *ct,
                                 struct error *err);

/* run_ct_read_list appends all lists of the block to one that is empty; log_list_clear follows in any case. */
MUST_USE enum status run_ct_read_list(const struct run_ct *settings, struct log_list *out, struct error *err);

/* run_ct_warn reports each profile whose policy the listed logs cannot meet now. */
void run_ct_warn(const struct run_config *config, struct ct_submission *ct, const struct events_port *events);

/* run_ct_check is both for --check-config: the first profile whose policy cannot be met is STATUS_USAGE. */
MUST_USE enum status run_ct_check(const struct run_config *config, const struct algorithms *algorithms, struct error *err);

#endif
