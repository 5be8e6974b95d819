#include "bench.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <openssl/crypto.h>

/* The value of the first line of /proc/cpuinfo with this key, without its line end. */
static void read_cpuinfo(const char *key, char *out, size_t size)
{
    char line[512];
    (void)snprintf(out, size, "unknown");
    FILE *f = fopen("/proc/cpuinfo", "re");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        char *value = strstr(line, ": ");
        if (strncmp(line, key, strlen(key)) != 0 || value == NULL)
            continue;
        value[strcspn(value, "\n")] = '\0';
        (void)snprintf(out, size, "%s", value + 2);
        break;
    }
    if (f != NULL)
        (void)fclose(f);
}

int bench_machine(void)
{
    char model[128], mhz[32];
    struct utsname os;
    read_cpuinfo("model name", model, sizeof model);
    read_cpuinfo("cpu MHz", mhz, sizeof mhz);
    bench_title("machine");
    (void)printf("  processor   %s, %ld online\n", model, sysconf(_SC_NPROCESSORS_ONLN));
    (void)printf("  clock       %.2f GHz measured now, %s MHz in /proc/cpuinfo\n", bench_clock_hz() / 1e9, mhz);
    if (uname(&os) == 0)
        (void)printf("  system      %s %s %s\n", os.sysname, os.release, os.machine);
#ifdef __clang__
    (void)printf("  compiler    %s\n", __VERSION__);
#else
    (void)printf("  compiler    gcc %s\n", __VERSION__);
#endif
    (void)printf("  library     %s\n", OpenSSL_version(OPENSSL_VERSION));
    (void)printf("  Times are CPU time, best of 5 rounds taken in turns; x is the ratio to the first line.\n");
    return 0;
}
