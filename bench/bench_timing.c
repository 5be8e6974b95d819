#include "bench.h"

#include <stdio.h>
#include <time.h>

#define ROUNDS 5
#define ROUND_S 0.12
#define QUICK_ROUNDS 2
#define QUICK_ROUND_S 0.01

static bool is_quick;

void bench_set_quick(void)
{
    is_quick = true;
}

/* The thread's own time: what else runs on the machine counts less than with a clock on the wall. */
static double now_s(void)
{
    struct timespec t = {0};
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* How often a case fits into a round. */
static bool calibrate(const struct bench_case *c, double round_s, size_t *times)
{
    for (*times = 1;; *times *= 2) {
        double start = now_s();
        if (!c->run(c->context, *times))
            return false;
        double took = now_s() - start;
        if (took > round_s / 4) {
            *times = 1 + (size_t)((double)*times * round_s / took);
            return true;
        }
    }
}

#define CASES_MAX 16

bool bench_measure(struct bench_case *cases, size_t count)
{
    size_t times[CASES_MAX];
    int rounds = is_quick ? QUICK_ROUNDS : ROUNDS;
    for (size_t i = 0; i < count; i++) {
        cases[i].best_s = 0;
        if (i >= CASES_MAX || !calibrate(&cases[i], is_quick ? QUICK_ROUND_S : ROUND_S, &times[i])) {
            (void)fprintf(stderr, "cathaya-bench: %s: failed\n", cases[i].name);
            return false;
        }
    }
    for (int round = 0; round < rounds; round++) {
        for (size_t i = 0; i < count; i++) {
            double start = now_s();
            bool ok = cases[i].run(cases[i].context, times[i]);
            double one_s = (now_s() - start) / (double)times[i];
            if (!ok)
                return false;
            if (cases[i].best_s == 0 || one_s < cases[i].best_s)
                cases[i].best_s = one_s;
        }
    }
    return true;
}

/* Each addition waits for the one before, and takes one cycle. */
#if defined(__x86_64__)
#define ADD "add $1, %0\n\t"
#elif defined(__aarch64__)
#define ADD "add %0, %0, #1\n\t"
#else
#define ADD ""
#endif
#define ADDITIONS 20000000

double bench_clock_hz(void)
{
    double best = 0;
    for (int round = 0; round < ROUNDS && sizeof ADD > 1; round++) {
        unsigned long x = 1;
        double start = now_s();
        for (long i = 0; i < ADDITIONS / 10; i++)
            __asm__ volatile(ADD ADD ADD ADD ADD ADD ADD ADD ADD ADD : "+r"(x));
        double hz = ADDITIONS / (now_s() - start);
        if (hz > best)
            best = hz;
    }
    return best;
}

void bench_title(const char *text)
{
    (void)printf("\n%s\n", text);
}

static void print_time(double s)
{
    if (s < 1e-6)
        (void)printf("%9.1f ns", s * 1e9);
    else if (s < 1e-3)
        (void)printf("%9.2f us", s * 1e6);
    else
        (void)printf("%9.2f ms", s * 1e3);
}

void bench_print_rate(const struct bench_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)printf("  %-54s %11.0f /s ", cases[i].name, 1 / cases[i].best_s);
        print_time(cases[i].best_s);
        (void)printf("  x %-8.3g", cases[0].best_s / cases[i].best_s);
        if (cases[i].size > 0)
            (void)printf("%7zu bytes", cases[i].size);
        (void)printf("\n");
    }
}

void bench_target(const char *what, double value, const char *unit, bool is_reached, const char *target)
{
    (void)printf("  target: %s: %.4g%s, wanted %s: %s\n", what, value, unit, target,
                 is_reached ? "reached" : "MISSED");
}

int bench_failed(const char *what, const struct error *err)
{
    (void)fprintf(stderr, "cathaya-bench: %s: %s\n", what, err->text);
    return 1;
}
