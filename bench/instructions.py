"""Instructions per request, by callgrind.

Each case is a run of requests, one after another on one connection, to an
nginx of one process.  It is run twice, shorter and longer; what the longer one
took more, divided by the requests it had more, is the cost of a request.
Start, stop, and filling the cache are in both and fall out.

Instructions are all of user space: nginx, the module, libc, OpenSSL.  They say
nothing of the kernel, of cache misses, of locks under contention.
"""

import argparse
import bisect
import concurrent.futures
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OUT = os.path.join(TOP, 'bench', 'out')
WORK = os.path.join(OUT, 'instructions')

MODULE = os.path.join(TOP, 'build', 'ngx_http_hc_module.so')
NGINX = os.environ.get('HC_NGINX') or 'nginx'

KEYS = 50000
ZIPF = 1.0
SEED = 1

BODY = 'x' * 1024
LARGE = 64 * 1024

# what the app sends; a hit has beside it what the cache and nginx add
APP_HEADERS = '''
            default_type application/json;
            add_header Cache-Control max-age=3600;
            add_header ETag '"5f2a-61c0b2a4"';
            add_header X-Frame-Options SAMEORIGIN;
'''

HIT_HEADERS = '''
            add_header Age 0;
            add_header Accept-Ranges bytes;
'''

CONF = '''
{load}
daemon off;
master_process off;
pid nginx.pid;
error_log error.log warn;
events {{ worker_connections 64; }}
http {{
    access_log off;
    keepalive_requests 1000000;
    keepalive_timeout 600s;
    open_file_cache max=10;
    open_file_cache_valid 600s;
    client_body_temp_path temp/body;
    proxy_temp_path temp/proxy;
    fastcgi_temp_path temp/fastcgi;
    uwsgi_temp_path temp/uwsgi;
    scgi_temp_path temp/scgi;
    {zone}

    server {{
        # what is sent in one piece is answered in one event
        listen 127.0.0.1:{port} sndbuf=1m;
        server_name app.example;

        location = /r/00001 {{{app_headers}{hit_headers}
            return 200 '{body}';
        }}

        location /f/ {{
            {off}
            alias {work}/files/;
        }}

        location / {{
            {on}
            proxy_pass http://127.0.0.1:{port};
            proxy_set_header Host app.internal;
        }}
    }}

    server {{
        listen 127.0.0.1:{port};
        server_name app.internal;
        location / {{{app_headers}
            return 200 '{body}';
        }}
        # the same header for a larger body
        location /l/ {{{app_headers}
            etag off;
            add_header Last-Modified '';
            alias {work}/files/;
        }}
    }}
}}
'''

# sized so that the keys of the longest run lie in it as densely as all do in
# a zone that holds them all
ZONE = 'hc_zone zone=pages:16m;'


