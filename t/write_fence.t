# A fill that began before a write ends after it: it must not bring the old
# value back, neither to L1 nor to L2.

use HC;
use HC::Steps;

our $http_config = <<'_EOC_';
    hc_zone zone=z:8m;
    hc_l2 shared {
        server redis://127.0.0.1:$TEST_NGINX_REDIS_PORT;
        timeout 20s;
        connect_timeout 20s;
    }
    add_header X-Cache $hc_cache_status always;
    add_header X-Tier $hc_cache_tier always;
    add_header X-Reason $hc_cache_reason always;
    proxy_read_timeout 10s;
_EOC_

our $config = <<'_EOC_';
    hc_cache z;
    hc_cache_l2 shared;
    hc_cache_valid 60s;
    location / {
        hc_cache_purge $http_x_purge;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /l1/ {
        hc_cache_l2 off;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /l2/ {
        hc_cache_l1_ttl 0;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /short/ {
        hc_cache_l1_ttl 200ms;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /stale/ {
        hc_cache_valid 200 1s;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /order {
        hc_invalidate uri=$arg_of;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location = /status {
        hc_cache off;
        hc_status;
    }
_EOC_

our $late = $http_config;
$late =~ s/REDIS_PORT/SLOW_PORT/;


# The versions exist, or the first write would hide what is tested.

sub prime { get('/no-one', method => 'POST') }


plan('no_plan');
run_tests();

__DATA__

=== without a write the slow fill is a hit, in L1 and in L2
--- uses: redis app
--- steps
prime();
for my $uri ('/x', '/l1/x', '/l2/x') {
    my $fill = begin_fill($uri);
    is(finish_fill($fill)->{body}, "value=1 target=$uri\n", 'its answer');
    ok(wait_until(sub { get($uri)->{cache} eq 'HIT' }), "$uri is a HIT");
}
ok(l2_stored($redis, 2), 'two are in redis');
is(status_of(zones => 'fenced'), 0, 'none was fenced');


=== a fill that a write overtook is not stored in L1
--- uses: redis app
--- steps
prime();
my $fill = begin_fill('/l1/x');
get('/l1/x', method => 'POST');
is(finish_fill($fill)->{body}, "value=1 target=/l1/x\n", 'it answers its client');
my $got = get('/l1/x');
is("$got->{cache} $got->{body}", "MISS value=2 target=/l1/x\n", 'the new one');
is(status_of(zones => 'fenced'), 1, 'counted');
is(get('/l1/x')->{cache}, 'HIT', 'which is stored');


=== a fill that a write overtook is not stored in L2
--- uses: redis app
--- steps
prime();
my $fill = begin_fill('/l2/x');
get('/l2/x', method => 'POST');
is(finish_fill($fill)->{body}, "value=1 target=/l2/x\n", 'it answers its client');
my $got = get('/l2/x');
is("$got->{cache} $got->{body}", "MISS value=2 target=/l2/x\n", 'the new one');
ok(wait_until(sub { get('/l2/x')->{tier} eq 'L2' }), 'which is stored');
is(get('/l2/x')->{body}, "value=2 target=/l2/x\n", 'in redis');


=== nor is it there when L1 has expired
--- uses: redis app
--- steps
prime();
my $fill = begin_fill('/short/x');
get('/short/x', method => 'POST');
finish_fill($fill);
is(get('/short/x')->{body}, "value=2 target=/short/x\n", 'the new one');
ok(l2_stored($redis), 'stored');
my $got;
ok(wait_until(sub { ($got = get('/short/x'))->{tier} eq 'L2' }), 'from L2');
is($got->{body}, "value=2 target=/short/x\n", 'the new one');


=== nor after a restart of nginx
--- uses: redis app
--- steps
prime();
my $fill = begin_fill('/x');
get('/x', method => 'POST');
finish_fill($fill);
nginx_restart();
my $got = get('/x');
is("$got->{cache} $got->{body}", "MISS value=2 target=/x\n", 'the new one');
get('/y');
ok(l2_stored($redis, 2), 'stored');
nginx_restart();
is(get('/y')->{cache}, 'HIT', 'what no write overtook is kept over it');
is(get('/x')->{body}, "value=2 target=/x\n", 'and the new one');


=== an entry in redis that a write outdated stays so after a restart
--- uses: redis app
--- steps
prime();
get('/x');
get('/y');
ok(l2_stored($redis, 2), 'stored');
get('/x', method => 'POST');
nginx_restart();
my $got = get('/x');
is("$got->{cache} $got->{body}", "MISS value=2 target=/x\n", 'the new one');
is(get('/y')->{cache}, 'HIT', 'another is a HIT');


=== the very first write of all fences, too
--- uses: redis app
--- steps
my $fill = begin_fill('/x');
get('/x', method => 'POST');
finish_fill($fill);
nginx_restart();
my $got = get('/x');
is("$got->{cache} $got->{body}", "MISS value=1 target=/x\n", 'the new one');


=== the very first write leaves what is of others in L2
--- uses: redis app
--- steps
get('/l2/x');
ok(l2_stored($redis), 'stored before there was any write');
get('/y', method => 'POST');
my $got = get('/l2/x');
is("$got->{cache} $got->{tier}", 'HIT L2', 'a hit after it');
get('/l2/x', method => 'POST');
is(get('/l2/x')->{cache}, 'MISS', 'its own write counts');


=== a fill named by hc_invalidate is fenced
--- uses: redis app
--- steps
prime();
my ($x, $y) = (begin_fill('/x'), begin_fill('/y'));
get('/order?of=/x', method => 'POST');
finish_fill($_) for $x, $y;
is(get('/x')->{body}, "value=2 target=/x\n", 'the one that is named');
is(get('/y')->{cache}, 'HIT', 'not the other');
nginx_restart();
is(get('/x')->{body}, "value=2 target=/x\n", 'also after a restart');


=== a fill that PURGE overtook is not stored
--- uses: redis app
--- steps
prime();
my $fill = begin_fill('/x');
is(get('/x', method => 'PURGE', headers => "X-Purge: 1\r\n")->{code}, 204,
   'purged');
finish_fill($fill);
is(get('/x')->{cache}, 'MISS', 'the next is a MISS');
is(get('/x')->{cache}, 'HIT', 'then it is stored');


=== a write that the app refused fences nothing
--- uses: redis app
--- steps
prime();
my $fill = begin_fill('/x');
get('/x', method => 'POST', app => 'status=409');
finish_fill($fill);
is(get('/x')->{cache}, 'HIT', 'stored');


=== a fill begun between the write and its answer has the new value
--- uses: redis slow app
--- http_config eval: $main::late
--- steps
prime();
get('/x');
$slow->delay(0.3);
my $write = send_get('/x', method => 'POST');
ok(wait_until(sub { $app->value == 2 }), 'the app has written');
my $got;
wait_until(sub { ($got = get('/x'))->{cache} ne 'HIT' });
is($got->{body}, "value=2 target=/x\n", 'new');
$slow->delay(0);
is(read_answer($write)->{code}, 200, 'the write is answered');
is(get('/x')->{body}, "value=2 target=/x\n", 'new');
nginx_restart();
is(get('/x')->{body}, "value=2 target=/x\n", 'new after a restart');


=== a fill of which a write came while L2 was asked is fenced
--- uses: redis slow app
--- http_config eval: $main::late
--- steps
prime();
$slow->hold;
my $n = status_of(l2 => 'gets');
my $fill = send_get('/x', app => 'gate=fill');
ok(wait_until(sub { status_of(l2 => 'gets') > $n }), 'L2 is asked');
my $write = send_get('/x', method => 'POST');
ok(wait_until(sub { $app->value == 2 }), 'the app has written');
$slow->delay(0);
ok(wait_until(sub { scalar($app->requests) == 3 }), 'both are at the app');
is(read_answer($write)->{code}, 200, 'the write is answered');
finish_fill($fill);
is(get('/x')->{body}, "value=2 target=/x\n", 'new');
nginx_restart();
is(get('/x')->{body}, "value=2 target=/x\n", 'new after a restart');


=== a stale entry that a write outdated does not answer for a failed app
--- uses: redis app
--- steps
prime();
my $got;
get('/stale/x');
ok(wait_until(sub { get('/stale/x', app => 'status=500')->{cache} eq 'STALE' }),
   'without a write it does');
get('/stale/x', method => 'POST');
$got = get('/stale/x', app => 'status=500');
is($got->{code}, 500, 'after one it does not');
nginx_restart();
$got = get('/stale/x', app => 'status=500');
is($got->{code}, 500, 'nor from L2');


=== writes and reads in any order never show an older value
--- uses: redis app
--- steps
prime();
my ($seen, $wrong, $hits) = (0, 0, 0);
my $start = Time::HiRes::time();
srand 7;
while (1) {
    my $time = Time::HiRes::time() - $start;
    last if $time > 3 && $seen > 10 && $hits > 10 || $time > 60;
    my @open = map { send_get('/x', app => 'delay=' . rand 0.03) } 1 .. 4;
    my $write = send_get('/x', method => 'POST', app => 'delay=' . rand 0.02);
    $write = read_answer($write);
    my ($new) = $write->{body} =~ /value=(\d+)/;
    $seen = $new if $new > $seen;
    for (1 .. 5) {
        my $got = get('/x');
        my ($value) = $got->{body} =~ /value=(\d+)/;
        $wrong++ if $value < $seen;
        $hits++ if $got->{cache} eq 'HIT';
    }
    read_answer($_) for @open;
    my ($value) = get('/x')->{body} =~ /value=(\d+)/;
    $wrong++ if $value < $seen;
}
is($wrong, 0, 'never older than the last write');
cmp_ok($seen, '>', 10, "$seen writes");
cmp_ok($hits, '>', 10, "$hits hits");
