/* work.h - computing on another thread than the event loop's.
 *
 * A pool runs jobs side by side, in any order; a serial worker runs them one at a time in the order of
 * submission: what only its jobs touch needs no lock.
 */
#ifndef CATHAYA_PORTS_WORK_H
#define CATHAYA_PORTS_WORK_H

struct work_port {
    void *context;
    /* submit calls run(cookie) on the other thread, and done(cookie) afterwards on the event loop's
     * thread, never before submit returns. A job always ends: there is no failure and no cancelling.
     * Callers bound what they submit. */
    void (*submit)(void *context, void (*run)(void *cookie), void (*done)(void *cookie),
                   void *cookie);
};

#endif
