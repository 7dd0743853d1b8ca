# A real Redis as the second level: what is stored, for how long, and what
# comes back.

use HC;
use HC::Steps;

our $http_config = <<'_EOC_';
    hc_zone zone=z:4m;
    hc_l2 shared {
        server redis://127.0.0.1:$TEST_NGINX_REDIS_PORT;
        timeout 20s;
        connect_timeout 20s;
        max_value 100k;
    }
    hc_l2 unix {
        server redis://unix:$TEST_NGINX_REDIS_SOCKET;
        prefix other:;
        timeout 20s;
        connect_timeout 20s;
    }
    add_header X-Cache $hc_cache_status always;
    add_header X-Tier $hc_cache_tier always;
    add_header X-Reason $hc_cache_reason always;
    proxy_read_timeout 20s;
_EOC_

our $config = <<'_EOC_';
    hc_cache z;
    hc_cache_l2 shared;
    hc_cache_valid 60s;
    location / {
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /short {
        hc_cache_valid 200 100ms l2=60s;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /capped {
        hc_cache_l1_ttl 2s;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /no-l1 {
        hc_cache_l1_ttl 0;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /brief {
        hc_cache_valid 200 2s;
        hc_cache_l1_ttl 0;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /no-l2 {
        hc_cache_l2 off;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /unix {
        hc_cache_l2 unix;
        hc_cache_l1_ttl 0;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location = /status {
        hc_cache off;
        hc_status;
    }
_EOC_

# milliseconds the one value has left

sub pttl {
    my ($key) = redis_keys($redis);
    my ($ms) = redis_command($redis, 'PTTL', $key) =~ /^:(-?\d+)/;

    return $ms;
}


# until the entry of /uri is no longer answered from L1

sub not_from_l1 {
    my ($uri) = @_;
    my $got;

    wait_until(sub { ($got = get($uri))->{tier} ne 'L1' });

    return $got;
}


plan('no_plan');
run_tests();

__DATA__

=== a miss is stored in redis under prefix, version and 32 hex digits
--- uses: redis app
--- steps
my $first = get('/x?a=1');
is("$first->{code} $first->{cache} $first->{tier}", '200 MISS origin', 'miss');
ok(l2_stored($redis), 'stored');
my @keys = redis_keys($redis);
is(scalar @keys, 1, 'one value');
like($keys[0], qr/^hc:1:[0-9a-f]{32}$/, 'its name');
like(redis_bulk($redis, $keys[0]), qr{value=0 target=/x\?a=1\n}, 'its body');
ok(wait_until(sub { status_of(l2 => 'stores') == 1 }), 'counted');
ok(wait_until(sub { status_of(l2 => 'in_flight') == 0 }), 'all is done');


=== the value in redis expires with the lifetime and the stale time
--- uses: redis app
--- steps
get('/x', app => 'header=Cache-Control:max-age=100,stale-if-error=20');
ok(l2_stored($redis), 'stored');
my $ms = pttl();
cmp_ok($ms, '<=', 120_000, 'not longer');
cmp_ok($ms, '>', 110_000, 'not shorter');


=== hc_cache_valid: the time in L1 and l2= are lifetimes of their own
--- uses: redis app
--- steps
is(get('/short')->{cache}, 'MISS', 'miss');
ok(l2_stored($redis), 'stored');
cmp_ok(pttl(), '>', 50_000, 'the longer one in redis');
my $got = not_from_l1('/short');
is("$got->{cache} $got->{tier}", 'HIT L2', 'after L1 has expired');
is($got->{body}, "value=0 target=/short\n", 'same body');
is(scalar($app->requests), 1, 'the app was asked once');


=== what came from L2 is put back into L1
--- uses: redis app
--- steps
get('/capped');
ok(l2_stored($redis), 'stored');
is(not_from_l1('/capped')->{tier}, 'L2', 'L1 has expired');
my $got = get('/capped');
is("$got->{cache} $got->{tier}", 'HIT L1', 'and has it again');
is(scalar($app->requests), 1, 'the app was asked once');


=== hc_cache_l1_ttl caps the time in L1, not in redis
--- uses: redis app
--- steps
get('/capped', app => 'header=Cache-Control:max-age=60');
is(get('/capped')->{tier}, 'L1', 'in L1');
ok(l2_stored($redis), 'stored');
is(not_from_l1('/capped')->{tier}, 'L2', 'then in L2');


=== hc_cache_l1_ttl 0 keeps an entry in L2 only
--- uses: redis app
--- steps
is(get('/no-l1')->{cache}, 'MISS', 'miss');
ok(l2_stored($redis), 'stored');
for (1 .. 3) {
    my $got = get('/no-l1');
    is("$got->{cache} $got->{tier}", 'HIT L2', 'from L2');
}
is(status_of(zones => 'stores'), 0, 'never in L1');
is(status_of(l2 => 'hits'), 3, 'counted');


=== hc_cache_l2 off leaves redis alone
--- uses: redis app
--- steps
get('/no-l2');
is(get('/no-l2')->{tier}, 'L1', 'in L1');
get('/x');
ok(l2_stored($redis), 'another one is stored');
is(scalar(redis_keys($redis)), 1, 'alone');


=== L2 survives a restart of nginx
--- uses: redis app
--- steps
get('/x');
ok(l2_stored($redis), 'stored');
nginx_restart();
my $got = get('/x');
is("$got->{cache} $got->{tier}", 'HIT L2', 'from L2');
is(get('/x')->{tier}, 'L1', 'then from L1');
is(scalar($app->requests), 1, 'the app was asked once');


=== headers, status and age come back from L2
--- uses: redis app
--- steps
my $first = get('/no-l1', app => 'status=203 header=X-Own:one'
                . ' header=X-Own:two header=Cache-Control:max-age=50'
                . ' header=Age:7');
ok(l2_stored($redis), 'stored');
my $got = get('/no-l1');
is($got->{tier}, 'L2', 'from L2');
is($got->{code}, 203, 'status');
is($got->{headers}{'x-own'}, 'one, two', 'a header twice');
is($got->{headers}{'content-type'}, 'text/plain', 'type');
cmp_ok($got->{headers}{age}, '>=', 7, 'age goes on');
is($got->{body}, $first->{body}, 'body');


=== a stale entry from L2 answers when the app fails
--- uses: redis app
--- steps
get('/brief');
ok(l2_stored($redis), 'stored');
is(get('/brief')->{tier}, 'L2', 'fresh at first');
my $got;
wait_until(sub {
    $got = get('/brief', app => 'status=500');
    $got->{cache} ne 'HIT';
});
is("$got->{code} $got->{cache} $got->{tier}", '200 STALE L2', 'then stale');
is($got->{body}, "value=0 target=/brief\n", 'its body');


=== a stale entry in L2 does not stand in the way of a new one
--- uses: redis app
--- steps
get('/elsewhere', method => 'POST');
get('/brief');
ok(l2_stored($redis), 'stored');
get('/elsewhere', method => 'POST');
is(get('/brief')->{tier}, 'L2', 'fresh at first');
my $got;
wait_until(sub { ($got = get('/brief'))->{tier} eq 'origin' });
is("$got->{cache} $got->{body}", "EXPIRED value=2 target=/brief\n", 'new');
ok(wait_until(sub {
    $got = get('/brief');
    $got->{tier} eq 'L2' && $got->{body} =~ /value=2/;
}), 'and the new one is in redis');


=== an answer larger than max_value stays out of redis
--- uses: redis app
--- steps
get('/large', app => 'size=110000');
is(get('/large')->{tier}, 'L1', 'in L1');
get('/fits', app => 'size=90000');
ok(l2_stored($redis), 'one that fits is stored');
is(scalar(redis_keys($redis)), 1, 'alone');
cmp_ok(status_of(l2 => 'puts'), '>=', 1, 'counted');


=== a value of 90 kB comes back whole
--- uses: redis app
--- steps
my $first = get('/no-l1', app => 'size=90000');
ok(l2_stored($redis), 'stored');
my $got = get('/no-l1');
is($got->{tier}, 'L2', 'from L2');
is(length $got->{body}, 90000, 'its length');
ok($got->{body} eq $first->{body}, 'every byte');


=== HEAD and Range are answered from L2
--- uses: redis app
--- steps
get('/no-l1');
ok(l2_stored($redis), 'stored');
my $got = get('/no-l1', method => 'HEAD');
is("$got->{code} $got->{tier}", '200 L2', 'HEAD');
is($got->{headers}{'content-length'}, 22, 'its length');
is($got->{body}, '', 'no body');
$got = get('/no-l1', headers => "Range: bytes=0-6\r\n");
is("$got->{code} $got->{tier} $got->{body}", '206 L2 value=0', 'Range');


=== a unix socket does as well, with a prefix of its own
--- uses: redis_unix app
--- steps
is(get('/unix')->{cache}, 'MISS', 'miss');
ok(l2_stored($redis), 'stored');
like((redis_keys($redis))[0], qr/^other:1:[0-9a-f]{32}$/, 'its name');
my $got = get('/unix');
is("$got->{cache} $got->{tier}", 'HIT L2', 'from L2');


=== many requests share few connections
--- uses: redis app
--- steps
get('/no-l1');
ok(l2_stored($redis), 'stored');
my @sent = map { send_get('/no-l1') } 1 .. 40;
is(scalar(grep { read_answer($_)->{tier} eq 'L2' } @sent), 40, 'all from L2');
cmp_ok(status_of(l2 => 'connects'), '<=', 4, 'two a worker');
cmp_ok(status_of(l2 => 'connections'), '>=', 1, 'still open');


=== $hc_l2_time is the time L2 took
--- uses: redis app
--- config
    hc_cache z;
    hc_cache_l2 shared;
    hc_cache_valid 60s;
    location / {
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
        add_header X-Time $hc_l2_time;
        add_header X-Tier $hc_cache_tier;
    }
--- steps
like(get('/x')->{headers}{'x-time'}, qr/^0\.\d{3}$/, 'of a miss');
my $got = get('/x');
is($got->{tier}, 'L1', 'from L1');
is($got->{headers}{'x-time'}, undef, 'nobody was asked');
