"""A herd of clients that ask for one key at once.

Beside each other, round by round: the key is warm; it is cold, or has expired,
and the app takes 120 ms for it.  What the waiting itself costs is what comes on
top: how long after the app has answered 99 % of the clients have that answer,
as a multiple of the 99th percentile of a warm key.

Then the worker that asks is killed: how long until the app is asked again.

    herd.py program [--clients 1000] [--rounds 10] [--kills 20]
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, 'bench', 'compare'))

from servers import Failed, Service, children, free_port, program, wait_until  # noqa

MODULE = os.path.join(TOP, 'build', 'ngx_http_hc_module.so')
OUT = os.path.join(TOP, 'bench', 'out')

WORKERS = 4
TAKES = 0.12                     # s, the app
BODY = b'x' * 1024
GOAL = 1.3

CONF = '''
{load}
user root;
daemon off;
worker_processes {workers};
pid {dir}/nginx.pid;
error_log {dir}/error.log error;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header X-Pid $pid;
    {http}
    server {{
        listen 127.0.0.1:{port} reuseport backlog=4096;
        location / {{ {cache} {valid} 1h; proxy_pass http://127.0.0.1:{app}; }}
        location /brief/ {{ {cache} {valid} 1s; proxy_pass http://127.0.0.1:{app}; }}
    }}
}}
'''

PEERS = {
    'this module': {
        'load': 'load_module %s;' % MODULE,
        'http': 'hc_zone zone=pages:64m;',
        'cache': 'hc_cache pages; hc_cache_lock_timeout 20s;',
        'valid': 'hc_cache_valid 200',
    },
    'proxy_cache_lock': {
        'load': '',
        'http': 'proxy_cache_path {dir}/cache keys_zone=pages:64m;',
        'cache': 'proxy_cache pages; proxy_cache_lock on; '
                 'proxy_cache_lock_timeout 20s; proxy_cache_lock_age 20s;',
        'valid': 'proxy_cache_valid 200',
    },
}


class App(threading.Thread):
    """Takes its time, counts, and remembers who asked when.  What is below
    /hang/ is answered by the second request for it."""

    def __init__(self):
        super().__init__(daemon=True)
        self.port = free_port()
        self.asked = {}          # target -> [(when, pid of the worker)]
        self.answered = 0        # when, last
        self.ready = threading.Event()

    def run(self):
        asyncio.run(self.serve())

    async def serve(self):
        server = await asyncio.start_server(self.connection, '127.0.0.1',
                                            self.port, backlog=4096)
        self.ready.set()
        async with server:
            await server.serve_forever()

    async def connection(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b'\r\n\r\n')
                await self.answer(head.decode('latin-1'), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def answer(self, head, writer):
        target = head.split(' ', 2)[1]
        pid = re.search(r'^X-Pid: (\d+)', head, re.M)
        asked = self.asked.setdefault(target, [])
        asked.append((time.monotonic(), int(pid.group(1)) if pid else 0))

        if not target.startswith('/hang/'):
            await asyncio.sleep(TAKES)
        elif len(asked) == 1:
            await asyncio.sleep(15)

        self.answered = time.monotonic()
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n'
                     b'Content-Length: %d\r\n\r\n%s' % (len(BODY), BODY))
        await writer.drain()


def start(name, app, directory):
    peer = PEERS[name]
    place = os.path.join(directory, name.replace(' ', '-'))
    os.makedirs(place)
    port = free_port()
    conf = os.path.join(place, 'nginx.conf')

    with open(conf, 'w') as f:
        f.write(CONF.format(load=peer['load'], workers=WORKERS, dir=place,
                            http=peer['http'].format(dir=place), port=port,
                            cache=peer['cache'], valid=peer['valid'],
                            app=app.port))

    nginx = program(os.environ.get('HC_NGINX') or 'nginx')
    service = Service(name, [nginx, '-e', place + '/error.log', '-c', conf],
                      port, '0-%d' % (os.cpu_count() - 1), place,
                      'worker process')
    service.start()
    return service


def one(port, target):
    with socket.create_connection(('127.0.0.1', port)) as s:
        s.settimeout(20)
        s.sendall(b'GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n'
                  % target.encode())
        while s.recv(65536):
            pass


class Herd:
    def __init__(self, herd, clients, app):
        self.herd = herd
        self.clients = clients
        self.app = app

    def command(self, service, target):
        return [self.herd, str(service.port), str(self.clients), target]

    def run(self, service, target):
        """Times in ms, and how often the app was asked."""

        before = len(self.app.asked.get(target, ()))
        said = json.loads(subprocess.run(self.command(service, target),
                                         check=True,
                                         stdout=subprocess.PIPE).stdout)
        if said['bad']:
            raise Failed('%s: %d answers of %d are missing'
                         % (service.name, said['bad'], self.clients))

        return {'p50': said['p50'] / 1000, 'p99': said['p99'] / 1000,
                'out': said['end'] / 1000 - self.app.answered * 1000,
                'asked': len(self.app.asked.get(target, ())) - before}


def rounds(herd, services, n):
    """{(peer, case): [result]}"""

    results = {}
    for service in services:
        one(service.port, '/warm')

    for r in range(n):
        for service in services:
            one(service.port, '/brief/%s/%d' % (service.port, r))

        until = time.monotonic() + 2.1      # whole seconds in the peer

        for case in ('warm', 'cold', 'expired'):
            if case == 'expired':
                time.sleep(max(0, until - time.monotonic()))

            for service in services[r % 2:] + services[:r % 2]:
                target = {'warm': '/warm',
                          'cold': '/cold/%s/%d' % (service.port, r),
                          'expired': '/brief/%s/%d' % (service.port, r)}[case]
                results.setdefault((service.name, case), []).append(
                    herd.run(service, target))
    return results


def median(results, name):
    return statistics.median(r[name] for r in results)


def ratio(warm, herd):
    return statistics.median(h['out'] / w['p99'] for w, h in zip(warm, herd))


def print_rounds(results, names):
    print('%-18s %-8s %8s %8s %8s %6s %6s'
          % ('', '', 'p50, ms', 'p99, ms', 'out, ms', 'asked', 'ratio'))
    for name in names:
        warm = results[name, 'warm']
        for case in ('warm', 'cold', 'expired'):
            got = results[name, case]
            cold = case != 'warm'
            print('%-18s %-8s %8.2f %8.2f %8s %6d %6s'
                  % (name, case, median(got, 'p50'), median(got, 'p99'),
                     '%.2f' % median(got, 'out') if cold else '',
                     max(r['asked'] for r in got),
                     '%.2f' % ratio(warm, got) if cold else ''))


def takeover(herd, service, n):
    """ms from the kill of the worker that asks to the app being asked anew."""

    target = '/hang/%d' % n
    asked = herd.app.asked
    client = subprocess.Popen(herd.command(service, target),
                              stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: target in asked, 10, 'the app is not asked')
        time.sleep(0.3)          # the others have come by then
        since = time.monotonic()
        os.kill(asked[target][0][1], signal.SIGKILL)
        wait_until(lambda: len(asked[target]) > 1, 10, 'nobody asks anew')
        wait_until(lambda: len([pid for pid, title
                                in children(service.process.pid)
                                if 'worker' in title]) == WORKERS, 10,
                   'no worker comes in its place')
        if len(asked[target]) > 2:
            raise Failed('%d asked anew' % (len(asked[target]) - 1))
        return (asked[target][1][0] - since) * 1000
    finally:
        client.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('program')
    parser.add_argument('--clients', type=int, default=1000)
    parser.add_argument('--rounds', type=int, default=10)
    parser.add_argument('--kills', type=int, default=20)
    options = parser.parse_args()

    app = App()
    app.start()
    app.ready.wait()
    directory = tempfile.mkdtemp(prefix='hc-herd.')
    services = []

    try:
        for name in PEERS:
            services.append(start(name, app, directory))

        herd = Herd(options.program, options.clients, app)
        results = rounds(herd, services, options.rounds)
        print('%d clients, %d workers, the app takes %d ms, medians of %d '
              'rounds; out: from the app\'s answer until 99 %% have it; '
              'ratio: to warm p99, goal %.1f'
              % (options.clients, WORKERS, TAKES * 1000, options.rounds, GOAL))
        print_rounds(results, [s.name for s in services])

        times = sorted(takeover(herd, services[0], n)
                       for n in range(options.kills))
        if times:
            print('the worker that asks is killed, %d times: the app is asked '
                  'anew after %.1f ms (median), %.1f ms (longest)'
                  % (len(times), statistics.median(times), times[-1]))
    except Failed as e:
        sys.exit('herd: %s' % e)
    finally:
        for service in services:
            service.stop()
        shutil.rmtree(directory)


if __name__ == '__main__':
    main()
