"""An ACME client of the tests' own, so that they can do what well-behaved clients do not: every answer is kept as it came."""
import base64
import hashlib
import http.client
import json
import os
import secrets
import ssl
import subprocess
import time
import unittest
import urllib.parse

import acme_world
import der
import ec
import x509

MAKE_CSR = os.environ.get('CATHAYA_MAKE_CSR')
AUTHORITY_KEY_ID = '2.5.29.35'
STANDALONE, ALTERNATE = 'application/pem-certificate-chain', 'application/pem-certificate-chain-with-properties'


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=').decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))


class Es256:
    """A key of an account, or of a certificate."""

    def __init__(self, d=None):
        self.d = d or secrets.randbelow(ec.P256.n - 1) + 1
        self.x, self.y = ec.P256.combine(self.d, ec.P256.g, 0, ec.P256.g)
        self.jwk = {'crv': 'P-256', 'kty': 'EC', 'x': b64(self.x.to_bytes(32, 'big')), 'y': b64(self.y.to_bytes(32, 'big'))}
        text = json.dumps(self.jwk, separators=(',', ':'), sort_keys=True)
        self.thumbprint = b64(hashlib.sha256(text.encode()).digest())

    def sign(self, message):
        e, n = int.from_bytes(hashlib.sha256(message).digest(), 'big'), ec.P256.n
        k = secrets.randbelow(n - 1) + 1
        r = ec.P256.combine(k, ec.P256.g, 0, ec.P256.g)[0] % n
        s = pow(k, -1, n) * (e + r * self.d) % n
        return r.to_bytes(32, 'big') + s.to_bytes(32, 'big')


def key_from_pem(path):
    """The P-256 key of a file that make_csr wrote."""
    text = subprocess.run(['openssl', 'pkey', '-in', path, '-outform', 'DER', '-traditional'], capture_output=True, check=True)
    return Es256(int.from_bytes(der.read_all(text.stdout).children()[1].body, 'big'))


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def problem(self):
        """type without its prefix, and the detail."""
        return self.json['type'].removeprefix('urn:ietf:params:acme:error:') + ': ' + self.json.get('detail', '')

    def links(self, relation):
        return [value.split('>')[0].lstrip('<') for value in self.headers.get_all('Link', []) if f'rel="{relation}"' in value]

    def __repr__(self):
        return f'{self.status} {self.body[:600]!r}'


def request(method, url, body=None, headers=None, context=None):
    parts = urllib.parse.urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == 'https' else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=60, **({'context': context} if parts.scheme == 'https' else {}))
    connection.request(method, parts.path + ('?' + parts.query if parts.query else ''), body, headers or {})
    response = connection.getresponse()
    answer = Answer(response.status, response.headers, response.read())
    connection.close()
    return answer


