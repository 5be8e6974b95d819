#!/usr/bin/env python3
"""What a gateway does with certificates that its clients would call not secure: they are not deployed, the old one stays, and
operators are told which rule and what to do; and nothing that is wrong with the trust directory takes a site down."""
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..', 'fetch')]

from gateway_world import PROGRAM, Backend, Base, Gateway, World, block, wait_until

MAKER = os.environ.get('CATHAYA_PROGRAM_CERTIFICATES') or os.path.join(HERE, '..', '..', '..', 'build', 'tests', 'program_certificates')
NAME = 'www.example.com'


class PolicyWorld(Base):
    def __init__(self, first='gm-ov', **general):
        self.first, self.general = first, general

    def build(self):
        subprocess.run([MAKER, self.folder, str(int(time.time()))], check=True, capture_output=True)
        self.trust = self.path('trust')
        self.a = self.stack.enter_context(Backend('a'))
        self.gateway = Gateway(self)
        self.gateway.general.update(self.general or {'trust': self.trust})
        self.gateway.site(NAME, [self.a.address], [block('certificate', 'gm-classic', chain_file=self.path('cur.pem'), key=self.path('cur.key'))], default=True)
        self.put(self.first)
        self.gateway.start()

    def put(self, name):
        """Another certificate in the files that the site is served from. The key first: a chain without its key is nothing yet."""
        for kind in ('key', 'pem'):
            shutil.copyfile(self.path(f'{name}.{kind}'), self.path('next'))
            os.chmod(self.path('next'), 0o600)
            os.replace(self.path('next'), self.path('cur.' + kind))

    def reload(self):
        self.gateway.write()
        self.gateway.process.popen.send_signal(signal.SIGHUP)

    def certificate(self):
        return self.gateway.status()['certificates'][0]

    def events(self, what):
        """Events with that name, as the JSON lines that they were logged as."""
        lines = [json.loads(line) for line in self.gateway.process.text().splitlines() if line.startswith('{')]
        return [line for line in lines if what in line.values()]

    def fetch(self):
        done = subprocess.run([PROGRAM, 'fetch', f'https://{NAME}/page', '--connect', self.gateway.address, '--trust', self.path('clients'), '--json'],
                              capture_output=True, timeout=60)
        return json.loads(done.stdout)

    def command(self, verb, *more):
        return subprocess.run([PROGRAM, 'gateway', verb, '--config', self.gateway.config, *more], capture_output=True, text=True, timeout=60)


