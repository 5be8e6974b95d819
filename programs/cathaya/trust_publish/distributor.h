/* distributor.h - a distributor over the disk: its stores, its keys, its work on a thread of its own. */
#ifndef CATHAYA_PROGRAM_TRUST_PUBLISH_DISTRIBUTOR_H
#define CATHAYA_PROGRAM_TRUST_PUBLISH_DISTRIBUTOR_H

#include "adapters/event_loop/serial_worker.h"
#include "adapters/http_client/curl_fetch.h"
#include "trust_publish/publish_input.h"

struct distributor;

/* distributor_new borrows all. Nothing is opened yet. */
MUST_USE enum status distributor_new(const struct publish_config *config, struct event_loop *loop, struct curl_fetch *fetch,
                                     const struct events_port *events, struct distributor **out, struct error *err);

/* distributor_open makes the folders, takes the state's lock and opens the state; what a crash left is finished. It does nothing
 * when it is open. STATUS_REFUSED when somebody else has the lock, and as trust_publisher_open. */
MUST_USE enum status distributor_open(struct distributor *d, struct error *err);

/* distributor_build reads the registry, and makes a version; done is called later, once. Opens the state first, if it has to be;
 * afterwards one that has failed is closed. */
MUST_USE enum status distributor_build(struct distributor *d, trust_publisher_done *done, void *cookie, struct error *err);

bool distributor_is_busy(const struct distributor *d);

/* distributor_version is the newest version that is published; 0: none, or nothing is open. */
uint64_t distributor_version(const struct distributor *d, int64_t *issued_s, int64_t *expires_s);

/* distributor_input is what the build that is under way, or the one that done is called for, is made of; NULL: none. */
const struct publish_input *distributor_input(const struct distributor *d);

/* distributor_free: as trust_publisher_close. NULL is fine. */
void distributor_free(struct distributor *d);

#endif
