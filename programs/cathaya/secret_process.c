#include "secret_process.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* With a limit below everything the next allocation would fail: all or nothing. */
static void lock_memory(void)
{
    struct rlimit limit;
    if (geteuid() == 0 || (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY))
        (void)mlockall(MCL_CURRENT | MCL_FUTURE);
}

void secret_process_hide(void)
{
    /* LeakSanitizer needs to trace itself. */
#ifndef __SANITIZE_ADDRESS__
    (void)prctl(PR_SET_DUMPABLE, 0);
#endif
}

void secret_process_start(void)
{
    struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    secret_process_hide();
    /* Its shadow memory is too large to be locked. */
#ifndef __SANITIZE_ADDRESS__
    lock_memory();
#else
    (void)lock_memory;
#endif
}
