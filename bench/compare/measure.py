"""Scenarios: peers in turn, round by round, and what comes of it.

A ratio is taken inside one round, where both ran within seconds of each other;
what is told is the median of the ratios.
"""

import os
import statistics

import check
import load
import peers
from servers import Failed

TICK = os.sysconf('SC_CLK_TCK')
BODIES = 320 << 20              # bytes of bodies a scenario keeps in one peer
KEYS = 50000
HITS_ALLOWED_TO_ASK = 0
MISSES_ASK = 0.98               # of the requests, at least


class Scenario:
    """One table: a case, a size, a number of keys, and who takes part."""

    def __init__(self, case, kb, keys, names, floor='return200'):
        self.case = case
        self.kb = kb
        self.keys = keys
        self.names = names
        self.floor = floor

    @property
    def name(self):
        return '%s-%dk-%d' % (self.case, self.kb, self.keys)

    @property
    def title(self):
        if self.case == 'miss':
            return 'miss, %d KB, every request a new key' % self.kb
        keys = ('one key' if self.keys == 1
                else '{:,} keys, zipf 1.0'.format(self.keys))
        return '%s hit, %d KB, %s' % (self.case.upper(), self.kb, keys)

    @property
    def prefix(self):
        return '/%d/' % self.kb


def keys_for(kb, available):
    """As many keys as memory is for: every peer keeps every body."""

    room = min(BODIES, available // 16)
    return min(KEYS, room // (kb << 10) // 1000 * 1000)


def cpu_ticks(pid):
    """utime + stime"""

    with open('/proc/%d/stat' % pid) as f:
        fields = f.read().rpartition(')')[2].split()
    return int(fields[11]) + int(fields[12])


def waited_ns(pid):
    """How long the main thread was ready to run and did not: others had its
    core."""

    with open('/proc/%d/schedstat' % pid) as f:
        return int(f.read().split()[1])


class Contest:
    """One scenario under way."""

    def __init__(self, bench, scenario, plan):
        self.bench = bench
        self.scenario = scenario
        self.plan = plan
        self.services = {}
        self.runs = {}
        self.errors = {}
        self.run_number = 0

    def play(self):
        try:
            self.origin = self.bench.origin()
            self.counter = check.Counter(self.origin.port)
            self.load = self.make_load()
            for name in self.scenario.names:
                self.guard(name, self.enter)
            for number in range(self.plan.rounds):
                self.round(number)
        finally:
            self.bench.stop_all()
        return summary(self)

    def make_load(self):
        s = self.scenario
        core = self.bench.cores.load
        if s.case == 'miss':
            return load.Load(core, 'new', s.prefix)
        if s.keys == 1:
            return load.Load(core, 'one', s.prefix + '0')
        file = os.path.join(self.bench.dir, 'keys')
        return load.Load(core, 'keys', s.prefix, prefix=s.prefix,
                         keys=load.write_keys(file, s.keys))

    def guard(self, name, step):
        """A peer that fails is out, and named; the others go on."""

        try:
            step(name)
        except Failed as e:
            self.errors[name] = str(e)
            self.services.pop(name, None)

    # --- before ---

    def enter(self, name):
        peer = peers.BY_NAME[name]
        if name == 'static':
            self.write_files(self.bench.place('static'))
        service = self.bench.peer(peer, self.origin, self.scenario.kb)
        self.services[name] = service
        self.verify(service)
        if peer.fills and self.scenario.case != 'miss':
            self.fill(service)

    def write_files(self, directory):
        s = self.scenario
        made = os.path.join(directory, 'files', str(s.kb))
        os.makedirs(made, exist_ok=True)
        text = peers.body(s.kb)
        for key in range(s.keys):
            with open(os.path.join(made, str(key)), 'w') as f:
                f.write(text)

    def verify(self, service):
        uri = self.scenario.prefix + '0'
        check.answers_right(service.port, [uri] * 3,
                            peers.body(self.scenario.kb))

    def fill(self, service):
        s = self.scenario
        if s.keys > 1:
            load.fill(self.bench.cores.load, service.port, s.prefix, s.keys)

    # --- rounds ---

    def round(self, number):
        names = [n for n in self.scenario.names if n in self.services]
        if number == 0:
            for name in names:
                self.guard(name, self.warm)
        turn = number % max(1, len(names))
        for name in names[turn:] + names[:turn]:
            if name in self.services:
                self.guard(name, lambda n: self.run(n, number))

    def warm(self, name):
        self.load.run(self.services[name].port, self.plan.warm,
                      **self.next_keys())

    def next_keys(self):
        """Keys no run had before, for a miss."""

        if self.scenario.case != 'miss':
            return {}
        self.run_number += 1
        return {'HC_BENCH_PREFIX':
                '%s%d-' % (self.scenario.prefix, self.run_number)}

    def run(self, name, number):
        service = self.services[name]
        pids = [service.worker()]
        if service.tier:
            pids.append(service.tier.worker())

        asked = self.counter.read()
        before = [cpu_ticks(pid) for pid in pids]
        waited = waited_ns(pids[0])
        told = self.load.run(service.port, self.plan.seconds,
                             **self.next_keys())
        used = [cpu_ticks(p) - b for p, b in zip(pids, before)]
        waited = waited_ns(pids[0]) - waited
        asked = self.counter.read() - asked

        self.judge(told, asked)
        self.runs.setdefault(name, []).append(
            dict(figures(told, used), round=number, origin=asked,
                 waited=round(waited / 1e3 / told['duration_us'], 3)))

    def judge(self, told, asked):
        if told['errors']:
            raise Failed('%d of %d requests failed'
                         % (told['errors'], told['requests']))
        if told['requests'] == 0:
            raise Failed('no request was answered')
        if self.scenario.case != 'miss' and asked > HITS_ALLOWED_TO_ASK:
            raise Failed('not hits: the origin was asked %d times of %d'
                         % (asked, told['requests']))
        if (self.scenario.case == 'miss'
                and asked < MISSES_ASK * told['requests']):
            raise Failed('not misses: the origin was asked %d times of %d'
                         % (asked, told['requests']))


def figures(told, used):
    seconds = told['duration_us'] / 1e6
    cpu = [ticks / TICK * 1e6 / told['requests'] for ticks in used]

    return {
        'requests': told['requests'],
        'seconds': round(seconds, 3),
        'rps': round(told['requests'] / seconds, 1),
        'p50_us': told['p50_us'],
        'p99_us': told['p99_us'],
        'bytes_per_request': round(told['bytes'] / told['requests'], 1),
        'cpu_us': round(cpu[0], 3),
        'tier_cpu_us': round(cpu[1], 3) if len(cpu) > 1 else None,
        'busy': round(used[0] / TICK / seconds, 3),
    }


def ratio(runs, to, key):
    """The median of the ratios inside each round both were in."""

    base = {run['round']: run[key] for run in to}
    pairs = [run[key] / base[run['round']] for run in runs
             if base.get(run['round'])]
    return round(statistics.median(pairs), 4) if pairs else None


def summary(contest):
    s, runs = contest.scenario, contest.runs
    floor, ours = runs.get(s.floor, []), runs.get(our_name(s), [])
    rows = {}

    for name in s.names:
        if name not in runs or name in contest.errors:
            continue
        mine = runs[name]
        rows[name] = {key: statistics.median(run[key] for run in mine)
                      for key in ('rps', 'p50_us', 'p99_us', 'cpu_us', 'busy',
                                  'waited', 'bytes_per_request')}
        rows[name].update(
            to_floor=ratio(mine, floor, 'rps'),
            to_ours=ratio(mine, ours, 'rps'),
            cpu_to_floor=ratio(mine, floor, 'cpu_us'),
            cpu_to_ours=ratio(mine, ours, 'cpu_us'),
            runs=mine)
        if mine[0]['tier_cpu_us'] is not None:
            rows[name]['tier_cpu_us'] = statistics.median(
                run['tier_cpu_us'] for run in mine)

    return {'name': s.name, 'title': s.title, 'case': s.case, 'kb': s.kb,
            'keys': s.keys, 'floor': s.floor, 'ours': our_name(s),
            'peers': rows, 'errors': contest.errors}


def our_name(scenario):
    return 'hc_l2' if scenario.case == 'l2' else 'hc'
