/* bench_growth.h - does the engine of a CT log get slower as the log grows? */
#ifndef CATHAYA_BENCH_BENCH_GROWTH_H
#define CATHAYA_BENCH_BENCH_GROWTH_H

/* bench_growth prints time per entry from each power of ten to the next; 0 when all of it ran. To 10^6 entries of
 * each suite; CATHAYA_BENCH_GROWTH=N goes on to 10^N (5 to 9), CATHAYA_BENCH_SUITE names one suite, CATHAYA_BENCH_DIR the
 * directory (/var/tmp). Data tiles are kept as long as they leave the disk two thirds of what is free; beyond, they are
 * hashed and thrown away, which is said. All other tiles are kept. */
int bench_growth(void);

#endif
