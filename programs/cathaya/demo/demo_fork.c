/* A log that is run twice: somebody puts a copy of its directory in place, and from there on it has two histories. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "ct_json/ct_json.h"
#include "demo/demo_world.h"
#include "input.h"
#include "key_file.h"
#include "service/monitor/gossip_message.h"
#include "tree_copy.h"

#define CONFIG_MAX 4096
#define STOP_S 30
#define CHAIN_MAX 4

static enum status write_config(const struct demo_world *w, size_t which, uint16_t port, struct error *err)
{
    char name[48];
    struct builder b;
    builder_init(&b, CONFIG_MAX);
    builder_printf(&b, "listen = {\"127.0.0.1:%u\"}\ndirectory = \"state-%zu\"\nadmin-socket = \"admin-%zu.sock\"\nflush-ms = 10\n"
                      "log \"fork\" {\n    suite = \"intl\"\n    submission-url = \"%s\"\n    key = \"fork.key\"\n"
                      "    roots = \"../intl-classic/root.pem\"\n    tree-head-refresh = 2\n}\n",
                   port, which, which, w->fork.url);
    (void)snprintf(name, sizeof name, "ctlog-fork/fork-%zu.conf", which);
    enum status s = builder_status(&b, name, err);
    if (s == STATUS_OK)
        s = demo_write(w, name, builder_view(&b), 0644, err);
    builder_clear(&b);
    return s;
}

static enum status make_key(struct demo_world *w, struct error *err)
{
    char path[DEMO_PATH_SIZE];
    struct private_key *key = NULL;
    enum status s = demo_path(w, path, err, "ctlog-fork");
    if (s == STATUS_OK && mkdir(path, 0700) != 0)
        s = error_set(err, STATUS_IO, "%s: cannot be made", path);
    if (s == STATUS_OK)
        s = demo_path(w, path, err, "ctlog-fork/fork.key");
    if (s == STATUS_OK)
        s = key_file_make(path, algorithms_by_name(w->algorithms, bytes_of_text(ct_suite_intl.algorithm)), &key, err);
    if (s == STATUS_OK)
        w->fork.spki_len = public_key_spki(private_key_public(key)).len;
    if (s == STATUS_OK && w->fork.spki_len <= sizeof w->fork.spki)
        memcpy(w->fork.spki, public_key_spki(private_key_public(key)).data, w->fork.spki_len);
    private_key_free(key);
    return s;
}

static enum status start(struct demo_world *w, size_t which, struct error *err)
{
    char path[DEMO_PATH_SIZE], name[32], address[DEMO_ADDRESS_SIZE];
    (void)snprintf(name, sizeof name, "ctlog-fork-%zu", which);
    enum status s = demo_path(w, path, err, "ctlog-fork/fork-%zu.conf", which);
    const char *const arguments[] = {"cathaya", "ctlog", "run", "--config", path, NULL};
    if (s == STATUS_OK)
        s = demo_processes_start(&w->processes, name, arguments, NULL, &w->fork.processes[which], err);
    return s == STATUS_OK ? demo_process_wait_ready(w->fork.processes[which], "ctlog", address, err) : s;
}

enum status demo_fork_start(struct demo_world *w, struct error *err)
{
    uint16_t ports[2];
    enum status s = demo_port(&ports[0], err);
    if (s == STATUS_OK)
        s = demo_port(&ports[1], err);
    (void)snprintf(w->fork.url, sizeof w->fork.url, "http://127.0.0.1:%u/fork", ports[0]);
    (void)snprintf(w->fork.other_url, sizeof w->fork.other_url, "http://127.0.0.1:%u/fork", ports[1]);
    if (s == STATUS_OK)
        s = make_key(w, err);
    for (size_t i = 0; s == STATUS_OK && i < 2; i++)
        s = write_config(w, i, ports[i], err);
    return s == STATUS_OK ? start(w, 0, err) : s;
}

/* ---- submissions ---- */

