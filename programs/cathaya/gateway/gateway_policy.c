#include "gateway/gateway_policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/site_files.h"
#include "input.h"
#include "judging/judging.h"

#define WHY_SIZE 512
/* Certificates that are judged in one go, some milliseconds each: the loop has other things to do, and there may be thousands. */
#define JUDGED_AT_ONCE 16
#define NEXT_MS 1

/* What the policy has said. */
struct opinion {
    enum policy_verdict verdict;
    unsigned level;
    char kind[4];
    const char *rule;                /* the worst; "" */
    char text[WHY_SIZE], text_zh[WHY_SIZE], fix[WHY_SIZE];
};

/* A certificate that is served, to be judged again. */
struct row {
    char site[SITE_NAME_SIZE];
    enum site_kind kind;
    struct builder chain, properties;
    bool is_due, is_judged;
    struct opinion opinion;
};

struct gateway_policy {
    const struct gateway_config *config;
    struct gateway_policy_ports ports;
    struct judging_basis *basis;     /* NULL with policy-check "off" */
    uint64_t stamp;                  /* of the directory's files when it was read, or not */
    int64_t loaded_s, judged_s;      /* 0: never */
    char trust_error[ERROR_TEXT_MAX]; /* why the directory is not used; "" */
    struct row *rows;
    size_t row_count;
    uint64_t timer, row_timer; /* row_timer 0: no row is due */
};

static int64_t now_s(const struct gateway_policy *p)
{
    return p->ports.clock.now_ms(p->ports.clock.context) / 1000;
}

/* ---- the basis ---- */

/* Changes when `trust update` has written something. */
static uint64_t stamp_of(const struct gateway_policy *p)
{
    static const char *const names[] = {"trust.bundle", "trust.keys", "logs"};
    const struct site_files_port files = site_files_port();
    uint64_t all = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[GATEWAY_PATH_MAX + 16];
        struct error ignored;
        uint64_t one = 0;
        (void)snprintf(path, sizeof path, "%s/%s", p->config->trust, names[i]);
        if (files.stamp(files.context, path, &one, &ignored) == STATUS_OK)
            all = all * 31 + one;
    }
    return all;
}

static enum status fill_basis(const struct gateway_policy *p, const char *directory, struct judging_basis *basis, struct error *err)
{
    enum status s = directory != NULL ? judging_basis_take_directory(basis, directory, now_s(p), TRUST_BUNDLE_TLS, err) : STATUS_OK;
    if (s == STATUS_OK)
        s = judging_basis_take_policy(basis, NULL, NULL, err);
    return s == STATUS_OK ? judging_basis_take_names(basis, p->config->public_labels, p->config->public_label_count, err) : s;
}

static enum status make_basis(const struct gateway_policy *p, const char *directory, struct judging_basis **out, struct error *err)
{
    enum status s = judging_basis_new(NULL, out, err);
    if (s != STATUS_OK)
        return s;
    s = fill_basis(p, directory, *out, err);
    if (s != STATUS_OK) {
        judging_basis_free(*out);
        *out = NULL;
    }
    return s;
}

/* Said once for each reason: it is looked at every minute. */
static void tell_unused(struct gateway_policy *p, const char *reason)
{
    if (strcmp(p->trust_error, reason) == 0)
        return;
    (void)snprintf(p->trust_error, sizeof p->trust_error, "%s", reason);
    if (reason[0] != '\0')
        events_report(p->ports.events, EVENT_WARNING, "trust-not-used", {"directory", p->config->trust}, {"reason", reason},
                      {"fix", "cathaya trust update; until then paths, SCTs and cosigners are not looked at"});
    else
        events_report(p->ports.events, EVENT_INFO, "trust-used", {"directory", p->config->trust});
}

static enum status load(struct gateway_policy *p, struct error *err)
{
    struct judging_basis *next = NULL;
    struct error why = {.text = ""};
    enum status s = STATUS_NOT_FOUND;
    if (p->config->policy_check == GATEWAY_POLICY_OFF) {
        judging_basis_free(p->basis);
        p->basis = NULL;
        return STATUS_OK;
    }
    if (p->config->trust[0] != '\0') {
        p->stamp = stamp_of(p);
        s = make_basis(p, p->config->trust, &next, &why);
        tell_unused(p, s == STATUS_OK ? "" : why.text);
    }
    if (s != STATUS_OK)
        s = make_basis(p, NULL, &next, err);
    if (s != STATUS_OK)
        return s;
    judging_basis_free(p->basis);
    p->basis = next;
    p->loaded_s = now_s(p);
    return STATUS_OK;
}

