"""What is run: in full, in a minute, or in a moment for the test."""

from measure import Scenario, keys_for

L1 = ['return200', 'static', 'hc', 'proxy_cache', 'lua_dict', 'haproxy',
      'varnish']
MAIN = ['return200', 'static', 'hc', 'proxy_cache', 'lua_dict']
L2 = ['return200', 'hc_l2', 'srcache']
MISS = ['proxy', 'hc', 'proxy_cache', 'lua_dict', 'haproxy', 'varnish',
        'hc_l2', 'srcache']
MEMORY = ['hc', 'proxy_cache', 'lua_dict', 'haproxy', 'varnish', 'hc_l2',
          'srcache']


class Plan:
    def __init__(self, scenarios, rounds, seconds, **more):
        self.scenarios = scenarios
        self.rounds = rounds
        self.seconds = seconds
        self.warm = more.get('warm', 0.3)
        self.memory = more.get('memory', ())
        self.entries = more.get('entries', 0)
        self.instructions = more.get('instructions', False)

    def names(self):
        """Every peer that takes part, in the order they come."""

        wanted = [name for s in self.scenarios for name in s.names]
        return list(dict.fromkeys(wanted + list(self.memory)))

    def add_named(self, names):
        """Who is asked for by name takes part in every L1 scenario it can."""

        for s in self.scenarios:
            s.names += [name for name in names if name in L1
                        and s.case == 'l1' and name not in s.names]

    def keep(self, names):
        """Without the others."""

        for s in self.scenarios:
            s.names = [name for name in s.names if name in names]
        self.memory = [name for name in self.memory if name in names]


def full(available):
    hits = [Scenario('l1', kb, keys, list(L1))
            for kb in (1, 16, 64)
            for keys in (1, keys_for(kb, available))]
    tier = [Scenario('l2', kb, keys, list(L2))
            for kb, keys in ((1, 1), (1, keys_for(1, available)), (64, 1))]
    miss = [Scenario('miss', 1, 0, list(MISS), floor='proxy')]
    return Plan(hits + tier + miss, 3, 2, memory=MEMORY, entries=100000,
                instructions=True)


def quick(available):
    return Plan([Scenario('l1', 1, 1, list(L1)),
                 Scenario('l1', 1, keys_for(1, available), list(MAIN)),
                 Scenario('l2', 1, 1, list(L2))], 2, 1, warm=0.2)


def tiny(_):
    names = ['return200', 'static', 'hc', 'proxy_cache']
    return Plan([Scenario('l1', 1, 1, list(names)),
                 Scenario('l1', 1, 100, list(names))], 1, 0.3, warm=0.1)


PLANS = {'full': full, 'quick': quick, 'tiny': tiny}
