/* The Merkle Tree CA behind ACME: names, serial numbers, chains of both media types, revocation. */
#include "unit/checks.h"

#include "codec/mtc/mtc_proof.h"
#include "codec/pem/pem.h"
#include "codec/properties/properties.h"
#include "codec/x509/certificate.h"
#include "fakes/default_policy.h"
#include "fakes/sequencer_world.h"

static struct error err;

struct answer {
    unsigned count;
    enum status status;
    struct acme_issued issued;
    struct builder pem;
    int64_t retry_after_s;
    char reason[ERROR_TEXT_MAX];
};

static void on_issue(void *cookie, enum status status, const struct acme_issued *issued, const struct error *e)
{
    struct answer *a = cookie;
    a->count++;
    a->status = status;
    a->issued = *issued;
    if (status != STATUS_OK)
        memcpy(a->reason, e->text, sizeof a->reason);
}

static void on_read(void *cookie, enum status status, struct bytes pem, int64_t retry_after_s, const struct error *e)
{
    struct answer *a = cookie;
    (void)e;
    a->count++;
    a->status = status;
    builder_reset(&a->pem);
    builder_bytes(&a->pem, pem);
    a->retry_after_s = retry_after_s;
}

static void on_revoke(void *cookie, enum status status, const struct error *e)
{
    struct answer *a = cookie;
    (void)e;
    a->count++;
    a->status = status;
}

static unsigned revoked_calls;

static void count_revoked(void *context)
{
    (void)context;
    revoked_calls++;
}

struct acme {
    struct sequencer_world *sw;
    struct acme_mtc_issuer *issuer;
    struct acme_issuer port;
    const struct certificate_profile *profiles[1];
    struct answer answer;
};

static void start(struct acme *a)
{
    *a = (struct acme){.sw = sw_new()};
    struct sequencer_world *sw = a->sw;
    sw->config.landmark_interval_s = 60;
    sw->profile.has_ips = true;
    sw_start(sw);
    a->profiles[0] = &sw->profile;
    builder_init(&a->answer.pem, (size_t)1 << 20);
    struct acme_mtc_issuer_config config = {
        .ca = "gm", .ca_id = sw->issuer.ca_id, .instance = {1, 2, 3}, .profiles = a->profiles, .profile_count = 1,
        .sequencer = sw->sequencer, .store = memory_issuance_store_port(sw->store), .worker = fake_loop_work(sw->loop),
        .clock = fake_loop_clock(sw->loop), .revoked = count_revoked,
        .lint = {.policy = default_policy()},
    };
    OK(acme_mtc_issuer_new(&config, &a->issuer, &err));
    a->port = acme_mtc_issuer_port(a->issuer);
    fake_loop_run(sw->loop, 10);
}

static void end(struct acme *a)
{
    struct sequencer_world *sw = a->sw;
    sw_stop(sw);
    acme_mtc_issuer_free(a->issuer);
    builder_clear(&a->answer.pem);
    sw_free(sw);
}

static struct acme_issue_request request_of(const struct acme *a, acme_id order, const struct acme_identifier *names, size_t count)
{
    return (struct acme_issue_request){.order = order, .profile = "gm-mtc", .identifiers = names,
                                       .identifier_count = count,
                                       .spki = public_key_spki(private_key_public(a->sw->subject_key))};
}

static const struct acme_identifier names[] = {{ACME_DNS, "www.example.com"}, {ACME_DNS, "*.example.com"}, {ACME_IP, "192.0.2.7"}};

static struct acme_certificate issue(struct acme *a, acme_id order)
{
    struct acme_issue_request request = request_of(a, order, names, LENGTH(names));
    a->answer.count = 0;
    OK(a->port.issue(a->port.context, &request, on_issue, &a->answer, &err));
    assert_int_equal(a->answer.count, 0);
    fake_loop_run(a->sw->loop, 2000);
    assert_int_equal(a->answer.count, 1);
    assert_int_equal(a->answer.status, STATUS_OK);
    struct acme_certificate c = {.order = order, .serial_len = a->answer.issued.serial_len};
    memcpy(c.serial, a->answer.issued.serial, c.serial_len);
    return c;
}

static void read_form(struct acme *a, const struct acme_certificate *c, enum acme_form form, bool with_properties)
{
    a->answer.count = 0;
    a->port.read_certificate(a->port.context, c, form, with_properties, on_read, &a->answer);
    assert_int_equal(a->answer.count, 0); /* never from within the call */
    fake_loop_run(a->sw->loop, 10);
    assert_int_equal(a->answer.count, 1);
}

static void an_order_is_issued(void **state)
{
    (void)state;
    struct acme a;
    start(&a);
    assert_true(a.port.is_mtc);
    assert_hex(a.port.ca_key_id, "81fd5901");
    struct acme_certificate first = issue(&a, 7), again = issue(&a, 7), other = issue(&a, 8);
    assert_hex(bytes_of(first.serial, first.serial_len), "01000000000000");
    assert_bytes(bytes_of(again.serial, again.serial_len), bytes_of(first.serial, first.serial_len));
    assert_hex(bytes_of(other.serial, other.serial_len), "01000000000001");
    end(&a);
}

