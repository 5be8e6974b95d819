/* privileges.h - a service that needs root only to open its ports gives it up, and calls of the kernel that it never
 * makes are taken away from whoever should get hold of it. */
#ifndef CATHAYA_PROGRAM_GATEWAY_PRIVILEGES_H
#define CATHAYA_PROGRAM_GATEWAY_PRIVILEGES_H

#include "base/status.h"

/* privileges_drop makes the process the user of that name and its groups, for good; NULL, or the user that it is
 * already: nothing happens. STATUS_USAGE for a user that is not there, STATUS_REFUSED when it may not. All threads
 * change; call it before there are any all the same. */
MUST_USE enum status privileges_drop(const char *user, struct error *err);

/* privileges_restrict_calls denies, with EPERM and for every thread to come and every program that is started, the
 * system calls that manage the machine or look into other processes. STATUS_NOT_FOUND where the kernel has no seccomp:
 * the service works without. */
MUST_USE enum status privileges_restrict_calls(struct error *err);

#endif
