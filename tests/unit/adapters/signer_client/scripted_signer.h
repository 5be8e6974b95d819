/* scripted_signer.h - a signer on a Unix socket that does what its script says, request after request, in a thread. */
#ifndef CATHAYA_TESTS_SCRIPTED_SIGNER_H
#define CATHAYA_TESTS_SCRIPTED_SIGNER_H

#include "unit/checks.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "codec/signer/signer_message.h"
#include "crypto/key.h"

#define ACTS_MAX 16

enum act {
    ACT_END,      /* of the script: connections are closed */
    ACT_LIST,     /* the key */
    ACT_SIGN,     /* what was asked */
    ACT_SIGN_BAD, /* something else */
    ACT_LAST,     /* the tree in `last_size` */
    ACT_NEEDS_PROOF,
    ACT_REFUSE,
    ACT_NOT_FOUND,
    ACT_FAIL,
    ACT_VERDICT,  /* one that there is not */
    ACT_EMPTY,    /* an answer of no bytes */
    ACT_ENDLESS,  /* a length of 4 GiB */
    ACT_GARBAGE,  /* of the length that it says */
    ACT_HALF,     /* an answer's first half, then the end */
    ACT_CLOSE,
    ACT_SILENT    /* and the connection stays */
};

struct scripted_signer {
    char folder[32], path[64];
    struct private_key *key;
    const char *key_id, *algorithm;
    enum act acts[ACTS_MAX];
    uint64_t last_size;
    /* What it was asked: to be read when it has stopped. */
    size_t count, connection_count;
    enum signer_operation operations[ACTS_MAX];
    size_t proof_lens[ACTS_MAX];
    int listener, stop[2];
    pthread_t thread;
};

/* False at the end of the connection, or when the test wants the end. */
static inline bool signer_wait(struct scripted_signer *s, int fd)
{
    struct pollfd fds[2] = {{.fd = fd, .events = POLLIN}, {.fd = s->stop[0], .events = POLLIN}};
    return poll(fds, 2, -1) > 0 && fds[1].revents == 0;
}

static inline bool signer_read(struct scripted_signer *s, int fd, uint8_t *at, size_t len)
{
    while (len > 0) {
        ssize_t got = signer_wait(s, fd) ? recv(fd, at, len, 0) : 0;
        if (got <= 0)
            return false;
        at += got;
        len -= (size_t)got;
    }
    return true;
}

static inline void signer_sign(struct scripted_signer *s, const struct signer_request *request, bool is_good,
                               struct builder *out)
{
    struct error err;
    struct builder message;
    builder_init(&message, SIGNER_REQUEST_MAX);
    if (request->operation == SIGNER_DOCUMENT)
        builder_bytes(&message, request->document);
    else if (cosigned_message_write(&request->statement, &message, &err) != STATUS_OK)
        abort();
    if (!is_good)
        builder_u8(&message, 0);
    signer_answer_start(SIGNER_DONE, out);
    if (private_key_sign(s->key, builder_view(&message), out, &err) != STATUS_OK)
        abort();
    builder_clear(&message);
}

static inline void signer_act(struct scripted_signer *s, enum act act, const struct signer_request *request,
                              struct builder *out)
{
    static const enum signer_verdict verdicts[] = {
        [ACT_NEEDS_PROOF] = SIGNER_NEEDS_PROOF, [ACT_REFUSE] = SIGNER_REFUSED, [ACT_NOT_FOUND] = SIGNER_NOT_FOUND,
        [ACT_FAIL] = SIGNER_FAILED,
    };
    struct signer_key_row rows[] = {
        {bytes_of_text("another"), bytes_of_text("ed25519"), public_key_spki(private_key_public(s->key))},
        {bytes_of_text(s->key_id), bytes_of_text(s->algorithm), public_key_spki(private_key_public(s->key))},
    };
    struct signer_last last = {.is_known = s->last_size > 0, .size = s->last_size};
    switch (act) {
    case ACT_LIST:
        signer_answer_start(SIGNER_DONE, out);
        signer_key_row_write(&rows[0], out);
        signer_key_row_write(&rows[1], out);
        break;
    case ACT_LAST:
        signer_answer_start(SIGNER_DONE, out);
        signer_last_write(&last, out);
        break;
    case ACT_SIGN:
    case ACT_SIGN_BAD:
        signer_sign(s, request, act == ACT_SIGN, out);
        break;
    case ACT_NEEDS_PROOF:
    case ACT_REFUSE:
    case ACT_NOT_FOUND:
    case ACT_FAIL:
        signer_answer_start(verdicts[act], out);
        builder_text(out, "as the script says");
        break;
    case ACT_VERDICT:
        builder_text(out, "\1\77");
        break;
    case ACT_GARBAGE:
        builder_text(out, "garbage");
        break;
    default:
        break;
    }
}

