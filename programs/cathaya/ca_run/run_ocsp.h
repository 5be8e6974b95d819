/* run_ocsp.h - OCSP of a classic CA in the service: key and certificate of who answers, the CA's store behind it, its route. */
#ifndef CATHAYA_PROGRAMS_CA_RUN_RUN_OCSP_H
#define CATHAYA_PROGRAMS_CA_RUN_RUN_OCSP_H

#include "ca_run/run_config.h"
#include "classic/classic_responder.h"
#include "service/ocsp_responder/ocsp_responder.h"

#define RUN_OCSP_PREFIX_SIZE 192

struct run_ocsp {
    const struct classic_directory *directory;
    struct object_store store; /* the CA's, on its worker */
    struct classic_responder keys;
    struct ocsp_responder *responder; /* NULL: there is none */
    struct builder value;             /* of an object of the store; the worker's */
    struct clock_port clock;
    char prefix[RUN_OCSP_PREFIX_SIZE], labels[ACME_NAME_SIZE + 16];
};

struct run_ocsp_ports {
    const struct algorithms *algorithms;
    struct work_port worker; /* the CA's */
    struct clock_port clock;
    struct events_port events;
    struct metrics *metrics;
    const char *base_path; /* of the service's URLs */
    const char *directory; /* of the configuration */
};

/* run_ocsp_open makes the responder as the configuration says, or none; directory, settings and ports outlive it. run_ocsp_close
 * must follow also after a failure; ocsp is to be zeroed before. */
MUST_USE enum status run_ocsp_open(struct run_ocsp *ocsp, const struct run_classic *settings, const struct classic_directory *directory,
                                   const struct run_ocsp_ports *ports, struct error *err);

/* run_ocsp_renew: a new certificate when it is time. On the worker. */
MUST_USE enum status run_ocsp_renew(struct run_ocsp *ocsp, struct error *err);

/* run_ocsp_forget: what was signed about this certificate is not true any more; on the loop. */
void run_ocsp_forget(struct run_ocsp *ocsp, struct bytes serial);

/* run_ocsp_close: the worker must have finished. */
void run_ocsp_close(struct run_ocsp *ocsp);

#endif
