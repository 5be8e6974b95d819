/* Paths for a purpose: which is found, which is best, and why there is none. */
#include "unit/tls/chain_maker.h"

#include "tls/peer_path.h"

#define NOW INT64_C(1800000000)
#define NAME "www.example.com"

static struct error err;
static struct trust_store *store;
static struct algorithms *algorithms;
static struct peer_trust *trust;
static struct peer_path path;

/* One world: root R, intermediate I below it; root S (another), and X: I's name and key below S. */
static struct chain_cert root, other_root, intermediate, crossed, leaf, stranger;

static struct chain_spec ca(const char *subject, enum chain_alg alg)
{
    return (struct chain_spec){.subject = subject, .alg = alg, .not_before_s = NOW - 1000 * CHAIN_DAY, .not_after_s = NOW + 1000 * CHAIN_DAY,
                               .is_ca = true};
}

static struct chain_spec server(const char *subject, enum chain_alg alg)
{
    return (struct chain_spec){.subject = subject, .alg = alg, .not_before_s = NOW - CHAIN_DAY, .not_after_s = NOW + 89 * CHAIN_DAY,
                               .san = "DNS:" NAME ",DNS:*.example.com", .eku = "serverAuth,clientAuth", .serial = 0x5000};
}

static int make(void **state)
{
    (void)state;
    OK(algorithms_new(&algorithms, &err));
    OK(trust_store_new(algorithms, &store, &err));
    struct chain_spec r = ca("CN=Root R", CHAIN_P256), s = ca("CN=Root S", CHAIN_P256), i = ca("CN=Intermediate I", CHAIN_P256),
                      l = server("CN=" NAME, CHAIN_P256);
    chain_make(&root, &r, NULL);
    chain_make(&other_root, &s, NULL);
    i.serial = 0x77;
    chain_make(&intermediate, &i, &root);
    i.key_of = &intermediate;
    chain_make(&crossed, &i, &other_root);
    chain_make(&leaf, &l, &intermediate);
    r.subject = "CN=Stranger";
    chain_make(&stranger, &r, NULL);
    return 0;
}

static int clear(void **state)
{
    (void)state;
    struct chain_cert *all[] = {&root, &other_root, &intermediate, &crossed, &leaf, &stranger};
    for (size_t i = 0; i < LENGTH(all); i++)
        chain_clear(all[i]);
    trust_store_free(store);
    algorithms_free(algorithms);
    return 0;
}

static struct peer_anchor anchor(const struct chain_cert *cert, bool is_root, uint16_t purpose)
{
    return (struct peer_anchor){.der = cert->der, .is_root = is_root, .purposes = {.count = 1, .at = {purpose}}};
}

static void begin(void)
{
    OK(peer_trust_new(store, &trust, &err));
}

static void add(const struct peer_anchor *a)
{
    OK(peer_trust_add_listed(trust, a, &err));
}

static void add_root(const struct chain_cert *cert, uint16_t purpose)
{
    struct peer_anchor a = anchor(cert, true, purpose);
    add(&a);
}

static void add_intermediate(const struct chain_cert *cert, uint16_t purpose)
{
    struct peer_anchor a = anchor(cert, false, purpose);
    add(&a);
}

static void end(void)
{
    peer_trust_free(trust);
    trust = NULL;
}

static enum status find(const struct peer_path_request *request)
{
    struct peer_path_request r = *request;
    r.trust = trust;
    if (r.at_s == 0)
        r.at_s = NOW;
    if (r.purpose == 0)
        r.purpose = TRUST_BUNDLE_TLS;
    err = (struct error){.status = STATUS_OK};
    enum status s = peer_path_find(&r, &path, &err);
    assert_true(s == STATUS_OK || err.text[0] != '\0');
    assert_int_equal(s == STATUS_OK, path.reason == PEER_PATH_GOOD && path.count > 0);
    return s;
}

/* leaf and what else was sent; NULL ends. */
static enum status find_sent(const struct chain_cert *first, const struct chain_cert *second, const struct chain_cert *third)
{
    struct bytes chain[3];
    size_t count = 0;
    const struct chain_cert *all[] = {first, second, third};
    for (size_t i = 0; i < 3 && all[i] != NULL; i++)
        chain[count++] = all[i]->der;
    return find(&(struct peer_path_request){.chain = chain, .count = count});
}

#define REFUSED_BY(expression, why) \
    do { \
        assert_int_equal((expression), STATUS_REFUSED); \
        assert_string_equal(peer_path_reason_name(path.reason), peer_path_reason_name(why)); \
    } while (0)

static bool is_at(size_t i, const struct chain_cert *cert)
{
    return i < path.count && bytes_equal(path.certificates[i].der, cert->der);
}

/* ---- finding ---- */

static void ways_to_a_root(void **state)
{
    (void)state;
    begin();
    add_root(&root, TRUST_BUNDLE_TLS);
    OK(find_sent(&leaf, &intermediate, NULL));
    assert_int_equal(path.count, 3);
    assert_true(is_at(0, &leaf) && is_at(1, &intermediate) && is_at(2, &root));
    assert_true(path.certificates[1].is_sent && path.certificates[1].anchor == NULL);
    assert_true(!path.certificates[2].is_sent && path.certificates[2].anchor->is_root);
    assert_int_equal(path.purpose, TRUST_BUNDLE_TLS);
    assert_int_equal(path.signature_count, 2);
    /* Any order, the root too, what has nothing to do with it, and all of it twice. */
    OK(find_sent(&leaf, &root, &intermediate));
    OK(find_sent(&leaf, &stranger, &intermediate));
    struct bytes twice[] = {leaf.der, leaf.der, intermediate.der, intermediate.der, root.der, root.der};
    OK(find(&(struct peer_path_request){.chain = twice, .count = LENGTH(twice)}));
    assert_int_equal(path.count, 3);
    assert_int_equal(path.candidate_count, 1);
    /* Nothing is fetched. */
    REFUSED_BY(find_sent(&leaf, NULL, NULL), PEER_PATH_NO_ISSUER);
    assert_int_equal(path.count, 1);
    add_intermediate(&intermediate, TRUST_BUNDLE_TLS);
    OK(find_sent(&leaf, NULL, NULL));
    assert_true(!path.certificates[1].is_sent && path.certificates[1].anchor != NULL);
    OK(find_sent(&leaf, &intermediate, NULL));
    assert_true(path.certificates[1].is_sent && path.certificates[1].anchor != NULL);
    end();
}

