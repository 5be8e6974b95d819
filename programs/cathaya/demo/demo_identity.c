/* Whose website the demo's is: a CA of the root program has verified it, and says so in a record beside the certificates. */
#include <stdio.h>

#include "demo/demo_world.h"
#include "key_file.h"

enum status demo_identity_key(const struct demo_world *w, struct private_key **out, struct error *err)
{
    char path[DEMO_PATH_SIZE];
    enum status s = demo_path(w, path, err, "identity.key");
    return s == STATUS_OK ? key_file_make(path, algorithms_by_name(w->algorithms, bytes_of_text("sm2_sm3")), out, err) : s;
}

enum status demo_identity_add(struct demo_world *w, struct error *err)
{
    struct demo_process *process;
    char key[DEMO_PATH_SIZE], record[DEMO_PATH_SIZE], registry[DEMO_PATH_SIZE];
    enum status s = demo_path(w, key, err, "identity.key");
    if (s == STATUS_OK)
        s = demo_path(w, record, err, "identity.record");
    if (s == STATUS_OK)
        s = demo_path(w, registry, err, "registry");
    const char *const sign[] = {"cathaya", "trust",     "identity",     "sign",      "--key",          key,         "--serial",
                                "1",       "--domain",  "demo.test",    "--subdomains", "--name-zh",   "演示有限公司", "--name-en",
                                "Demo Ltd", "--country", "CN", "--registration", "91110000DEMO00000X", "--level", "3", "--out", record, NULL};
    if (s == STATUS_OK)
        s = demo_processes_run(&w->processes, "identity-sign", sign, &process, err);
    const char *const add[] = {"cathaya", "trust", "identity", "add", "--registry", registry, record, NULL};
    return s == STATUS_OK ? demo_processes_run(&w->processes, "identity-add", add, &process, err) : s;
}
