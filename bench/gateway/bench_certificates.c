/* cathaya-bench-certificates DIR: a certificate of each kind, valid now, as files (bench_made.h). */
#include <stdio.h>
#include <time.h>

#include "gateway/bench_made.h"

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: cathaya-bench-certificates DIR\n");
        return 2;
    }
    for (size_t i = 0; bench_made_kind(i) != NULL; i++) {
        static struct bench_made made;
        bench_made_make(argv[1], bench_made_kind(i), (int64_t)time(NULL), &made);
        bench_made_clear(&made);
    }
    return 0;
}