static void chains_have_both_forms(void **state)
{
    (void)state;
    struct acme a;
    struct pem_reader pem;
    struct pem_block block;
    struct builder der;
    struct properties properties;
    struct certificate certificate;
    builder_init(&der, (size_t)1 << 20);
    start(&a);
    struct acme_certificate c = issue(&a, 7);
    read_form(&a, &c, ACME_FORM_STANDALONE, false);
    assert_int_equal(a.answer.status, STATUS_OK);
    pem_reader_init(&pem, builder_view(&a.answer.pem), PEM_LAX);
    OK(pem_next(&pem, &block, &der, &err));
    OK(certificate_parse(builder_view(&der), &certificate, &err));
    assert_hex(certificate.serial, "01000000000000");
    /* The CA's certificate follows: a text of the test here. */
    assert_bytes(bytes_of(a.answer.pem.data + a.answer.pem.len - 3, 3), bytes_of_text("CA\n"));

    read_form(&a, &c, ACME_FORM_STANDALONE, true);
    assert_int_equal(a.answer.status, STATUS_OK);
    pem_reader_init(&pem, builder_view(&a.answer.pem), PEM_STRICT);
    builder_reset(&der);
    OK(pem_next(&pem, &block, &der, &err));
    assert_true(bytes_is_text(block.label, PROPERTIES_PEM_LABEL));
    /* [MTC 8.2]: the CA's ID and the pattern 32473.1.2.{0-}.{0-}. */
    assert_hex(builder_view(&der), "001d 0000 0004 81fd5901 0001 0011 000f 0e 81fd5981fd590101020200800080");
    builder_reset(&der);
    OK(pem_next(&pem, &block, &der, &err));
    assert_true(bytes_is_text(block.label, PEM_CERTIFICATE));
    assert_int_equal(pem_next(&pem, &block, &der, &err), STATUS_NOT_FOUND);

    read_form(&a, &c, ACME_FORM_LANDMARK, true);
    assert_int_equal(a.answer.status, STATUS_AGAIN);
    assert_in_range(a.answer.retry_after_s, 50, 61);
    fake_loop_run(a.sw->loop, (uint64_t)a.answer.retry_after_s * 1000);
    read_form(&a, &c, ACME_FORM_LANDMARK, true);
    assert_int_equal(a.answer.status, STATUS_OK);
    pem_reader_init(&pem, builder_view(&a.answer.pem), PEM_STRICT);
    builder_reset(&der);
    OK(pem_next(&pem, &block, &der, &err));
    struct bytes list = heap_copy(builder_view(&der));
    OK(properties_parse(list, PROPERTIES_WITH_PATTERNS, &properties, &err));
    assert_true(properties.has_negotiation);
    char id[TAI_TEXT_SIZE];
    tai_text(&properties.trust_anchor_id, id);
    assert_string_equal(id, "32473.1.1.1.1");
    heap_free(list);
    builder_reset(&der);
    OK(pem_next(&pem, &block, &der, &err));
    OK(certificate_parse(builder_view(&der), &certificate, &err));
    builder_clear(&der);
    end(&a);
}

static void what_is_not_there_is_said(void **state)
{
    (void)state;
    struct acme a;
    start(&a);
    struct acme_certificate c = {.serial = {1, 0, 0, 0, 0, 0, 5}, .serial_len = 7};
    read_form(&a, &c, ACME_FORM_STANDALONE, false);
    assert_int_equal(a.answer.status, STATUS_NOT_FOUND);
    c.serial[0] = 2; /* log 2 */
    read_form(&a, &c, ACME_FORM_STANDALONE, false);
    assert_int_equal(a.answer.status, STATUS_NOT_FOUND);
    c.serial_len = 3;
    read_form(&a, &c, ACME_FORM_STANDALONE, false);
    assert_int_equal(a.answer.status, STATUS_NOT_FOUND);
    struct acme_identifier bad = {ACME_IP, "not an address"};
    struct acme_issue_request request = request_of(&a, 9, &bad, 1);
    assert_says(a.port.issue(a.port.context, &request, on_issue, &a.answer, &err), &err, STATUS_MALFORMED, "no IP");
    request.profile = "other";
    assert_says(a.port.issue(a.port.context, &request, on_issue, &a.answer, &err), &err, STATUS_REFUSED, "no profile");
    assert_says(a.port.check(a.port.context, &request, &err), &err, STATUS_REFUSED, "no profile");
    request = request_of(&a, 9, names, 1);
    OK(a.port.check(a.port.context, &request, &err));
    end(&a);
}

static void revocation_is_kept(void **state)
{
    (void)state;
    struct acme a;
    start(&a);
    struct acme_certificate c = issue(&a, 7);
    revoked_calls = 0;
    a.answer.count = 0;
    a.port.revoke(a.port.context, &c, 4, on_revoke, &a.answer);
    fake_loop_run(a.sw->loop, 10);
    assert_int_equal(a.answer.count, 1);
    assert_int_equal(a.answer.status, STATUS_OK);
    assert_int_equal(revoked_calls, 1);
    assert_int_equal(a.sw->store->durable.range_count, 1);
    assert_int_equal(a.sw->store->durable.ranges[0].log_number, 1);
    assert_int_equal(a.sw->store->durable.ranges[0].first, 0);
    assert_int_equal(a.sw->store->durable.ranges[0].last, 0);
    assert_int_equal(a.sw->store->durable.ranges[0].reason, 4);
    c.serial_len = 2;
    a.port.revoke(a.port.context, &c, 4, on_revoke, &a.answer);
    fake_loop_run(a.sw->loop, 10);
    assert_int_equal(a.answer.status, STATUS_NOT_FOUND);
    a.sw->store->fails = true;
    c.serial_len = 7;
    a.port.revoke(a.port.context, &c, 4, on_revoke, &a.answer);
    fake_loop_run(a.sw->loop, 10);
    assert_int_equal(a.answer.status, STATUS_IO);
    a.sw->store->fails = false;
    end(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_is_issued),
        cmocka_unit_test(chains_have_both_forms),
        cmocka_unit_test(what_is_not_there_is_said),
        cmocka_unit_test(revocation_is_kept),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    world_end_keys();
    return failed;
}
