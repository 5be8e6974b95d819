#include "fakes/ct_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/local_key/local_key.h"
#include "codec/asn1/der.h"
#include "codec/pem/pem.h"
#include "codec/x509/issuing_extensions.h"
#include "rules/precert.h"

#define CERTIFICATE_MAX ((size_t)1 << 20)
#define BODY_MAX ((size_t)8 << 20)
#define ORIGIN_PATH "/2027h1"

static _Noreturn void die(const char *what, const struct error *err)
{
    (void)fprintf(stderr, "ct_world: %s: %s\n", what, err != NULL ? err->text : "");
    abort();
}

static void check(enum status status, const struct error *err, const char *what)
{
    if (status != STATUS_OK)
        die(what, err);
}

/* ---- certificates ---- */

static void write_name(struct builder *b, const char *name)
{
    static const uint8_t oid_cn[] = {0x55, 0x04, 0x03};
    size_t sequence = der_open(b, DER_SEQUENCE), set = der_open(b, DER_SET), pair = der_open(b, DER_SEQUENCE);
    der_write(b, DER_OID, BYTES_OF(oid_cn));
    der_write(b, DER_UTF8_STRING, bytes_of_text(name));
    der_close(b, pair);
    der_close(b, set);
    der_close(b, sequence);
}

static void write_padding(struct builder *b, size_t len)
{
    static const uint8_t oid[] = {0x2a, 0x03, 0x04};
    size_t extension = der_open(b, DER_SEQUENCE);
    der_write(b, DER_OID, BYTES_OF(oid));
    size_t value = der_open(b, DER_OCTET_STRING);
    uint8_t *space = builder_space(b, len);
    if (space == NULL)
        die("padding", NULL);
    memset(space, 'x', len);
    der_close(b, value);
    der_close(b, extension);
}

/* extKeyUsage 1.3.6.1.4.1.11129.2.4.4. */
static void write_precert_signing(struct builder *b)
{
    static const uint8_t oid[] = {0x55, 0x1d, 0x25}, usage[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x04};
    size_t extension = der_open(b, DER_SEQUENCE);
    der_write(b, DER_OID, BYTES_OF(oid));
    size_t value = der_open(b, DER_OCTET_STRING), usages = der_open(b, DER_SEQUENCE);
    der_write(b, DER_OID, BYTES_OF(usage));
    der_close(b, usages);
    der_close(b, value);
    der_close(b, extension);
}

static void write_extensions(struct builder *b, const struct ct_world_certificate *recipe)
{
    if (!recipe->is_ca && !recipe->is_precertificate && !recipe->signs_precertificates && recipe->padding == 0)
        return;
    size_t context = der_open(b, DER_CONTEXT_CONSTRUCTED(3)), list = der_open(b, DER_SEQUENCE);
    if (recipe->is_ca)
        issuing_extensions_write_basic_constraints(b, -1);
    if (recipe->signs_precertificates)
        write_precert_signing(b);
    if (recipe->padding > 0)
        write_padding(b, recipe->padding);
    if (recipe->is_precertificate)
        precert_write_poison(b);
    der_close(b, list);
    der_close(b, context);
}

static void write_tbs(const struct ct_world_certificate *recipe, const struct ct_world_ca *issuer, struct bytes spki,
                      struct builder *b)
{
    size_t tbs = der_open(b, DER_SEQUENCE), version = der_open(b, DER_CONTEXT_CONSTRUCTED(0));
    der_write_u64(b, 2);
    der_close(b, version);
    der_write_u64(b, recipe->serial);
    builder_bytes(b, algorithm_identifier(public_key_alg(private_key_public(issuer->key))));
    write_name(b, issuer->name);
    size_t validity = der_open(b, DER_SEQUENCE);
    der_write_time(b, CT_WORLD_NOW_S - CT_WORLD_DAY_S);
    der_write_time(b, recipe->not_after_s != 0 ? recipe->not_after_s : CT_WORLD_NOW_S + 90 * CT_WORLD_DAY_S);
    der_close(b, validity);
    write_name(b, recipe->subject != NULL ? recipe->subject : "www.example.com");
    builder_bytes(b, spki);
    write_extensions(b, recipe);
    der_close(b, tbs);
}

void ct_world_certificate(struct ct_world *w, const struct ct_world_certificate *recipe, struct builder *out)
{
    const struct ct_world_ca *issuer = recipe->issuer != NULL ? recipe->issuer : &w->issuer;
    struct bytes spki = recipe->spki.len > 0 ? recipe->spki : public_key_spki(private_key_public(w->stranger.key));
    struct builder tbs, signature;
    struct error err;
    builder_init(&tbs, CERTIFICATE_MAX);
    builder_init(&signature, SIGNATURE_SIZE_MAX);
    write_tbs(recipe, issuer, spki, &tbs);
    check(builder_status(&tbs, "TBS", &err), &err, "TBS");
    check(private_key_sign(issuer->key, builder_view(&tbs), &signature, &err), &err, "sign");
    if (recipe->has_bad_signature)
        signature.data[signature.len - 1] ^= 1;
    size_t certificate = der_open(out, DER_SEQUENCE);
    builder_bytes(out, builder_view(&tbs));
    builder_bytes(out, algorithm_identifier(public_key_alg(private_key_public(issuer->key))));
    size_t bits = der_open(out, DER_BIT_STRING);
    builder_u8(out, 0);
    builder_bytes(out, builder_view(&signature));
    der_close(out, bits);
    der_close(out, certificate);
    builder_clear(&tbs);
    builder_clear(&signature);
}

