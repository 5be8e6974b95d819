#include "unit/checks.h"

#include <stdio.h>

#include "service/mirror/mirror_record.h"

#define ROOT "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
#define HEAD "cathaya-mirror-record v1\norigin log.example\nhash sha256\n"
/* "log.example\n5\n" ROOT "\n\n— log.example AAAAAAE=\n" and the same for size 9, in base64. */
static char note5[1024], note9[1024];

static const char *make_note(const char *size, char *out)
{
    char text[256];
    struct builder b;
    (void)snprintf(text, sizeof text, "log.example\n%s\n" ROOT "\n\n\xe2\x80\x94 log.example AAAAAAE=\n",
                   size);
    builder_init_fixed(&b, out, 1024);
    text_write_base64(&b, bytes_of_text(text));
    builder_u8(&b, '\0');
    return out;
}

static enum status parse(const char *text, struct mirror_record *out, struct error *err)
{
    static struct builder memory;
    builder_clear(&memory);
    builder_init(&memory, 8192);
    struct bytes copy = heap_copy(bytes_of_text(text));
    enum status status = mirror_record_parse(copy, &memory, out, err);
    if (status == STATUS_OK) {
        struct builder again;
        builder_init(&again, 8192);
        assert_int_equal(mirror_record_write(out, &again, err), STATUS_OK);
        assert_bytes(builder_view(&again), copy);
        builder_clear(&again);
    }
    heap_free(copy);
    builder_clear(&memory);
    return status;
}

static void a_record_is_read_and_written(void **state)
{
    (void)state;
    char text[4096];
    struct mirror_record r;
    struct error err;
    OK(parse(HEAD "minimum-index 0\nstored 0 " ROOT "\nmirrored -\npending -\n", &r, &err));
    (void)snprintf(text, sizeof text,
                   HEAD "minimum-index 1\nstored 7 " ROOT "\nmirrored %s\npending %s\n",
                   make_note("5", note5), make_note("9", note9));
    OK(parse(text, &r, &err));
    assert_int_equal(r.min_index, 1);
    assert_int_equal(r.stored_size, 7);
    assert_int_equal(r.mirrored.size, 5);
    assert_int_equal(r.pending.size, 9);
}

static void sizes_are_in_order(void **state)
{
    (void)state;
    static const struct {
        const char *minimum, *stored, *mirrored, *pending;
    } bad[] = {{"6", "7", "5", "9"}, {"0", "4", "5", "9"}, {"0", "10", "5", "9"}, {"0", "9", "9", "5"}};
    for (size_t i = 0; i < LENGTH(bad); i++) {
        char text[4096];
        struct mirror_record r;
        struct error err;
        (void)snprintf(text, sizeof text,
                       HEAD "minimum-index %s\nstored %s " ROOT "\nmirrored %s\npending %s\n",
                       bad[i].minimum, bad[i].stored, make_note(bad[i].mirrored, note5),
                       make_note(bad[i].pending, note9));
        assert_says(parse(text, &r, &err), &err, STATUS_MALFORMED, "contradict");
    }
}

static void every_other_text_is_refused(void **state)
{
    (void)state;
    static const char good[] = HEAD "minimum-index 0\nstored 0 " ROOT "\nmirrored -\npending -\n";
    struct mirror_record r;
    struct error err;
    for (size_t cut = 0; cut + 1 < sizeof good; cut++) {
        char text[sizeof good];
        memcpy(text, good, sizeof good);
        text[cut] = '\0';
        assert_int_equal(parse(text, &r, &err), STATUS_MALFORMED);
        memcpy(text, good, sizeof good);
        text[cut] = '!';
        /* A character of the origin may be another one. */
        if (cut < 32 || cut >= 43)
            assert_int_equal(parse(text, &r, &err), STATUS_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_read_and_written),
        cmocka_unit_test(sizes_are_in_order),
        cmocka_unit_test(every_other_text_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
