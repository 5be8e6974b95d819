"""Requests that one server could read as one and another as two, or to whom a host is one and to another another. Each row is
(name, bytes, what is to happen): REFUSED: an error and the end of the connection, and no backend sees anything; or the
list of [method target] that backends see, in which case every one of them is answered."""
REFUSED = None
H = b'Host: www.test\r\n'
NEXT = b'GET /smuggled HTTP/1.1\r\nHost: www.test\r\n\r\n'
CHUNKED_BODY = b'5\r\nabcde\r\n0\r\n\r\n'


def post(*fields, body=b'', line=b'POST /upload HTTP/1.1'):
    return line + b'\r\n' + H + b''.join(field + b'\r\n' for field in fields) + b'\r\n' + body


def get(*fields, line=b'GET /page HTTP/1.1', host=H):
    return line + b'\r\n' + host + b''.join(field + b'\r\n' for field in fields) + b'\r\n'


BOTH = len(b'0\r\n\r\n' + NEXT)

LENGTHS = [
    ('CL.TE', post(b'Content-Length: %d' % BOTH, b'Transfer-Encoding: chunked', body=b'0\r\n\r\n' + NEXT), REFUSED),
    ('TE.CL', post(b'Transfer-Encoding: chunked', b'Content-Length: 3', body=b'%x\r\n%s\r\n0\r\n\r\n' % (len(NEXT), NEXT)), REFUSED),
    ('two lengths', post(b'Content-Length: 5', b'Content-Length: 6', body=b'abcdef'), REFUSED),
    ('two lengths, the longer first', post(b'Content-Length: %d' % len(NEXT), b'Content-Length: 0', body=NEXT), REFUSED),
    ('two lengths in one field', post(b'Content-Length: 0, %d' % len(NEXT), body=NEXT), REFUSED),
    ('plus', post(b'Content-Length: +5', body=b'abcde'), REFUSED),
    ('minus', post(b'Content-Length: -1', body=b'abcde'), REFUSED),
    ('hexadecimal', post(b'Content-Length: 0x5', body=b'abcde'), REFUSED),
    ('space inside', post(b'Content-Length: 5 5', body=b'abcde'), REFUSED),
    ('letters', post(b'Content-Length: 5a', body=b'abcde'), REFUSED),
    ('nothing', post(b'Content-Length:', body=NEXT), REFUSED),
    ('2^64 + 5', post(b'Content-Length: 18446744073709551621', body=b'abcde'), REFUSED),
    ('underscore of Python', post(b'Content-Length: 1_0', body=b'abcdeabcde'), REFUSED),
]

ENCODINGS = [
    (f'TE {value!r}', post(b'Transfer-Encoding: ' + value, body=CHUNKED_BODY + NEXT), REFUSED)
    for value in (b'xchunked', b'chunked, identity', b'identity', b'chunked, chunked', b'gzip, chunked', b'"chunked"', b'\x0bchunked',
                  b'chunked\x0b', b'chunked;q=1', b'\0chunked', b'', b',', b'chunke\xe4d')
] + [
    ('TE twice', post(b'Transfer-Encoding: chunked', b'Transfer-Encoding: identity', body=CHUNKED_BODY + NEXT), REFUSED),
    ('TE chunked twice', post(b'Transfer-Encoding: chunked', b'Transfer-Encoding: chunked', body=CHUNKED_BODY + NEXT), REFUSED),
    ('TE, space before the colon', post(b'Transfer-Encoding : chunked', body=CHUNKED_BODY + NEXT), REFUSED),
    ('TE, tab before the colon', post(b'Transfer-Encoding\t: chunked', body=CHUNKED_BODY + NEXT), REFUSED),
    ('TE, space in front', post(b'X: a', b' Transfer-Encoding: chunked', body=CHUNKED_BODY + NEXT), REFUSED),
    ('TE as the first line, folded', b'POST /upload HTTP/1.1\r\n Transfer-Encoding: chunked\r\n' + H + b'\r\n' + CHUNKED_BODY, REFUSED),
    ('TE behind a bare LF', post(b'X: a\nTransfer-Encoding: chunked', body=CHUNKED_BODY + NEXT), REFUSED),
    ('TE behind a bare CR', post(b'X: a\rTransfer-Encoding: chunked', body=CHUNKED_BODY + NEXT), REFUSED),
    ('TE folded', post(b'Transfer-Encoding:\r\n chunked', body=CHUNKED_BODY + NEXT), REFUSED),
    ('TE in HTTP/1.0', post(b'Transfer-Encoding: chunked', body=CHUNKED_BODY, line=b'POST /upload HTTP/1.0'), REFUSED),
    ('TE, tab behind the colon', post(b'Transfer-Encoding:\tchunked', body=CHUNKED_BODY), ['POST /upload']),
    ('TE in capitals', post(b'TRANSFER-ENCODING: CHUNKED', body=CHUNKED_BODY), ['POST /upload']),
]

