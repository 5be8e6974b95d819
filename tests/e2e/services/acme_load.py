"""ACME clients that keep a ledger: what each order was told, so that it can be held against the log afterwards. They go on
through every failure; what they may not do is forget. Keys and requests are those of the independent reading."""
import base64
import hashlib
import http.client
import json
import random
import ssl
import threading
import time

import ct_forge
import der
import ec
import forge
import merkle

P256 = ec.P256


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=').decode()


class GaveUp(Exception):
    pass


class AccountKey:
    """ES256 [RFC7518 3.4]."""

    def __init__(self):
        self.d = random.SystemRandom().randrange(1, P256.n)
        x, y = P256.combine(self.d, P256.g, 0, P256.g)
        self.jwk = {'crv': 'P-256', 'kty': 'EC', 'x': b64(x.to_bytes(32, 'big')), 'y': b64(y.to_bytes(32, 'big'))}
        canonical = json.dumps(self.jwk, sort_keys=True, separators=(',', ':'))
        self.thumbprint = b64(hashlib.sha256(canonical.encode()).digest())

    def sign(self, message):
        e = int.from_bytes(hashlib.sha256(message).digest(), 'big')
        while True:
            k = random.SystemRandom().randrange(1, P256.n)
            r = P256.combine(k, P256.g, 0, P256.g)[0] % P256.n
            s = pow(k, -1, P256.n) * (e + r * self.d) % P256.n
            if r and s:
                return r.to_bytes(32, 'big') + s.to_bytes(32, 'big')


def make_request(signer, name):
    """A certification request [RFC2986] for one DNS name."""
    san = forge.extension('2.5.29.17', der.tlv(der.SEQUENCE, der.tlv(0x82, name.encode())))
    wanted = der.tlv(der.SEQUENCE, der.tlv_oid('1.2.840.113549.1.9.14'), der.tlv(der.SET, der.tlv(der.SEQUENCE, san)))
    info = der.tlv(der.SEQUENCE, der.tlv_integer(0), der.tlv(der.SEQUENCE), signer.spki, der.tlv(0xa0, wanted))
    return der.tlv(der.SEQUENCE, info, der.tlv(der.SEQUENCE, der.tlv_oid(signer.oid)),
                   der.tlv(der.BIT_STRING, b'\0' + signer.sign(info)))


class Order:
    """seen: the last status that the server has told; pem: what it handed out."""

    def __init__(self, profile, number, name):
        # A GM certificate is GM throughout (RP-08): an international CA gets no SM2 keys.
        signer = forge.Sm2Signer(number + 1000) if profile.startswith('gm') else ct_forge.P256Signer(number + 1000)
        self.profile, self.name, self.spki = profile, name, signer.spki
        self.request = make_request(signer, name)
        self.url = self.pem = None
        self.seen, self.is_finalized = 'new', False


class Connection:
    """HTTPS that comes back after every failure, until `seconds` have passed without an answer."""

    def __init__(self, world, seconds):
        self.world, self.seconds, self.http = world, seconds, None
        self.context = ssl.create_default_context(cafile=world.path('tls.pem'))

    def close(self):
        if self.http is not None:
            self.http.close()
        self.http = None

    def request(self, method, path, body=None, headers=None):
        if self.http is None:
            self.http = http.client.HTTPSConnection('localhost', self.world.port, timeout=self.seconds, context=self.context)
        try:
            self.http.request(method, path, body, headers or {})
            answer = self.http.getresponse()
            return answer.status, answer.headers, answer.read()
        except BaseException:
            self.close()
            raise