/* A trust anchor is what is listed as one [RFC5280 6.1.1 (d)]: also a CA that another one has certified, whoever that is. */
static void anchor_below_another(void **state)
{
    (void)state;
    struct chain_cert old;
    struct chain_spec spec = ca("CN=Intermediate I", CHAIN_P256);
    begin();
    add_root(&intermediate, TRUST_BUNDLE_TLS);
    OK(find_sent(&leaf, NULL, NULL));
    assert_true(path.count == 2 && is_at(1, &intermediate) && path.certificates[1].anchor->is_root);
    OK(find_sent(&leaf, &intermediate, &root));
    assert_int_equal(path.count, 2);
    OK(find_sent(&leaf, &crossed, NULL)); /* what is listed is known without being sent */
    assert_true(path.count == 2 && is_at(1, &intermediate));
    end();
    /* Its dates count; it is no way round a limit of its own. */
    spec.key_of = &intermediate;
    spec.not_after_s = NOW - 1;
    chain_make(&old, &spec, &root);
    begin();
    add_root(&old, TRUST_BUNDLE_TLS);
    REFUSED_BY(find_sent(&leaf, NULL, NULL), PEER_PATH_EXPIRED);
    REFUSED_BY(find_sent(&leaf, &root, NULL), PEER_PATH_EXPIRED);
    end();
    chain_clear(&old);
    begin();
    struct peer_anchor a = anchor(&intermediate, true, TRUST_BUNDLE_EMAIL);
    add(&a);
    REFUSED_BY(find_sent(&leaf, NULL, NULL), PEER_PATH_OTHER_PURPOSE);
    end();
    /* An intermediate that is listed as one is none. */
    begin();
    add_intermediate(&intermediate, TRUST_BUNDLE_TLS);
    REFUSED_BY(find_sent(&leaf, NULL, NULL), PEER_PATH_NO_ISSUER);
    REFUSED_BY(find_sent(&leaf, &root, NULL), PEER_PATH_UNLISTED_ROOT);
    end();
}

static void strangers(void **state)
{
    (void)state;
    struct chain_cert theirs;
    struct chain_spec spec = server("CN=" NAME, CHAIN_P256);
    chain_make(&theirs, &spec, &stranger);
    begin();
    add_root(&root, TRUST_BUNDLE_TLS);
    REFUSED_BY(find_sent(&theirs, &intermediate, NULL), PEER_PATH_NO_ISSUER);
    REFUSED_BY(find_sent(&theirs, &stranger, NULL), PEER_PATH_UNLISTED_ROOT);
    assert_non_null(strstr(err.text, "Stranger"));
    assert_int_equal(path.count, 2);
    /* An intermediate is no root. */
    add_intermediate(&stranger, TRUST_BUNDLE_TLS);
    REFUSED_BY(find_sent(&theirs, NULL, NULL), PEER_PATH_UNLISTED_ROOT);
    assert_int_equal(find(&(struct peer_path_request){.count = 0}), STATUS_USAGE);
    struct bytes rubbish[] = {leaf.der, bytes_of("\x30\x03\x02\x01\x00", 5)};
    assert_int_equal(find(&(struct peer_path_request){.chain = rubbish, .count = 2}), STATUS_MALFORMED);
    end();
    chain_clear(&theirs);
}

/* Names and key identifiers fit; the signature is by another key. */
static void signature_of_another_key(void **state)
{
    (void)state;
    struct chain_cert twin, below;
    struct chain_spec spec = ca("CN=Intermediate I", CHAIN_P256), l = server("CN=" NAME, CHAIN_P256);
    chain_make(&twin, &spec, &root);
    l.is_without_aki = true;
    chain_make(&below, &l, &intermediate);
    begin();
    add_root(&root, TRUST_BUNDLE_TLS);
    REFUSED_BY(find_sent(&below, &twin, NULL), PEER_PATH_BAD_SIGNATURE);
    assert_int_equal(path.at, 0);
    /* The right one among them is found, whatever comes first. */
    OK(find_sent(&below, &twin, &intermediate));
    assert_true(is_at(1, &intermediate));
    OK(find_sent(&below, &intermediate, &twin));
    assert_true(is_at(1, &intermediate));
    end();
    chain_clear(&twin);
    chain_clear(&below);
}

static void cross_signed(void **state)
{
    (void)state;
    begin();
    add_root(&root, TRUST_BUNDLE_TLS);
    add_root(&other_root, TRUST_BUNDLE_EMAIL);
    OK(find_sent(&leaf, &crossed, &intermediate));
    assert_true(is_at(1, &intermediate) && is_at(2, &root));
    assert_int_equal(path.candidate_count, 2);
    struct bytes chain[] = {leaf.der, intermediate.der, crossed.der};
    REFUSED_BY(find(&(struct peer_path_request){.chain = chain, .count = 3, .purpose = TRUST_BUNDLE_CODE}), PEER_PATH_USE);
    end();
    /* Both are for it: the higher level, then what is listed, then what is valid for longer. */
    begin();
    struct peer_anchor r = anchor(&root, true, TRUST_BUNDLE_TLS), s = anchor(&other_root, true, TRUST_BUNDLE_TLS);
    r.level_max = 3;
    add(&r);
    s.level_max = 2;
    add(&s);
    OK(find_sent(&leaf, &crossed, &intermediate));
    assert_true(is_at(2, &root));
    r.level_max = 1;
    add(&r); /* in place of the first */
    OK(find_sent(&leaf, &crossed, &intermediate));
    assert_true(is_at(2, &other_root));
    r.level_max = 0;
    s.level_max = 4;
    add(&r);
    add(&s);
    add_intermediate(&crossed, TRUST_BUNDLE_TLS);
    OK(find_sent(&leaf, &intermediate, NULL));
    assert_true(is_at(1, &crossed) && is_at(2, &other_root));
    end();
}

