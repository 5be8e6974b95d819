/* load_time.h - times that the load programs tell: the clock's, and what processes have cost. Seconds. */
#ifndef CATHAYA_BENCH_LOAD_LOAD_TIME_H
#define CATHAYA_BENCH_LOAD_LOAD_TIME_H

/* load_time_now_s is a clock that only goes forward; where it begins says nothing. */
double load_time_now_s(void);

/* load_time_own_cpu_s is the CPU time of this process so far, load_time_cpu_s that of another one with all its threads;
 * 0 when there is none. */
double load_time_own_cpu_s(void);
double load_time_cpu_s(unsigned pid);

#endif