class Client:
    """One account. A lost answer is asked for again: a POST that may have been taken twice is one of the tests."""

    def __init__(self, world, tokens, seconds=90):
        self.world, self.tokens, self.seconds = world, tokens, seconds
        self.connection = Connection(world, seconds)
        self.key, self.kid, self.nonce = AccountKey(), None, None
        self.statuses = {}      # HTTP status: how often
        self.retry_after = 0    # 503 and 429 with the header
        self.stop = lambda: False

    def url(self, path):
        return self.world.base + path

    def until_answered(self, method, path, body=None, headers=None):
        end = time.monotonic() + self.seconds
        while True:
            try:
                status, headers_got, data = self.connection.request(method, path, body() if body else None, headers)
            except (OSError, http.client.HTTPException) as error:
                self.nonce = None
                if time.monotonic() > end:
                    raise GaveUp(f'{method} {path}: {error!r}') from error
                time.sleep(0.05)
                continue
            self.statuses[status] = self.statuses.get(status, 0) + 1
            self.nonce = headers_got.get('Replay-Nonce', self.nonce)
            document = json.loads(data) if 'json' in headers_got.get('Content-Type', '') and data else data
            problem = document.get('type', '').rsplit(':', 1)[-1] if isinstance(document, dict) else ''
            if problem == 'badNonce':
                continue
            if status in (429, 500, 503):
                if status != 500 and 'Retry-After' not in headers_got:
                    raise AssertionError(f'{status} without Retry-After: {document}')
                self.retry_after += status != 500
                if time.monotonic() > end:
                    raise GaveUp(f'{method} {path}: {status} {document}')
                time.sleep(0.2)
                continue
            return status, headers_got, document

    def post(self, url, payload=None):
        path = url.removeprefix(self.world.base)

        def body():
            if self.nonce is None:
                _, headers, _ = self.connection.request('HEAD', '/new-nonce')
                self.nonce = headers['Replay-Nonce']
            protected = {'alg': 'ES256', 'nonce': self.nonce, 'url': url}
            protected.update({'kid': self.kid} if self.kid else {'jwk': self.key.jwk})
            self.nonce = None
            first = b64(json.dumps(protected).encode())
            second = b64(json.dumps(payload).encode()) if payload is not None else ''
            signature = b64(self.key.sign(f'{first}.{second}'.encode()))
            return json.dumps({'protected': first, 'payload': second, 'signature': signature})

        return self.until_answered('POST', path, body, {'Content-Type': 'application/jose+json'})

    def register(self):
        _, _, self.directory = self.until_answered('GET', '/directory')
        self.directory = {name: url for name, url in self.directory.items() if isinstance(url, str)}
        status, headers, document = self.post(self.directory['newAccount'], {'termsOfServiceAgreed': True})
        assert status in (200, 201), document
        self.kid = headers['Location']

    # ---- one order ----

    def begin(self, order):
        """To an order that is ready; None: the server did not want it."""
        status, headers, document = self.post(self.directory['newOrder'], {
            'identifiers': [{'type': 'dns', 'value': order.name}], 'profile': order.profile})
        if status != 201:
            raise GaveUp(f'newOrder: {status} {document}')
        order.url, order.seen = headers['Location'], document['status']
        for url in document['authorizations'] if order.seen == 'pending' else ():
            self.authorize(url)

    def authorize(self, url):
        _, _, authorization = self.post(url)
        if authorization['status'] == 'pending':
            challenge = next(c for c in authorization['challenges'] if c['type'] == 'http-01')
            self.tokens[challenge['token']] = f'{challenge["token"]}.{self.key.thumbprint}'
            self.post(challenge['url'], {})
        end = time.monotonic() + self.seconds
        while authorization['status'] == 'pending':
            if time.monotonic() > end:
                raise GaveUp(f'{url} stays pending')
            _, _, authorization = self.post(url)
            time.sleep(0.02)
        if authorization['status'] != 'valid':
            raise GaveUp(f'{url}: {authorization}')

    def finalize(self, order):
        order.is_finalized = True
        status, _, document = self.post(order.url + '/finalize', {'csr': b64(order.request)})
        if status == 200:
            order.seen = document['status']
        elif status != 403:     # 403: an answer that was lost has done it already
            raise GaveUp(f'finalize: {status} {document}')

    def look(self, order):
        status, _, document = self.post(order.url)
        if status != 200:
            raise AssertionError(f'an order that was acknowledged has gone: {status} {document}')
        if 'has waited for so long' in document.get('error', {}).get('detail', '') and self.world.may_expire:
            order.seen = 'expired'
            raise GaveUp('the clock went on before the certificate was there')
        if order.seen in ('processing', 'valid') and document['status'] not in ('processing', 'valid'):
            raise AssertionError(f'an order went from {order.seen} to {document}')
        if order.seen == 'valid' and document['status'] != 'valid':
            raise AssertionError(f'an order was valid, and is {document["status"]}')
        order.seen = document['status']
        return document

    def fetch(self, order, seconds):
        """Waits until it is valid, and gets the certificate; False when it is still processing at the end of seconds."""
        end = time.monotonic() + seconds
        while True:
            document = self.look(order)
            if document['status'] == 'valid':
                status, _, pem = self.post(document['certificate'])
                if status != 200:
                    raise AssertionError(f'a valid order has no certificate: {status} {pem}')
                order.pem = pem.decode()
                return True
            if document['status'] == 'ready':       # the request never arrived, or was turned away
                self.finalize(order)
            elif document['status'] != 'processing':
                raise AssertionError(f'an order is {document}')
            if time.monotonic() > end or self.stop():
                return False
            time.sleep(0.05)


