/* dns_hook.h - the operator's program that makes and removes TXT records for dns-01:
 *
 *   PROGRAM present NAME VALUE     exit status 0: the record can be looked up everywhere
 *   PROGRAM clean NAME VALUE       its exit status only makes an event
 *
 * NAME is "_acme-challenge.www.example.com", VALUE what the TXT record holds. It runs as the gateway's user, with PATH
 * and nothing else in its environment, and has DNS_HOOK_MS.
 */
#ifndef CATHAYA_PROGRAM_GATEWAY_DNS_HOOK_H
#define CATHAYA_PROGRAM_GATEWAY_DNS_HOOK_H

#include "base/status.h"
#include "ports/work.h"

/* Providers of DNS take up to a minute or two until all their servers have a record. */
#define DNS_HOOK_MS 300000
/* A name of DNS, "_acme-challenge.", and a value of 43 characters. */
#define DNS_HOOK_NAME_MAX 271

struct dns_hook_call {
    const char *program; /* borrowed until done */
    bool is_present;     /* present or clean */
    const char *name, *value; /* copied */
};

typedef void dns_hook_done(void *cookie, enum status status, const struct error *err);

/* dns_hook_start runs the program in a thread of the pool and calls done later, once. */
void dns_hook_start(struct work_port pool, const struct dns_hook_call *call, dns_hook_done *done, void *cookie);

#endif
