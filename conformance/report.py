"""What is printed of a run."""

KINDS = ('required', 'optimal', 'check')
SURROGATE = 'surrogate-control'


def of_kind(rows, kind):
    """Surrogate-Control is counted apart."""

    return [row for row in rows
            if row['kind'] == kind and row['suite'] != SURROGATE]


def surrogate(rows):
    return [row for row in rows if row['suite'] == SURROGATE]


def passed(rows):
    return '%d of %d' % (sum(row['passed'] for row in rows), len(rows))


def failed_required(rows):
    return sorted(row['id'] for row in of_kind(rows, 'required')
                  if not row['passed'])


def failures(rows, heading):
    failed = [row for row in rows if not row['passed']]
    if not failed:
        return []
    return ['', heading] + [
        '  %s %-44s %s' % (row['result'], row['id'], row['message'])
        for row in failed]


def text(title, rows):
    lines = ['== %s' % title]
    for kind in KINDS:
        lines += failures(of_kind(rows, kind), 'not passed, %s:' % kind)
    lines += failures(surrogate(rows), 'not passed, Surrogate-Control:')
    lines.append('')
    for kind in KINDS:
        lines.append('%s: %s' % (kind, passed(of_kind(rows, kind))))
    if surrogate(rows):
        lines.append('Surrogate-Control: %s' % passed(surrogate(rows)))
    return lines


def table(runs):
    """runs: (title, version, rows) of each; a table for README.md."""

    apart = any(surrogate(rows) for _, _, rows in runs)
    lines = ['|  | version | required | optimal | check |'
             + (' Surrogate-Control |' if apart else ''),
             '|---|---|--:|--:|--:|' + ('--:|' if apart else '')]
    for title, version, rows in runs:
        cells = [title, version] + [passed(of_kind(rows, k)) for k in KINDS]
        if apart:
            cells.append(passed(surrogate(rows)))
        lines.append('| %s |' % ' | '.join(cells))
    return lines