class Load:
    """Clients in threads of their own, each with one order after the other; `orders` is the ledger of all of them."""

    def __init__(self, world, profiles, threads=4, fresh=0.3, seconds=90, patience=None):
        self.world, self.profiles, self.fresh = world, profiles, fresh
        self.patience = seconds if patience is None else patience      # with an order that is processing
        self.orders, self.failures, self.given_up = [], [], []
        self.lock, self.is_stopping = threading.Lock(), threading.Event()
        self.clients = [Client(world, world.tokens, seconds) for _ in range(threads)]
        for client in self.clients:
            client.register()
            client.stop = self.is_stopping.is_set
        self.threads = [threading.Thread(target=self.run, args=(i, c), daemon=True) for i, c in enumerate(self.clients)]

    def start(self):
        for thread in self.threads:
            thread.start()
        return self

    def new_order(self, client_number):
        """A key of its own for each order; the name is new, or one whose authorization is good for more."""
        with self.lock:
            number = len(self.orders)
            name = f'c{client_number}-n{number if random.random() < self.fresh else 0}.load.test'
            order = Order(random.choice(self.profiles), number, name)
            order.client = self.clients[client_number]
            self.orders.append(order)
            return order

    def run(self, number, client):
        while not self.is_stopping.is_set():
            order = self.new_order(number)
            try:
                client.begin(order)
                self.finalize_and_fetch(client, order)
            except GaveUp as error:
                self.given_up.append(str(error))
            except Exception as error:     # pylint: disable=broad-except
                self.failures.append(f'{type(error).__name__}: {error}')
                raise

    def finalize_and_fetch(self, client, order):
        client.finalize(order)
        client.fetch(order, self.patience)

    def stop(self):
        self.is_stopping.set()
        for thread in self.threads:
            thread.join(120)
            assert not thread.is_alive(), 'a client hangs'
        assert not self.failures, self.failures
        for client in self.clients:
            client.connection.close()

    def settle(self, seconds=60):
        """Afterwards: whatever was finalized gets its certificate."""
        for order in self.orders:
            if order.url and order.is_finalized and order.pem is None and order.seen != 'expired':
                order.client.stop = lambda: False
                if not order.client.fetch(order, seconds):
                    raise AssertionError(f'{order.url} stays {order.seen}')
        for client in self.clients:
            client.connection.close()

    def counts(self):
        done = sum(order.pem is not None for order in self.orders)
        refused = sum(client.retry_after for client in self.clients)
        return f'{len(self.orders)} orders, {done} certificates, {refused} times told to wait, {len(self.given_up)} given up'


def spki_hash(suite, order):
    return merkle.HASHES['sm3' if suite == 'gm' else 'sha256'](order.spki)
