"""The public pages of a root program: what stands in them, that nothing in them is markup of others, and what a browser makes of it."""
import html.parser
import http.server
import re
import shutil
import threading
import unittest

from program_world import *

PAGES = ('index.html', 'roots.html', 'intermediates.html', 'ct-logs.html', 'mtc.html', 'identities.html', 'policy.html', 'operators.html',
         'cases.html')
CHROMIUM = ('chromium', '--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
            '--disable-component-update', '--no-proxy-server', '--enable-logging=stderr', '--virtual-time-budget=3000',
            '--window-size=1200,1600')
VOID = {'meta', 'link', 'br', 'hr', 'img', 'input'}


class Page(html.parser.HTMLParser):
    """Elements in balance, their ids, links and text."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links, self.text, self.tags, self.wrong = [], [], [], '', [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append((tag, attributes))
        if 'id' in attributes:
            self.ids.append(attributes['id'])
        if tag == 'a':
            self.links.append(attributes['href'])
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, text):
        self.text += text


class Pages(ProgramTest):
    def setUp(self):
        super().setUp()
        self.put_registry()
        self.put_signer('sm2', 'one', 'sm2_sm3')
        self.put_root('good-root', 'one',
                      f'state tls,email accepted {day(-300 * DAY)} "first application"\n'
                      f'state email restricted {day(-20 * DAY)} "late report & <b>more</b>"\n'
                      f'audit webtrust-ca tls,email from {day(-500 * DAY)} until {day(-150 * DAY)} published {day(-140 * DAY)} '
                      f'https://audit.example/1 "Auditor"\n'
                      f'permit-name example.com\nlevel-max 3\ndistrust-after {when(90 * DAY)}\n'
                      f'revoked 0a10 0a1f "wrong names"\nrevoked ff ff "key lost"\ndisclosure {day(-140 * DAY)} 7 https://one.example/intermediates\n'
                      f'control noticed {day(-60 * DAY)} effective {day(-30 * DAY)} "from One to Uno"\ndefault-trusted\n')
        self.put_root('bad-root', 'two', f'state tls removed {day(-5 * DAY)} "javascript:alert(1)"\n')
        _, spki = self.key('log', 'ecdsa_p256_sha256')
        self.put('registry/ct-logs/log-1.conf',
                 f'name "Log 1"\noperator one\nsuite intl\ninterface static\nsubmission-url https://ct.example/submit/\n'
                 f'monitoring-url https://ct.example/read/\nmmd 60\nstate usable {day(-50 * DAY)} "admitted"\n')
        self.put('registry/ct-logs/log-1.pem', pem(spki, 'PUBLIC KEY'))
        self.put('registry/applications/a-1.conf',
                 f'title "One more purpose"\noperator one\nsubject roots/good-root code\nstep received {day(-9 * DAY)} "mail"\n'
                 f'test-site good good-root https://good.one.example/\n'
                 f'visit {day(-8 * DAY)} failed https://good.one.example/ "connection refused"\n')
        self.put('registry/incidents/i-1.conf',
                 f'title "Wrong names"\noperator two\nsubject roots/bad-root\nstep opened {day(-30 * DAY)} "https://bugs.example/1"\n'
                 f'step report {day(-25 * DAY)} "javascript:alert(2)"\n'
                 f'step update {day(-24 * DAY)} "https://bugs.example/2: two certificates"\n')
        for name in 'root-program.conf', 'ct-policy.conf':
            shutil.copy(os.path.join(os.path.dirname(__file__), '..', '..', '..', 'policies', name), self.put('registry/policies/' + name, ''))

    def make(self, *more):
        self.ok('trust', 'page', '--registry', self.registry, '--out', self.path('www'), *more)
        return {name: Page(self.read('www', name).decode()) for name in PAGES}

    def test_what_stands_in_them(self):
        pages = self.make()
        self.assertEqual(sorted(os.listdir(self.path('www'))), sorted((*PAGES, 'style.css')))
        roots = pages['roots.html'].text
        for text in ('good-root', 'One CA Ltd.', '一号认证公司', 'first application', '受限制', 'restricted', 'webtrust-ca', 'Auditor', 'example.com',
                     'T3', '已移除', 'removed'):
            self.assertIn(text, roots)
        for text in ('0a10 – 0a1f wrong names', 'ff key lost', 'from One to Uno', 'Chromium'):
            self.assertIn(text, roots)
        self.assertIn('https://one.example/intermediates', pages['roots.html'].links)
        self.assertIn('https://audit.example/1', pages['roots.html'].links)
        self.assertIn('https://bugs.example/2', pages['cases.html'].links)
        self.assertIn('https://ct.example/submit', ''.join(pages['ct-logs.html'].links))
        self.assertIn('connection refused', pages['cases.html'].text)
        self.assertIn('Wrong names', pages['cases.html'].text)
        self.assertIn('ECP-0001', pages['operators.html'].text)
        self.assertIn('sm2_sm3', pages['identities.html'].text)
        self.assertIn('RP-02', pages['policy.html'].text)
        # As of a day before it was restricted.
        self.assertNotIn('restricted', Page(self.state_cell(when(-25 * DAY))).text)
        self.assertIn('restricted', Page(self.state_cell(when(0))).text)

    def state_cell(self, at):
        self.make('--at', at)
        article = self.read('www', 'roots.html').decode().split('id="roots-good-root"')[1].split('</article>')[0]
        return re.search(r'<dt>[^\n]*State</span></dt><dd>(.*?)</dd>', article).group(1)

    def test_nothing_is_markup_of_others(self):
        for name, page in self.make().items():
            with self.subTest(name):
                self.assertEqual((page.wrong, page.open), ([], []))
                self.assertEqual(len(page.ids), len(set(page.ids)))
                tags = {tag for tag, _ in page.tags}
                self.assertFalse(tags & {'script', 'b', 'iframe', 'img', 'object', 'style', 'form'}, tags)
                for tag, attributes in page.tags:
                    self.assertFalse([a for a in attributes if a.startswith('on') or a == 'style'])
                    if tag == 'a':
                        self.assertRegex(attributes['href'], r'^(https?://|[a-z-]+\.html|#)')
        self.assertIn('<script>alert(1)</script>', self.make()['operators.html'].text)
        self.assertIn('javascript:alert(2)', self.make()['cases.html'].text)

    def test_links_resolve(self):
        pages = self.make()
        for name, page in pages.items():
            for link in page.links:
                if link.startswith('http'):
                    continue
                file, _, anchor = link.partition('#')
                target = pages[file or name]
                if anchor:
                    self.assertIn(anchor, target.ids, (name, link))

    def test_the_same_again(self):
        at = when(0)
        self.make('--at', at)
        before = {name: self.read('www', name) for name in PAGES}
        self.make('--at', at)
        self.assertEqual(before, {name: self.read('www', name) for name in PAGES})

    def test_without_registry(self):
        self.no(2, 'registry', 'trust', 'page', '--registry', self.path('nowhere'), '--out', self.path('www'))

    @unittest.skipUnless(shutil.which('chromium'), 'no chromium')
    def test_in_a_browser(self):
        self.make()
        folder, asked = self.path('www'), []

        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *arguments):
                super().__init__(*arguments, directory=folder)

            def log_request(self, code='-', size='-'):
                asked.append((self.path, int(code)))

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name in PAGES:
            with self.subTest(name):
                shot = os.path.join(os.environ.get('CATHAYA_SCREENSHOTS') or self.folder, name + '.png')
                done = subprocess.run([*CHROMIUM, f'--user-data-dir={self.path("chromium")}', f'--screenshot={shot}',
                                       f'http://127.0.0.1:{server.server_port}/{name}'], capture_output=True, timeout=120)
                said = [line for line in done.stderr.decode(errors='replace').splitlines() if 'CONSOLE' in line]
                self.assertEqual(said, [])
                self.assertGreater(os.path.getsize(shot), 5000)
        # All pages and the style sheet, nothing else and nothing in vain.
        self.assertEqual({path for path, _ in asked}, {'/' + name for name in (*PAGES, 'style.css')})
        self.assertEqual({code for _, code in asked} - {304}, {200})


if __name__ == '__main__':
    unittest.main()
