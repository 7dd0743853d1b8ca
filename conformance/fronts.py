"""What stands in front of the origin: this module or a peer.  Every
configuration is a template in conf/: %NAME% is replaced.

The two editions of the suite contradict each other in places.  A line that
begins with %NPM% is for the package alone, and a comment for the newer one.
"""

import os
import shutil
import subprocess

import servers

HERE = os.path.dirname(os.path.abspath(__file__))
CONF = os.path.join(HERE, 'conf')
MODULE = os.path.abspath(
    os.environ.get('HC_MODULE')
    or os.path.join(os.path.dirname(HERE), 'build', 'ngx_http_hc_module.so'))
NGINX = os.environ.get('HC_NGINX') or 'nginx'

# the tests ask all at once; a core of its own is for benches
CORES = ','.join(str(core) for core in sorted(os.sched_getaffinity(0)))


def template(name, values):
    with open(os.path.join(CONF, name)) as f:
        text = f.read()
    for key, value in values.items():
        text = text.replace('%' + key + '%', str(value))
    return text


def write(values, name, text):
    made = os.path.join(values['DIR'], name)
    with open(made, 'w') as f:
        f.write(text)
    return made


def nginx(values, cache, modules=''):
    values = dict(values, MODULES=modules, CACHE=template(cache, values))
    made = write(values, 'nginx.conf', template('nginx.conf', values))
    return [servers.program(NGINX), '-p', values['DIR'] + '/', '-c', made,
            '-e', os.path.join(values['DIR'], 'error.log')]


def hc(values):
    if not os.path.exists(MODULE):
        raise servers.Failed('no %s: make build' % MODULE)
    return nginx(values, 'hc.conf', 'load_module %s;' % MODULE)


def proxy_cache(values):
    return nginx(values, 'proxy_cache.conf')


def varnish(values):
    """Without its two minutes for what states no lifetime, with which no test
    of freshness tells anything; what is stale is kept, to be revalidated."""

    made = write(values, 'varnish.vcl', template('varnish.vcl', values))
    return [servers.program('varnishd'), '-F', '-j', 'none',
            '-n', os.path.join(values['DIR'], 'vsm'),
            '-a', '127.0.0.1:%d' % values['PORT'], '-f', made,
            '-s', 'default=malloc,64m', '-p', 'default_ttl=0',
            '-p', 'default_grace=0', '-p', 'default_keep=3600']


def squid(values):
    made = write(values, 'squid.conf', template('squid.conf', values))
    return [servers.program('squid'), '-N', '-f', made]


def trafficserver(values):
    for name in ('records.config', 'runroot.yaml'):
        write(values, name, template(name, values))
    write(values, 'storage.config', '%s 64M\n' % values['DIR'])
    write(values, 'remap.config', 'map / http://127.0.0.1:%d/\n'
          % values['ORIGIN'])
    write(values, 'ip_allow.yaml', template('ip_allow.yaml', values))
    return [servers.program('traffic_server'),
            '--run-root=' + os.path.join(values['DIR'], 'runroot.yaml')]


class Front:
    """A row of the table."""

    def __init__(self, title, program, package, command):
        self.title = title
        self.program = program
        self.package = package
        self.command = command

    def is_here(self):
        return servers.program(self.program) is not None

    def version(self):
        """Of Debian's package, unless another program is named."""

        if os.path.basename(self.program) != self.program:
            return self.program

        try:
            ran = subprocess.run(
                ['dpkg-query', '-W', '-f=${Version}', self.package],
                capture_output=True, text=True, check=False)
        except OSError:
            return ''
        return '%s %s' % (self.package, ran.stdout) if ran.stdout else ''


FRONTS = {
    'hc': Front('this module', NGINX, 'nginx', hc),
    'nginx': Front('nginx proxy_cache', NGINX, 'nginx', proxy_cache),
    'varnish': Front('Varnish', 'varnishd', 'varnish', varnish),
    'squid': Front('Squid', 'squid', 'squid', squid),
    'trafficserver': Front('Traffic Server', 'traffic_server',
                           'trafficserver', trafficserver),
}


def place(directory, name):
    """A directory that a server may write to that gives up being root."""

    made = os.path.join(directory, name)
    os.makedirs(made)
    os.chmod(made, 0o777)
    return made


def start(name, suite, directory, origin):
    """The front's service, in front of the origin's port."""

    values = {'DIR': place(directory, name), 'PORT': servers.free_port(),
              'ORIGIN': origin, 'NPM': '' if suite.edition == 'npm' else '#',
              'USER': 'user root root;\n' if os.getuid() == 0 else ''}
    made = servers.Service(name, FRONTS[name].command(values), values['PORT'],
                           CORES, values['DIR'])
    made.start()
    return made


def start_origin(suite, directory):
    """The suite's own server.  It knows its options as npm would name them."""

    port = servers.free_port()
    where = place(directory, 'origin')
    command = ['env', 'npm_config_protocol=http', 'npm_config_port=%d' % port,
               'npm_config_pidfile=' + os.path.join(where, 'pid'),
               shutil.which('node'), os.path.join(HERE, 'origin.mjs'),
               suite.server]
    made = servers.Service('origin', command, port, CORES, where)
    made.start()
    return made