/* Two roots that have signed each other, and a certificate that stands in its own issuer's way: the search ends. */
static void loops(void **state)
{
    (void)state;
    struct chain_cert r_by_s, s_by_r;
    struct chain_spec spec = ca("CN=Root R", CHAIN_P256);
    spec.key_of = &root;
    chain_make(&r_by_s, &spec, &other_root);
    spec.subject = "CN=Root S";
    spec.key_of = &other_root;
    chain_make(&s_by_r, &spec, &root);
    begin();
    struct bytes chain[] = {leaf.der, intermediate.der, r_by_s.der, s_by_r.der, crossed.der};
    REFUSED_BY(find(&(struct peer_path_request){.chain = chain, .count = LENGTH(chain)}), PEER_PATH_NO_ISSUER);
    assert_true(path.step_count < 100);
    add_root(&other_root, TRUST_BUNDLE_TLS);
    OK(find(&(struct peer_path_request){.chain = chain, .count = LENGTH(chain)}));
    assert_int_equal(path.count, 3); /* the shorter one, by crossed */
    assert_true(is_at(1, &crossed));
    OK(find(&(struct peer_path_request){.chain = chain, .count = 3}));
    assert_int_equal(path.count, 4);
    assert_true(is_at(2, &r_by_s) && is_at(3, &other_root));
    end();
    chain_clear(&r_by_s);
    chain_clear(&s_by_r);
}

/* ---- purposes ---- */

static void purposes(void **state)
{
    (void)state;
    struct bytes chain[] = {leaf.der, intermediate.der};
    const struct peer_path_request tls = {.chain = chain, .count = 2}, intranet = {.chain = chain, .count = 2, .purpose = TRUST_BUNDLE_TLS_INTRANET};
    begin();
    add_root(&root, TRUST_BUNDLE_EMAIL);
    REFUSED_BY(find(&tls), PEER_PATH_OTHER_PURPOSE);
    assert_non_null(path.elsewhere);
    assert_true(bytes_equal(path.elsewhere->der, root.der));
    assert_non_null(strstr(err.text, "listed for email, not for tls"));
    end();
    /* Public and intranet are neighbours: it is found where it leads, and said. */
    begin();
    add_root(&root, TRUST_BUNDLE_TLS_INTRANET);
    OK(find(&tls));
    assert_int_equal(path.purpose, TRUST_BUNDLE_TLS_INTRANET);
    OK(find(&intranet));
    assert_int_equal(path.purpose, TRUST_BUNDLE_TLS_INTRANET);
    /* With both, the one that was asked for. */
    add_root(&other_root, TRUST_BUNDLE_TLS);
    struct bytes both[] = {leaf.der, intermediate.der, crossed.der};
    OK(find(&(struct peer_path_request){.chain = both, .count = 3}));
    assert_true(is_at(2, &other_root));
    OK(find(&(struct peer_path_request){.chain = both, .count = 3, .purpose = TRUST_BUNDLE_TLS_INTRANET}));
    assert_true(is_at(2, &root));
    /* And never half of each. */
    add_intermediate(&intermediate, TRUST_BUNDLE_TLS);
    REFUSED_BY(find(&tls), PEER_PATH_MIXED);
    REFUSED_BY(find(&intranet), PEER_PATH_MIXED);
    assert_int_equal(path.at, 1);
    add_intermediate(&intermediate, TRUST_BUNDLE_EMAIL);
    REFUSED_BY(find(&tls), PEER_PATH_OTHER_PURPOSE);
    end();
    /* By hand: for all. */
    begin();
    OK(peer_trust_add_root(trust, PEER_WORLD_INTL, root.der, 0, &err));
    OK(find(&tls));
    OK(find(&intranet));
    end();
}

static void uses(void **state)
{
    (void)state;
    static const struct {
        uint16_t purpose;
        const char *eku, *key_usage;
        bool is_good;
    } rows[] = {
        {TRUST_BUNDLE_TLS, "serverAuth", "critical,digitalSignature", true},
        {TRUST_BUNDLE_TLS, "clientAuth", "critical,digitalSignature", false},
        {TRUST_BUNDLE_TLS, NULL, "critical,digitalSignature", true},
        {TRUST_BUNDLE_TLS_INTRANET, "serverAuth", "critical,digitalSignature", true},
        {TRUST_BUNDLE_TLS_CLIENT, "clientAuth", "critical,digitalSignature", true},
        {TRUST_BUNDLE_TLS_CLIENT, "serverAuth", "critical,digitalSignature", false},
        {TRUST_BUNDLE_EMAIL, "emailProtection", "critical,digitalSignature", true},
        {TRUST_BUNDLE_EMAIL, "emailProtection", "critical,keyEncipherment", true},
        {TRUST_BUNDLE_EMAIL, "serverAuth", "critical,digitalSignature", false},
        {TRUST_BUNDLE_TIMESTAMP, "critical,timeStamping", "critical,digitalSignature", true},
        {TRUST_BUNDLE_TIMESTAMP, "timeStamping", "critical,digitalSignature", false},
        {TRUST_BUNDLE_TIMESTAMP, "critical,timeStamping,emailProtection", "critical,digitalSignature", false},
        {TRUST_BUNDLE_CODE, "codeSigning", "critical,digitalSignature", true},
        {TRUST_BUNDLE_CODE, "serverAuth", "critical,digitalSignature", false},
        {TRUST_BUNDLE_DOCUMENT, "1.3.6.1.5.5.7.3.36", "critical,digitalSignature", true},
        {TRUST_BUNDLE_DOCUMENT, "1.2.840.113583.1.1.5", "critical,nonRepudiation", true},
        {TRUST_BUNDLE_DOCUMENT, "emailProtection", "critical,digitalSignature", true},
        {TRUST_BUNDLE_DOCUMENT, NULL, "critical,digitalSignature", true},
        {TRUST_BUNDLE_DOCUMENT, "serverAuth", "critical,digitalSignature", false},
        {TRUST_BUNDLE_DOCUMENT, "1.3.6.1.5.5.7.3.36", "critical,keyEncipherment", false},
        {TRUST_BUNDLE_E_INVOICE, "1.3.6.1.5.5.7.3.36", "critical,digitalSignature", true},
        {TRUST_BUNDLE_E_INVOICE, "clientAuth", "critical,digitalSignature", false},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct chain_cert one;
        struct chain_spec spec = server("O=Example/CN=Somebody", CHAIN_P256);
        spec.eku = rows[i].eku;
        spec.key_usage = rows[i].key_usage;
        chain_make(&one, &spec, &intermediate);
        begin();
        add_root(&root, rows[i].purpose);
        struct bytes chain[] = {one.der, intermediate.der};
        enum status s = find(&(struct peer_path_request){.chain = chain, .count = 2, .purpose = rows[i].purpose});
        if ((s == STATUS_OK) != rows[i].is_good || (!rows[i].is_good && path.reason != PEER_PATH_USE))
            fail_msg("row %zu: %s (%s)", i, err.text, peer_path_reason_name(path.reason));
        end();
        chain_clear(&one);
    }
    /* An intermediate that is for servers alone makes no documents. */
    struct chain_cert servers, one;
    struct chain_spec spec = ca("CN=Servers alone", CHAIN_P256), l = server("O=Example/CN=Somebody", CHAIN_P256);
    spec.eku = "serverAuth";
    chain_make(&servers, &spec, &root);
    l.eku = NULL;
    chain_make(&one, &l, &servers);
    struct bytes chain[] = {one.der, servers.der};
    begin();
    add_root(&root, TRUST_BUNDLE_DOCUMENT);
    REFUSED_BY(find(&(struct peer_path_request){.chain = chain, .count = 2, .purpose = TRUST_BUNDLE_DOCUMENT}), PEER_PATH_USE);
    assert_int_equal(path.at, 1);
    end();
    chain_clear(&servers);
    chain_clear(&one);
}

