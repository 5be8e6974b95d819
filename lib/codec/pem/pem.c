#include "codec/pem/pem.h"

#include "base/text.h"

#define BEGIN "-----BEGIN "
#define END "-----END "
#define DASHES "-----"
#define DASHES_LEN (sizeof DASHES - 1)
/* The base64 characters of one block. */
#define BASE64_MAX ((PEM_DER_MAX + 2) / 3 * 4)

void pem_reader_init(struct pem_reader *r, struct bytes input, enum pem_mode mode)
{
    *r = (struct pem_reader){.mode = mode};
    reader_init(&r->rest, input);
}

static enum status malformed(const struct pem_reader *r, const char *what, struct error *err)
{
    return error_set(err, STATUS_MALFORMED, "PEM, line %zu: %s", r->line, what);
}

/* Words of printable characters other than "-", joined by single spaces or hyphens. */
static bool is_label(struct bytes label)
{
    struct reader r;
    reader_init(&r, label);
    uint8_t c, before = ' ';
    while (reader_u8(&r, &c)) {
        bool is_joint = c == ' ' || c == '-';
        if (c < 0x20 || c > 0x7e || (is_joint && (before == ' ' || before == '-')))
            return false;
        before = c;
    }
    return label.len > 0 && label.len <= PEM_LABEL_MAX && before != ' ' && before != '-';
}

/* Lax: blanks and CR at the end of a line do not count. */
static struct bytes trim_end(struct bytes line)
{
    struct reader r;
    reader_init(&r, line);
    size_t len = 0;
    uint8_t c;
    while (reader_u8(&r, &c))
        if (c != ' ' && c != '\t' && c != '\r')
            len = reader_offset(&r);
    return bytes_of(line.data, len);
}

/* The next line; in lax mode the last one may lack its LF. */
static bool next_line(struct pem_reader *r, struct bytes *line)
{
    struct reader inside;
    if (reader_line(&r->rest, &inside)) {
        *line = reader_rest(&inside);
    } else {
        *line = reader_rest(&r->rest);
        if (r->mode == PEM_STRICT || line->len == 0 || !reader_skip(&r->rest, line->len))
            return false;
    }
    r->line++;
    if (r->mode == PEM_LAX)
        *line = trim_end(*line);
    return true;
}

static bool skip_text(struct reader *r, const char *text)
{
    struct bytes want = bytes_of_text(text), start;
    struct reader at = *r;
    if (!reader_bytes(&at, want.len, &start) || !bytes_equal(start, want))
        return false;
    *r = at;
    return true;
}

/* Whether the line is `start` label "-----"; the label itself is not looked at. */
static bool parse_boundary(struct bytes line, const char *start, struct bytes *label)
{
    struct reader r, tail;
    reader_init(&r, line);
    if (!skip_text(&r, start) || reader_left(&r) < DASHES_LEN ||
        !reader_bytes(&r, reader_left(&r) - DASHES_LEN, label))
        return false;
    tail = r;
    return skip_text(&tail, DASHES);
}

/* Goes to the first line of the next block. *start is where that line begins. */
static enum status find_begin(struct pem_reader *r, struct pem_block *block, struct reader *start,
                              struct error *err)
{
    bool may_be_empty = r->block_count > 0;
    struct bytes line;
    while (!reader_is_at_end(&r->rest)) {
        *start = r->rest;
        if (!next_line(r, &line)) {
            r->line++;
            return malformed(r, "no newline at its end", err);
        }
        if (parse_boundary(line, BEGIN, &block->label)) {
            if (!is_label(block->label))
                return malformed(r, "label is empty, too long or not allowed", err);
            return STATUS_OK;
        }
        if (r->mode == PEM_LAX)
            continue;
        /* One empty line between two blocks, none before the first or after the last. */
        if (line.len > 0 || !may_be_empty || reader_is_at_end(&r->rest))
            return malformed(r, "text outside a block", err);
        may_be_empty = false;
    }
    return error_set(err, STATUS_NOT_FOUND, "PEM, line %zu: no further block", r->line);
}

/* One line of base64 in strict mode: *was_last says that a shorter line has been seen. */
static bool is_strict_line(struct bytes line, bool *was_last)
{
    if (*was_last || line.len == 0 || line.len > PEM_COLUMNS)
        return false;
    *was_last = line.len < PEM_COLUMNS;
    return true;
}

/* The base64 lines up to the END line, joined. */
static enum status gather(struct pem_reader *r, struct pem_block *block, struct builder *base64,
                          struct error *err)
{
    bool was_last = false;
    for (;;) {
        struct bytes line, label;
        if (!next_line(r, &line)) {
            r->line++;
            return malformed(r, "the block does not end", err);
        }
        if (parse_boundary(line, END, &label)) {
            if (!bytes_equal(label, block->label))
                return malformed(r, "the END line has another label than the BEGIN line", err);
            return STATUS_OK;
        }
        if (r->mode == PEM_STRICT && !is_strict_line(line, &was_last))
            return malformed(r, "base64 is not in lines of 64 and a last one of 4 to 64", err);
        builder_bytes(base64, line);
        if (!builder_is_good(base64))
            return builder_status(base64, "PEM block", err);
    }
}

static enum status read_block(struct pem_reader *r, struct pem_block *block, struct builder *base64,
                              struct builder *der, struct error *err)
{
    struct reader start = r->rest;
    enum status status = find_begin(r, block, &start, err);
    if (status == STATUS_OK)
        status = gather(r, block, base64, err);
    if (status != STATUS_OK)
        return status;
    size_t len = reader_left(&start) - reader_left(&r->rest);
    if (!reader_bytes(&start, len, &block->source))
        return malformed(r, "the block does not end", err);
    if (base64->len == 0 || !text_parse_base64(builder_view(base64), der)) {
        if (!builder_is_good(der))
            return builder_status(der, "contents of a PEM block", err);
        return malformed(r, "the block above holds nothing, or no canonical base64", err);
    }
    r->block_count++;
    return STATUS_OK;
}

enum status pem_next(struct pem_reader *r, struct pem_block *block, struct builder *der,
                     struct error *err)
{
    struct builder base64;
    builder_init(&base64, BASE64_MAX);
    enum status status = read_block(r, block, &base64, der, err);
    builder_clear(&base64);
    return status;
}

static void write_lines(struct bytes base64, struct builder *out)
{
    struct reader r;
    reader_init(&r, base64);
    while (!reader_is_at_end(&r)) {
        size_t len = reader_left(&r) < PEM_COLUMNS ? reader_left(&r) : PEM_COLUMNS;
        struct bytes line;
        if (!reader_bytes(&r, len, &line))
            return;
        builder_bytes(out, line);
        builder_u8(out, '\n');
    }
}

enum status pem_write(const char *label, struct bytes der, struct builder *out, struct error *err)
{
    if (!is_label(bytes_of_text(label)))
        return error_set(err, STATUS_USAGE, "PEM label \"%s\" is not allowed", label);
    if (der.len == 0)
        return error_set(err, STATUS_USAGE, "PEM block of nothing");
    struct builder base64;
    builder_init(&base64, BASE64_MAX);
    text_write_base64(&base64, der);
    enum status status = builder_status(&base64, "PEM block", err);
    if (status == STATUS_OK) {
        builder_printf(out, BEGIN "%s" DASHES "\n", label);
        write_lines(builder_view(&base64), out);
        builder_printf(out, END "%s" DASHES "\n", label);
        status = builder_status(out, "PEM block", err);
    }
    builder_clear(&base64);
    return status;
}
