"""The peers: what each needs, and how it is started.

A peer is a server under test; a tier (memcached, Redis) and the origin are
helpers.  Every configuration is a template in conf/: %NAME% is replaced.
"""

import os
import shutil

import servers

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
MODULE = (os.environ.get('HC_MODULE')
          or os.path.join(TOP, 'build', 'ngx_http_hc_module.so'))
DEBIAN_MODULES = '/usr/lib/nginx/modules'

# what a request writes into Varnish's log in memory: its access log, off as
# everybody's here
VARNISH_QUIET = ','.join('-' + tag for tag in (
    'Begin End Link ReqStart ReqMethod ReqURL ReqProtocol ReqHeader ReqUnset '
    'ReqAcct RespProtocol RespStatus RespReason RespHeader RespUnset Hit HitMiss '
    'Timestamp VCL_call VCL_return VCL_use Length Filters SessOpen '
    'SessClose').split())

# What is best for a size, as measured: for small files one write is cheaper
# than a header and sendfile; tcp_nopush joins the two, and stalls at 64 KB.

TUNED = {
    1: {'SENDFILE': 'off', 'NOPUSH': 'off', 'BUFSIZE': 16384},
    16: {'SENDFILE': 'on', 'NOPUSH': 'on', 'BUFSIZE': 16384},
    64: {'SENDFILE': 'on', 'NOPUSH': 'off', 'BUFSIZE': 32768},
}

PIECE = 1024
TEXT = '{"id":1,"name":"a product","price":995,"text":"'
KB = TEXT + 'x' * (PIECE - len(TEXT) - 2) + '"}'


class Peer:
    """A row of the table."""

    def __init__(self, name, title, package, **how):
        self.name = name
        self.title = title
        self.package = package
        self.kind = how.get('kind', 'nginx')
        self.conf = how.get('conf', name + '.conf')
        self.modules = how.get('modules', ())
        self.tier = how.get('tier')
        self.fills = how.get('fills', True)

    def missing(self):
        """What is not here of what it needs."""

        wanted = [self.kind] + ([self.tier] if self.tier else [])
        lack = [name for name in wanted if program(name) is None]
        return lack + [m for m in self.modules if not os.path.exists(path(m))]


PEERS = [
    Peer('return200', 'nginx return 200', 'nginx', fills=False),
    Peer('proxy', 'nginx proxy_pass, no cache', 'nginx', fills=False),
    Peer('static', 'nginx static, open_file_cache', 'nginx', fills=False),
    Peer('hc', 'this module', 'nginx',
         modules=('ngx_http_hc_module.so',)),
    Peer('proxy_cache', 'nginx proxy_cache, tmpfs', 'nginx'),
    Peer('lua_dict', 'lua_shared_dict', 'libnginx-mod-http-lua',
         modules=('ndk_http_module.so', 'ngx_http_lua_module.so')),
    Peer('haproxy', 'HAProxy cache', 'haproxy',
         kind='haproxy', conf='haproxy.cfg'),
    Peer('varnish', 'Varnish', 'varnish',
         kind='varnishd', conf='varnish.vcl'),
    Peer('hc_l2', 'this module, Redis', 'nginx', tier='redis-server',
         modules=('ngx_http_hc_module.so',)),
    Peer('srcache', 'srcache, memcached', 'libnginx-mod-http-srcache-filter',
         tier='memcached',
         modules=('ngx_http_srcache_filter_module.so',
                  'ngx_http_memc_module.so')),
]

BY_NAME = {peer.name: peer for peer in PEERS}


def program(name):
    if name == 'nginx':
        return servers.program(os.environ.get('HC_NGINX') or 'nginx')
    return servers.program(name)


def path(module):
    if module == os.path.basename(MODULE):
        return MODULE
    return os.path.join(DEBIAN_MODULES, module)


def body(kb):
    return KB * kb


def fill_in(template, values):
    for name, value in values.items():
        template = template.replace('%' + name + '%', str(value))
    return template