static enum status submit(struct demo_world *w, const char *url, const char *chain_file, struct error *err)
{
    char to[DEMO_URL_SIZE + 32];
    struct bytes chain[CHAIN_MAX];
    struct input_blocks blocks = {.count = 0};
    struct builder body, answer;
    size_t count = 0;
    builder_init(&body, CT_JSON_SUBMISSION_MAX);
    builder_init(&answer, CT_JSON_ANSWER_MAX);
    (void)snprintf(to, sizeof to, "%s/ct/v1/add-chain", url);
    enum status s = input_read_certificates(chain_file, &blocks, err);
    for (size_t i = 0; s == STATUS_OK && i < blocks.count && count < CHAIN_MAX; i++)
        if (input_block_is(&blocks, i, "CERTIFICATE"))
            chain[count++] = input_block_der(&blocks, i);
    if (s == STATUS_OK)
        s = ct_json_write_chain(chain, count, &body, err);
    if (s == STATUS_OK)
        s = demo_fetch(w, to, builder_view(&body), &answer, err);
    input_blocks_clear(&blocks);
    builder_clear(&body);
    builder_clear(&answer);
    return s;
}

/* The classic certificates that clients have got, one after the other. */
static const char *certificate(const struct demo_world *w, size_t n)
{
    for (size_t i = 0; i < w->certificate_count; i++)
        if (strcmp(w->certificates[i].profile->name, "intl-classic") == 0 && n-- == 0)
            return w->certificates[i].path;
    return "";
}

/* ---- the fork ---- */

static bool is_anything(const char *name, bool with_keys)
{
    (void)name, (void)with_keys;
    return true;
}

static enum status stop(struct demo_world *w, struct error *err)
{
    struct demo_process *process = w->fork.processes[0];
    process->is_service = false;
    (void)kill(process->pid, SIGTERM);
    return demo_process_finish(process, STOP_S, err);
}

static enum status copy(struct demo_world *w, struct error *err)
{
    char from[DEMO_PATH_SIZE], to[DEMO_PATH_SIZE];
    struct tree_copy_selection all = {.is_wanted = is_anything, .with_keys = true};
    enum status s = demo_path(w, from, err, "ctlog-fork/state-0");
    if (s == STATUS_OK)
        s = demo_path(w, to, err, "ctlog-fork/state-1");
    if (s == STATUS_OK && mkdir(to, 0755) != 0)
        s = error_set(err, STATUS_IO, "%s: cannot be made", to);
    return s == STATUS_OK ? tree_copy_run(from, to, &all, err) : s;
}

enum status demo_fork_split(struct demo_world *w, struct error *err)
{
    enum status s = stop(w, err);
    if (s == STATUS_OK)
        s = copy(w, err);
    for (size_t i = 0; s == STATUS_OK && i < 2; i++)
        s = start(w, i, err);
    if (s == STATUS_OK)
        s = submit(w, w->fork.url, certificate(w, 0), err);
    return s == STATUS_OK ? submit(w, w->fork.other_url, certificate(w, 1), err) : s;
}

/* What another monitor would send, who was shown the other history. */
enum status demo_fork_tell(struct demo_world *w, const char *monitor_url, struct error *err)
{
    char url[DEMO_URL_SIZE + 32];
    uint8_t log_id[HASH_SIZE];
    struct tree_head head;
    struct gossip_head gossip = {.is_checkpoint = false};
    struct builder body, signature, message;
    builder_init(&body, CT_JSON_ANSWER_MAX);
    builder_init(&signature, DIGITALLY_SIGNED_SIZE_MAX);
    builder_init(&message, GOSSIP_MESSAGE_MAX);
    (void)snprintf(url, sizeof url, "%s/ct/v1/get-sth", w->fork.other_url);
    enum status s = demo_fetch(w, url, bytes_of(NULL, 0), &body, err);
    if (s == STATUS_OK)
        s = ct_json_parse_sth(&ct_suite_intl, builder_view(&body), &head, &signature, err);
    if (s == STATUS_OK)
        s = ct_suite_hash(&ct_suite_intl, bytes_of(w->fork.spki, w->fork.spki_len), log_id, err);
    if (s == STATUS_OK) {
        text_hex(BYTES_OF(log_id), gossip.log);
        gossip.head = (struct followed_head){.size = head.size, .timestamp_ms = head.timestamp_ms, .signature = builder_view(&signature)};
        memcpy(gossip.head.root, head.root, HASH_SIZE);
        s = gossip_message_write(&gossip, 1, &message, err);
    }
    (void)snprintf(url, sizeof url, "%s" GOSSIP_PATH, monitor_url);
    if (s == STATUS_OK)
        s = demo_fetch(w, url, builder_view(&message), &body, err);
    builder_clear(&body);
    builder_clear(&signature);
    builder_clear(&message);
    return s;
}