/* ---- limits of the list ---- */

static void only_listed_intermediates(void **state)
{
    (void)state;
    struct peer_anchor r = anchor(&root, true, TRUST_BUNDLE_TLS);
    r.has_listed_intermediates_only = true;
    begin();
    add(&r);
    REFUSED_BY(find_sent(&leaf, &intermediate, NULL), PEER_PATH_UNLISTED_INTERMEDIATE);
    assert_int_equal(path.at, 1);
    assert_non_null(strstr(err.text, "Intermediate I"));
    add_intermediate(&intermediate, TRUST_BUNDLE_TLS);
    OK(find_sent(&leaf, &intermediate, NULL));
    OK(find_sent(&leaf, NULL, NULL));
    /* What the listed intermediate has made of another is not listed by that. */
    struct chain_cert below, last;
    struct chain_spec spec = ca("CN=Below I", CHAIN_P256), l = server("CN=" NAME, CHAIN_P256);
    chain_make(&below, &spec, &intermediate);
    chain_make(&last, &l, &below);
    REFUSED_BY(find_sent(&last, &below, &intermediate), PEER_PATH_UNLISTED_INTERMEDIATE);
    assert_int_equal(path.at, 1);
    /* Directly below the root there is none in between. */
    struct chain_cert direct;
    chain_make(&direct, &l, &root);
    OK(find_sent(&direct, NULL, NULL));
    /* Another root that asks for less is another way. */
    add_root(&other_root, TRUST_BUNDLE_TLS);
    REFUSED_BY(find_sent(&last, &below, &intermediate), PEER_PATH_UNLISTED_INTERMEDIATE);
    OK(find_sent(&last, &below, &crossed));
    assert_true(is_at(3, &other_root));
    end();
    chain_clear(&below);
    chain_clear(&last);
    chain_clear(&direct);
}

static int64_t logged_s; /* what first_logged says */

static int64_t first_logged(void *context, struct bytes issuer_spki)
{
    (void)context;
    assert_true(issuer_spki.len > 0);
    return logged_s;
}

static void times_of_distrust(void **state)
{
    (void)state;
    const int64_t begins_s = NOW - CHAIN_DAY;
    struct bytes chain[] = {leaf.der, intermediate.der};
    struct peer_path_request r = {.chain = chain, .count = 2};
    for (int of_intermediate = 0; of_intermediate < 2; of_intermediate++) {
        struct peer_anchor a = of_intermediate ? anchor(&intermediate, false, TRUST_BUNDLE_TLS) : anchor(&root, true, TRUST_BUNDLE_TLS);
        begin();
        add_root(&root, TRUST_BUNDLE_TLS);
        a.distrust_after_s = begins_s;
        add(&a);
        OK(find(&r));
        a.distrust_after_s = begins_s - 1;
        add(&a);
        REFUSED_BY(find(&r), PEER_PATH_DISTRUSTED);
        assert_int_equal(path.at, of_intermediate ? 1 : 2);
        /* Ended before it began: for nobody. */
        a.distrust_after_s = NOW - 1000 * CHAIN_DAY;
        add(&a);
        REFUSED_BY(find(&r), PEER_PATH_DISTRUSTED);
        a.distrust_after_s--;
        add(&a);
        REFUSED_BY(find(&r), PEER_PATH_REMOVED);
        a.distrust_after_s = 1;
        add(&a);
        REFUSED_BY(find(&r), PEER_PATH_REMOVED);
        /* By when it was logged. */
        a.distrust_after_s = 0;
        a.sct_distrust_after_s = NOW;
        add(&a);
        r.first_logged_s = NULL;
        OK(find(&r));
        r.first_logged_s = first_logged;
        logged_s = NOW;
        OK(find(&r));
        logged_s = NOW + 1;
        REFUSED_BY(find(&r), PEER_PATH_SCT_DISTRUSTED);
        assert_int_equal(path.at, of_intermediate ? 1 : 2);
        logged_s = INT64_MAX;
        REFUSED_BY(find(&r), PEER_PATH_SCT_DISTRUSTED);
        end();
    }
}

