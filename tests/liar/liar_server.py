"""The lying log over HTTP, on loopback and a free port: RFC 6962 and static-ct, one or more logs in one server. Besides what
the logs lie, the server itself can be busy, broken, slow, or away (Trouble)."""
import base64
import dataclasses
import gzip
import json
import random
import re
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pki
import ct_wire
import der
import lying_log
import merkle

GET_ENTRIES_MAX = 256


@dataclasses.dataclass
class Trouble:
    """What goes wrong around the log: shares of requests, 0 to 1."""
    busy: float = 0           # 429 with Retry-After
    retry_after_s: int = 1
    broken: float = 0         # 503
    hang_up: float = 0        # the connection ends in the middle of the answer
    slow_s: float = 0         # before every answer
    only: str = ''            # a regular expression: for paths that match
    rubbish: object = None    # a function of the path: (status, bytes, headers) instead of the answer, or None


class BadRequest(Exception):
    pass


class Server:
    """logs: LyingLogs; more can be added. certificate, key: paths of PEM files, for https."""

    def __init__(self, *logs, certificate=None, key=None, address='127.0.0.1'):
        self.logs, self.things, self.trouble, self.lock = {}, {}, Trouble(), threading.Lock()
        self.seen, self.refused, self.random = {}, 0, random.Random(1)     # (path): requests
        self.times = []                                       # (when, client, method, path)
        self.address, self.port, self.tls = address, 0, (certificate, key) if certificate else None
        self.start()
        for log in logs:
            self.mount(log)

    def start(self):
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'
            timeout, wbufsize = 60, -1        # one write for head and body

            def do_GET(self):
                server.handle(self, None)

            def do_POST(self):
                server.handle(self, self.rfile.read(int(self.headers.get('Content-Length') or 0)))

            def log_message(self, *_):
                pass

        class Http(ThreadingHTTPServer):
            daemon_threads, allow_reuse_address, request_queue_size = True, True, 128

            def handle_error(self, *_):
                pass
        self.http = Http((self.address, self.port), Handler)
        if self.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.tls)
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        self.port = self.http.server_port
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={'poll_interval': 0.05}, daemon=True)
        self.thread.start()

    def stop(self):
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()

    def restart(self, away_s=0):
        """Gone, and after a while there again at the same address."""
        self.stop()
        time.sleep(away_s)
        self.start()

    close = stop

    def base(self):
        return f'{"https" if self.tls else "http"}://{"localhost" if self.tls else self.address}:{self.port}'

    def mount(self, log):
        log.url = f'{self.base()}/{log.title}'
        log.origin = log.url.split('://', 1)[1]
        self.logs[log.title] = log
        return log

    def mount_static(self, prefix, thing):
        """thing.static(rest) gives the bytes below prefix, or None: MTC logs and their mirrors."""
        self.things[prefix] = thing
        thing.url = f'{self.base()}/{prefix}'
        return thing.url

    def mount_mtc(self, log):
        """A LyingMtcLog below its title, and its mirrors below NAME-mirror-N/."""
        self.mount_static(log.title, log)
        name = log.title.split('/', 1)[0]
        for number, mirror in enumerate(log.mirrors, 1):
            self.mount_static(f'{name}-mirror-{number}/{mirror.path}', mirror)
            mirror.url = f'{self.base()}/{name}-mirror-{number}/mirror'     # below it, the hash of each log's origin
        return log

    # ---- one request ----

    def handle(self, request, body):
        path = request.path
        with self.lock:
            self.seen[path] = self.seen.get(path, 0) + 1
            self.times.append((time.monotonic(), request.client_address[0], request.command, path))
            trouble, dice = self.trouble, self.random.random()
        if trouble.only and not re.search(trouble.only, path):
            trouble = Trouble()
        if trouble.slow_s:
            time.sleep(trouble.slow_s)
        if dice < trouble.busy:
            self.refused += 1
            return self.reply(request, 429, b'slower\n', {'Retry-After': str(trouble.retry_after_s)})
        if dice < trouble.busy + trouble.broken:
            return self.reply(request, 503, b'broken\n', {})
        if dice < trouble.busy + trouble.broken + trouble.hang_up:
            request.send_response(200)
            request.send_header('Content-Length', '1000')
            request.end_headers()
            request.wfile.write(b'half')
            request.close_connection = True
            return None
        rubbish = trouble.rubbish and trouble.rubbish(path)
        if rubbish:
            return self.reply(request, *rubbish)
        try:
            status, content, headers = self.answer(request, path, body)
        except (BadRequest, ValueError, KeyError, IndexError, TypeError, der.DerError) as error:
            status, content, headers = 400, f'{type(error).__name__}: {error}\n'.encode(), {}
        return self.reply(request, status, content, headers)

    def reply(self, request, status, content, headers):
        if len(content) > 512 and 'gzip' in (request.headers.get('Accept-Encoding') or '') and '/tile/data/' in request.path:
            content, headers = gzip.compress(content), {**headers, 'Content-Encoding': 'gzip'}
        request.send_response(status)
        for name, value in {'Content-Type': 'text/plain; charset=utf-8', **headers, 'Content-Length': str(len(content))}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(content)

    def answer(self, request, path, body):
        for prefix, thing in self.things.items():
            if path.startswith(f'/{prefix}/'):
                content = thing.static(path[len(prefix) + 2:])
                return (404, b'', {}) if content is None else (200, content, {'Content-Type': 'application/octet-stream'})
        if path == '/lie' and request.command == 'POST':
            return self.told(json.loads(body))
        if path == '/log_list.json':
            return 200, lying_log.log_list(self.logs.values(), kind='both').encode(), {'Content-Type': 'application/json'}
        split = urlsplit(path)
        title, _, rest = split.path[1:].partition('/')
        log = self.logs.get(title)
        if log is None:
            return 404, b'no such log\n', {}
        query = {name: values[0] for name, values in parse_qs(split.query).items()}
        with log.lock:
            is_head = rest in ('ct/v1/get-sth', 'checkpoint')
            view = log.view(request.client_address[0], request.headers, is_head)
            if rest.startswith('ct/v1/'):
                method = getattr(self, rest[6:].replace('-', '_'), None) if rest[6:] in METHODS else None
                if method is None:
                    return 404, b'no such method\n', {}
                if (request.command == 'POST') != rest.startswith('ct/v1/add-'):
                    return 405, b'not so\n', {}
                result = method(log, view, json.loads(body) if body else query)
                return 200, json.dumps(result).encode(), {'Content-Type': 'application/json'}
            return self.static(log, view, rest)

    def told(self, body):
        """What a test in another process tells: {"log": title, "lies": {...}, "fork": index, "add": [names], "trouble": {...}}."""
        if 'trouble' in body:
            self.trouble = Trouble(**body['trouble'])
        log = self.logs.get(body.get('log', ''))
        if log is not None:
            with log.lock:
                other = pki.Issuer(log.suite, 'Somebody Else')
                if 'fork' in body:
                    log.make_fork(body['fork'], ct_wire.Entry.of_certificate(log.suite, [other.leaf('fork.example'), other.der]))
                for name in body.get('add', []):
                    log.add_certificate([other.leaf(name), other.der])
                log.lies = lying_log.Lies(**body.get('lies', {}))
                if body.get('freeze'):
                    log.freeze()
        return 200, b'{}', {'Content-Type': 'application/json'}

    def static(self, log, view, rest):
        if rest == 'checkpoint':
            return 200, log.checkpoint(view), {'Cache-Control': 'no-store'}
        if rest == 'log.v3.json':
            row = {**log.list_row(), 'submission_url': log.url + '/', 'monitoring_url': log.url + '/'}
            return 200, json.dumps(row).encode(), {'Content-Type': 'application/json'}
        if rest.startswith('issuer/'):
            found = log.known_issuers().get(rest[7:])
            return (200, found, {'Content-Type': 'application/pkix-cert'}) if found else (404, b'', {})
        match = re.fullmatch(r'tile/(data|[0-5])/((?:x\d{3}/)*\d{3})(?:\.p/([1-9]\d{0,2}))?', rest)
        if not match:
            return 404, b'', {}
        level = None if match[1] == 'data' else int(match[1])
        width = int(match[3]) if match[3] else 256
        content = log.tile(view, level, int(match[2].replace('x', '').replace('/', '')), width) if width < 257 else None
        return (200, content, {'Content-Type': 'application/octet-stream'}) if content is not None else (404, b'', {})

    # ---- the methods of RFC 6962 ----

    def add_chain(self, log, _, body):
        return self.added(log, ct_wire.Entry.of_certificate(log.suite, chain_of(log, body)))

    def add_pre_chain(self, log, _, body):
        return self.added(log, ct_wire.Entry.of_precertificate(log.suite, chain_of(log, body)))

    @staticmethod
    def added(log, entry):
        if log.state in ('readonly', 'retired'):
            raise BadRequest('this log is read-only')
        done, signed = log.submit(entry)
        return {'sct_version': 0, 'id': b64(log.log_id), 'timestamp': done.timestamp, 'extensions': b64(done.extensions), 'signature': b64(signed)}

    @staticmethod
    def get_sth(log, view, _):
        return log.json_head(view)

    @staticmethod
    def get_sth_consistency(_, view, query):
        first, second = int(query['first']), int(query['second'])
        if not 0 < first <= second <= len(view.entries):
            raise BadRequest('no such sizes')
        return {'consistency': [b64(h) for h in view.tree().subtree_proof(0, first, second)]}

    @staticmethod
    def get_proof_by_hash(_, view, query):
        wanted, size = base64.b64decode(query['hash'], validate=True), int(query['tree_size'])
        if not 0 < size <= len(view.entries) or wanted not in view.leaves[:size]:
            raise BadRequest('no such hash in a tree of that size')
        index = view.leaves.index(wanted)
        return {'leaf_index': index, 'audit_path': [b64(h) for h in view.tree().path(index, 0, size)]}

    @staticmethod
    def get_entries(log, view, query):
        start, end = int(query['start']), int(query['end'])
        size = len(view.entries)
        if 0 <= log.lies.drop_from < size:
            size = log.lies.drop_from
        if not 0 <= start <= end or start >= size:
            raise BadRequest('no such entries')
        entries = [log.entry(view, i) for i in range(start, min(end + 1, size, start + GET_ENTRIES_MAX))]
        return {'entries': [{'leaf_input': b64(e.merkle_leaf()), 'extra_data': b64(e.extra_data())} for e in entries]}

    @staticmethod
    def get_roots(log, _, __):
        return {'certificates': [b64(root) for root in log.roots]}

    @staticmethod
    def get_entry_and_proof(log, view, query):
        index, size = int(query['leaf_index']), int(query['tree_size'])
        if not 0 <= index < size <= len(view.entries):
            raise BadRequest('no such entry')
        entry = log.entry(view, index)
        return {'leaf_input': b64(entry.merkle_leaf()), 'extra_data': b64(entry.extra_data()),
                'audit_path': [b64(h) for h in view.tree().path(index, 0, size)]}


METHODS = {'add-chain', 'add-pre-chain', 'get-sth', 'get-sth-consistency', 'get-proof-by-hash', 'get-entries', 'get-roots',
           'get-entry-and-proof'}


def b64(data):
    return base64.b64encode(data).decode()


def chain_of(log, body):
    """The chain of a submission, with its root; names and signatures are not looked at: this is the liar."""
    chain = [base64.b64decode(c, validate=True) for c in body['chain']]
    if not chain or not all(chain):
        raise BadRequest('an empty chain')
    for certificate in chain:
        der.sequence(der.read_all(certificate))
    if chain[-1] not in log.roots:
        issuer = der.sequence(der.sequence(der.read_all(chain[-1]))[0])[3].raw
        root = next((r for r in log.roots if subject_of(r) == issuer), None)
        if root is None:
            raise BadRequest('the chain does not lead to a root')
        chain.append(root)
    return chain


def subject_of(certificate):
    return der.sequence(der.sequence(der.read_all(certificate))[0])[5].raw
