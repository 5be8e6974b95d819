"""A wall clock that a test moves, for processes that are started with the environment which make() gives."""
import os
import struct
import subprocess

SHIM = r'''
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* Seconds that the clock is off, in a file that others write. */
static int64_t off(void)
{
    static volatile int64_t *where;
    if (where == NULL) {
        int fd = open(getenv("CATHAYA_TEST_CLOCK"), O_RDONLY);
        where = mmap(NULL, sizeof *where, PROT_READ, MAP_SHARED, fd, 0);
        close(fd);
    }
    return *where;
}

int clock_gettime(clockid_t id, struct timespec *out)
{
    static int (*real)(clockid_t, struct timespec *);
    if (real == NULL)
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(id, out);
    if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)
        out->tv_sec += off();
    return result;
}

time_t time(time_t *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    out->tv_sec = now.tv_sec;
    out->tv_usec = now.tv_nsec / 1000;
    return 0;
}
'''


def make(folder, name='clock'):
    """(environment, shift): processes with it see the time that is shift(seconds) off, from the next moment on."""
    source, library, clock = (os.path.join(folder, name + suffix) for suffix in ('.c', '.so', ''))
    with open(source, 'w', encoding='ascii') as file:
        file.write(SHIM)
    subprocess.run(['cc', '-O1', '-shared', '-fPIC', '-o', library, source], check=True)

    def shift(seconds):
        with open(clock, 'r+b') as file:
            file.write(struct.pack('=q', seconds))
    with open(clock, 'wb') as file:
        file.write(bytes(8))
    # The library has to come before the sanitizers', which they do not like.
    return dict(os.environ, LD_PRELOAD=library, CATHAYA_TEST_CLOCK=clock, ASAN_OPTIONS='verify_asan_link_order=0'), shift