class Client:
    """One account at a directory."""

    def __init__(self, world, profile=None, register=True, **account):
        self.world, self.key, self.kid, self.nonce = world, Es256(), None, None
        self.context = ssl.create_default_context(cafile=world.path('tls.pem'))
        self.urls = self.get(world.directory(profile)).json
        if register:
            answer = self.post(self.urls['newAccount'], {'termsOfServiceAgreed': True, **account})
            assert answer.status == 201, answer
            self.kid = answer.headers['Location']

    def get(self, url, method='GET', headers=None):
        return request(method, url, headers=headers, context=self.context)

    def post(self, url, payload, key=None, accept=None):
        """payload None is POST-as-GET. key: signs instead of the account, with its jwk."""
        for _ in range(3):
            if self.nonce is None:
                self.nonce = self.get(self.urls['newNonce'], 'HEAD').headers['Replay-Nonce']
            head = {'alg': 'ES256', 'nonce': self.nonce, 'url': url}
            head |= {'kid': self.kid} if key is None and self.kid else {'jwk': (key or self.key).jwk}
            protected = b64(json.dumps(head).encode())
            text = '' if payload is None else b64(json.dumps(payload).encode())
            body = {'protected': protected, 'payload': text, 'signature': b64((key or self.key).sign(f'{protected}.{text}'.encode()))}
            headers = {'Content-Type': 'application/jose+json', **({'Accept': accept} if accept else {})}
            answer = request('POST', url, json.dumps(body), headers, self.context)
            self.nonce = answer.headers.get('Replay-Nonce')
            if answer.status != 400 or 'badNonce' not in answer.body.decode(errors='replace'):
                break
        return answer

    # ---- orders ----

    def order(self, *names, profile=None, replaces=None):
        """names: DNS names, or ('ip', address)."""
        identifiers = [{'type': 'ip', 'value': n[1]} if isinstance(n, tuple) else {'type': 'dns', 'value': n} for n in names]
        more = ({'profile': profile} if profile else {}) | ({'replaces': replaces} if replaces else {})
        return self.post(self.urls['newOrder'], {'identifiers': identifiers, **more})

    def provision(self, authorization, challenge):
        """What the owner of the name does for a challenge."""
        name, kind, token = authorization['identifier']['value'], challenge['type'], challenge.get('token')
        if kind == 'dns-persist-01':
            assert 'ca.example' in challenge['issuer-domain-names'], challenge
            wildcard = '; policy=wildcard' if authorization.get('wildcard') else ''
            self.world.set_txt('_validation-persist.' + name, f'ca.example; accounturi={self.kid}{wildcard}')
            return
        proof = f'{token}.{self.key.thumbprint}'
        digest = b64(hashlib.sha256(proof.encode()).digest())
        if kind == 'http-01':
            with open(os.path.join(self.world.well_known, token), 'w') as file:
                file.write(proof)
        elif kind == 'dns-01':
            self.world.set_txt('_acme-challenge.' + name, digest)
        elif kind == 'dns-account-01':
            label = base64.b32encode(hashlib.sha256(self.kid.encode()).digest()[:10]).decode().lower()
            self.world.set_txt(f'_{label}._acme-challenge.{name}', digest)
        elif kind == 'tls-alpn-01':
            self.world.mock.post('add-tlsalpn01', host=name, content=proof)

    def poll(self, url, answer=None, seconds=60):
        """The object at url when it is no longer pending or processing."""
        end = time.monotonic() + seconds
        while True:
            answer = answer or self.post(url, None)
            assert answer.status in (200, 201), answer
            if answer.json['status'] not in ('pending', 'processing') or time.monotonic() > end:
                return answer.json
            answer = None
            time.sleep(0.05)

    def authorize(self, order, kind):
        """The authorizations of an order after its challenges of this kind were answered."""
        done = []
        for url in order.json['authorizations']:
            authorization = self.post(url, None).json
            if authorization['status'] == 'pending':
                [challenge] = [c for c in authorization['challenges'] if c['type'] == kind]
                self.provision(authorization, challenge)
                answer = self.post(challenge['url'], {})
                assert answer.status == 200, answer
                authorization = self.poll(url)
            done.append(authorization)
        return done

    def csr(self, kind, *names):
        """DER of a request, and the path of its key."""
        path = self.world.path('csr-' + secrets.token_hex(8))
        san = ','.join(f'IP:{n[1]}' if isinstance(n, tuple) else f'DNS:{n}' for n in names)
        subprocess.run([MAKE_CSR, kind, san, path], check=True, capture_output=True)
        with open(path + '.csr') as file:
            return base64.b64decode(''.join(file.read().split('-----')[2].split())), path + '.key'

    def finalize(self, order, csr):
        return self.poll(order.headers['Location'], self.post(order.json['finalize'], {'csr': b64(csr)}))

    def issue(self, *names, kind='p256', challenge='http-01', profile=None, replaces=None):
        """A certificate, from the order to the file."""
        order = self.order(*names, profile=profile, replaces=replaces)
        assert order.status == 201, order
        for authorization in self.authorize(order, challenge):
            assert authorization['status'] == 'valid', authorization
        csr, key = self.csr(kind, *names)
        done = self.finalize(order, csr)
        assert done['status'] == 'valid', done
        return Certificate(self, done, key)


class Certificate:
    def __init__(self, client, order, key):
        self.client, self.url, self.key, self.order = client, order['certificate'], key, order
        self.answer = client.post(self.url, None)
        assert self.answer.status == 200, self.answer
        self.path = self.save(self.answer.body)
        self.der = x509.from_file(self.answer.body)
        self.x509 = x509.Certificate(self.der)

    def save(self, body):
        path = self.client.world.path('cert-' + secrets.token_hex(8) + '.pem')
        with open(path, 'wb') as file:
            file.write(body)
        return path

    @property
    def serial(self):
        """The content octets of the INTEGER."""
        node = der.read_all(self.der).children()[0]
        return [child for child in node.children() if child.tag == der.INTEGER][0].body

    @property
    def ari_id(self):
        """[RFC9773 4.1]."""
        key_id = der.read_all(self.x509.extension(AUTHORITY_KEY_ID).value).children()[0].body
        return f'{b64(key_id)}.{b64(self.serial)}'

    def revoke(self, key=None, reason=None):
        payload = {'certificate': b64(self.der)} | ({} if reason is None else {'reason': reason})
        return self.client.post(self.client.urls['revokeCert'], payload, key=key)


class Case(unittest.TestCase):
    """Tests in one world, which options() describes."""

    @classmethod
    def options(cls):
        return {}

    @classmethod
    def setUpClass(cls):
        cls.world = acme_world.World(**{'limits': False, **cls.options()})
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.__exit__, None, None, None)
        cls.count = 0

    def name(self, below='demo.test'):
        type(self).count += 1
        return f'n{self.count}.{below}'

    def refused(self, authorization, *says):
        """The authorization failed, and its challenge says these things."""
        self.assertEqual(authorization['status'], 'invalid', authorization)
        [error] = [c['error'] for c in authorization['challenges'] if 'error' in c]
        for word in says:
            self.assertIn(word, json.dumps(error))
        return error