static void names(void **state)
{
    (void)state;
    static const struct {
        const char *san, *permitted, *excluded;
        bool is_good;
    } rows[] = {
        {"DNS:www.example.com", "example.com", NULL, true},
        {"DNS:example.com", "example.com", NULL, true},
        {"DNS:*.example.com", "example.com", NULL, true},
        {"DNS:WWW.EXAMPLE.COM", "example.com", NULL, true},
        {"DNS:notexample.com", "example.com", NULL, false},
        {"DNS:example.com.evil.test", "example.com", NULL, false},
        {"DNS:*.com", "example.com", NULL, false},
        {"DNS:www.example.com,DNS:www.example.org", "example.com", NULL, false},
        {"DNS:www.example.com,IP:192.0.2.1", "example.com", NULL, false},
        {"IP:192.0.2.1", NULL, "example.com", true},
        {"DNS:www.example.com", NULL, "example.com", false},
        {"DNS:www.example.com", "example.com", "www.example.com", false},
        {"DNS:mail.example.com", "example.com", "www.example.com", true},
        {"DNS:www.example.org", NULL, "example.com", true},
        {"email:somebody@example.com,DNS:www.example.com", "example.com", NULL, true},
        {"email:somebody@example.org,DNS:www.example.com", "example.com", NULL, false},
        {"email:somebody@example.org,DNS:www.example.com", NULL, "example.org", false},
        /* A wildcard is good for the excluded name, or is not. */
        {"DNS:*.example.com", NULL, "www.example.com", false},
        {"DNS:*.example.com", "example.com", "WWW.example.com", false},
        {"DNS:*.example.com", NULL, "a.www.example.com", true},
        {"DNS:*.w.example.com", NULL, "www.example.com", true},
        /* The last "@" is the one that counts. */
        {"email:somebody@else@example.org", NULL, "example.org", false},
        {"email:somebody@example.com@example.org", "example.com", NULL, false},
        {"otherName:1.3.6.1.5.5.7.8.9;UTF8:somebody@example.com", "example.com", NULL, true},
        {"otherName:1.3.6.1.5.5.7.8.9;UTF8:somebody@example.org", "example.com", NULL, false},
        {"otherName:1.3.6.1.5.5.7.8.9;UTF8:somebody@example.org", NULL, "example.org", false},
        {"otherName:1.3.6.1.5.5.7.8.9;UTF8:somebody@example.com", NULL, "example.org", true},
        {"otherName:1.3.6.1.5.5.7.8.9;UTF8:somebody@b\xc3\xbc" "cher.example", NULL, "example.org", false},
        {"otherName:1.3.6.1.4.1.311.20.2.3;UTF8:somebody@example.com", "example.com", NULL, false},
        {"otherName:1.3.6.1.4.1.311.20.2.3;UTF8:somebody@example.com", NULL, "example.org", true},
        {"URI:https://www.example.com/", "example.com", NULL, false},
        {"URI:https://www.example.com/", NULL, "example.org", true},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct chain_cert one;
        struct chain_spec spec = server("CN=www.example.com", CHAIN_P256);
        struct bytes permitted = bytes_of_text(rows[i].permitted != NULL ? rows[i].permitted : ""),
                     excluded = bytes_of_text(rows[i].excluded != NULL ? rows[i].excluded : "");
        struct peer_anchor a = anchor(&root, true, TRUST_BUNDLE_TLS);
        a.permitted = &permitted;
        a.permitted_count = rows[i].permitted != NULL ? 1 : 0;
        a.excluded = &excluded;
        a.excluded_count = rows[i].excluded != NULL ? 1 : 0;
        spec.san = rows[i].san;
        chain_make(&one, &spec, &intermediate);
        begin();
        add(&a);
        permitted = excluded = bytes_of_text("was copied");
        enum status s = find_sent(&one, &intermediate, NULL);
        if ((s == STATUS_OK) != rows[i].is_good || (!rows[i].is_good && path.reason != PEER_PATH_NAME_LIMIT))
            fail_msg("row %zu: %s (%s)", i, err.text, peer_path_reason_name(path.reason));
        end();
        chain_clear(&one);
    }
}

/* [RFC5280 4.2.1.10]: a mail address in the subject is one, too. */
static void names_in_the_subject(void **state)
{
    (void)state;
    static const struct {
        const char *subject;
        bool is_good;
    } rows[] = {{"CN=Somebody/emailAddress=somebody@example.com", true}, {"CN=Somebody/emailAddress=somebody@example.org", false}};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct chain_cert one;
        struct chain_spec spec = server(rows[i].subject, CHAIN_P256);
        struct bytes permitted = bytes_of_text("example.com");
        struct peer_anchor a = anchor(&root, true, TRUST_BUNDLE_EMAIL);
        a.permitted = &permitted;
        a.permitted_count = 1;
        spec.san = NULL;
        spec.eku = "emailProtection";
        chain_make(&one, &spec, &intermediate);
        begin();
        add(&a);
        struct bytes chain[] = {one.der, intermediate.der};
        const struct peer_path_request request = {.chain = chain, .count = 2, .purpose = TRUST_BUNDLE_EMAIL};
        if (rows[i].is_good)
            OK(find(&request));
        else
            REFUSED_BY(find(&request), PEER_PATH_NAME_LIMIT);
        end();
        chain_clear(&one);
    }
}

static struct trust_bundle_serials serials(uint64_t first, uint64_t last)
{
    struct trust_bundle_serials out = {{0}, {0}};
    for (size_t i = 0; i < 8; i++) {
        out.first[19 - i] = (uint8_t)(first >> (8 * i));
        out.last[19 - i] = (uint8_t)(last >> (8 * i));
    }
    return out;
}

static void revoked_serial_numbers(void **state)
{
    (void)state;
    static const struct {
        bool of_intermediate; /* the ranges of the intermediate, for the leaf 0x5000; else those of the root, for the intermediate 0x77 */
        uint64_t first, last;
        bool is_good;
    } rows[] = {
        {true, 0x5000, 0x5000, false}, {true, 0x4fff, 0x4fff, true}, {true, 0x5001, 0x5001, true}, {true, 0, 0x4fff, true},
        {true, 0, 0x5000, false},      {true, 0x5000, UINT64_MAX, false}, {true, 0x5001, UINT64_MAX, true},
        {false, 0x77, 0x77, false},    {false, 0x76, 0x76, true},   {false, 0x78, 0x79, true},   {false, 0x5000, 0x5000, true},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct trust_bundle_serials ranges[] = {serials(1, 2), serials(rows[i].first, rows[i].last)};
        struct peer_anchor r = anchor(&root, true, TRUST_BUNDLE_TLS), m = anchor(&intermediate, false, TRUST_BUNDLE_TLS);
        struct peer_anchor *with = rows[i].of_intermediate ? &m : &r;
        with->serials = ranges;
        with->serial_count = 2;
        begin();
        add(&r);
        add(&m);
        enum status s = find_sent(&leaf, NULL, NULL);
        if ((s == STATUS_OK) != rows[i].is_good || (!rows[i].is_good && path.reason != PEER_PATH_SERIAL))
            fail_msg("row %zu: %s (%s)", i, err.text, peer_path_reason_name(path.reason));
        if (!rows[i].is_good)
            assert_int_equal(path.at, rows[i].of_intermediate ? 0 : 1);
        end();
    }
}

