#!/usr/bin/env python3
"""The bench: this module and its peers, side by side.

    run.py [--plan full|quick|tiny] [--out DIR] [--conf DIR] [--peers a,b,...]

Writes bench.json and bench.svg into DIR (bench/out) and prints tables.  Ends
with 1 when a peer failed; with CI=1 or HC_BENCH_STRICT=1 also when one was
skipped because it is not installed.

Environment: HC_NGINX, HC_MODULE (which nginx with which module),
HC_BENCH_HAPROXY, HC_BENCH_VARNISHD and so on (which program).
"""

import argparse
import datetime
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import chart
import load
import machine
import measure
import memory
import peers
import plans
import report
import servers

HERE = os.path.dirname(os.path.abspath(__file__))
BENCH = os.path.dirname(HERE)
INSTRUCTIONS = os.path.join(BENCH, 'instructions.sh')


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument('--plan', choices=plans.PLANS, default='full')
    parser.add_argument('--out', default=os.path.join(BENCH, 'out'))
    parser.add_argument('--conf', default=os.path.join(HERE, 'conf'))
    parser.add_argument('--peers', help='only these')
    return parser.parse_args()


def make_plan(args):
    plan = plans.PLANS[args.plan](machine.memory_available())
    if args.peers:
        names = args.peers.split(',')
        unknown = [name for name in names if name not in peers.BY_NAME]
        if unknown:
            raise servers.Failed('no peer %s, there are %s'
                                 % (unknown[0], ', '.join(peers.BY_NAME)))
        plan.add_named(names)
        plan.keep(names)
    return plan


def skip_missing(plan):
    """{peer: what it lacks}; the plan goes on without them."""

    skipped = {name: peers.BY_NAME[name].missing() for name in plan.names()}
    skipped = {name: lack for name, lack in skipped.items() if lack}
    plan.keep([name for name in plan.names() if name not in skipped])
    return skipped


def require_load():
    if servers.program('wrk') is None:
        raise servers.Failed('no wrk: util/deps.sh bench installs it')
    if not os.path.exists(peers.MODULE):
        raise servers.Failed('no %s: make build' % peers.MODULE)


def progress(text):
    print('== %s' % text, file=sys.stderr, flush=True)


def play(bench, plan):
    scenarios = []
    for scenario in plan.scenarios:
        progress(scenario.title)
        scenarios.append(measure.Contest(bench, scenario, plan).play())

    told = None
    if plan.memory:
        progress('memory of {:,} answers'.format(plan.entries))
        told = memory.play(bench, plan.memory, plan.entries)
    return scenarios, told


def count_instructions(plan):
    """{case: instructions}, as bench/instructions.sh writes them."""

    if not plan.instructions:
        return {}

    progress('instructions')
    ran = subprocess.run([INSTRUCTIONS], capture_output=True, text=True,
                         stdin=subprocess.DEVNULL, check=False)
    if ran.returncode != 0:
        progress('instructions.sh failed: %s' % ran.stderr.strip()[-200:])
        return {}

    with open(os.path.join(BENCH, 'out', 'instructions.json')) as f:
        return json.load(f)['instructions']


def versions(names):
    packages = [peers.BY_NAME[name].package for name in names]
    packages += ['wrk', 'memcached', 'redis-server']
    found = {p: machine.package_version(p) for p in dict.fromkeys(packages)}
    return {p: version for p, version in found.items() if version}


def commit():
    ran = subprocess.run(['git', '-C', HERE, 'describe', '--always',
                          '--dirty'], capture_output=True, text=True,
                         check=False)
    return ran.stdout.strip() or None


def measured(args):
    """Everything, as it is written to bench.json."""

    plan = make_plan(args)
    skipped = skip_missing(plan)
    cores = machine.Cores()
    files = machine.raise_file_limit()
    about = machine.describe(cores)
    began = time.monotonic()

    room = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None
    directory = tempfile.mkdtemp(prefix='hc-bench-', dir=room)
    bench = peers.Bench(directory, args.conf, cores, files)
    try:
        scenarios, told = play(bench, plan)
    finally:
        bench.stop_all()
        shutil.rmtree(directory, ignore_errors=True)

    return {
        'date': datetime.date.today().isoformat(),
        'plan': args.plan, 'commit': commit(), 'machine': about,
        'versions': versions(plan.names()), 'rounds': plan.rounds,
        'seconds': plan.seconds, 'connections': load.CONNECTIONS,
        'skipped': skipped, 'scenarios': scenarios, 'memory': told,
        'instructions': count_instructions(plan),
        'took': round(time.monotonic() - began, 1),
    }


def write(result, directory):
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, 'bench.json'), 'w') as f:
        json.dump(result, f, indent=1)
        f.write('\n')
    with open(os.path.join(directory, 'bench.svg'), 'w') as f:
        f.write(chart.svg(result))


def is_strict():
    return any(os.environ.get(name) not in (None, '', '0')
               for name in ('CI', 'HC_BENCH_STRICT'))


def interrupted(number, _):
    raise SystemExit(128 + number)


def main():
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, interrupted)

    args = arguments()
    try:
        require_load()
        result = measured(args)
    except servers.Failed as e:
        print('bench: %s' % e, file=sys.stderr)
        return 1

    write(result, args.out)
    print('\n'.join(report.text(result)))
    print('\n%s, %s' % (os.path.join(args.out, 'bench.json'), 'bench.svg'))

    if report.errors(result):
        return 1
    return 1 if result['skipped'] and is_strict() else 0


if __name__ == '__main__':
    sys.exit(main())
