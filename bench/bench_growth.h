/* bench_growth.h - does the engine of a CT log get slower as the log grows? */
#ifndef CATHAYA_BENCH_BENCH_GROWTH_H
#define CATHAYA_BENCH_BENCH_GROWTH_H

/* bench_growth prints what an entry costs in a log of 10^6, next to one of 10^5, of each suite; 0 when all of it ran.
 * CATHAYA_BENCH_GROWTH=N goes on to 10^N (6 to 9), CATHAYA_BENCH_SUITE names one suite, CATHAYA_BENCH_DIR the directory
 * (/var/tmp). Data tiles are kept as long as they leave the disk two thirds of what is free; beyond, they are hashed and thrown
 * away, in both logs, which is said. All other tiles are kept: 3.2 GB of 10^8. */
int bench_growth(void);

#endif
