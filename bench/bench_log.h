/* bench_log.h - what the issuance log costs. */
#ifndef CATHAYA_BENCH_BENCH_LOG_H
#define CATHAYA_BENCH_BENCH_LOG_H

/* bench_log prints the figures; 0 when all of it ran. CATHAYA_BENCH_LARGE=1 goes on to 10^7 entries,
 * CATHAYA_BENCH_DIR names the directory (/var/tmp). */
int bench_log(void);

#endif
