#include "gateway/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <seccomp.h>

/* It traces itself when the process ends. clang and gcc say differently that it is there. */
#if defined(__SANITIZE_ADDRESS__)
#define HAS_LEAK_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_LEAK_SANITIZER
#endif
#endif

/* A line of passwd, from wherever the machine has its users. */
#define ENTRY_SIZE 16384

enum status privileges_drop(const char *user, struct error *err)
{
    struct passwd entry, *found = NULL;
    char memory[ENTRY_SIZE];
    if (user == NULL)
        return STATUS_OK;
    if (getpwnam_r(user, &entry, memory, sizeof memory, &found) != 0 || found == NULL)
        return error_set(err, STATUS_USAGE, "user: there is no user %s on this machine", user);
    uid_t uid = entry.pw_uid;
    gid_t gid = entry.pw_gid;
    if (geteuid() == uid && getuid() == uid)
        return STATUS_OK;
    if (initgroups(user, gid) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
        return error_set(err, STATUS_REFUSED, "user: cannot become %s: %s; start as root, or leave user out", user,
                         strerror(errno));
    /* Whoever can go back has given nothing up. */
    if (uid != 0 && setuid(0) == 0)
        return error_set(err, STATUS_REFUSED, "user: could become root again");
    return STATUS_OK;
}

/* What a server of TLS never asks of the kernel. A list of what is forbidden rather than of what is allowed: the C library
 * changes what it calls, and a gateway that dies for that on an upgrade protects nobody. */
static const int forbidden[] = {
#ifndef HAS_LEAK_SANITIZER
    SCMP_SYS(ptrace),
#endif
    SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(kcmp),
    SCMP_SYS(pidfd_getfd),     SCMP_SYS(perf_event_open),  SCMP_SYS(bpf),               SCMP_SYS(userfaultfd),
    SCMP_SYS(init_module),     SCMP_SYS(finit_module),     SCMP_SYS(delete_module),     SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load), SCMP_SYS(reboot),           SCMP_SYS(swapon),            SCMP_SYS(swapoff),
    SCMP_SYS(mount),           SCMP_SYS(umount2),          SCMP_SYS(pivot_root),        SCMP_SYS(chroot),
    SCMP_SYS(move_mount),      SCMP_SYS(open_tree),        SCMP_SYS(fsopen),            SCMP_SYS(fsconfig),
    SCMP_SYS(fsmount),         SCMP_SYS(unshare),          SCMP_SYS(setns),             SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime),   SCMP_SYS(adjtimex),         SCMP_SYS(sethostname),       SCMP_SYS(setdomainname),
    SCMP_SYS(acct),            SCMP_SYS(quotactl),         SCMP_SYS(iopl),              SCMP_SYS(ioperm),
    SCMP_SYS(add_key),         SCMP_SYS(request_key),      SCMP_SYS(keyctl),            SCMP_SYS(open_by_handle_at),
    SCMP_SYS(io_uring_setup),  SCMP_SYS(io_uring_enter),   SCMP_SYS(io_uring_register), SCMP_SYS(vhangup),
};

enum status privileges_restrict_calls(struct error *err)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int result = filter == NULL ? -ENOMEM : 0;
    for (size_t i = 0; result == 0 && i < sizeof forbidden / sizeof forbidden[0]; i++) {
        result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), forbidden[i], 0);
        /* A call that this machine's kind does not have needs no rule. */
        if (result == -EDOM || result == -EINVAL)
            result = 0;
    }
    /* Without this the kernel takes a filter only from root; and nobody needs set-user-ID programs here. */
    if (result == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        result = -errno;
    if (result == 0)
        result = seccomp_load(filter);
    seccomp_release(filter);
    return result == 0 ? STATUS_OK
                       : error_set(err, STATUS_NOT_FOUND, "system calls are not restricted: %s", strerror(-result));
}
