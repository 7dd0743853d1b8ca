# Redis in trouble: whatever it does, the client has the app's answer, within
# timeout and slack, and L1 does not notice.

use HC;
use HC::Peer;
use HC::Steps;

our $http_config = <<'_EOC_';
    hc_zone zone=z:8m;
    hc_l2 shared {
        server redis://127.0.0.1:$TEST_NGINX_DEAD_PORT;
        timeout 150ms;
        connect_timeout 150ms;
        max_value 64k;
    }
    add_header X-Cache $hc_cache_status always;
    add_header X-Tier $hc_cache_tier always;
    add_header X-Reason $hc_cache_reason always;
_EOC_

our $config = <<'_EOC_';
    hc_cache z;
    hc_cache_l2 shared;
    hc_cache_valid 60s;
    hc_cache_l1_ttl 0;
    location / {
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /l1/ {
        hc_cache_l1_ttl 60s;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location = /status {
        hc_cache off;
        hc_status;
    }
_EOC_

our $real = $http_config;
$real =~ s/DEAD_PORT/REDIS_PORT/;

# s: later than a busy machine makes it, sooner than who waits for ever

our $SOON = 8;


# The app's own answer, in time.

sub from_app {
    my ($uri, $name) = @_;

    my $got = get($uri);

    ok($got->{code} == 200 && $got->{tier} eq 'origin'
       && $got->{body} eq 'value=' . $app->value . " target=$uri\n"
       && $got->{time} < $SOON,
       "$name: from the app, in time")
       or diag("$got->{code} $got->{tier} $got->{time} $got->{body}");

    return $got;
}


# An L1 hit does not wait for anybody: one that did would never be sooner than
# the timeout.

sub l1_is_quick {
    my ($name) = @_;

    my @got = map { get('/l1/x') } 1 .. 10;

    is(scalar(grep { $_->{tier} eq 'L1' } @got), 10, "$name: L1 answers");
    ok(wait_until(sub { get('/l1/x')->{time} < 0.12 }), "$name: at once");
}


sub L2_works {
    my ($uri) = @_;

    return wait_until(sub { get($uri)->{tier} eq 'L2' });
}


# Redis as it should be, on the port where trouble was.

sub works_again {
    my ($name) = @_;

    $redis ||= redis_start(port => $ENV{TEST_NGINX_DEAD_PORT});

    my $n = 0;
    ok(wait_until(sub {
        $n++;
        get("/again$n");
        wait_until(sub { get("/again$n")->{tier} eq 'L2' }, 0.1);
    }), "$name: L2 works again");
}


# A server that says this on every connection.

sub peer {
    my ($steps, %o) = @_;

    return HC::Peer->start(listen => "127.0.0.1:$ENV{TEST_NGINX_DEAD_PORT}",
                           script => [$steps], %o);
}


# Lookups that get this instead of an answer.  One before was good enough for
# the connection to be tried again soon; its versions are not, so that nothing
# is stored.

# How a suite sees that it happened; else: L2 was asked twice.

our $seen;

our $GOOD = { commands => 2, reply => "\$-1\r\n\$-1\r\n" };

sub gets {
    my ($name, @steps) = @_;

    my $at_once = defined $steps[0]{bytes};
    my $record = Test::Nginx::Util::server_root() . '/logs/record';

    unlink $record;
    my $peer = peer([$at_once ? () : $GOOD, @steps], record => $record);

    get('/l1/x');
    my $connects = status_of(l2 => 'connects');
    my ($n, $wrong) = (0, 0);

    ok(wait_until(sub {
        my $uri = '/' . ++$n;
        my $got = get($uri);

        $wrong++ if $got->{code} != 200 || $got->{tier} ne 'origin'
            || $got->{body} ne 'value=' . $app->value . " target=$uri\n"
            || $got->{time} > $SOON;

        $seen ? $seen->()
                 : $at_once ? status_of(l2 => 'connects') > $connects
                 : (() = $peer->recorded =~ /\r\nhc:1:/g) >= 2;
    }), "$name: L2 was asked");

    is($wrong, 0, "$name: the app's answer, in time");
    l1_is_quick($name);
    is(status_of(l2 => 'hits'), 0, "$name: no hit");

    # what it was asked last may still wait for its answer
    ok(wait_until(sub { status_of(l2 => 'in_flight') == 0 }), "$name: done");
    $peer->stop;
}


our $NO_VERSIONS = "*5\r\n" . ":0\r\n" x 5;


plan('no_plan');
run_tests();

__DATA__

=== a Redis that is not there is a miss, again and again
--- uses: app
--- steps
get('/l1/x');
for (1 .. 5) {
    my $got = from_app('/x', 'down');
    is($got->{reason}, 'l2-down', 'the reason');
}
l1_is_quick('down');
cmp_ok(status_of(l2 => 'failures'), '>=', 1, 'counted');
is(status_of(l2 => 'stores'), 0, 'nothing stored');
works_again('down');


=== a Redis that is frozen costs its timeout, not for L1
--- uses: redis app
--- http_config eval: $main::real
--- steps
get('/l1/x');
ok(L2_works('/x'), 'it works at first');
redis_freeze($redis);
my $timeouts = status_of(l2 => 'timeouts');
from_app('/x', 'frozen') for 1 .. 4;
ok(wait_until(sub { get('/x'); status_of(l2 => 'timeouts') > $timeouts }),
   'counted');
l1_is_quick('frozen');
redis_thaw($redis);
works_again('frozen');
ok(wait_until(sub { status_of(l2 => 'in_flight') == 0 }),
   'nothing left under way');


=== L1 hits are not delayed while lookups wait for a frozen Redis
--- uses: redis app
--- http_config eval
(my $c = $main::real) =~ s/ timeout 150ms/ timeout 3s/; $c
--- steps
get('/l1/x');
redis_freeze($redis);
my @waiting = map { send_get("/w$_") } 1 .. 20;
l1_is_quick('while 20 wait');
my @got = map { read_answer($_) } @waiting;
is(scalar(grep { $_->{tier} eq 'origin' } @got), 20, 'all have their answer');
redis_thaw($redis);


=== a Redis that is slow is a miss, and works again
--- uses: redis slow app
--- http_config eval
(my $c = $main::http_config) =~ s/DEAD_PORT/SLOW_PORT/; $c
--- steps
get('/l1/x');
$slow->hold;
my $got;
ok(wait_until(sub {
    ($got = from_app('/x', 'slow'))->{reason} eq 'l2-timeout';
}), 'the reason');
l1_is_quick('slow');
$slow->delay(0);
works_again('slow');


=== a Redis that stops in between is a miss, and works when it is back
--- uses: redis app
--- http_config eval: $main::real
--- steps
get('/l1/x');
ok(L2_works('/x'), 'it works at first');
my $port = $redis->{port};
redis_kill($redis);
from_app('/x', 'stopped') for 1 .. 3;
l1_is_quick('stopped');
redis_stop($redis);
$redis = redis_start(port => $port);
works_again('stopped');


=== a listener that never accepts costs no more than connecting may
--- uses: app
--- steps
require IO::Socket::INET;
my $l = IO::Socket::INET->new(Listen => 1,
    LocalAddr => "127.0.0.1:$ENV{TEST_NGINX_DEAD_PORT}");
my @full = map { IO::Socket::INET->new(Blocking => 0,
    PeerAddr => "127.0.0.1:$ENV{TEST_NGINX_DEAD_PORT}") } 1 .. 4;
get('/l1/x');
from_app("/x$_", 'not accepted') for 1 .. 4;
l1_is_quick('not accepted');
close $_ for grep { $_ } @full, $l;
works_again('not accepted');


=== connections that are closed, reset or half closed are misses
--- uses: app
--- steps
gets('closed at once', { bytes => 0, end => 'close' });
gets('reset at once', { bytes => 0, end => 'rst' });
gets('closed', { end => 'close' });
gets('reset', { end => 'rst' });
gets('half closed', { end => 'half' });
gets('half a reply', { reply => "\$5\r\nab", end => 'close' });
gets('one of two replies', { reply => "\$-1\r\n", end => 'rst' });
cmp_ok(status_of(l2 => 'failures'), '>=', 1, 'counted');
works_again('closed');


=== error replies are misses
--- uses: app
--- steps
for my $error ('LOADING Redis is loading the dataset in memory',
               'READONLY You can\'t write against a read only replica.',
               'OOM command not allowed when used memory > \'maxmemory\'.',
               'NOAUTH Authentication required.',
               'MASTERDOWN Link with MASTER is down', 'ERR unknown command',
               'MOVED 866 127.0.0.1:1', 'WRONGTYPE Operation', '', "\1\2\e[2J")
{
    (my $name = $error) =~ s/\W.*//s;
    my $errors = status_of(l2 => 'errors');
    local $main::seen = sub { status_of(l2 => 'errors') > $errors };
    gets("error $name", { reply => "-$error\r\n" });
}
is(scalar(error_log_text() =~ /\e\[2J/), '', 'not raw in the log');
works_again('errors');


=== replies of other kinds are misses
--- uses: app
--- steps
gets('nested', { reply => "*1\r\n*1\r\n*1\r\n*1\r\n\$1\r\nx\r\n" });
gets('deep', { reply => "*1\r\n" x 100_000 });
gets('an array', { reply => "*2\r\n\$1\r\na\r\n\$1\r\nb\r\n" });
gets('a huge array', { reply => "*1000000000\r\n" });
gets('a negative array', { reply => "*-7\r\n" });
gets('an integer', { reply => ":7\r\n" });
gets('a status', { reply => "+OK\r\n" });
gets('an empty bulk', { reply => "\$0\r\n\r\n" });
gets('a negative bulk', { reply => "\$-7\r\n" });
gets('RESP3', { reply => "%1\r\n+a\r\n+b\r\n" });
gets('too many replies', { reply => "\$-1\r\n" x 50 });
works_again('other kinds');


=== garbage is a miss
--- uses: app
--- steps
gets('HTTP', { reply => "HTTP/1.1 400 Bad Request\r\n\r\n" });
gets('zeros', { reply => "\0" x 1000 });
gets('no end', { reply => '+' . 'x' x 300_000 });
gets('newlines', { reply => "\r\n" x 100 });
gets('unasked', { bytes => 0, reply => "+hello\r\n" });
srand 3;
for my $i (1 .. 5) {
    gets("noise $i", { reply => join '', map { chr rand 256 } 1 .. 200 });
}
works_again('garbage');


=== a bulk larger than max_value is refused when it is announced
--- uses: app
--- steps
gets('announced', { reply => "\$536870912\r\nabc" });
gets('beyond 64 bits', { reply => "\$99999999999999999999999\r\nabc" });
gets('sent', { reply => "\$300000\r\n" . 'x' x 300_000 . "\r\n" });
gets('sent in spite', { reply => "\$65537\r\n" . 'x' x 65_537 . "\r\n" });
my ($rss) = map { /^VmRSS:\s+(\d+)/m ? $1 : () }
            map { my $p = $_; local (@ARGV, $/) = "/proc/$p/status"; scalar <> }
            worker_pids();
cmp_ok($rss, '<', 100_000, 'no memory for it, kB') if $rss && !$ENV{HC_NGINX};
works_again('oversized');


=== a reply that drips is a miss
--- uses: app
--- steps
gets('dripping', { reply => "\$100\r\n" . 'x' x 100 . "\r\n", every => 0.02 });
works_again('dripping');


=== versions that are nonsense are not believed
--- uses: app
--- steps
for my $versions ("\$-1\r\n", "*0\r\n", "*3\r\n:0\r\n:0\r\n:0\r\n", ":0\r\n",
    "*5\r\n:0\r\n:0\r\n:0\r\n:0\r\n\$1\r\n0\r\n",
    "*5\r\n:0\r\n:0\r\n:0\r\n:-1\r\n:0\r\n",
    "*5\r\n:0\r\n:0\r\n:0\r\n:4294967296\r\n:0\r\n",
    "*4\r\n:0\r\n:0\r\n:0\r\n:0\r\n", "-ERR no\r\n")
{
    (my $name = $versions) =~ s/\r\n/ /g;
    my $puts = status_of(l2 => 'puts');
    gets("versions $name", { commands => 2, reply => "\$-1\r\n$versions" });
    is(status_of(l2 => 'puts'), $puts, "$name: nothing is stored then");
}
works_again('versions');


=== a good reply cut at every byte is a miss, whole it is a hit
--- uses: app
--- timeout: 180
--- steps
works_again('before');
get('/x');
ok(L2_works('/x'), 'a real value');
my ($value) = grep { m{target=/x\n} }
              map { redis_bulk($redis, $_) } redis_keys($redis);
my $reply = '$' . length($value) . "\r\n$value\r\n$NO_VERSIONS";
redis_stop($redis);
undef $redis;
my $hits = status_of(l2 => 'hits');
my $record = Test::Nginx::Util::server_root() . '/logs/record';
my @cut = map { [ $GOOD, { commands => 2, reply => $reply, cut => $_ } ] }
              0 .. length($reply) - 1;
my $peer = peer([], script => [@cut, [ $GOOD, { commands => 2,
                reply => $reply } ]], record => $record, life => 150);
my ($n, $wrong, $got) = (0, 0);
ok(wait_until(sub {
    my @sent = map { send_get('/x') } 1 .. 4;
    for (map { read_answer($_) } @sent) {
        $n++;
        $got = $_ if $_->{tier} eq 'L2';
        $wrong++ if $_->{code} != 200 || $_->{time} > $SOON
                    || $_->{body} ne "value=0 target=/x\n";
    }
    $got;
}, 120), 'it is used at last');
is($wrong, 0, "always the right answer, in time, $n times");
my $asked = () = $peer->recorded =~ /\r\nhc:1:/g;
# on a busy machine some connections are given up before they were asked
cmp_ok($asked, '>=', 1.5 * @cut, 'cuts were seen');
$peer->stop;
works_again('cut');


=== stores that are refused are counted and harm nobody
--- uses: redis app
--- http_config eval: $main::real
--- steps
redis_command($redis, qw(CONFIG SET maxmemory 1));
ok(wait_until(sub { get('/x'); status_of(l2 => 'errors') >= 1 }), 'an error');
is(status_of(l2 => 'stores'), 0, 'not stored');
from_app('/x', 'again');
redis_command($redis, qw(CONFIG SET maxmemory 0));
works_again('OOM');


=== a password that is asked for later is a miss
--- uses: redis app
--- http_config eval: $main::real
--- steps
ok(L2_works('/x'), 'it works at first');
redis_command($redis, qw(CONFIG SET requirepass secret));
require IO::Socket::INET;
redis_command($redis, qw(CLIENT KILL TYPE normal));
my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$redis->{port}");
print $s "AUTH secret\r\nCLIENT KILL TYPE normal SKIPME yes\r\n";
$s->flush;
ok(wait_until(sub { get('/x')->{tier} eq 'origin' }), 'then the app answers');
from_app('/x', 'NOAUTH');
ok(wait_until(sub { get('/x'); status_of(l2 => 'errors') >= 1 }), 'counted');
print $s "CONFIG SET requirepass \"\"\r\n";
$s->flush;
works_again('NOAUTH');


=== trouble is told once, and its end
--- uses: app
--- steps
get("/x$_") for 1 .. 20;
my $before = () = error_log_text() =~ /is unreachable/g;
cmp_ok($before, '>=', 1, 'told');
cmp_ok($before, '<=', 2, 'once a worker');
works_again('told');
like(error_log_text(), qr/is reachable again/, 'and its end');