/* What a CA has issued is revoked whichever of its certificates is sent; another's of that name is another's. */
static void revoked_by_another_certificate(void **state)
{
    (void)state;
    struct chain_cert namesake, one;
    struct chain_spec i = ca("CN=Intermediate I", CHAIN_P256), l = server("CN=" NAME, CHAIN_P256);
    struct trust_bundle_serials range = serials(0x5000, 0x5000);
    struct peer_anchor m = anchor(&intermediate, false, TRUST_BUNDLE_TLS);
    m.serials = &range;
    m.serial_count = 1;
    begin();
    add_root(&root, TRUST_BUNDLE_TLS);
    add_root(&other_root, TRUST_BUNDLE_TLS);
    add(&m);
    REFUSED_BY(find_sent(&leaf, &intermediate, NULL), PEER_PATH_SERIAL);
    REFUSED_BY(find_sent(&leaf, &crossed, NULL), PEER_PATH_SERIAL);
    assert_int_equal(path.at, 0);
    chain_make(&namesake, &i, &other_root);
    chain_make(&one, &l, &namesake);
    OK(find_sent(&one, &namesake, NULL));
    end();
    chain_clear(&namesake);
    chain_clear(&one);
}

/* ---- what the certificates say themselves ---- */

static void dates(void **state)
{
    (void)state;
    struct chain_cert old_root, old_intermediate;
    struct chain_spec spec = ca("CN=Root R", CHAIN_P256);
    spec.key_of = &root;
    spec.not_after_s = NOW;
    chain_make(&old_root, &spec, NULL);
    struct bytes chain[] = {leaf.der, intermediate.der};
    struct peer_path_request r = {.chain = chain, .count = 2};
    begin();
    add_root(&old_root, TRUST_BUNDLE_TLS);
    OK(find(&r));
    r.at_s = NOW + 1;
    REFUSED_BY(find(&r), PEER_PATH_EXPIRED);
    assert_int_equal(path.at, 2);
    /* The same key in a certificate that is still good. */
    add_root(&root, TRUST_BUNDLE_TLS);
    OK(find(&r));
    assert_true(is_at(2, &root));
    r.at_s = NOW;
    OK(find(&r));
    assert_true(is_at(2, &root)); /* valid for longer */
    r.at_s = NOW + 89 * CHAIN_DAY;
    OK(find(&r));
    r.at_s++;
    REFUSED_BY(find(&r), PEER_PATH_EXPIRED);
    assert_int_equal(path.at, 0);
    r.at_s = NOW - CHAIN_DAY;
    OK(find(&r));
    r.at_s--;
    REFUSED_BY(find(&r), PEER_PATH_NOT_YET);
    /* An old intermediate beside the new one, in either order. */
    spec = ca("CN=Intermediate I", CHAIN_P256);
    spec.key_of = &intermediate;
    spec.not_after_s = NOW - 1;
    chain_make(&old_intermediate, &spec, &root);
    OK(find_sent(&leaf, &old_intermediate, &intermediate));
    OK(find_sent(&leaf, &intermediate, &old_intermediate));
    REFUSED_BY(find_sent(&leaf, &old_intermediate, NULL), PEER_PATH_EXPIRED);
    assert_int_equal(path.at, 1);
    end();
    chain_clear(&old_root);
    chain_clear(&old_intermediate);
}

static void constraints(void **state)
{
    (void)state;
    struct chain_cert tight, one;
    struct chain_spec spec = ca("CN=Tight", CHAIN_P256), l = server("CN=" NAME, CHAIN_P256);
    begin();
    add_root(&root, TRUST_BUNDLE_TLS);
    spec.constraints = "critical,permitted;DNS:example.org";
    chain_make(&tight, &spec, &root);
    chain_make(&one, &l, &tight);
    REFUSED_BY(find_sent(&one, &tight, NULL), PEER_PATH_CONSTRAINTS);
    chain_clear(&one);
    l.san = "DNS:www.example.org";
    chain_make(&one, &l, &tight);
    OK(find_sent(&one, &tight, NULL));
    chain_clear(&one);
    chain_clear(&tight);
    /* One who may not sign certificates, and one whose path may not be so long. */
    struct chain_cert below;
    spec.constraints = NULL;
    spec.key_usage = "critical,digitalSignature";
    l.san = "DNS:" NAME;
    chain_make(&tight, &spec, &root);
    chain_make(&one, &l, &tight);
    REFUSED_BY(find_sent(&one, &tight, NULL), PEER_PATH_USE);
    chain_clear(&one);
    chain_clear(&tight);
    spec.key_usage = NULL;
    spec.basic = "critical,CA:FALSE";
    chain_make(&tight, &spec, &root);
    chain_make(&one, &l, &tight);
    REFUSED_BY(find_sent(&one, &tight, NULL), PEER_PATH_USE);
    chain_clear(&one);
    chain_clear(&tight);
    spec.basic = "critical,CA:TRUE,pathlen:0";
    chain_make(&tight, &spec, &root);
    spec.subject = "CN=Below";
    spec.basic = NULL;
    chain_make(&below, &spec, &tight);
    chain_make(&one, &l, &below);
    REFUSED_BY(find_sent(&one, &below, &tight), PEER_PATH_CONSTRAINTS);
    /* The name that was asked for. */
    struct bytes chain[] = {leaf.der, intermediate.der};
    OK(find(&(struct peer_path_request){.chain = chain, .count = 2, .dns_name = bytes_of_text("a.example.com")}));
    REFUSED_BY(find(&(struct peer_path_request){.chain = chain, .count = 2, .dns_name = bytes_of_text("a.b.example.com")}), PEER_PATH_NAME);
    OK(find(&(struct peer_path_request){.chain = chain, .count = 2, .dns_name = bytes_of_text("a.example.com.")}));
    /* No name is a pattern. */
    static const char *const wrong[] = {".example.com", ".com", ".", "..", "*.example.com", "example.com"};
    for (size_t k = 0; k < LENGTH(wrong); k++)
        if (find(&(struct peer_path_request){.chain = chain, .count = 2, .dns_name = bytes_of_text(wrong[k])}) != STATUS_REFUSED ||
            path.reason != PEER_PATH_NAME)
            fail_msg("\"%s\": %s", wrong[k], peer_path_reason_name(path.reason));
    REFUSED_BY(find(&(struct peer_path_request){.chain = chain, .count = 2, .dns_name = BYTES_OF("a.example.com")}), PEER_PATH_NAME); /* with a NUL */
    end();
    chain_clear(&one);
    chain_clear(&below);
    chain_clear(&tight);
}