/* A bundle that has expired since it was read counts no more. */
static bool has_expired(const struct gateway_policy *p)
{
    const struct trust_directory *d = p->basis != NULL ? p->basis->directory : NULL;
    return d != NULL && d->bundle.expires_s != 0 && d->bundle.expires_s < now_s(p);
}

/* ---- judging ---- */

static void write_why(const struct judging_basis *basis, const struct judging *j, const struct judging_report *report,
                      struct opinion *out)
{
    const char *rule = j->answer.worst;
    struct judging_report chinese = *report;
    chinese.language = POLICY_ZH;
    judging_report_reason(report, out->text, sizeof out->text);
    judging_report_reason(&chinese, out->text_zh, sizeof out->text_zh);
    if (rule != NULL)
        (void)snprintf(out->fix, sizeof out->fix, "%s", policy_set_fix(basis->set, rule, POLICY_EN));
}

static void describe(const struct judging_basis *basis, const struct judging *j, struct opinion *out)
{
    struct judging_report report;
    judging_describe(basis, j, &report);
    *out = (struct opinion){.verdict = j->answer.verdict, .level = j->answer.level,
                            .rule = j->answer.worst != NULL ? j->answer.worst : ""};
    memcpy(out->kind, j->answer.kind, sizeof out->kind);
    write_why(basis, j, &report, out);
}

static enum status judge_blocks(const struct gateway_policy *p, const struct input_blocks *blocks, struct bytes properties,
                                bool is_leaf_alone, struct opinion *out, struct error *err)
{
    struct bytes chain[PEER_CHAIN_MAX];
    struct judging *judging;
    struct judging_basis basis = *p->basis;
    struct judging_question question = {.chain = chain, .at_s = now_s(p), .properties = properties};
    for (size_t i = 0; i < blocks->count && question.count < PEER_CHAIN_MAX; i++)
        if (input_block_is(blocks, i, PEM_CERTIFICATE))
            chain[question.count++] = input_block_der(blocks, i);
    if (question.count == 0)
        return error_set(err, STATUS_MALFORMED, "there is no certificate");
    basis.has_trust = basis.has_trust && !is_leaf_alone && !has_expired(p);
    enum status s = judging_new(&basis, &question, &judging, err);
    if (s != STATUS_OK)
        return s;
    describe(&basis, judging, out);
    judging_free(judging);
    return STATUS_OK;
}

static enum status judge(const struct gateway_policy *p, struct bytes chain, struct bytes properties, bool is_leaf_alone,
                         struct opinion *out, struct error *err)
{
    struct input_blocks blocks;
    enum status s = input_split(chain, &blocks, err);
    if (s == STATUS_OK)
        s = judge_blocks(p, &blocks, properties, is_leaf_alone, out, err);
    input_blocks_clear(&blocks);
    return s;
}

static void tell(const struct gateway_policy *p, enum event_level level, const char *what, const char *site, enum site_kind kind,
                 const struct opinion *o)
{
    events_report(p->ports.events, level, what, {"site", site}, {"kind", site_kind_name(kind)},
                  {"verdict", policy_verdict_name(o->verdict)}, {"rule", o->rule}, {"reason", o->text}, {"fix", o->fix});
}

enum status gateway_policy_judge(struct gateway_policy *p, const char *site, const struct site_credential *credential,
                                 struct error *err)
{
    struct opinion o;
    if (p->basis == NULL)
        return STATUS_OK;
    if (has_expired(p))
        tell_unused(p, "its bundle has expired");
    enum status s = judge(p, credential->chain, credential->properties, credential->is_landmark, &o, err);
    if (s == STATUS_NO_MEMORY)
        return s;
    if (s != STATUS_OK)
        return error_prefix(err, STATUS_REFUSED, "policy");
    bool is_refused = o.verdict >= POLICY_VERDICT_NOT_SECURE && p->config->policy_check == GATEWAY_POLICY_REFUSE;
    if (o.verdict == POLICY_VERDICT_SECURE)
        return STATUS_OK;
    tell(p, is_refused ? EVENT_ERROR : EVENT_WARNING, is_refused ? "certificate-refused" : "certificate-not-secure", site,
         credential->kind, &o);
    return is_refused ? error_set(err, STATUS_REFUSED, "policy: %s: %s; %s", policy_verdict_name(o.verdict), o.text, o.fix) : STATUS_OK;
}

