/* command.h - the table of commands: one row each, from which dispatch and help are made. */
#ifndef CATHAYA_PROGRAM_COMMAND_H
#define CATHAYA_PROGRAM_COMMAND_H

#include "options.h"

struct command {
    const char *name;      /* words with a space between: "verify", "landmarks check" */
    const char *arguments; /* "CERT...", "" */
    const char *summary;   /* one line, lower case, no full stop */
    const char *details;   /* further lines for --help, each with its LF; NULL: none */
    const struct option_row *options; /* its own ones; ends with a row without name */
    size_t argument_min, argument_max;
    int (*run)(const struct options *options); /* gives the exit status: enum exit_status */
};

/* The rows, each defined in its cmd_*.c. */
extern const struct command command_audit;
extern const struct command command_ca_backup;
extern const struct command command_ca_certificate;
extern const struct command command_ca_revoke;
extern const struct command command_ca_run;
extern const struct command command_ca_classic_crl;
extern const struct command command_ca_classic_init;
extern const struct command command_ca_cosigner_add;
extern const struct command command_ca_fsck;
extern const struct command command_ca_init;
extern const struct command command_ca_issue;
extern const struct command command_ca_landmark;
extern const struct command command_ca_log_rotate;
extern const struct command command_ca_prune;
extern const struct command command_ca_status;
extern const struct command command_ca_subtrees;
extern const struct command command_gateway_backup;
extern const struct command command_gateway_check;
extern const struct command command_gateway_explain;
extern const struct command command_gateway_renew;
extern const struct command command_gateway_run;
extern const struct command command_gateway_status;
extern const struct command command_inspect;
extern const struct command command_ctlog_freeze;
extern const struct command command_ctlog_fsck;
extern const struct command command_ctlog_init;
extern const struct command command_ctlog_list;
extern const struct command command_ctlog_run;
extern const struct command command_ctlog_status;
extern const struct command command_demo;
extern const struct command command_evidence_verify;
extern const struct command command_fetch;
extern const struct command command_landmarks_check;
extern const struct command command_mirror_init;
extern const struct command command_mirror_run;
extern const struct command command_monitor_report;
extern const struct command command_monitor_run;
extern const struct command command_monitor_search;
extern const struct command command_monitor_status;
extern const struct command command_monitor_test;
extern const struct command command_perspective_run;
extern const struct command command_signer_run;
extern const struct command command_trust_accept;
extern const struct command command_trust_add;
extern const struct command command_trust_admit_log;
extern const struct command command_trust_build;
extern const struct command command_trust_diff;
extern const struct command command_trust_explain;
extern const struct command command_trust_identity_add;
extern const struct command command_trust_identity_audit;
extern const struct command command_trust_identity_check;
extern const struct command command_trust_identity_list;
extern const struct command command_trust_identity_revoke;
extern const struct command command_trust_identity_show;
extern const struct command command_trust_identity_sign;
extern const struct command command_trust_import;
extern const struct command command_trust_import_logs;
extern const struct command command_trust_init;
extern const struct command command_trust_keygen;
extern const struct command command_trust_lint;
extern const struct command command_trust_page;
extern const struct command command_trust_remove;
extern const struct command command_trust_restrict;
extern const struct command command_trust_serve;
extern const struct command command_trust_set;
extern const struct command command_trust_show;
extern const struct command command_trust_state;
extern const struct command command_trust_test_sites;
extern const struct command command_trust_update;
extern const struct command command_verify;

/* command_at is row i of the table, sorted by name; NULL behind the last one. */
const struct command *command_at(size_t i);

/* command_is_below says whether the name begins with these words ("ca log rotate" with "ca" "log").
 * No words: always. */
bool command_is_below(const struct command *command, size_t word_count, char *const *words);

/* command_run does what the words of the command line say and gives the exit status. */
int command_run(size_t argc, char **argv);

#endif