/* [RFC5280 6.1.3 (f)]: who asks for a policy gets one that all have. */
static void policies(void **state)
{
    (void)state;
    static const struct {
        const char *constraints, *of_issuer, *of_leaf;
        bool is_good;
    } rows[] = {
        {NULL, NULL, "1.2.3.4", true},
        {NULL, "1.2.3.5", "1.2.3.4", true}, /* no policy is left, and nobody asks for one */
        {"critical,requireExplicitPolicy:0", "1.2.3.4", "1.2.3.4", true},
        {"critical,requireExplicitPolicy:0", "2.5.29.32.0", "1.2.3.4", true},
        {"critical,requireExplicitPolicy:0", "1.2.3.5", "1.2.3.4", false},
        {"critical,requireExplicitPolicy:0", "1.2.3.4", NULL, false},
        {"critical,requireExplicitPolicy:0", NULL, "1.2.3.4", false},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct chain_cert tight, one;
        struct chain_spec spec = ca("CN=Tight", CHAIN_P256), l = server("CN=" NAME, CHAIN_P256);
        spec.policies = rows[i].of_issuer;
        spec.policy_constraints = rows[i].constraints;
        l.policies = rows[i].of_leaf;
        chain_make(&tight, &spec, &root);
        chain_make(&one, &l, &tight);
        begin();
        add_root(&root, TRUST_BUNDLE_TLS);
        enum status s = find_sent(&one, &tight, NULL);
        if ((s == STATUS_OK) != rows[i].is_good || (!rows[i].is_good && path.reason != PEER_PATH_CONSTRAINTS))
            fail_msg("row %zu: %s (%s)", i, err.text, peer_path_reason_name(path.reason));
        end();
        chain_clear(&one);
        chain_clear(&tight);
    }
}

static void worlds(void **state)
{
    (void)state;
    struct chain_cert sm2_root, sm2_intermediate, sm2_leaf, half, mixed;
    struct chain_spec r = ca("CN=Root G", CHAIN_SM2), i = ca("CN=Intermediate G", CHAIN_SM2), l = server("CN=" NAME, CHAIN_SM2);
    chain_make(&sm2_root, &r, NULL);
    chain_make(&sm2_intermediate, &i, &sm2_root);
    chain_make(&sm2_leaf, &l, &sm2_intermediate);
    begin();
    add_root(&sm2_root, TRUST_BUNDLE_TLS);
    add_root(&root, TRUST_BUNDLE_TLS);
    OK(find_sent(&sm2_leaf, &sm2_intermediate, NULL));
    assert_int_equal(path.certificates[2].anchor->world, PEER_WORLD_GM);
    /* An SM2 leaf below an international intermediate, and an SM2 intermediate below an international root. */
    chain_make(&mixed, &l, &intermediate);
    REFUSED_BY(find_sent(&mixed, &intermediate, NULL), PEER_PATH_OTHER_WORLD);
    i.subject = "CN=Half";
    chain_make(&half, &i, &root);
    struct chain_cert below;
    chain_make(&below, &l, &half);
    REFUSED_BY(find_sent(&below, &half, NULL), PEER_PATH_OTHER_WORLD);
    assert_int_equal(path.at, 2);
    end();
    chain_clear(&sm2_root);
    chain_clear(&sm2_intermediate);
    chain_clear(&sm2_leaf);
    chain_clear(&mixed);
    chain_clear(&half);
    chain_clear(&below);
}

/* Signatures that are right and not good: another ID than all of SM2's certificates have, a hash and keys that are too weak. */
static void weak_ones(void **state)
{
    (void)state;
    struct chain_cert sm2_root, one, small = {.alg = CHAIN_RSA}, between;
    struct chain_spec r = ca("CN=Root G", CHAIN_SM2), l = server("CN=" NAME, CHAIN_SM2);
    chain_make(&sm2_root, &r, NULL);
    begin();
    add_root(&sm2_root, TRUST_BUNDLE_TLS);
    add_root(&root, TRUST_BUNDLE_TLS);
    for (int is_other = 0; is_other < 2; is_other++) {
        l.sm2_id = is_other ? "8765432187654321" : "1234567812345678";
        chain_make(&one, &l, &sm2_root);
        if (is_other)
            REFUSED_BY(find_sent(&one, NULL, NULL), PEER_PATH_BAD_SIGNATURE);
        else
            OK(find_sent(&one, NULL, NULL));
        chain_clear(&one);
    }
    l = server("CN=" NAME, CHAIN_P256);
    l.digest = "SHA1";
    chain_make(&one, &l, &intermediate);
    REFUSED_BY(find_sent(&one, &intermediate, NULL), PEER_PATH_WEAK);
    assert_int_equal(path.at, 0);
    chain_clear(&one);
    small.key = EVP_PKEY_Q_keygen(context_library(), context_properties(), "RSA", (size_t)1024);
    assert_non_null(small.key);
    l.digest = NULL;
    l.key_of = &small;
    chain_make(&one, &l, &intermediate);
    REFUSED_BY(find_sent(&one, &intermediate, NULL), PEER_PATH_WEAK);
    chain_clear(&one);
    struct chain_spec i = ca("CN=Small", CHAIN_RSA);
    i.key_of = &small;
    chain_make(&between, &i, &root);
    l.key_of = NULL;
    chain_make(&one, &l, &between);
    REFUSED_BY(find_sent(&one, &between, NULL), PEER_PATH_WEAK);
    assert_int_equal(path.at, 1);
    end();
    chain_clear(&one);
    chain_clear(&between);
    chain_clear(&sm2_root);
    EVP_PKEY_free(small.key);
}

/* ---- limits of ours ---- */

