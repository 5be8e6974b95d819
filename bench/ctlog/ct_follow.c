/* cathaya-ct-follow - how fast a static-ct log on this disk is verified and compared with a watch list: the roles that
 * `cathaya monitor run` is made of, without its delivery.
 *
 *   cathaya-ct-follow --suite gm|intl --key BASE64 --origin NAME --watch FILE [--index DB] --state DIR LOG-DIR
 *
 * Prints one JSON object. With --index all names are written to a domain index too, and committed. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/event_loop/event_loop.h"
#include "adapters/event_loop/serial_worker.h"
#include "adapters/posix/posix_clock.h"
#include "adapters/posix/posix_object_store.h"
#include "adapters/sqlite/sqlite_domain_index.h"
#include "base/text.h"
#include "codec/ct/ct_suite.h"
#include "load/load_time.h"
#include "service/log_follower/log_follower.h"
#include "service/monitor/monitor_scan.h"

#define WATCH_FILE_MAX ((size_t)16 << 20)

struct follow {
    const char *suite_name, *key, *origin, *watch_path, *index_path, *state_path, *log_path;
    struct event_loop *loop;
    struct algorithms *algorithms;
    struct public_key *log_key;
    struct posix_object_store *source, *state;
    struct monitor_watch *watch;
    struct serial_worker *worker;
    struct work_port index_work;
    struct sqlite_domain_index *database;
    struct domain_index index;
    struct log_follower *follower;
    uint64_t entry_count, hit_count, name_count, finding_count;
    size_t under_way;
    bool is_over;
    enum status status;
    char failure[256];
};

struct rows {
    struct follow *follow;
    struct monitor_found *found;
    uint64_t end;
};

static _Noreturn void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "cathaya-ct-follow: %s: %s\n", what, why);
    exit(1);
}

/* ---- what comes from the follower ---- */

static void *look(void *cookie, const struct followed_batch *batch)
{
    struct follow *f = cookie;
    struct error err = {.status = STATUS_OK};
    struct monitor_found *found = NULL;
    struct monitor_scan_input input = {.watch = f->watch, .log = "bench", .url = "https://bench.example", .now_ms = 0, .batch = batch,
                                       .wants_index = f->database != NULL};
    if (monitor_scan(&input, &found, &err) != STATUS_OK)
        die("scan", err.text);
    return found;
}

static void drop(void *cookie, void *result)
{
    (void)cookie;
    monitor_found_free(result);
}

static void end_when_over(struct follow *f)
{
    if (f->is_over && f->under_way == 0)
        event_loop_stop(f->loop);
}

static void write_rows(void *cookie)
{
    struct rows *rows = cookie;
    struct follow *f = rows->follow;
    struct error err = {.status = STATUS_OK};
    if (f->index.add(f->index.context, rows->found->rows.items, rows->found->rows.count, &err) != STATUS_OK ||
        f->index.commit(f->index.context, &err) != STATUS_OK)
        die("index", err.text);
}

static void on_written(void *cookie)
{
    struct rows *rows = cookie;
    struct follow *f = rows->follow;
    log_follower_kept(f->follower, rows->end);
    f->under_way--;
    monitor_found_free(rows->found);
    free(rows);
    end_when_over(f);
}

static void on_entries(void *cookie, const struct followed_batch *batch)
{
    struct follow *f = cookie;
    struct monitor_found *found = batch->look_result;
    f->entry_count += found->entry_count;
    f->hit_count += found->hit_count;
    for (size_t i = 0; i < found->rows.count; i++)
        f->name_count += ((const struct domain_index_entry *)array_at(&found->rows, i))->name_count;
    if (f->database == NULL) {
        monitor_found_free(found);
        return;
    }
    struct rows *rows = malloc(sizeof *rows);
    if (rows == NULL)
        abort();
    *rows = (struct rows){.follow = f, .found = found, .end = batch->start + batch->count};
    f->under_way++;
    f->index_work.submit(f->index_work.context, write_rows, on_written, rows);
}

static void on_finding(void *cookie, const struct log_finding *finding)
{
    struct follow *f = cookie;
    if (f->finding_count++ == 0)
        (void)fprintf(stderr, "cathaya-ct-follow: %s: %s\n", log_finding_name(finding->id), finding->text);
}

static void on_round_done(void *cookie, enum status status, const struct error *err)
{
    struct follow *f = cookie;
    f->is_over = true;
    f->status = status;
    if (status != STATUS_OK)
        (void)snprintf(f->failure, sizeof f->failure, "%.250s", err->text);
    end_when_over(f);
}

/* ---- making it ---- */

static void read_options(int argc, char **argv, struct follow *f)
{
    static const struct option names[] = {{"suite", 1, NULL, 's'}, {"key", 1, NULL, 'k'}, {"origin", 1, NULL, 'o'}, {"watch", 1, NULL, 'w'},
                                          {"index", 1, NULL, 'i'}, {"state", 1, NULL, 't'}, {0}};
    f->suite_name = "gm";
    for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        switch (c) {
        case 's': f->suite_name = optarg; break;
        case 'k': f->key = optarg; break;
        case 'o': f->origin = optarg; break;
        case 'w': f->watch_path = optarg; break;
        case 'i': f->index_path = optarg; break;
        case 't': f->state_path = optarg; break;
        default: exit(2);
        }
    }
    if (f->key == NULL || f->origin == NULL || f->watch_path == NULL || f->state_path == NULL || optind + 1 != argc)
        die("usage", "see the head of ct_follow.c");
    f->log_path = argv[optind];
}