void ct_world_chain(struct ct_world *w, const struct ct_world_certificate *recipe, bool with_root, struct builder *body)
{
    struct builder leaf;
    struct error err;
    builder_init(&leaf, CERTIFICATE_MAX);
    ct_world_certificate(w, recipe, &leaf);
    const struct bytes chain[] = {builder_view(&leaf), builder_view(&w->issuer.der), builder_view(&w->root.der)};
    check(ct_json_write_chain(chain, with_root ? 3 : 2, body, &err), &err, "chain");
    builder_clear(&leaf);
}

/* ---- the world ---- */

static void make_key(struct ct_world *w, struct private_key **out)
{
    struct error err;
    check(private_key_generate(algorithms_by_name(w->algorithms, bytes_of_text(w->suite->algorithm)), out, &err), &err, "key");
}

static void make_ca(struct ct_world *w, struct ct_world_ca *ca, const char *name, const struct ct_world_ca *issuer)
{
    (void)snprintf(ca->name, sizeof ca->name, "%s", name);
    make_key(w, &ca->key);
    builder_init(&ca->der, CERTIFICATE_MAX);
    const struct ct_world_certificate recipe = {.serial = 1,
                                                .issuer = issuer != NULL ? issuer : ca,
                                                .not_after_s = CT_WORLD_NOW_S + 3650 * CT_WORLD_DAY_S,
                                                .is_ca = true,
                                                .subject = name,
                                                .spki = public_key_spki(private_key_public(ca->key))};
    ct_world_certificate(w, &recipe, &ca->der);
}

static void on_tree_head(void *context, uint64_t size, const uint8_t root[HASH_SIZE], struct bytes note)
{
    struct ct_world *w = context;
    if (note.len == 0 || w->head_count == CT_WORLD_HEADS_MAX)
        die("tree head", NULL);
    w->heads[w->head_count].size = size;
    memcpy(w->heads[w->head_count++].root, root, HASH_SIZE);
}

static enum status reopen_stores(void *context, struct log_config *engine, struct error *err)
{
    struct ct_world *w = context;
    (void)engine, (void)err;
    w->reopened++;
    memory_disk_next_process(w->disk);
    return STATUS_OK;
}

static void set_config(struct ct_world *w)
{
    struct ct_log_config *c = &w->config;
    *c = (struct ct_log_config){.title = "2027h1",
                                .submission_url = "https://ct.example" ORIGIN_PATH,
                                .operator_name = "Example",
                                .suite = w->suite,
                                .state = CT_LOG_USABLE,
                                .mmd_s = 60,
                                .algorithms = w->algorithms,
                                .signer = local_key_ct_signer(w->log_key),
                                .index = memory_ct_index_port(&w->index),
                                .read_index = memory_ct_index_port(&w->index),
                                .work = fake_loop_work(w->loop),
                                .read_work = fake_loop_work(w->loop),
                                .pool = fake_loop_work(w->loop),
                                .timer = fake_loop_timer(w->loop),
                                .clock = fake_loop_clock(w->loop),
                                .events = fake_loop_events(w->loop),
                                .roots_pem = builder_view(&w->roots_pem),
                                .limits = ct_log_default_limits(),
                                .flush_ms = 200,
                                .refresh_s = 10,
                                .reopen_ms = 1000,
                                .on_tree_head = on_tree_head,
                                .reopen_stores = reopen_stores,
                                .context = w};
    c->limits.submissions_per_address_per_s = 0;
    c->limits.submissions_per_s = 0;
    c->engine.public_store = memory_disk_store(w->disk, CT_WORLD_PUBLIC);
    c->engine.private_store = memory_disk_store(w->disk, CT_WORLD_PRIVATE);
    c->engine.record = memory_disk_record(w->disk);
}

struct ct_world *ct_world_new(const struct ct_suite *suite)
{
    struct error err;
    struct ct_world *w = calloc(1, sizeof *w);
    if (w == NULL)
        die("memory", NULL);
    w->suite = suite;
    w->handler = ct_log_handler;
    check(algorithms_new(&w->algorithms, &err), &err, "algorithms");
    w->loop = fake_loop_new(CT_WORLD_NOW_S * 1000);
    w->disk = memory_disk_new();
    memory_ct_index_init(&w->index);
    make_key(w, &w->log_key);
    make_ca(w, &w->stranger, "Stranger", NULL);
    make_ca(w, &w->root, "Root", NULL);
    make_ca(w, &w->issuer, "Issuer", &w->root);
    builder_init(&w->roots_pem, CERTIFICATE_MAX);
    check(pem_write(PEM_CERTIFICATE, builder_view(&w->root.der), &w->roots_pem, &err), &err, "roots");
    set_config(w);
    return w;
}

