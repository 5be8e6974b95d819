#include "unit/checks.h"

#include <stdio.h>

#include "rules/dns_name.h"
#include "rules/special_address.h"

struct row {
    const char *address, *why; /* NULL: global */
};

static const struct row rows[] = {
    {"1.1.1.1", NULL},
    {"8.8.8.8", NULL},
    {"9.255.255.255", NULL},
    {"11.0.0.0", NULL},
    {"172.15.255.255", NULL},
    {"172.32.0.0", NULL},
    {"192.0.0.9", NULL},
    {"223.255.255.255", NULL},
    {"0.0.0.0", "This host"},
    {"0.1.2.3", "This network"},
    {"10.0.0.1", "Private-Use"},
    {"100.64.0.1", "Shared"},
    {"127.0.0.1", "Loopback"},
    {"127.255.255.255", "Loopback"},
    {"169.254.169.254", "Link Local"},
    {"172.16.0.1", "Private-Use"},
    {"172.31.255.255", "Private-Use"},
    {"192.0.0.1", "Continuity"},
    {"192.0.0.100", "IETF Protocol"},
    {"192.0.2.1", "TEST-NET-1"},
    {"192.88.99.1", "Deprecated"},
    {"192.168.255.255", "Private-Use"},
    {"198.19.255.255", "Benchmarking"},
    {"203.0.113.1", "TEST-NET-3"},
    {"224.0.0.1", "Multicast"},
    {"239.255.255.255", "Multicast"},
    {"240.0.0.1", "Reserved"},
    {"255.255.255.255", "Broadcast"},
    {"2606:4700::1111", NULL},
    {"2001:4860:4860::8888", NULL},
    {"2001:1::1", NULL},
    {"2001:20::1", NULL},
    {"64:ff9b::8.8.8.8", NULL},
    {"2002:808:808::1", NULL},
    {"2001:0:808:808:0:0:f7f7:f7f7", NULL},
    {"::", "Unspecified"},
    {"::1", "Loopback"},
    {"::2", "IPv4-compatible"},
    {"::7f00:1", "IPv4-compatible"},
    {"::ffff:10.0.0.1", "IPv4-mapped"},
    {"::ffff:8.8.8.8", "IPv4-mapped"},
    {"::ffff:0:127.0.0.1", "not global unicast"},
    {"64:ff9b::127.0.0.1", "Loopback"},
    {"64:ff9b::10.0.0.1", "Private-Use"},
    {"64:ff9b:1::1", "Translat"},
    {"100::1", "Discard"},
    {"2001::1", "This host"}, /* Teredo server 0.0.0.0 */
    {"2001:0:808:808:0:0:80ff:fffe", "Loopback"}, /* Teredo client 127.0.0.1 */
    {"2001:0:a00:1:0:0:f7f7:f7f7", "Private-Use"},
    {"2001:100::1", "IETF Protocol"},
    {"2001:2::1", "Benchmarking"},
    {"2001:10::1", "ORCHID"},
    {"2001:db8::1", "Documentation"},
    {"2002:7f00:1::1", "Loopback"},
    {"2002:c0a8:101::1", "Private-Use"},
    {"3fff::1", "Documentation"},
    {"3ffe::1", "6bone"},
    {"5f00::1", "Segment"},
    {"4000::1", "not global unicast"},
    {"fc00::1", "Unique-Local"},
    {"fdff::1", "Unique-Local"},
    {"fe80::1", "Link-Local"},
    {"fec0::1", "Site-Local"},
    {"ff02::1", "Multicast"},
};

static void addresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        uint8_t address[16];
        size_t len;
        const char *why = "";
        assert_true(ip_address_parse(bytes_of_text(rows[i].address), address, &len));
        bool is_global = special_address_is_global(address, len, &why);
        assert_int_equal(is_global, special_address_is_global(address, len, NULL));
        if (is_global != (rows[i].why == NULL) || (rows[i].why != NULL && strstr(why, rows[i].why) == NULL))
            fail_msg("%s: %d %s", rows[i].address, is_global, why);
        if (!is_global)
            assert_true(special_address_is_reserved(address, len, NULL));
    }
}