class Client:
    """One connection; a response is read before the next request is sent."""

    def __init__(self, port):
        self.socket = socket.create_connection(('127.0.0.1', port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(60)

    def get(self, path):
        self.socket.sendall((f'GET {path} HTTP/1.1\r\n'
                             'Host: app.example\r\n'
                             'User-Agent: curl/7.88.1\r\n'
                             'Accept: */*\r\n\r\n').encode())
        data = b''

        while True:
            head, end, body = data.partition(b'\r\n\r\n')
            if end:
                length = int(re.search(rb'Content-Length: (\d+)', head)[1])
                if len(body) == length:
                    return head.decode(), body

            piece = self.socket.recv(1 << 20)
            if not piece:
                raise EOFError(f'connection closed at {path}')
            data += piece

    def close(self):
        self.socket.close()


class Nginx:
    """An nginx in a directory of its own, under callgrind or not."""

    def __init__(self, name, module, callgrind=True):
        self.dir = os.path.join(WORK, name)
        self.counted = os.path.join(self.dir, 'callgrind.out')
        self.port = free_port()

        os.makedirs(os.path.join(self.dir, 'temp'), exist_ok=True)
        conf = os.path.join(self.dir, 'nginx.conf')

        with open(conf, 'w') as f:
            f.write(CONF.format(
                load=f'load_module {MODULE};' if module else '',
                zone=ZONE if module else '',
                off='hc_cache off;' if module else '',
                on='hc_cache pages;' if module else '',
                port=self.port, work=WORK, body=BODY,
                app_headers=APP_HEADERS, hit_headers=HIT_HEADERS))

        command = [NGINX, '-p', self.dir + '/', '-c', conf, '-e', 'error.log']

        if callgrind:
            command = ['valgrind', '-q', '--tool=callgrind',
                       '--callgrind-out-file=' + self.counted] + command

        self.process = subprocess.Popen(command)

    def client(self):
        for _ in range(600):
            if self.process.poll() is not None:
                break
            try:
                return Client(self.port)
            except ConnectionRefusedError:
                time.sleep(0.05)

        raise RuntimeError(f'no nginx, see {self.dir}/error.log')

    def stop(self):
        """A signal that comes just before nginx waits for events is not seen
        until there is one: it is sent again."""

        for _ in range(60):
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGQUIT)
            try:
                return self.process.wait(0.5)
            except subprocess.TimeoutExpired:
                pass

        self.process.kill()
        return self.process.wait()

    def instructions(self):
        with open(self.counted) as f:
            return int(re.search(r'^(?:totals|summary): (\d+)', f.read(),
                                 re.M)[1])


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def zipf_keys(n):
    """The same sequence every time."""

    total, sums = 0, []

    for rank in range(1, KEYS + 1):
        total += rank ** -ZIPF
        sums.append(total)

    numbers = list(range(KEYS))
    rnd = random.Random(SEED)
    rnd.shuffle(numbers)

    return [f'/k/{numbers[bisect.bisect(sums, rnd.random() * total)]:05d}'
            for _ in range(n)]


def same(path):
    return lambda n: [path] * n


#         name               module paths                       is a hit
CASES = [('return_200',      False, same('/r/00001'),           False),
         ('l1_hit_one_key',  True,  same('/k/00001'),           True),
         ('l1_hit_zipf',     True,  zipf_keys,                  True),
         ('l1_hit_64k',      True,  same('/l/large.json'),      True),
         ('file_no_module',  False, same('/f/small.json'),      False),
         ('file_hc_off',     True,  same('/f/small.json'),      False)]

RATIOS = [('l1_hit_one_key', 'return_200'),
          ('l1_hit_zipf', 'return_200'),
          ('l1_hit_64k', 'return_200'),
          ('file_hc_off', 'file_no_module')]


def run(name, module, paths, hit, requests, longest):
    """Instructions of a run with so many requests."""

    nginx = Nginx(f'{name}.{requests}', module)

    try:
        client = nginx.client()

        for path in dict.fromkeys(paths(longest)):
            client.get(path)

        for path in paths(longest)[:requests]:
            head, _ = client.get(path)

            if ' 200 ' not in head or hit != ('\r\nAge: ' in head
                                              and path[1] != 'r'):
                raise RuntimeError(f'{name}: not what was meant:\n{head}')

        client.close()

    finally:
        rc = nginx.stop()

    if rc != 0:
        raise RuntimeError(f'{name}: nginx ended with {rc}')

    return nginx.instructions()


def comparable(answer):
    """Dates differ, as does their place (a hit has that of its answer, nginx's
    own comes first), and the one Age moves with the clock."""

    head, body = answer
    head, dates = re.subn(r'\r\nDate: [^\r]*', '', head)
    head += '\r\nDate: -' * dates

    return re.sub(r'\r\nAge: \d+', '\r\nAge: -', head), body


def check_same_answer():
    """The hit and `return 200` send the same bytes."""

    nginx = Nginx('same', True, callgrind=False)

    try:
        client = nginx.client()
        client.get('/k/00001')

        hit = comparable(client.get('/k/00001'))
        plain = comparable(client.get('/r/00001'))

        client.close()

    finally:
        nginx.stop()

    if hit != plain:
        raise RuntimeError('the answers differ:\n'
                           f'{hit[0]}\n--- and\n{plain[0]}')

    return hit[0].replace('\r\n', '\n')


def write_files():
    files = os.path.join(WORK, 'files')
    os.makedirs(files, exist_ok=True)

    for name, size in ('small.json', len(BODY)), ('large.json', LARGE):
        with open(os.path.join(files, name), 'w') as f:
            f.write('x' * size)


def measure(cases, short, long):
    jobs = {}

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, module, paths, hit in cases:
            for n in long, short:
                jobs[name, n] = pool.submit(run, name, module, paths, hit, n,
                                            long)

    return {name: round((jobs[name, long].result()
                         - jobs[name, short].result()) / (long - short))
            for name, *_ in cases}


def report(cost, header, short, long):
    ratios = {f'{a}/{b}': round(cost[a] / cost[b], 3)
              for a, b in RATIOS if a in cost and b in cost}

    for name, n in cost.items():
        print(f'{name}: {n}')

    for name, ratio in ratios.items():
        print(f'{name}: {ratio:.3f}')

    with open(os.path.join(OUT, 'instructions.json'), 'w') as f:
        json.dump({'instructions': cost, 'ratios': ratios,
                   'requests': [short, long], 'keys': KEYS, 'zipf': ZIPF,
                   'body_bytes': len(BODY), 'answer_header': header}, f,
                  indent=2)
        f.write('\n')


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('cases', nargs='*', help='only these: '
                        + ' '.join(case[0] for case in CASES))
    parser.add_argument('--short', type=int, default=2000)
    parser.add_argument('--long', type=int, default=6000)
    args = parser.parse_args()

    cases = [c for c in CASES if not args.cases or c[0] in args.cases]

    write_files()
    header = check_same_answer()
    report(measure(cases, args.short, args.long), header, args.short,
           args.long)


if __name__ == '__main__':
    sys.exit(main())