class Policy(unittest.TestCase):
    def world(self, *arguments, **more):
        world = PolicyWorld(*arguments, **more).__enter__()
        self.addCleanup(world.__exit__, None, None, None)
        shutil.copytree(world.trust, world.path('clients'))
        return world

    def wait(self, world, what, condition):
        found = []

        def look():
            certificate = world.certificate()
            if certificate['policy'] and condition(certificate):
                found.append(certificate)
            return found
        wait_until(what, look, 30)
        return found[0]

    def test_what_is_not_secure_is_not_deployed(self):
        world = self.world()
        first = self.wait(world, 'the first one', lambda c: c['state'] == 'deployed' and c['policy'])
        self.assertEqual((first['policy']['verdict'], first['policy']['level'], first['policy']['rule']), ('secure', 'T3', ''))
        status = world.gateway.status()['policy']
        self.assertEqual((status['check'], status['trust'], status['reason'], status['policy']['built_in']), ('refuse', world.trust, None, False))
        self.assertEqual((world.fetch()['verdict'], world.fetch()['level']), ('secure', 'T3'))
        for name, verdict, rule in (('gm-no-aia', 'not_secure', 'RP-06'), ('gm-no-sct', 'not_secure', 'CT-02'), ('gm-unlisted', 'untrusted', '')):
            with self.subTest(name):
                world.put(name)
                refused = self.wait(world, name, lambda c: f'policy: {verdict}' in c['last_error'] and rule in c['last_error'])
                self.assertIn('not deployed', refused['last_error'])
                self.assertEqual((refused['state'], refused['serial'], refused['policy']['verdict']), ('deployed', first['serial'], 'secure'))
                told = [e for e in world.events('certificate-refused') if e['verdict'] == verdict and e['rule'].startswith(rule)]
                self.assertTrue(told)
                self.assertTrue(told[-1]['reason'] and told[-1]['site'] == NAME and told[-1]['kind'] == 'gm-classic')
                self.assertTrue(told[-1]['fix'] or not rule)
                self.assertEqual((world.fetch()['verdict'], world.fetch()['level']), ('secure', 'T3'))
        table = world.command('status').stdout
        self.assertIn('secure T3', table)
        self.assertIn('not deployed', table)
        world.put('gm-ev')
        self.wait(world, 'the better one', lambda c: c['policy']['level'] == 'T4' and c['last_error'] == '')
        self.assertEqual(world.fetch()['level'], 'T4')
        told = world.command('explain', '--sni', NAME)
        self.assertEqual(told.returncode, 0, told)
        self.assertIn('policy: gm-classic is secure, T4: ', told.stdout)
        told = json.loads(world.command('explain', '--sni', NAME, '--json').stdout)
        self.assertEqual((told['policy']['gm-classic']['verdict'], told['sni']), ('secure', NAME))
        # What was refused is looked at again when the judge is another one.
        world.put('gm-no-aia')
        self.wait(world, 'refused', lambda c: 'RP-06' in c['last_error'])
        world.gateway.general['policy-check'] = 'warn'
        world.reload()
        found = self.wait(world, 'deployed all the same', lambda c: c['policy']['rule'] == 'RP-06')
        self.assertEqual((found['last_error'], world.fetch()['verdict']), ('', 'not_secure'))

    def test_a_trust_directory_that_is_of_no_use(self):
        """It is told, what it says is not looked at, and the site goes on."""
        world = self.world()
        self.wait(world, 'the first one', lambda c: c['state'] == 'deployed')
        bundle = os.path.join(world.trust, 'trust.bundle')
        with open(bundle, 'r+b') as file:
            file.truncate(os.path.getsize(bundle) // 2)
        world.reload()
        wait_until('it is told', lambda: world.gateway.status()['policy']['reason'], 30)
        self.assertIn(world.trust, world.events('trust-not-used')[0]['directory'])
        self.assertIn('is not used: ', world.command('status').stdout)
        self.assertTrue(world.gateway.status()['policy']['policy']['built_in'])
        world.put('gm-no-sct')   # what only its path and its timestamps would tell
        taken = self.wait(world, 'the other one', lambda c: c['policy'] and c['policy']['verdict'] == 'secure' and world.fetch()['scts'] == [])
        self.assertEqual(taken['last_error'], '')
        world.put('gm-no-aia')   # what the leaf tells is looked at all the same
        self.wait(world, 'no AIA', lambda c: 'RP-06' in c['last_error'])
        # Once it is there again, what is deployed is judged anew, and stays.
        world.put('gm-no-sct')
        shutil.copyfile(os.path.join(world.path('clients'), 'trust.bundle'), bundle)
        world.reload()
        found = self.wait(world, 'judged anew', lambda c: c['policy']['verdict'] == 'not_secure')
        self.assertEqual((found['policy']['rule'], found['state']), ('CT-02', 'deployed'))
        self.assertTrue(found['policy']['fix'] and not found['policy']['text_zh'].isascii())
        self.assertTrue(world.events('trust-used') and world.events('certificate-not-secure'))
        self.assertEqual(world.fetch()['status'], 200)

    def test_warn_and_off(self):
        world = self.world('gm-no-aia', policy_check='warn')
        found = self.wait(world, 'deployed all the same', lambda c: c['state'] == 'deployed' and c['policy'])
        self.assertEqual((found['policy']['verdict'], found['policy']['rule']), ('not_secure', 'RP-06'))
        self.assertEqual(world.events('certificate-not-secure')[0]['rule'], 'RP-06')
        self.assertEqual(world.gateway.status()['policy']['trust'], None)
        world.gateway.general['policy-check'] = 'off'
        world.gateway.general.pop('policy_check')
        world.reload()
        wait_until('nothing is asked', lambda: world.gateway.status()['policy']['check'] == 'off', 30)
        self.assertEqual((world.certificate()['policy'], world.gateway.status()['policy']['policy']), (None, None))

    def test_without_a_directory_it_is_only_told(self):
        world = self.world('gm-no-aia', workers=1)
        self.assertEqual(self.wait(world, 'deployed', lambda c: c['state'] == 'deployed')['policy']['verdict'], 'not_secure')
        self.assertEqual(world.gateway.status()['policy']['check'], 'warn')
        for name, value, words in (('policy-check', 'maybe', 'policy-check: "refuse", "warn" or "off"'), ('public-labels', ['a'] * 33, 'public-labels')):
            kept = dict(world.gateway.general)
            world.gateway.general[name] = value
            world.gateway.write()
            done = world.command('check')
            self.assertEqual(done.returncode, 2, done)
            self.assertIn(words, done.stderr)
            world.gateway.general.clear()
            world.gateway.general.update(kept)


class ByAcme(unittest.TestCase):
    def test_each_kind_by_itself(self):
        """What a CA with mirrors issues by ACME is secure; classic certificates without timestamps are not, and hold up nobody."""
        with World() as world:
            gateway = world.gateway
            state = lambda: {c['kind']: c for c in gateway.status()['certificates']}
            wait_until('all of them', lambda: all(c['state'] == 'deployed' for c in state().values()), 120)
            gateway.general.update({'trust': world.make_trust(), 'public-labels': ['test']})
            gateway.write()
            gateway.process.popen.send_signal(signal.SIGHUP)
            judged = {'gm-mtc': ('secure', ''), 'intl-mtc': ('secure', ''), 'gm-classic': ('not_secure', 'CT-02'), 'intl-classic': ('not_secure', 'RP-10')}
            wait_until('judged anew', lambda: {kind: (c['policy']['verdict'], c['policy']['rule']) for kind, c in state().items() if c['policy']} == judged, 30)
            before = state()
            world.cathaya('gateway', 'renew', '--config', gateway.config)
            wait_until('renewed', lambda: all(c['serial'] != before[kind]['serial'] if kind.endswith('mtc') else 'not deployed' in c['last_error'] for kind, c in state().items()), 120)
            for kind in ('gm-classic', 'intl-classic'):
                self.assertEqual((state()[kind]['serial'], state()[kind]['state']), (before[kind]['serial'], 'deployed'))
            done = world.cathaya('fetch', '--public-label', 'test', 'https://www.demo.test/page', '--connect', gateway.address, '--trust', world.trust, '--json')
            told = json.loads(done.stdout)
            self.assertEqual((told['verdict'], told['level']), ('secure', 'T1'))
            self.assertTrue(all(cosigner['good'] for cosigner in told['cosigners']))


if __name__ == '__main__':
    unittest.main()
