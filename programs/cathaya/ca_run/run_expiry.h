/* run_expiry.h - what ends one day and has to be renewed by somebody: the CA certificates of the process, the roots'
 * revocation lists, and the certificate of the endpoint. Looked at when the service starts, every day, and after
 * a reload; from the files, which may have been renewed meanwhile.
 *
 * cathaya_certificate_end_seconds{what="..."} is when each ends, since the Epoch; 0 when it cannot be read. The events
 * certificate-ends (a warning) and certificate-ended (an error) name what is to be done something about.
 */
#ifndef CATHAYA_PROGRAMS_CA_RUN_RUN_EXPIRY_H
#define CATHAYA_PROGRAMS_CA_RUN_RUN_EXPIRY_H

#include "ca_run/run_config.h"
#include "metrics/metrics.h"
#include "ports/clock.h"
#include "ports/events.h"
#include "ports/timer.h"

struct run_expiry;

/* run_expiry_new looks for the first time. config is borrowed. run_expiry_stop ends it, run_expiry_free follows when
 * metrics are gone; NULL is fine for both. */
MUST_USE enum status run_expiry_new(const struct run_config *config, const struct timer_port *timers,
                                    const struct clock_port *clock, const struct events_port *events,
                                    struct metrics *metrics, struct run_expiry **out, struct error *err);
void run_expiry_stop(struct run_expiry *expiry);
void run_expiry_free(struct run_expiry *expiry);

/* run_expiry_look looks now; tls_certificate, which is borrowed, is the endpoint's from now on. */
void run_expiry_look(struct run_expiry *expiry, const char *tls_certificate);

#endif
