# A stored value that was damaged, misplaced or made by another version is
# never used, whatever is wrong with it.

use HC;
use HC::Steps;

our $http_config = <<'_EOC_';
    hc_zone zone=z:8m;
    hc_l2 shared {
        server redis://127.0.0.1:$TEST_NGINX_REDIS_PORT;
        timeout 20s;
        connect_timeout 20s;
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
        hc_no_cache $http_x_look;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location = /status {
        hc_cache off;
        hc_status;
    }
_EOC_


# The one stored value of $uri and its name, and what looking at it gives;
# a look stores nothing.

sub stored {
    my ($uri, %o) = @_;

    get($uri, %o);
    wait_until(sub { look($uri)->{tier} eq 'L2' }) or fail("$uri is stored");

    my ($name) = grep { redis_bulk($redis, $_) =~ m{\Q$uri\E} }
                 redis_keys($redis);

    return ($name, redis_bulk($redis, $name));
}


sub look { get(shift, headers => "X-Look: 1\r\n", @_) }


# A connection of its own, for thousands of values.

my $line;

sub set {
    my ($name, $value) = @_;

    if (!$line || !$line->connected || $line->peerport != $redis->{port}) {
        $line = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$redis->{port}")
            or die 'no redis';
    }

    print $line "*3\r\n\$3\r\nSET\r\n\$", length $name, "\r\n$name\r\n\$",
                length $value, "\r\n$value\r\n";
    $line->flush;
    sysread $line, my $ok, 100;
    $ok eq "+OK\r\n" or die "SET: $ok";
}


# Many lookups over one connection to nginx: count of each tier, and how many
# were not the app's answer.

my $client;

sub quick_look {
    my ($uri) = @_;

    for (1 .. 2) {
        $client ||= IO::Socket::INET->new(PeerAddr => '127.0.0.1:'
                                          . Test::Nginx::Util::server_port());
        syswrite $client, "GET $uri HTTP/1.1\r\nHost: localhost\r\n"
                          . "X-Look: 1\r\n\r\n";
        my $got = '';

        while ($got !~ /\r\n\r\n/
               || $got =~ /^Content-Length: (\d+)/m
                  && length($got) < index($got, "\r\n\r\n") + 4 + $1)
        {
            sysread $client, $got, 65536, length $got or last;
        }

        return HC::Steps::answer($got) if $got;

        undef $client;          # keepalive_requests are over
    }

    return HC::Steps::answer('');
}


# Each of these values is refused; the good one is used between them.

sub all_refused {
    my ($name, $uri, $good, $key, $values, $counter) = @_;

    undef $client;
    my @pids = worker_pids();
    my $before = status_of(l2 => $counter);
    my ($wrong, $used) = (0, 0);

    for my $value (@$values) {
        set($key, $value);
        my $got = quick_look($uri);
        $wrong++ if $got->{code} != 200
                    || $got->{body} ne "value=0 target=$uri\n";
        $used++ if $got->{tier} ne 'origin';
    }

    my $n = @$values;
    is($wrong, 0, "$name: $n times the right answer");
    is($used, 0, "$name: none from redis");
    is(status_of(l2 => $counter) - $before, $n, "$name: all counted");
    is(join(' ', worker_pids()), "@pids", "$name: no worker died");

    set($key, $good);
    is(look($uri)->{tier}, 'L2', "$name: the good one is used");
}


plan('no_plan');
run_tests();

__DATA__

=== a value with any byte flipped is refused, counted and removed
--- uses: redis app
--- steps
my ($key, $good) = stored('/x');
my (@flipped, @version);
for my $i (0 .. length($good) - 1) {
    for my $mask (0xff, 1 << $i % 8) {
        my $value = $good;
        substr($value, $i, 1) ^= chr $mask;
        push @{ $i >= 4 && $i < 8 ? \@version : \@flipped }, $value;
    }
}
all_refused('flipped', '/x', $good, $key, \@flipped, 'bad_values');
all_refused('version', '/x', $good, $key, \@version, 'other_version');
set($key, $flipped[40]);
look('/x');
ok(wait_until(sub { !defined redis_bulk($redis, $key) }), 'it is removed');
set($key, $flipped[40]);
my $got = get('/x');
is("$got->{tier} $got->{reason}", 'origin l2-bad-value', 'the reason');


=== a value cut at any length or made longer is refused and counted
--- uses: redis app
--- steps
my ($key, $good) = stored('/x');
my @cut = map { substr $good, 0, $_ } 0 .. length($good) - 1;
all_refused('cut', '/x', $good, $key,
            [ grep { length $_ >= 8 } @cut ], 'bad_values');
all_refused('cut short', '/x', $good, $key,
            [ grep { length $_ < 8 } @cut ], 'bad_values');
all_refused('longer', '/x', $good, $key,
            [ map { $good . "\0" x $_ } 1, 2, 16, 5000 ], 'bad_values');
all_refused('moved', '/x', $good, $key,
            [ map { "\0" x $_ . $good } 1, 4, 16 ], 'bad_values');


=== noise is refused and counted
--- uses: redis app
--- steps
my ($key, $good) = stored('/x');
srand 11;
my @noise = map { join '', map { chr rand 256 } 1 .. rand 500 } 1 .. 300;
my @head = map { substr($good, 0, 16) . substr $_, 16 }
           grep { length $_ > 16 } @noise;
all_refused('noise', '/x', $good, $key, \@noise, 'bad_values');
all_refused('behind a good head', '/x', $good, $key, \@head, 'bad_values');


=== the value of another key is refused, and is not removed there
--- uses: redis app
--- steps
my ($x, $vx) = stored('/x');
my ($y, $vy) = stored('/y');
set($x, $vy);
set($y, $vx);
for my $uri ('/x', '/y') {
    my $got = look($uri);
    is("$got->{tier} $got->{body}", "origin value=0 target=$uri\n", $uri);
}
is(status_of(l2 => 'bad_values'), 2, 'counted');
set($x, $vx);
set($y, $vy);
is(look('/x')->{tier}, 'L2', 'put back, each is used');
is(look('/y')->{tier}, 'L2', 'put back, each is used');


=== a value of another format version is a miss and stays
--- uses: redis app
--- steps
my ($key, $good) = stored('/x');
my $value = $good;
substr $value, 4, 4, pack 'V', 99;
set($key, $value);
my $got = look('/x');
is("$got->{tier} $got->{body}", "origin value=0 target=/x\n", 'a miss');
is(status_of(l2 => 'other_version'), 1, 'counted');
is(status_of(l2 => 'bad_values'), 0, 'not as bad');
look('/x');
ok(redis_bulk($redis, $key) eq $value, 'it is still there');


=== a key of another type is a miss, is counted, and harms nobody
--- uses: redis app
--- steps
my ($key, $good) = stored('/x');
for my $make (['RPUSH', $key, 'a'], ['HSET', $key, 'a', 'b'],
              ['SADD', $key, 'a'])
{
    redis_command($redis, 'DEL', $key);
    redis_command($redis, @$make);
    my $got = look('/x');
    is("$got->{tier} $got->{body}", "origin value=0 target=/x\n", $make->[0]);
}
is(status_of(l2 => 'errors'), 3, 'counted');
is(get('/x')->{body}, "value=0 target=/x\n", 'a lookup that may store');
ok(wait_until(sub { look('/x')->{tier} eq 'L2' }), 'replaces it');


=== versions of another type are not believed
--- uses: redis app
--- steps
get('/first', method => 'POST');
$app->clear;
my ($key, $good) = stored('/x');
redis_command($redis, 'DEL', 'hc:versions');
redis_command($redis, 'RPUSH', 'hc:versions', 'a');
my $got = look('/x');
is("$got->{tier} $got->{body}", "origin value=0 target=/x\n", 'a miss');
is(get('/x', method => 'POST')->{code}, 200, 'a write is answered');
is(status_of(l2 => 'untold'), 1, 'and was not told');
redis_command($redis, 'DEL', 'hc:versions');
ok(wait_until(sub { get('/x')->{tier} eq 'L2' }), 'works again');
is(get('/x')->{body}, "value=1 target=/x\n", 'with the new value');


=== a value larger than max_value is refused
--- uses: redis app
--- steps
my ($key, $good) = stored('/x');
set($key, $good . 'x' x 70_000);
my $got = look('/x');
is("$got->{tier} $got->{body}", "origin value=0 target=/x\n", 'a miss');
cmp_ok(status_of(l2 => 'bad_values'), '>=', 1, 'counted');
ok(wait_until(sub { !defined redis_bulk($redis, $key) }), 'it is removed');
get('/x');
ok(wait_until(sub { look('/x')->{tier} eq 'L2' }), 'and replaced');