/* Reachable, and reserved all the same. */
static void reserved(void **state)
{
    (void)state;
    static const char *const in_registry[] = {"192.31.196.1", "192.0.0.9", "64:ff9b::808:808", "2002:808:808::1", "2620:4f:8000::1"};
    static const char *const not[] = {"8.8.8.8", "2606:4700::1111"};
    uint8_t address[16];
    size_t len;
    for (size_t i = 0; i < LENGTH(in_registry); i++) {
        const char *why = "";
        assert_true(ip_address_parse(bytes_of_text(in_registry[i]), address, &len));
        assert_true(special_address_is_global(address, len, NULL));
        assert_true(special_address_is_reserved(address, len, &why));
        assert_true(why[0] != '\0');
    }
    for (size_t i = 0; i < LENGTH(not); i++) {
        assert_true(ip_address_parse(bytes_of_text(not[i]), address, &len));
        assert_false(special_address_is_reserved(address, len, NULL));
    }
    assert_false(special_address_is_global(address, 5, NULL));
}

/* One field of a CSV line [RFC4180]; false at the end of the text. */
static bool next_field(const char **at, char *out, size_t size, bool *ends_line)
{
    size_t len = 0;
    bool is_quoted = **at == '"';
    if (**at == '\0')
        return false;
    *at += is_quoted;
    for (;; ++*at) {
        if (is_quoted && (*at)[0] == '"' && (*at)[1] != '"') {
            is_quoted = false;
            continue;
        }
        if (is_quoted && (*at)[0] == '"')
            ++*at;
        else if (**at == '\0' || (!is_quoted && (**at == ',' || **at == '\n')))
            break;
        if (**at != '\r' && len + 1 < size)
            out[len++] = **at;
    }
    out[len] = '\0';
    *ends_line = **at != ',';
    *at += **at != '\0';
    return true;
}

static const struct special_block *find_block(const uint8_t *address, size_t len, unsigned bits)
{
    const struct special_block *b;
    for (size_t i = 0; (b = special_block_at(i)) != NULL; i++)
        if (b->is_registry && b->address_len == len && b->prefix_bits == bits &&
            memcmp(b->address, address, len) == 0)
            return b;
    return NULL;
}

static size_t check_blocks(char *list, const char *name, bool is_global)
{
    size_t count = 0;
    char *save = NULL;
    for (char *block = strtok_r(list, ", ", &save); block != NULL; block = strtok_r(NULL, ", ", &save)) {
        uint8_t address[16];
        size_t len;
        char *slash = strchr(block, '/');
        if (slash == NULL)
            continue; /* a footnote's number */
        *slash = '\0';
        assert_true(ip_address_parse(bytes_of_text(block), address, &len));
        const struct special_block *b = find_block(address, len, (unsigned)strtoul(slash + 1, NULL, 10));
        if (b == NULL || strcmp(b->name, name) != 0 || b->is_global != is_global)
            fail_msg("%s/%s %s: %s", block, slash + 1, name, b != NULL ? "differs" : "is missing");
        count++;
    }
    return count;
}

static size_t check_file(const char *path)
{
    static char text[65536], fields[10][256];
    FILE *f = fopen(path, "r");
    if (f == NULL)
        return 0;
    size_t len = fread(text, 1, sizeof text - 1, f), count = 0, line = 0;
    (void)fclose(f);
    text[len] = '\0';
    const char *at = text;
    for (bool more = true; more; line++) {
        bool ends_line = false;
        size_t i = 0;
        while (!ends_line && (more = next_field(&at, fields[i < 10 ? i : 9], 256, &ends_line)))
            i++;
        if (i >= 9 && line > 0)
            count += check_blocks(fields[0], fields[1], strcmp(fields[8], "True") == 0);
    }
    return count;
}

static void registries(void **state)
{
    (void)state;
    size_t v4 = check_file(SPEC_POLICY "/iana-ipv4-special-registry-1.csv");
    size_t v6 = check_file(SPEC_POLICY "/iana-ipv6-special-registry-1.csv");
    if (v4 == 0 || v6 == 0)
        skip(); /* the registries are not here */
    size_t rows_here = 0;
    for (size_t i = 0; special_block_at(i) != NULL; i++)
        rows_here += special_block_at(i)->is_registry;
    assert_int_equal(v4 + v6, rows_here);
    assert_true(v4 >= 26 && v6 >= 25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(addresses), cmocka_unit_test(reserved),
                                       cmocka_unit_test(registries)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