static void length(void **state)
{
    (void)state;
    struct chain_cert all[8];
    begin();
    add_root(&root, TRUST_BUNDLE_TLS);
    const struct chain_cert *above = &root;
    for (size_t i = 0; i < LENGTH(all); i++) {
        char subject[32];
        (void)snprintf(subject, sizeof subject, "CN=Level %zu", i);
        struct chain_spec spec = ca(subject, CHAIN_P256);
        chain_make(&all[i], &spec, above);
        above = &all[i];
    }
    /* Between leaf and root stand six, then seven. */
    for (size_t count = 6; count <= 7; count++) {
        struct chain_cert one;
        struct bytes chain[9];
        struct chain_spec spec = server("CN=" NAME, CHAIN_P256);
        chain_make(&one, &spec, &all[count - 1]);
        chain[0] = one.der;
        for (size_t i = 0; i < count; i++)
            chain[1 + i] = all[i].der;
        const struct peer_path_request r = {.chain = chain, .count = count + 1};
        if (count == 6)
            OK(find(&r));
        else
            REFUSED_BY(find(&r), PEER_PATH_LIMIT);
        chain_clear(&one);
    }
    end();
    for (size_t i = 0; i < LENGTH(all); i++)
        chain_clear(&all[i]);
}

/* Two names that have issued each other, many times over: every certificate fits behind half of the others. The search ends by its
 * limits, and soon. */
static void two_names(void **state)
{
    (void)state;
    enum { MANY = 14 };
    struct chain_cert all[MANY], one, echo, ohce;
    struct chain_spec spec = ca("CN=Echo", CHAIN_P256), l = server("CN=" NAME, CHAIN_P256);
    struct bytes chain[MANY + 1];
    chain_make(&echo, &spec, NULL);
    spec.subject = "CN=Ohce";
    chain_make(&ohce, &spec, NULL);
    spec.is_without_aki = true;
    for (size_t i = 0; i < MANY; i++) {
        spec.subject = i % 2 == 0 ? "CN=Echo" : "CN=Ohce";
        chain_make(&all[i], &spec, i % 2 == 0 ? &ohce : &echo);
        chain[1 + i] = all[i].der;
    }
    l.is_without_aki = true;
    chain_make(&one, &l, &all[MANY - 1]);
    chain[0] = one.der;
    const struct peer_path_request r = {.chain = chain, .count = MANY + 1};
    begin();
    add_root(&root, TRUST_BUNDLE_TLS);
    REFUSED_BY(find(&r), PEER_PATH_LIMIT);
    assert_int_equal(path.step_count, PEER_PATH_STEPS_MAX + 1);
    assert_int_equal(path.signature_count, 0);
    /* With one of them listed there are more candidates than are kept; the signatures do not fit but for two. */
    add_root(&echo, TRUST_BUNDLE_TLS);
    add_root(&ohce, TRUST_BUNDLE_TLS);
    enum status s = find(&r);
    assert_true(s == STATUS_OK || path.reason == PEER_PATH_LIMIT);
    assert_int_equal(path.candidate_count, PEER_PATH_CANDIDATES_MAX);
    assert_true(path.signature_count <= PEER_PATH_SIGNATURES_MAX);
    end();
    for (size_t i = 0; i < MANY; i++)
        chain_clear(&all[i]);
    chain_clear(&one);
    chain_clear(&echo);
    chain_clear(&ohce);
}

/* What is sent behind PEER_PATH_SENT_MAX others is not looked at. */
static void how_many_are_sent(void **state)
{
    (void)state;
    struct chain_cert others[PEER_PATH_SENT_MAX - 1];
    struct bytes chain[PEER_PATH_SENT_MAX + 1];
    struct chain_spec spec = ca("CN=Other", CHAIN_P256);
    begin();
    add_root(&root, TRUST_BUNDLE_TLS);
    chain[0] = leaf.der;
    for (size_t i = 0; i < LENGTH(others); i++) {
        chain_make(&others[i], &spec, NULL);
        chain[1 + i] = others[i].der;
    }
    chain[PEER_PATH_SENT_MAX] = intermediate.der;
    REFUSED_BY(find(&(struct peer_path_request){.chain = chain, .count = PEER_PATH_SENT_MAX + 1}), PEER_PATH_NO_ISSUER);
    chain[PEER_PATH_SENT_MAX - 1] = intermediate.der;
    OK(find(&(struct peer_path_request){.chain = chain, .count = PEER_PATH_SENT_MAX}));
    /* What is there twice takes no room. */
    chain[1] = chain[2] = leaf.der;
    chain[PEER_PATH_SENT_MAX - 1] = others[LENGTH(others) - 1].der;
    OK(find(&(struct peer_path_request){.chain = chain, .count = PEER_PATH_SENT_MAX + 1}));
    end();
    for (size_t i = 0; i < LENGTH(others); i++)
        chain_clear(&others[i]);
}

static void reasons_have_names(void **state)
{
    (void)state;
    for (int i = 0; i < PEER_PATH_REASONS; i++) {
        assert_non_null(peer_path_reason_name((enum peer_path_reason)i));
        for (int k = 0; k < i; k++)
            assert_string_not_equal(peer_path_reason_name((enum peer_path_reason)i), peer_path_reason_name((enum peer_path_reason)k));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ways_to_a_root),
        cmocka_unit_test(anchor_below_another),
        cmocka_unit_test(strangers),
        cmocka_unit_test(signature_of_another_key),
        cmocka_unit_test(cross_signed),
        cmocka_unit_test(loops),
        cmocka_unit_test(purposes),
        cmocka_unit_test(uses),
        cmocka_unit_test(only_listed_intermediates),
        cmocka_unit_test(times_of_distrust),
        cmocka_unit_test(names),
        cmocka_unit_test(names_in_the_subject),
        cmocka_unit_test(revoked_serial_numbers),
        cmocka_unit_test(revoked_by_another_certificate),
        cmocka_unit_test(dates),
        cmocka_unit_test(constraints),
        cmocka_unit_test(policies),
        cmocka_unit_test(worlds),
        cmocka_unit_test(weak_ones),
        cmocka_unit_test(length),
        cmocka_unit_test(two_names),
        cmocka_unit_test(how_many_are_sent),
        cmocka_unit_test(reasons_have_names),
    };
    return cmocka_run_group_tests(tests, make, clear);
}