static void clear_ca(struct ct_world_ca *ca)
{
    private_key_free(ca->key);
    builder_clear(&ca->der);
}

void ct_world_free(struct ct_world *w)
{
    ct_world_close(w);
    clear_ca(&w->root);
    clear_ca(&w->issuer);
    clear_ca(&w->stranger);
    private_key_free(w->log_key);
    builder_clear(&w->roots_pem);
    memory_ct_index_clear(&w->index);
    memory_disk_free(w->disk);
    fake_loop_free(w->loop);
    algorithms_free(w->algorithms);
    free(w);
}

enum status ct_world_open(struct ct_world *w, struct error *err)
{
    return ct_log_new(&w->config, &w->log, err);
}

void ct_world_close(struct ct_world *w)
{
    if (w->log == NULL)
        return;
    ct_log_stop(w->log);
    for (unsigned i = 0; ct_log_has_work(w->log); i++) {
        if (i == 100)
            die("the log does not come to its end", NULL);
        fake_loop_run(w->loop, 100);
    }
    ct_log_free(w->log);
    w->log = NULL;
}

void ct_world_restart(struct ct_world *w)
{
    struct error err;
    ct_world_close(w);
    memory_disk_next_process(w->disk);
    memory_ct_index_next_process(&w->index);
    check(ct_world_open(w, &err), &err, "open");
}

void ct_world_cut_power(struct ct_world *w, enum memory_loss loss, size_t index_count)
{
    struct error err;
    if (!memory_disk_has_crashed(w->disk))
        memory_disk_set_fault(w->disk, memory_disk_operations(w->disk), MEMORY_FAULT_CRASH);
    ct_world_close(w);
    memory_disk_set_fault(w->disk, UINT64_MAX, MEMORY_FAULT_NONE);
    memory_disk_cut_power(w->disk, loss, 0);
    memory_ct_index_lose(&w->index, index_count);
    check(ct_world_open(w, &err), &err, "open after a power cut");
}

/* ---- requests ---- */

static void on_send(struct http_exchange *x)
{
    struct ct_world_answer *answer = (struct ct_world_answer *)(void *)x;
    if (answer->is_answered)
        die("answered twice", NULL);
    answer->is_answered = true;
    answer->status = x->response.status;
    answer->body = x->response.body;
    answer->headers = x->response.headers;
}

static struct ct_world_answer *ask(struct ct_world *w, const char *method, const char *name, const char *query,
                                   struct bytes body)
{
    struct ct_world_answer *answer = calloc(1, sizeof *answer);
    struct http_handler handler = w->handler(w->log);
    size_t size = strlen(name) + 64;
    if (answer == NULL || (answer->path = malloc(size)) == NULL || (answer->query = strdup(query)) == NULL)
        die("memory", NULL);
    (void)snprintf(answer->path, size, ORIGIN_PATH "/ct/v1/%s", name);
    builder_init(&answer->sent, BODY_MAX);
    builder_bytes(&answer->sent, body);
    answer->x.request = (struct http_request){.method = bytes_of_text(method),
                                              .path = bytes_of_text(answer->path),
                                              .query = bytes_of_text(answer->query),
                                              .body = builder_view(&answer->sent),
                                              .peer = "192.0.2.1"};
    answer->x.response.file = -1;
    builder_init(&answer->x.response.headers, 65536);
    builder_init(&answer->x.response.body, (size_t)64 << 20);
    answer->x.send = on_send;
    handler.handle(handler.context, &answer->x);
    return answer;
}

struct ct_world_answer *ct_world_post(struct ct_world *w, const char *name, struct bytes body)
{
    return ask(w, "POST", name, "", body);
}

struct ct_world_answer *ct_world_ask(struct ct_world *w, const char *name, const char *query)
{
    return ask(w, "GET", name, query, (struct bytes){0});
}

struct ct_world_answer *ct_world_get(struct ct_world *w, const char *name, const char *query)
{
    struct ct_world_answer *answer = ct_world_ask(w, name, query);
    fake_loop_run(w->loop, 0);
    return answer;
}

void ct_world_forget(struct ct_world_answer *answer)
{
    if (!answer->is_answered)
        die("forgotten before it was answered", NULL);
    builder_clear(&answer->body);
    builder_clear(&answer->headers);
    builder_clear(&answer->sent);
    free(answer->path);
    free(answer->query);
    free(answer);
}

bool ct_world_has_header(const struct ct_world_answer *answer, const char *line)
{
    char text[1024];
    (void)snprintf(text, sizeof text, "%.*s", (int)answer->headers.len, (const char *)answer->headers.data);
    return strstr(text, line) != NULL;
}

struct ct_world_answer *ct_world_add(struct ct_world *w, const struct ct_world_certificate *recipe)
{
    struct builder body;
    builder_init(&body, BODY_MAX);
    ct_world_chain(w, recipe, false, &body);
    struct ct_world_answer *answer = ct_world_post(w, recipe->is_precertificate ? "add-pre-chain" : "add-chain", builder_view(&body));
    fake_loop_run(w->loop, 1000);
    builder_clear(&body);
    return answer;
}