/* ---- what is deployed ---- */

static struct row *find(const struct gateway_policy *p, const char *site, enum site_kind kind)
{
    for (size_t i = 0; i < p->row_count; i++)
        if (p->rows[i].kind == kind && strcmp(p->rows[i].site, site) == 0)
            return &p->rows[i];
    return NULL;
}

static void clear_row(struct row *row)
{
    builder_clear(&row->chain);
    builder_clear(&row->properties);
}

/* Only what has become worse is told: the rest was told when it came. */
static void judge_row(const struct gateway_policy *p, struct row *row)
{
    struct error ignored;
    struct opinion before = row->opinion;
    bool was_judged = row->is_judged;
    row->is_judged = p->basis != NULL &&
                     judge(p, builder_view(&row->chain), builder_view(&row->properties), false, &row->opinion, &ignored) == STATUS_OK;
    if (was_judged && row->is_judged && row->opinion.verdict > before.verdict)
        tell(p, EVENT_WARNING, "certificate-not-secure", row->site, row->kind, &row->opinion);
}

static void judge_some(void *cookie)
{
    struct gateway_policy *p = cookie;
    size_t judged = 0;
    p->row_timer = 0;
    for (size_t i = 0; i < p->row_count && judged < JUDGED_AT_ONCE; i++) {
        if (!p->rows[i].is_due)
            continue;
        p->rows[i].is_due = false;
        judge_row(p, &p->rows[i]);
        judged++;
    }
    if (judged == JUDGED_AT_ONCE)
        p->row_timer = p->ports.timer.start(p->ports.timer.context, NEXT_MS, judge_some, p);
}

static void judge_soon(struct gateway_policy *p)
{
    if (p->row_timer == 0)
        p->row_timer = p->ports.timer.start(p->ports.timer.context, NEXT_MS, judge_some, p);
}

static void judge_all(struct gateway_policy *p)
{
    for (size_t i = 0; i < p->row_count; i++)
        p->rows[i].is_due = true;
    p->judged_s = now_s(p);
    judge_soon(p);
}

static void remove_rows(struct gateway_policy *p, const char *site)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->row_count; i++) {
        if (strcmp(p->rows[i].site, site) == 0)
            clear_row(&p->rows[i]);
        else
            p->rows[kept++] = p->rows[i];
    }
    p->row_count = kept;
}

static void add_row(struct gateway_policy *p, const char *site, const struct site_credential *c)
{
    struct row *more = realloc(p->rows, (p->row_count + 1) * sizeof *more);
    if (more == NULL)
        return; /* it is served all the same, and not in the status */
    p->rows = more;
    struct row *row = &p->rows[p->row_count];
    *row = (struct row){.kind = c->kind};
    (void)snprintf(row->site, sizeof row->site, "%s", site);
    builder_init(&row->chain, SITE_CHAIN_MAX);
    builder_init(&row->properties, SITE_CHAIN_MAX);
    builder_bytes(&row->chain, c->chain);
    builder_bytes(&row->properties, c->properties);
    if (!builder_is_good(&row->chain) || !builder_is_good(&row->properties)) {
        clear_row(row);
        return;
    }
    row->is_due = true;
    p->row_count++;
}

/* One row for each kind: its newest certificate, and not the form relative to a landmark, about which clients differ. */
void gateway_policy_deployed(struct gateway_policy *p, const char *site, const struct site_credential *credentials, size_t count)
{
    remove_rows(p, site);
    for (size_t i = 0; i < count; i++)
        if (!credentials[i].is_old && !credentials[i].is_landmark)
            add_row(p, site, &credentials[i]);
    judge_soon(p);
}

/* ---- life ---- */

