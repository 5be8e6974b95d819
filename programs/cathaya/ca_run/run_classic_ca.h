/* run_classic_ca.h - a CA of directly signed certificates in the service: opened, with its worker, issuing, and its
 * CRLs published. */
#ifndef CATHAYA_PROGRAMS_CA_RUN_RUN_CLASSIC_CA_H
#define CATHAYA_PROGRAMS_CA_RUN_RUN_CLASSIC_CA_H

#include "adapters/event_loop/event_loop.h"
#include "adapters/event_loop/serial_worker.h"
#include "adapters/posix/posix_object_store.h"
#include "ca_run/run_lint.h"
#include "ca_run/run_ocsp.h"
#include "classic/classic_directory.h"
#include "ports/events.h"
#include "service/classic_issuer/acme_classic_issuer.h"

struct run_classic_ca {
    const char *name;
    struct classic_directory directory;
    struct serial_worker *worker;
    struct classic_issuer *issuer;
    struct acme_issuer port;
    struct run_ocsp ocsp;
    struct posix_object_store *public_store;
    struct timer_port timers;
    uint64_t timer;
    bool is_publishing, is_stale; /* a revocation came while the lists were made */
    struct events_port events;
    struct error crl_err, ocsp_err;
    enum status crl_status, ocsp_status;
    char issuer_url[CLASSIC_URL_MAX + 20], crl_url[CLASSIC_URL_MAX + 20], ocsp_url[CLASSIC_URL_MAX + 20];
};

struct run_classic_ca_ports {
    struct event_loop *loop;
    const struct algorithms *algorithms;
    struct clock_port clock;
    struct events_port events;
    const uint8_t *instance; /* CLASSIC_INSTANCE_SIZE bytes, of the ACME database */
    const struct run_lint *lint;
    struct metrics *metrics;
    const char *base_path; /* of the service's URLs */
    const char *directory; /* of the configuration */
    struct sct_source scts; /* start NULL: the configuration has no ct block */
};

/* run_classic_ca_open opens the directory and starts the worker; profiles are those of this CA and outlive it.
 * run_classic_ca_close must follow also after a failure; ca is to be zeroed before. */
MUST_USE enum status run_classic_ca_open(struct run_classic_ca *ca, const struct run_classic *settings,
                                         const struct certificate_profile *const *profiles, size_t profile_count,
                                         const struct run_classic_ca_ports *ports, struct error *err);

/* run_classic_ca_start publishes the CRLs, now and every hour, and submits final certificates. */
void run_classic_ca_start(struct run_classic_ca *ca);

/* run_classic_ca_stop starts nothing new with CT logs; before those are stopped. */
void run_classic_ca_stop(struct run_classic_ca *ca);

/* run_classic_ca_close waits for the worker. */
void run_classic_ca_close(struct run_classic_ca *ca);

#endif