static void read_watch_list(struct follow *f)
{
    struct error err = {.status = STATUS_OK};
    struct watch_list *list = NULL;
    uint8_t buffer[65536];
    size_t len;
    struct builder text;
    builder_init(&text, WATCH_FILE_MAX);
    FILE *file = fopen(f->watch_path, "rb");
    if (file == NULL)
        die(f->watch_path, "cannot be read");
    while ((len = fread(buffer, 1, sizeof buffer, file)) > 0)
        builder_bytes(&text, bytes_of(buffer, len));
    (void)fclose(file);
    if (watch_list_read(builder_view(&text), NULL, &list, &err) != STATUS_OK || monitor_watch_new(list, &f->watch, &err) != STATUS_OK)
        die(f->watch_path, err.text);
    builder_clear(&text);
}

static void open_log(struct follow *f)
{
    struct error err = {.status = STATUS_OK};
    const struct ct_suite *suite = ct_suite_by_name(bytes_of_text(f->suite_name));
    struct builder spki;
    builder_init(&spki, KEY_SPKI_MAX);
    if (suite == NULL || !text_parse_base64(bytes_of_text(f->key), &spki))
        die("usage", "--suite gm or intl, --key in base64");
    if (algorithms_new(&f->algorithms, &err) != STATUS_OK ||
        public_key_new(algorithms_by_name(f->algorithms, bytes_of_text(suite->algorithm)), builder_view(&spki), &f->log_key, &err) != STATUS_OK ||
        posix_object_store_open(f->log_path, POSIX_PUBLIC, false, &f->source, &err) != STATUS_OK ||
        posix_object_store_open(f->state_path, POSIX_PRIVATE, true, &f->state, &err) != STATUS_OK ||
        event_loop_new(&f->loop, &err) != STATUS_OK || serial_worker_new(f->loop, &f->worker, &err) != STATUS_OK)
        die("starting", err.text);
    f->index_work = serial_worker_port(f->worker);
    builder_clear(&spki);
    if (f->index_path == NULL)
        return;
    if (sqlite_domain_index_open(f->index_path, SQLITE_MAY_CREATE, &f->database, &err) != STATUS_OK)
        die(f->index_path, err.text);
    f->index = sqlite_domain_index_port(f->database);
}

static void follow_it(struct follow *f)
{
    struct error err = {.status = STATUS_OK};
    struct object_store source = posix_object_store_port(f->source);
    struct followed_log log = {.name = "bench", .kind = LOG_KIND_STATIC_CT, .hash = ct_suite_by_name(bytes_of_text(f->suite_name))->hash,
                               .origin = f->origin, .key = f->log_key, .mmd_ms = 86400000, .source = &source};
    struct follower_options options = {.requests_per_s = 1000000, .is_keeping = f->database != NULL};
    struct follower_ports ports = {.timer = event_loop_timers(f->loop), .clock = posix_clock(), .state = posix_object_store_port(f->state),
                                   .work = event_loop_pool(f->loop), .algorithms = f->algorithms};
    struct follower_callbacks callbacks = {.look = look, .drop = drop, .entries = on_entries, .finding = on_finding, .round_done = on_round_done};
    if (log_follower_new(&log, &options, &ports, &callbacks, f, &f->follower, &err) != STATUS_OK)
        die("follower", err.text);
    log_follower_start(f->follower);
    event_loop_run(f->loop);
}

static void on_stopped(void *cookie)
{
    event_loop_stop(((struct follow *)cookie)->loop);
}

int main(int argc, char **argv)
{
    static struct follow f;
    read_options(argc, argv, &f);
    read_watch_list(&f);
    open_log(&f);
    double begin = load_time_now_s(), cpu = load_time_own_cpu_s();
    follow_it(&f);
    double took = load_time_now_s() - begin;
    cpu = load_time_own_cpu_s() - cpu;
    if (f.status != STATUS_OK)
        (void)fprintf(stderr, "cathaya-ct-follow: %s\n", f.failure);
    (void)printf("{\"entries\": %llu, \"hits\": %llu, \"names\": %llu, \"findings\": %llu, \"watched\": %zu, \"seconds\": %.3f, "
                 "\"entries_per_s\": %.0f, \"cpu_us\": %.2f}\n",
                 (unsigned long long)f.entry_count, (unsigned long long)f.hit_count, (unsigned long long)f.name_count,
                 (unsigned long long)f.finding_count, watch_list_count(monitor_watch_list(f.watch), WATCH_SUBTREE), took,
                 (double)f.entry_count / took, cpu * 1e6 / (double)(f.entry_count > 0 ? f.entry_count : 1));
    log_follower_stop(f.follower, on_stopped, &f);
    event_loop_run(f.loop);
    log_follower_free(f.follower);
    serial_worker_free(f.worker);
    sqlite_domain_index_close(f.database);
    monitor_watch_release(f.watch);
    posix_object_store_close(f.source);
    posix_object_store_close(f.state);
    public_key_free(f.log_key);
    algorithms_free(f.algorithms);
    event_loop_free(f.loop);
    return f.status == STATUS_OK && f.finding_count == 0 ? 0 : 1;
}
