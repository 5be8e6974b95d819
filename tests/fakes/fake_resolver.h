/* fake_resolver.h - a DNS whose zone the test writes. Names that it has not heard of do not exist; a name
 * with records of another type has no data. It ends the program when a caller asks for what is no name. */
#ifndef CATHAYA_TESTS_FAKES_FAKE_RESOLVER_H
#define CATHAYA_TESTS_FAKES_FAKE_RESOLVER_H

#include "fakes/fake_timer.h"
#include "ports/resolver.h"

struct fake_resolver;

/* Answers come by way of timer, which outlives it. */
struct fake_resolver *fake_resolver_new(struct fake_timer *timer);
void fake_resolver_free(struct fake_resolver *r);
struct resolver_port fake_resolver_port(struct fake_resolver *r);

/* Records are added to those that are there; their TTL is 300 seconds. */
void fake_resolver_add(struct fake_resolver *r, const char *name, enum dns_type type, struct bytes rdata);
void fake_resolver_add_address(struct fake_resolver *r, const char *name, const char *address);
void fake_resolver_add_txt(struct fake_resolver *r, const char *name, const char *text);
void fake_resolver_add_caa(struct fake_resolver *r, const char *name, unsigned flags, const char *tag,
                           const char *value);

/* fake_resolver_fail: lookups of this name and type come to another outcome, `times` times (0: always). */
void fake_resolver_fail(struct fake_resolver *r, const char *name, enum dns_type type,
                        enum dns_outcome outcome, unsigned times);
/* fake_resolver_mute: this name and type is not answered until fake_resolver_answer_muted. */
void fake_resolver_mute(struct fake_resolver *r, const char *name, enum dns_type type);
void fake_resolver_answer_muted(struct fake_resolver *r);
/* fake_resolver_refuse: start says STATUS_LIMIT from now on. */
void fake_resolver_refuse(struct fake_resolver *r, bool is_refusing);
void fake_resolver_clear(struct fake_resolver *r);

/* fake_resolver_asked is how often a name was looked up; type 0: any. */
unsigned fake_resolver_asked(const struct fake_resolver *r, const char *name, enum dns_type type);

#endif
