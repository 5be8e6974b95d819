/* What an issuer gives, and what is read back from disk: a chain in PEM; the state of a certificate. The first byte says
 * which. */
#include <stdlib.h>
#include <string.h>

#include "service/site_certificates/site_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_good)
{
    if (!is_good)
        abort();
}

static void read_chain(struct bytes pem)
{
    struct site_leaf leaf, again;
    struct error err = {.status = STATUS_OK};
    if (site_leaf_read(pem, &leaf, &err) != STATUS_OK) {
        require(err.text[0] != '\0');
    } else {
        require(leaf.chain.len > 0 && strlen(leaf.ocsp_url) < sizeof leaf.ocsp_url);
        for (unsigned kind = 0; kind < SITE_KINDS; kind++)
            if (site_leaf_check(&leaf, (enum site_kind)kind, bytes_of(NULL, 0), 0, &err) == STATUS_OK)
                require(leaf.is_mtc == site_kind_is_mtc((enum site_kind)kind));
        (void)site_leaf_covers(&leaf, "www.example.com");
        (void)site_leaf_covers(&leaf, "192.0.2.7");
        /* What is kept reads as the same again. */
        require(site_leaf_read(builder_view(&leaf.chain), &again, &err) == STATUS_OK && site_leaf_is_same_entry(&leaf, &again));
        site_leaf_clear(&again);
    }
    site_leaf_clear(&leaf);
}

static void read_state(struct bytes text)
{
    struct site_certificates sc = {.entry_count = 0};
    struct site_hashes hashes[SITE_GENERATIONS_MAX];
    struct error err = {.status = STATUS_OK};
    struct site_certificate *c = site_certificate_new(&sc, SITE_GM_MTC);
    require(c != NULL);
    (void)site_state_sequence(text);
    if (site_state_read(text, c, hashes, &err) == STATUS_OK) {
        struct builder out;
        builder_init(&out, SITE_STATE_MAX);
        require(c->generation_count <= SITE_GENERATIONS_MAX && c->hold_count <= SITE_ISSUERS_MAX && c->order.number <= c->last_number);
        require(site_state_write(c, &out, &err) == STATUS_OK || err.status == STATUS_LIMIT);
        builder_clear(&out);
    }
    site_certificate_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (data[0] == 'S')
        read_state(bytes_of(data + 1, size - 1));
    else
        read_chain(bytes_of(data + 1, size - 1));
    return 0;
}
