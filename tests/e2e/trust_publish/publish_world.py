"""A registry, the keys and the configuration of a distributor, and clients of what it publishes."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'trust'))

from trust_world import *

ORIGIN = 'trust.example/versions'
ALGORITHMS = ('sm2_sm3', 'mldsa44')


class PublishTest(TrustTest):
    def registry(self, name, *cas):
        """A registry that accepts these: (CA, its URLs, further lines)."""
        folder = self.path(name, 'registry')
        os.makedirs(self.path(name), exist_ok=True)
        self.ok('trust', 'init', '--registry', folder, '--name', 'Example Program', '--contact', 'root@program.example')
        run('trust', 'add', '--registry', folder, '--name', 'Example CA', 'operators/example')
        for number, (ca, urls, more) in enumerate(cas):
            self.admit(folder, ca, urls, number, more)
        return folder

    def admit(self, folder, ca, urls, number=0, more=()):
        """As it stands in the file: what lint says of it (no audit, no licence) is not the matter here."""
        os.makedirs(os.path.join(folder, 'mtc-cas'), exist_ok=True)
        write(os.path.join(folder, f'mtc-cas/ca{number}.pem'), read(ca.pem))
        lines = ['operator example', 'state tls accepted 2020-01-01 "tests"', *(f'url {url}' for url in urls), *more]
        write(os.path.join(folder, f'mtc-cas/ca{number}.conf'), ('\n'.join(lines) + '\n').encode())

    def keys(self, name):
        """Fresh keys, and the lines of trust.conf for them."""
        folder = self.path(name)
        self.ok('trust', 'keygen', '--origin', ORIGIN, folder)
        return folder

    def key_lines(self, folder, retiring=False):
        state = ' retiring = true' if retiring else ''
        return ''.join(f'{block} "{os.path.basename(folder)}-{alg}" {{ key = "{folder}/{alg}.pem"{state} }}\n'
                       for block in ('key', 'log-key') for alg in ALGORITHMS)

    def config(self, name, registry_folder, keys, **settings):
        """trust.conf below the folder of that name; keys: key lines."""
        values = dict(registry=f'"{registry_folder}"', directory='"state"', publish='"www"', origin=f'"{ORIGIN}"')
        values |= {key.replace('_', '-'): value for key, value in settings.items()}
        text = ''.join(f'{key} = {value}\n' for key, value in values.items()) + keys
        os.makedirs(self.path(name), exist_ok=True)
        return write(self.path(name, 'trust.conf'), text.encode())

    def build(self, config, status=0):
        done = run('trust', 'build', '--config', config, '--json')
        self.assertEqual(done.status, status, done)
        return json.loads(done.out) if done.out else done.err

    def client(self, name, keys, url):
        folder = self.path(name)
        words = [word for alg in ALGORITHMS for word in ('--bundle-key', f'{keys}/{alg}.pub.pem', '--log-key', f'{keys}/{alg}.vkey')]
        self.ok('trust', 'import', '--dir', folder, *words, '--bundle-url', url)
        return folder

    def taken(self, folder):
        done = run('trust', 'update', '--dir', folder, '--json')
        self.assertEqual((done.status, done.err), (0, ''), done)
        return json.loads(done.out)

    def landmarks(self, folder):
        """The newest landmark that a client holds of the first log."""
        log = self.log_shown(folder)
        return log['landmark']

    def world(self, name, entries=5, **settings):
        """One CA whose log is on the web, its registry, a distributor, and the web of what it publishes."""
        ca = self.made_ca(f'{name}-ca', entries=entries)
        web = self.web(ca.path('public'))
        registry = self.registry(name, (ca, [web.url], ()))
        keys = self.keys(f'{name}-keys')
        config = self.config(name, registry, self.key_lines(keys), **settings)
        www = self.path(name, 'www')
        os.makedirs(www, exist_ok=True)
        return ca, web, config, keys, self.web(www)
