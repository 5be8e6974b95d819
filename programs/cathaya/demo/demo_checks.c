#include <string.h>

#include "demo/demo.h"
#include "output.h"

/* Longer than any certificate of the demo lives. */
#define FAR_LATER_S (30 * (int64_t)86400)

static void expect(struct demo_checks *checks, enum cathaya_status found, bool must_accept,
                   const char *what, const struct demo_site *site)
{
    bool is_accepted = found == CATHAYA_OK;
    if (is_accepted != must_accept) {
        output_error("demo: %s of %s was %s", what, site->name, is_accepted ? "accepted" : "refused");
        checks->wrong++;
    } else if (is_accepted) {
        checks->accepted++;
    } else {
        checks->refused++;
    }
}

static enum cathaya_status ask(struct cathaya_verifier *verifier, const struct builder *der,
                               const char *name, int64_t at_s)
{
    struct cathaya_request request = {.at = at_s, .dns_name = name};
    return cathaya_verify(verifier, der->data, der->len, &request, NULL, NULL);
}

/* One bit changed, at a place that differs from site to site. In a landmark-relative certificate every
 * bit counts. */
static void check_changed_bit(struct demo_checks *checks, struct cathaya_verifier *verifier,
                              struct demo_site *site, size_t number, int64_t now_s)
{
    size_t bit = (number * 7919 + 13) % (8 * site->landmark.len);
    uint8_t *at = &site->landmark.data[bit / 8];
    *at ^= (uint8_t)(1U << (bit % 8));
    expect(checks, ask(verifier, &site->landmark, site->name, now_s), false, "landmark certificate with a changed bit", site);
    *at ^= (uint8_t)(1U << (bit % 8));
}

static void check_site(const struct demo_ca *ca, struct demo_checks *checks,
                       struct cathaya_verifier *without, struct cathaya_verifier *with, size_t i)
{
    struct demo_site *site = &ca->sites[i];
    int64_t now_s = demo_now_s();
    expect(checks, ask(without, &site->standalone, site->name, now_s), true, "standalone certificate", site);
    expect(checks, ask(with, &site->landmark, site->name, now_s), true, "landmark certificate", site);
    expect(checks, ask(without, &site->landmark, site->name, now_s), false, "landmark certificate without the landmark", site);
    expect(checks, ask(with, &site->landmark, "other.demo.test", now_s), false, "certificate for another name", site);
    expect(checks, ask(with, &site->landmark, site->name, now_s + FAR_LATER_S), false, "expired certificate", site);
    check_changed_bit(checks, with, site, i, now_s);
}

enum status demo_checks_run(const struct demo_ca *ca, struct demo_checks *checks, struct error *err)
{
    struct cathaya_verifier *without = NULL, *with = NULL;
    struct cathaya_error reason;
    enum cathaya_status s = cathaya_verifier_new(ca->without_landmark, &without, &reason);
    if (s == CATHAYA_OK)
        s = cathaya_verifier_new(ca->with_landmark, &with, &reason);
    for (size_t i = 0; s == CATHAYA_OK && i < ca->site_count; i++) {
        check_site(ca, checks, without, with, i);
        output_progress("%s: %zu sites checked", ca->suite, i + 1);
    }
    cathaya_verifier_free(without);
    cathaya_verifier_free(with);
    return s == CATHAYA_OK ? STATUS_OK : error_set(err, (enum status)s, "%s", reason.reason);
}
