"""HTTP/2 requests that must not become something else on their way to HTTP/1.1. Each row is (name, fields, body): the stream or
the connection ends with an error, or with a 4xx, and no backend sees anything."""
M, S, A, P = (':method', 'POST'), (':scheme', 'https'), (':authority', 'www.test'), (':path', '/upload')
NEXT = b'GET /smuggled HTTP/1.1\r\nHost: www.test\r\n\r\n'

ROWS = [
    ('no path', [M, S, A], None),
    ('no method', [S, A, P], None),
    ('no scheme', [M, A, P], None),
    ('empty path', [M, S, A, (':path', '')], None),
    ('path without slash', [M, S, A, (':path', 'page')], None),
    ('path with a space', [M, S, A, (':path', '/page HTTP/1.1')], None),
    ('path with a line', [M, S, A, (':path', '/page HTTP/1.1\r\nX: y\r\n\r\nGET /smuggled')], None),
    ('path with NUL', [M, S, A, (':path', '/page\0')], None),
    ('path with a tab', [M, S, A, (':path', '/page\tx')], None),
    ('method with a space', [(':method', 'GET /smuggled HTTP/1.1'), S, A, P], None),
    ('method with a line', [(':method', 'GET / HTTP/1.1\r\nX: y\r\n\r\nGET'), S, A, P], None),
    ('two methods', [M, (':method', 'GET'), S, A, P], None),
    ('two paths', [M, S, A, P, (':path', '/smuggled')], None),
    ('two authorities', [M, S, A, (':authority', 'other.test'), P], None),
    ('unknown pseudo field', [M, S, A, P, (':status', '200')], None),
    ('pseudo field behind others', [M, S, A, ('x', 'y'), P], None),
    ('upper case', [M, S, A, P, ('X-Upper', 'y')], None),
    ('name with a space', [M, S, A, P, ('x y', 'z')], None),
    ('name with a colon', [M, S, A, P, ('x:y', 'z')], None),
    ('name with a line', [M, S, A, P, ('x\r\ny', 'z')], None),
    ('empty name', [M, S, A, P, ('', 'z')], None),
    ('value with CR LF', [M, S, A, P, ('x', 'y\r\nTransfer-Encoding: chunked')], None),
    ('value with LF', [M, S, A, P, ('x', 'y\nTransfer-Encoding: chunked')], None),
    ('value with CR', [M, S, A, P, ('x', 'y\rz')], None),
    ('value with NUL', [M, S, A, P, ('x', 'y\0z')], None),
    ('transfer-encoding', [M, S, A, P, ('transfer-encoding', 'chunked')], b'0\r\n\r\n' + NEXT),
    ('connection', [M, S, A, P, ('connection', 'keep-alive')], None),
    ('upgrade', [M, S, A, P, ('upgrade', 'websocket')], None),
    ('keep-alive', [M, S, A, P, ('keep-alive', '1')], None),
    ('proxy-connection', [M, S, A, P, ('proxy-connection', 'close')], None),
    ('te', [M, S, A, P, ('te', 'gzip')], None),
    ('content-length too small', [M, S, A, P, ('content-length', '0')], NEXT),
    ('content-length too large', [M, S, A, P, ('content-length', '500')], b'abcde'),
    ('two content-lengths', [M, S, A, P, ('content-length', '5'), ('content-length', '6')], b'abcde'),
    ('content-length with a sign', [M, S, A, P, ('content-length', '+5')], b'abcde'),
    ('host is another one', [M, S, A, P, ('host', 'other.test')], None),
    ('authority with user', [M, S, (':authority', 'user@www.test'), P], None),
    ('authority with a path', [M, S, (':authority', 'www.test/x'), P], None),
    ('no host at all', [M, S, P], None),
    ('CONNECT', [(':method', 'CONNECT'), (':authority', '127.0.0.1:22')], None),
]
# Those whose body is shorter or longer than they say: the backend sees the head, and never more than was said.
HALF = {'content-length too large', 'content-length too small'}
# This one is whole when its head is.
EMPTY = {'content-length too small'}