static void look(void *cookie)
{
    struct gateway_policy *p = cookie;
    struct error err = {.text = ""};
    bool is_changed = p->config->trust[0] != '\0' && p->config->policy_check != GATEWAY_POLICY_OFF && stamp_of(p) != p->stamp;
    if (is_changed && load(p, &err) != STATUS_OK)
        events_report(p->ports.events, EVENT_ERROR, "policy-not-loaded", {"reason", err.text});
    if (is_changed)
        p->ports.on_change(p->ports.context);
    if (has_expired(p))
        tell_unused(p, "its bundle has expired");
    if (is_changed || now_s(p) - p->judged_s >= GATEWAY_POLICY_AGAIN_S || now_s(p) < p->judged_s)
        judge_all(p);
    p->timer = p->ports.timer.start(p->ports.timer.context, GATEWAY_POLICY_LOOK_MS, look, p);
}

enum status gateway_policy_new(const struct gateway_config *config, const struct gateway_policy_ports *ports,
                               struct gateway_policy **out, struct error *err)
{
    struct gateway_policy *p = calloc(1, sizeof *p);
    *out = NULL;
    if (p == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    p->config = config;
    p->ports = *ports;
    enum status s = load(p, err);
    if (s != STATUS_OK) {
        gateway_policy_free(p);
        return s;
    }
    p->judged_s = now_s(p);
    p->timer = ports->timer.start(ports->timer.context, GATEWAY_POLICY_LOOK_MS, look, p);
    *out = p;
    return STATUS_OK;
}

void gateway_policy_free(struct gateway_policy *p)
{
    if (p == NULL)
        return;
    p->ports.timer.cancel(p->ports.timer.context, p->timer);
    p->ports.timer.cancel(p->ports.timer.context, p->row_timer);
    for (size_t i = 0; i < p->row_count; i++)
        clear_row(&p->rows[i]);
    free(p->rows);
    judging_basis_free(p->basis);
    free(p);
}

enum status gateway_policy_configure(struct gateway_policy *p, const struct gateway_config *config, struct error *err)
{
    const struct gateway_config *before = p->config;
    p->config = config;
    enum status s = load(p, err);
    if (s != STATUS_OK) {
        p->config = before;
        return s;
    }
    judge_all(p);
    p->ports.on_change(p->ports.context);
    return STATUS_OK;
}

/* ---- for people ---- */

json_t *gateway_policy_status(const struct gateway_policy *p)
{
    static const char *const checks[] = {[GATEWAY_POLICY_REFUSE] = "refuse", [GATEWAY_POLICY_WARN] = "warn", [GATEWAY_POLICY_OFF] = "off"};
    json_t *o = json_pack("{s:s, s:s?, s:s?}", "check", checks[p->config->policy_check], "trust",
                          p->config->trust[0] != '\0' ? p->config->trust : NULL, "reason",
                          p->trust_error[0] != '\0' ? p->trust_error : NULL);
    if (o == NULL)
        return json_null();
    (void)json_object_set_new(o, "loaded_at", p->loaded_s != 0 ? json_integer(p->loaded_s) : json_null());
    (void)json_object_set_new(o, "policy", p->basis == NULL ? json_null()
                                                            : json_pack("{s:s%, s:I, s:b}", "name", policy_set_name(p->basis->set),
                                                                        strlen(policy_set_name(p->basis->set)), "version",
                                                                        (json_int_t)policy_set_version(p->basis->set), "built_in",
                                                                        (int)p->basis->is_built_in));
    return o;
}

json_t *gateway_policy_of(const struct gateway_policy *p, const char *site, enum site_kind kind)
{
    const struct row *row = find(p, site, kind);
    char level[] = "T0";
    if (row == NULL || !row->is_judged || p->basis == NULL) /* "off": what was said before is said no more */
        return json_null();
    const struct opinion *o = &row->opinion;
    level[1] = (char)('0' + o->level);
    json_t *object = json_pack("{s:s, s:s?, s:s, s:s, s:s, s:s, s:s}", "verdict", policy_verdict_name(o->verdict), "level",
                               o->verdict != POLICY_VERDICT_UNTRUSTED ? level : NULL, "kind", o->kind, "rule", o->rule, "text",
                               o->text, "text_zh", o->text_zh, "fix", o->fix);
    return object != NULL ? object : json_null(); /* a text that is no UTF-8 */
}
