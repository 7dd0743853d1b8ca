#!/usr/bin/env python3
"""How this module, or a peer, does by http-cache-tests.

    run.py [--peer NAME|all] [--suite DIR] [--id TEST] [--out DIR]

Fetches the suite (suite.py), starts its origin and a front (fronts.py), plays
every test (client.mjs) and prints which did not pass.  Ends with 1 when this
module fails a required test that known-failures does not list.  Results are in
OUT (build/conformance-results) as PEER.json, of one test as PEER-TEST.json.

Environment: HC_NGINX, HC_MODULE (which nginx with which module).
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(os.path.dirname(HERE), 'bench', 'compare'))

import fronts  # noqa: E402
import report  # noqa: E402
import servers  # noqa: E402
import suite as suites  # noqa: E402

KNOWN = os.path.join(HERE, 'known-failures')
OUT = suites.BUILD + '-results'
PATIENCE = 600


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument('--peer', default='hc',
                        choices=list(fronts.FRONTS) + ['all'])
    parser.add_argument('--suite', help='a checkout of the newer edition')
    parser.add_argument('--id', help='only this test, with what was said')
    parser.add_argument('--out', default=OUT)
    return parser.parse_args()


def known():
    """Ids of required tests that are known to fail, a line each."""

    with open(KNOWN) as f:
        lines = [line.partition('#')[0].strip() for line in f]
    return [line for line in lines if line]


def client(suite, port, out, test, log):
    """Plays the tests.  With one test, what the client says goes where the
    origin writes, so that it is read in order."""

    command = ['node', '--no-warnings', os.path.join(HERE, 'client.mjs'),
               suite.edition, suite.dir, 'http://127.0.0.1:%d' % port, out]
    with open(log, 'a') as said:
        ran = subprocess.run(command + ([test] if test else []),
                             stdin=subprocess.DEVNULL, stdout=said,
                             timeout=PATIENCE, check=False)
    if ran.returncode != 0:
        raise servers.Failed('the client ended with %d' % ran.returncode)


def play(suite, name, test, directory, out):
    """The rows of one run."""

    running = []
    written = os.path.join(out, '-'.join(filter(None, (name, test))) + '.json')
    try:
        running.append(fronts.start_origin(suite, directory))
        origin = running[0]
        running.append(fronts.start(name, suite, directory, origin.port))
        client(suite, running[1].port, written, test, origin.log)
        if test:
            with open(origin.log) as said:
                print(said.read())
    finally:
        for service in reversed(running):
            service.stop()

    with open(written) as f:
        return json.load(f)


def run(suite, name, args):
    front = fronts.FRONTS[name]
    began = time.monotonic()

    directory = tempfile.mkdtemp(prefix='hc-conformance-')
    os.chmod(directory, 0o755)
    try:
        rows = play(suite, name, args.id, directory, args.out)
    finally:
        shutil.rmtree(directory, ignore_errors=True)

    title = '%s, %s' % (suite.name, front.title)
    print('\n'.join(report.text(title, rows)))
    print('in %d s' % (time.monotonic() - began), flush=True)
    return front.title, front.version(), rows


def judge(rows):
    """What this module owes."""

    unknown = sorted(set(report.failed_required(rows)) - set(known()))
    if unknown:
        print('required, and not in known-failures: ' + ' '.join(unknown),
              file=sys.stderr)
    return 1 if unknown else 0


def here(args):
    if args.peer == 'all':
        return [name for name in fronts.FRONTS if fronts.FRONTS[name].is_here()]
    if not fronts.FRONTS[args.peer].is_here():
        raise servers.Failed('no %s: util/deps.sh peers installs it'
                             % fronts.FRONTS[args.peer].program)
    return [args.peer]


def interrupted(number, _):
    raise SystemExit(128 + number)


def main():
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, interrupted)

    args = arguments()
    try:
        names = here(args)
        suite = suites.get(args.suite)
        os.makedirs(args.out, exist_ok=True)
        runs = {name: run(suite, name, args) for name in names}
    except servers.Failed as e:
        print('conformance: %s' % e, file=sys.stderr)
        return 2

    if len(runs) > 1:
        print('\n'.join([''] + report.table(runs.values())))
    return judge(runs['hc'][2]) if 'hc' in runs else 0


if __name__ == '__main__':
    sys.exit(main())
