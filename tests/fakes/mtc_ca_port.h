/* mtc_ca_port.h - a real issuance log and its issuer, as the sequencer and the clients of mirrors want them. */
#ifndef CATHAYA_TESTS_FAKES_MTC_CA_PORT_H
#define CATHAYA_TESTS_FAKES_MTC_CA_PORT_H

#include "service/cosigning/cosigning.h"
#include "log_engine/log_engine.h"
#include "service/issuer/issuer.h"
#include "service/sequencer/sequencer.h"

/* Borrowed; log and issuer are those of one CA, and the issuer reaches the log through *log too, which is
 * another one after the log had to be opened again. */
struct mtc_ca_port {
    struct log_engine **log;
    const struct log_config *log_config;
    const struct issuer *issuer;
    struct bytes ca_pem;          /* its certificate, to follow a leaf */
    int64_t landmark_lifetime_s;
    struct issuer_batch batch;    /* in the making */
    void (*open_stores)(void *context); /* before the log is opened again; may be NULL */
    void *open_stores_context;
};

/* mtc_ca_port_init: batch_max entries at most; mtc_ca_port_clear must follow. */
void mtc_ca_port_init(struct mtc_ca_port *port, struct log_engine **log, const struct log_config *log_config,
                      const struct issuer *issuer, struct bytes ca_pem, int64_t landmark_lifetime_s,
                      size_t batch_max);
void mtc_ca_port_clear(struct mtc_ca_port *port);

/* mtc_ca_port_sequencer and mtc_ca_port_cosigning borrow the port. */
struct sequencer_ca mtc_ca_port_sequencer(struct mtc_ca_port *port);
struct cosigning_log mtc_ca_port_cosigning(struct mtc_ca_port *port);

#endif