class Bench:
    """What all that is started shares: a directory in memory, cores, limits;
    and everything that was started."""

    def __init__(self, directory, conf, cores, files):
        self.dir = directory
        self.conf = conf
        self.cores = cores
        self.files = files
        self.running = []
        self.places = set()

    def place(self, name):
        """A directory, until everything is stopped."""

        made = os.path.join(self.dir, name)
        os.makedirs(made, exist_ok=True)
        self.places.add(made)
        return made

    def template(self, name, values):
        with open(os.path.join(self.conf, name)) as f:
            return fill_in(f.read(), values)

    def write(self, directory, name, text):
        made = os.path.join(directory, name)
        with open(made, 'w') as f:
            f.write(text)
        return made

    def start(self, service):
        self.running.append(service)
        service.start()
        return service

    def stop_all(self):
        while self.running:
            self.running.pop().stop()
        while self.places:
            shutil.rmtree(self.places.pop(), ignore_errors=True)

    def values(self, directory, port, core, origin, **more):
        return {
            **TUNED[1], **more,
            'DIR': directory, 'PORT': port, 'ORIGIN': origin,
            'AFFINITY': '1' + '0' * core,
            'FILES': self.files,
            'OPEN_FILES': max(64, min(100000, self.files - 8192)),
            'USER': 'user root root;' if os.getuid() == 0 else '',
            'KB_16_TIMES': '$kb' * 16, 'KB_64_TIMES': '$kb' * 64, 'KB': KB,
        }

    def nginx(self, name, conf, modules, port, core, values):
        directory = values['DIR']
        values = dict(values, LOAD='\n'.join(
            'load_module %s;' % path(m) for m in modules))
        values['HTTP'] = self.template(conf, values)
        made = self.write(directory, 'nginx.conf',
                          self.template('nginx.conf', values))

        # the master, and a cache manager, stay out of the worker's way
        return servers.Service(
            name, [program('nginx'), '-p', directory + '/', '-c', made,
                   '-e', os.path.join(directory, 'error.log')],
            port, self.cores.load, directory, worker='^nginx: worker')

    def haproxy(self, name, conf, port, core, values):
        made = self.write(values['DIR'], conf, self.template(conf, values))
        return servers.Service(
            name, [program('haproxy'), '-db', '-f', made],
            port, core, values['DIR'])

    def varnish(self, name, conf, port, core, values):
        directory = values['DIR']
        made = self.write(directory, conf, self.template(conf, values))
        options = ['-p', 'thread_pools=1', '-p', 'thread_pool_min=200',
                   '-p', 'thread_pool_max=1000', '-p', 'vsl_mask=' + VARNISH_QUIET]
        return servers.Service(
            name, [program('varnishd'), '-F', '-j', 'none',
                   '-n', os.path.join(directory, 'vsm'),
                   '-a', '127.0.0.1:%d' % port, '-f', made,
                   '-s', 'default=malloc,2g'] + options,
            port, core, directory, worker='varnishd')

    def tier(self, kind, name):
        """A memcached or a Redis of our own, on the helper's core."""

        port = servers.free_port()
        directory = self.place(name)
        if kind == 'memcached':
            command = ['-l', '127.0.0.1', '-p', str(port), '-U', '0',
                       '-t', '1', '-m', '2048', '-I', '2m', '-c', '4096']
            if os.getuid() == 0:
                command += ['-u', 'root']
        else:
            command = ['--port', str(port), '--bind', '127.0.0.1',
                       '--save', '', '--appendonly', 'no', '--dir', directory,
                       '--maxmemory', '2gb', '--maxmemory-policy',
                       'allkeys-lru']
        return self.start(servers.Service(
            name, [program(kind)] + command, port, self.cores.helper,
            directory))

    def origin(self):
        port = servers.free_port()
        core = self.cores.helper
        values = self.values(self.place('origin'), port, core, port)
        return self.start(self.nginx('origin', 'return200.conf', (), port,
                                     core, values))

    def peer(self, peer, origin, kb):
        """Starts it, tuned for bodies of so many KB; its service, with the
        tier's as `tier`."""

        tier = self.tier(peer.tier, peer.name + '-tier') if peer.tier else None
        port = servers.free_port()
        core = self.cores.server
        values = self.values(self.place(peer.name), port, core, origin.port,
                             TIER=tier.port if tier else '', **TUNED[kb])

        if peer.kind == 'nginx':
            made = self.nginx(peer.name, peer.conf, peer.modules, port, core,
                              values)
        elif peer.kind == 'haproxy':
            made = self.haproxy(peer.name, peer.conf, port, core, values)
        else:
            made = self.varnish(peer.name, peer.conf, port, core, values)

        made.tier = tier
        return self.start(made)
