/* bench.h - what the parts of cathaya-bench share: timing, and one form of output. */
#ifndef CATHAYA_BENCH_BENCH_H
#define CATHAYA_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* One thing that is timed. run does it `times` times and says whether each went well. */
struct bench_case {
    const char *name;
    bool (*run)(void *context, size_t times);
    void *context;
    size_t size;  /* bytes, for the table; 0: nothing to say */
    double best_s; /* out: seconds for one, in the best round */
};

/* bench_set_quick makes rounds short: to see that all works, not for figures to keep. */
void bench_set_quick(void);

/* bench_measure times the cases in turns, one round of each after the other, and keeps the best of 5
 * rounds of each: what disturbs the machine disturbs all of them. False when a case failed. */
bool bench_measure(struct bench_case *cases, size_t count);

/* bench_clock_hz estimates the clock rate now, by a chain of additions of one cycle each. */
double bench_clock_hz(void);

/* bench_title starts a section; bench_print_rate prints cases with rate, time and bytes, and how many
 * times faster each is than the first. */
void bench_title(const char *text);
void bench_print_rate(const struct bench_case *cases, size_t count);

/* bench_target prints a target of the project and whether this run reached it. */
void bench_target(const char *what, double value, const char *unit, bool is_reached, const char *target);

/* bench_failed prints the reason and gives 1. */
int bench_failed(const char *what, const struct error *err);

/* The parts, each a section or two. 0: all went well. */
int bench_machine(void);
int bench_hash(void);
int bench_verify(void);
int bench_sign(void);
int bench_handshake(void);
int bench_policy(void);
int bench_trust(void);

#endif
