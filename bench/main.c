/* cathaya-bench - measures what docs/performance.md states: all of it, or the parts that are named. */
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "bench_growth.h"
#include "bench_log.h"

static int run_log(void)
{
    bench_title("issuance log on a real disk");
    return bench_log();
}

static const struct part {
    const char *name;
    int (*run)(void);
    bool is_run_quick; /* with --quick, and no names: logs take a minute */
} parts[] = {
    {"machine", bench_machine, true}, {"hash", bench_hash, true},           {"verify", bench_verify, true},
    {"sign", bench_sign, true},       {"handshake", bench_handshake, true}, {"log", run_log, false},
    {"policy", bench_policy, true},   {"trust", bench_trust, true},
    {"growth", bench_growth, false},
};
#define PARTS (sizeof parts / sizeof parts[0])

static int usage(void)
{
    (void)fprintf(stderr, "usage: cathaya-bench [--quick] [NAME...]\nnames:");
    for (size_t i = 0; i < PARTS; i++)
        (void)fprintf(stderr, " %s", parts[i].name);
    (void)fprintf(stderr, "\n--quick: short rounds, no log; CATHAYA_BENCH_LARGE=1: the log up to 10^7 entries\n"
                          "CATHAYA_BENCH_GROWTH=8: the CT log up to 10^8 entries\n");
    return 2;
}

static bool is_part(const char *name)
{
    for (size_t i = 0; i < PARTS; i++)
        if (strcmp(parts[i].name, name) == 0)
            return true;
    return false;
}

static bool is_named(const char *name, char **names)
{
    for (; *names != NULL; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    (void)argc;
    char **names = argv[0] != NULL ? argv + 1 : argv;
    bool is_quick = *names != NULL && strcmp(*names, "--quick") == 0;
    int result = 0;
    /* Lines appear as they are measured, in a file too. */
    (void)setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    if (is_quick) {
        bench_set_quick();
        names++;
    }
    for (char **name = names; *name != NULL; name++)
        if (!is_part(*name))
            return usage();
    for (size_t i = 0; i < PARTS; i++)
        if (*names != NULL ? is_named(parts[i].name, names) : !is_quick || parts[i].is_run_quick) {
            if (parts[i].run() != 0)
                result = 1;
            (void)fflush(stdout);
        }
    return result;
}
