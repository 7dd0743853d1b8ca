"""The load: wrk, one thread, on a core of its own."""

import bisect
import itertools
import json
import math
import os
import random
import re
import signal
import subprocess

import servers
from servers import Failed

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPTS = os.path.join(HERE, 'wrk')
CONNECTIONS = 64
DRAWS = 1 << 17                 # requests in the table of many keys
SEED = 1
FILL_SECONDS = 120
GIVE_UP = FILL_SECONDS + 60


def zipf(keys, draws=DRAWS):
    """Numbers of keys by Zipf's law with exponent 1, the same every time.
    Popular keys are scattered: a key's number is not its rank."""

    rng = random.Random(SEED)
    sums = list(itertools.accumulate(1 / rank for rank in range(1, keys + 1)))
    numbers = list(range(keys))
    rng.shuffle(numbers)

    return [numbers[min(keys - 1, bisect.bisect(sums, rng.random() * sums[-1]))]
            for _ in range(draws)]


def write_keys(file, keys):
    with open(file, 'w') as out:
        out.writelines('%d\n' % key for key in zipf(keys))
    return file


class Load:
    """How one scenario asks: `script` is a name in wrk/, `more` what it reads
    of the environment."""

    def __init__(self, core, script, uri, **more):
        self.core = core
        self.script = script
        self.uri = uri
        self.env = {'HC_BENCH_' + name.upper(): str(value)
                    for name, value in more.items()}

    def run(self, port, seconds, **more):
        """What wrk says of so many seconds."""

        return result(self.wrk(port, seconds, dict(self.env, **more)))

    def wrk(self, port, seconds, env):
        """What it says.  It knows whole seconds only; SIGINT ends it earlier,
        but kills it where it has not come that far: then it has them all."""

        whole = math.ceil(seconds)
        if seconds != whole:
            rc, said = spawn(self.command(port, whole), env, seconds)
        if seconds == whole or rc == -signal.SIGINT:
            rc, said = spawn(self.command(port, whole), env)
        if rc != 0:
            raise Failed('wrk ended with %d: %s' % (rc, said.strip()[-200:]))
        return said

    def command(self, port, seconds):
        return ['taskset', '-c', str(self.core), servers.program('wrk'),
                '-t1', '-c%d' % CONNECTIONS, '--latency', '-d%ds' % seconds,
                '-s', os.path.join(SCRIPTS, self.script + '.lua'),
                'http://127.0.0.1:%d%s' % (port, self.uri)]


def spawn(command, env, interrupt_after=None):
    """(exit code, what it said)"""

    with subprocess.Popen(
            command, env=dict(os.environ, HC_BENCH_WRK=SCRIPTS, **env),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
            preexec_fn=servers.die_with_parent) as wrk:
        try:
            said = wait(wrk, interrupt_after)
        except BaseException:
            wrk.kill()
            raise
    return wrk.returncode, said


def wait(wrk, interrupt_after):
    if interrupt_after is not None:
        try:
            return wrk.communicate(timeout=interrupt_after)[0]
        except subprocess.TimeoutExpired:
            wrk.send_signal(signal.SIGINT)
    return wrk.communicate(timeout=GIVE_UP)[0]


def fill(core, port, prefix, keys):
    """Asks for keys 0 .. keys - 1, each once; a few at the end again."""

    load = Load(core, 'new', prefix, prefix=prefix, last=keys)
    if 'RESULT' in load.wrk(port, FILL_SECONDS, load.env):
        raise Failed('%d keys were not filled within %d s'
                     % (keys, FILL_SECONDS))


def result(text):
    found = re.search(r'^RESULT (.*)$', text, re.M)
    if found is None:
        raise Failed('wrk said nothing: %s' % text.strip()[-200:])
    return json.loads(found.group(1))