/* False: the connection ends. */
static inline bool signer_answer(struct scripted_signer *s, int fd, struct bytes message)
{
    struct signer_request request;
    struct error err;
    struct builder out;
    if (signer_request_parse(message, &request, &err) != STATUS_OK || s->count == ACTS_MAX || s->acts[s->count] == ACT_END)
        return false;
    enum act act = s->acts[s->count];
    s->operations[s->count] = request.operation;
    s->proof_lens[s->count++] = request.proof.len;
    if (act == ACT_CLOSE)
        return false;
    if (act == ACT_SILENT)
        return true;
    builder_init(&out, SIGNER_ANSWER_MAX + 6);
    size_t mark = builder_open_vector(&out, 4);
    signer_act(s, act == ACT_HALF ? ACT_LIST : act, &request, &out);
    builder_close_vector(&out, mark, 4);
    struct bytes view = builder_view(&out);
    if (act == ACT_ENDLESS)
        memset(out.data, 0xff, 4);
    bool is_sent = send(fd, view.data, act == ACT_HALF ? view.len / 2 : view.len, MSG_NOSIGNAL) > 0;
    builder_clear(&out);
    return is_sent && act != ACT_HALF;
}

static inline void signer_converse(struct scripted_signer *s, int fd)
{
    uint8_t head[4], message[8192];
    size_t len;
    do {
        if (!signer_read(s, fd, head, sizeof head))
            return;
        len = (size_t)head[2] << 8 | head[3];
    } while (head[0] == 0 && head[1] == 0 && len <= sizeof message && signer_read(s, fd, message, len) &&
             signer_answer(s, fd, bytes_of(message, len)));
}

static inline void *signer_run(void *cookie)
{
    struct scripted_signer *s = cookie;
    while (signer_wait(s, s->listener)) {
        int fd = accept(s->listener, NULL, NULL);
        if (fd < 0)
            break;
        s->connection_count++;
        signer_converse(s, fd);
        (void)close(fd);
    }
    return NULL;
}

/* signer_start listens and begins the script. */
static inline void signer_start(struct scripted_signer *s, const enum act *acts, size_t count)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    assert_true(count < ACTS_MAX);
    memset(s->acts, 0, sizeof s->acts);
    memcpy(s->acts, acts, count * sizeof acts[0]);
    s->count = s->connection_count = 0;
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", s->path);
    s->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(s->listener >= 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(s->listener, 4), 0);
    assert_int_equal(pipe(s->stop), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, signer_run, s), 0);
}

/* signer_stop ends it, whatever it does; then nobody is at the path. */
static inline void signer_stop(struct scripted_signer *s)
{
    (void)unlink(s->path);
    (void)close(s->stop[1]);
    assert_int_equal(pthread_join(s->thread, NULL), 0);
    (void)close(s->stop[0]);
    (void)close(s->listener);
}

static inline void signer_make(struct scripted_signer *s, struct private_key *key)
{
    *s = (struct scripted_signer){.key = key, .key_id = "ca", .algorithm = "ed25519"};
    (void)snprintf(s->folder, sizeof s->folder, "/tmp/cathaya-sc-XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    (void)snprintf(s->path, sizeof s->path, "%s/socket", s->folder);
}

static inline void signer_clear(struct scripted_signer *s)
{
    (void)rmdir(s->folder);
}

#endif
