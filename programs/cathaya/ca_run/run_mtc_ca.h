/* run_mtc_ca.h - a Merkle Tree CA in the service: its log on a worker, its sequencer, its mirrors, its revocations. */
#ifndef CATHAYA_PROGRAMS_CA_RUN_RUN_MTC_CA_H
#define CATHAYA_PROGRAMS_CA_RUN_RUN_MTC_CA_H

#include "adapters/event_loop/serial_worker.h"
#include "ca_run/run_ca_log.h"
#include "ca_run/run_config.h"
#include "ca_run/run_lint.h"
#include "ca_run/run_mtc_scts.h"
#include "ca_run/run_peers.h"
#include "service/sequencer/acme_mtc_issuer.h"

struct run_service;

struct run_mtc_ca {
    const char *name;
    const struct run_ca *settings;
    struct run_ca_log log;
    struct run_peers peers;
    struct serial_worker *worker;
    struct work_port worker_port;
    struct mtc_scts *scts; /* NULL: no profile wants any */
    struct sequencer *sequencer;
    struct acme_mtc_issuer *issuer;
    struct acme_issuer port;
    struct issuance_store issuance;
    struct timer_port timers;
    struct clock_port clock;
    struct events_port events;
    struct posix_object_store *public_store; /* public/: CRLs, and the revocations of each log */
    uint64_t timer;
    bool is_publishing, is_stale;
    uint64_t minimum_index;   /* announced; on the loop */
    uint64_t publish_minimum; /* what the publication under way says: for the worker */
    enum status publish_status;
    struct error publish_err;
    char origin[TAI_NAME_SIZE], key_name[TAI_NAME_SIZE], prefix_url[ACME_BASE_URL_MAX + 128], crl_url[ACME_BASE_URL_MAX + 160];
    char evidence[RUN_PATH_MAX + 16], labels[ACME_NAME_SIZE + 16];
};

struct run_mtc_ca_ports {
    struct event_loop *loop;
    struct algorithms *algorithms;
    struct clock_port clock;
    struct events_port events;
    struct metrics *metrics;
    struct fetch_port fetch;
    const uint8_t *instance; /* of the ACME database */
    const struct run_lint *lint;
    const char *base_url;
    const struct run_ct *ct; /* the configuration's ct block */
};

/* run_mtc_ca_open opens the CA's directory and starts everything; profiles are those of this CA and outlive it.
 * run_mtc_ca_close must follow also after a failure; ca is to be zeroed before. */
MUST_USE enum status run_mtc_ca_open(struct run_mtc_ca *ca, const struct run_ca *settings,
                                     const struct certificate_profile *const *profiles, size_t profile_count,
                                     const struct run_mtc_ca_ports *ports, struct error *err);

/* run_mtc_ca_add_files makes the CA's public files routes of the service: log/NAME/N and log/NAME/crl. */
MUST_USE enum status run_mtc_ca_add_files(struct run_mtc_ca *ca, struct run_service *service, struct error *err);

/* run_mtc_ca_start publishes revocations, now and every hour. */
void run_mtc_ca_start(struct run_mtc_ca *ca);

const struct acme_issuer *run_mtc_ca_issuer(const struct run_mtc_ca *ca);

/* run_mtc_ca_why_not_ready is NULL when it is. */
const char *run_mtc_ca_why_not_ready(const struct run_mtc_ca *ca);

/* run_mtc_ca_set_logs gives the CT logs that come into question, at the start and on SIGHUP. */
MUST_USE enum status run_mtc_ca_set_logs(struct run_mtc_ca *ca, const struct log_list *list, struct error *err);

void run_mtc_ca_close(struct run_mtc_ca *ca);

#endif