CHUNKS = [
    (f'chunk {body!r}', post(b'Transfer-Encoding: chunked', body=body + NEXT), REFUSED)
    for body in (b'0x5\r\nabcde\r\n0\r\n\r\n', b'-5\r\nabcde\r\n0\r\n\r\n', b'+5\r\nabcde\r\n0\r\n\r\n', b' 5\r\nabcde\r\n0\r\n\r\n',
                 b'\r\nabcde\r\n0\r\n\r\n', b'10000000000000005\r\nabcde\r\n0\r\n\r\n',
                 b'5\nabcde\r\n0\r\n\r\n', b'5\r\nabcdeX\r\n0\r\n\r\n', b'5\r\nabcde\n0\r\n\r\n', b'5\r\nabcde0\r\n\r\n', b'5;a\nb\r\nabcde\r\n0\r\n\r\n',
                 b'5;' + b'a' * 70000 + b'\r\nabcde\r\n0\r\n\r\n', b'5\r\nabcde\r\n0\r\nNo colon here\r\n\r\n', b'5\r\nabcde\r\n0\r\n folded: x\r\n\r\n',
                 b'G\r\nabcde\r\n0\r\n\r\n', b'5\rabcde\r\n0\r\n\r\n', b'5\r\nabcde\r\n0\r\n\n')
] + [
    ('chunk extensions', post(b'Transfer-Encoding: chunked', body=b'5;c="d"\r\nabcde\r\n0;x\r\n\r\n'), ['POST /upload']),
    ('leading zeros', post(b'Transfer-Encoding: chunked', body=b'00000000000000000005\r\nabcde\r\n000\r\n\r\n'), ['POST /upload']),
    ('trailers', post(b'Transfer-Encoding: chunked', body=b'5\r\nabcde\r\n0\r\nX-Checksum: 1\r\nHost: evil\r\n\r\n'), ['POST /upload']),
    ('hexadecimal in capitals', post(b'Transfer-Encoding: chunked', body=b'A\r\nabcdefghij\r\n0\r\n\r\n'), ['POST /upload']),
]

LINES = [
    (f'line {line!r}', get(line=line), REFUSED)
    for line in (b'GET  /page HTTP/1.1', b'GET /page  HTTP/1.1', b'GET\t/page HTTP/1.1', b'GET /page', b'GET /page http/1.1', b'GET /page HTTP/1.10',
                 b'GET /page HTTP/2.0', b'GET /page HTTP/0.9', b'GET /page HTTP/1,1', b'GET /pa ge HTTP/1.1', b'GET /pa\0ge HTTP/1.1',
                 b'GET /pa\x7fge HTTP/1.1', b'GET /pa\x01ge HTTP/1.1', b'G(T /page HTTP/1.1', b'GET page HTTP/1.1', b'GET www.test:443 HTTP/1.1',
                 b'GET * HTTP/1.1', b'GET /page#part HTTP/1.1', b'GET /page\rX HTTP/1.1', b' GET /page HTTP/1.1', b'GET ftp://www.test/page HTTP/1.1',
                 b'GET http:///page HTTP/1.1', b'CONNECT www.test:443 HTTP/1.1', b'CONNECT 127.0.0.1:22 HTTP/1.1')
]

FIELDS = [
    (f'field {field!r}', get(field), REFUSED)
    for field in (b'No colon', b': empty name', b'Foo Bar: x', b'Foo(: x', b'X: a\0b', b'X: a\nY: b', b'X: a\rY: b', b'X: a\r\n folded', b'X\xe4: a',
                  b'X : a', b'Host: www.test', b'Host: other.test', b'X: \x01')
] + [
    (f'host {host!r}', get(host=host), REFUSED)
    for host in (b'', b'Host: a b\r\n', b'Host: www.test/x\r\n', b'Host: user@www.test\r\n', b'Host: www.test, other.test\r\n', b'Host:\r\n',
                 b'Host: www.test:port\r\n', b'Host: www.test\\x\r\n', b'Host: www.test\r\nhost: www.test\r\n', b' Host: www.test\r\n')
] + [
    ('an empty line in front', b'\r\n' + get(), ['GET /page']),
    ('a body with GET', get(b'Content-Length: %d' % len(NEXT)) + NEXT, ['GET /page']),
    ('a head of 200 KB', get(b'X: ' + b'a' * 200000), REFUSED),
    ('2,000 fields', get(*(b'X-%d: a' % i for i in range(2000))), REFUSED),
]

ROWS = LENGTHS + ENCODINGS + CHUNKS + LINES + FIELDS
