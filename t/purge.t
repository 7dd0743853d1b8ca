# PURGE: who may, and what goes.

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
_EOC_

our $config = <<'_EOC_';
    hc_cache z;
    hc_cache_l2 shared;
    hc_cache_valid 60s;
    hc_cache_purge $http_x_purge;
    location / {
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /l2/ {
        hc_cache_l1_ttl 0;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /l1/ {
        hc_cache_l2 off;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /sorted {
        hc_cache_args a b;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /custom {
        hc_cache_key "own:$http_x_key";
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /denied {
        limit_except GET { deny all; }
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /uncached {
        hc_cache off;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location = /status {
        hc_cache off;
        hc_status;
    }
_EOC_

our $late = $http_config;
$late =~ s/REDIS_PORT/SLOW_PORT/;


sub prime { get('/no-one', method => 'POST') }


sub cache {
    my ($uri, %o) = @_;

    my $before = status_of(l2 => 'stores');
    get($uri, %o);

    wait_until(sub { status_of(l2 => 'stores') > $before })
        if $uri !~ m{^/l1/};
    is(get($uri, %o)->{cache}, 'HIT', "$uri is cached");
}


sub purge {
    my ($uri, %o) = @_;

    $o{headers} .= "X-Purge: 1\r\n";

    return get($uri, method => 'PURGE', %o);
}


plan('no_plan');
run_tests();

__DATA__

=== a PURGE that is allowed is answered 204 and not passed to the app
--- uses: redis app
--- steps
prime();
cache('/x');
my $before = scalar $app->requests;
my $got = purge('/x');
is($got->{code}, 204, 'status');
is($got->{body}, '', 'no body');
is(scalar($app->requests), $before, 'the app saw nothing');
is(get('/x')->{cache}, 'MISS', 'gone');
is(get('/x')->{cache}, 'HIT', 'and stored again');


=== what is not there is purged, too
--- uses: redis app
--- steps
is(purge('/x')->{code}, 204, 'status');


=== an entry that only L2 has is purged
--- uses: redis app
--- steps
prime();
cache('/l2/x');
purge('/l2/x');
is(get('/l2/x')->{cache}, 'MISS', 'gone');
is(status_of(l2 => 'stale_fence'), 1, 'refused for its version');
ok(wait_until(sub { get('/l2/x')->{tier} eq 'L2' }), 'and stored again');


=== an entry that only L1 has is purged, and its memory given back
--- uses: redis app
--- steps
prime();
cache('/l1/x');
my $entries = status_of(zones => 'entries');
purge('/l1/x');
is(status_of(zones => 'entries'), $entries - 1, 'one entry less');
is(get('/l1/x')->{cache}, 'MISS', 'gone');


=== what was purged does not come back from L2 after a restart
--- uses: redis app
--- steps
prime();
cache('/x');
cache('/y');
purge('/x');
nginx_restart();
is(get('/x')->{cache}, 'MISS', 'gone');
is(get('/y')->{cache}, 'HIT', 'the other is there');


=== a PURGE that is not allowed is the app's to answer
--- uses: redis app
--- steps
prime();
cache('/x');
my $got = get('/x', method => 'PURGE', app => 'status=405');
is($got->{code}, 405, 'its answer');
is(($app->requests)[-1], 'PURGE /x', 'it was asked');
is(get('/x')->{cache}, 'HIT', 'still there');
is(get('/x', method => 'PURGE', headers => "X-Purge: 0\r\n",
       app => 'status=405')->{code}, 405, 'nor with 0');
is(purge('/x')->{code}, 204, 'with 1 it is');


=== without hc_cache_purge nobody may
--- uses: redis app
--- config eval
(my $c = $main::config) =~ s/hc_cache_purge [^;]+;//; $c
--- steps
prime();
cache('/x');
is(purge('/x', app => 'status=405')->{code}, 405, 'the app answers');
is(get('/x')->{cache}, 'HIT', 'still there');


=== deny comes before PURGE
--- uses: redis app
--- steps
prime();
cache('/denied');
is(purge('/denied')->{code}, 403, 'denied');
is(get('/denied')->{cache}, 'HIT', 'still there');


=== a PURGE where nothing is cached is the app's to answer
--- uses: redis app
--- steps
purge('/uncached');
is(($app->requests)[-1], 'PURGE /uncached', 'it was asked');


=== PURGE concerns one key, with its arguments, on its own host
--- uses: redis app
--- steps
prime();
cache($_) for '/x', '/x?a=1', '/xy';
cache('/x', host => 'other');
purge('/x?a=1');
is(get('/x?a=1')->{cache}, 'MISS', '/x?a=1 is gone');
is(get($_)->{cache}, 'HIT', "$_ is there") for '/x', '/xy';
is(get('/x', host => 'other')->{cache}, 'HIT', "the other host's is there");
purge('/x');
is(get('/x')->{cache}, 'MISS', '/x is gone');
is(get('/x', host => 'other')->{cache}, 'HIT', "the other host's is there");


=== PURGE finds the key that hc_cache_args makes
--- uses: redis app
--- steps
prime();
cache('/sorted?b=2&drop=1&a=1');
purge('/sorted?a=1&b=2');
is(get('/sorted?b=2&a=1')->{cache}, 'MISS', 'gone');


=== PURGE finds the key that hc_cache_key makes
--- uses: redis app
--- steps
prime();
cache('/custom', headers => "X-Key: $_\r\n") for 'en', 'de';
is(purge('/custom/any', headers => "X-Key: en\r\n")->{code}, 204, 'purged');
is(get('/custom', headers => "X-Key: en\r\n")->{cache}, 'MISS', 'gone');
is(get('/custom', headers => "X-Key: de\r\n")->{cache}, 'HIT', 'another key');


=== PURGE takes all variants of a key
--- uses: redis app
--- steps
prime();
cache('/x');
cache('/x', host => 'localhost:8099');
cache('/x', host => 'localhost.');
purge('/x');
is(get('/x')->{cache}, 'MISS', 'without a port');
is(get('/x', host => 'localhost:8099')->{cache}, 'MISS', 'with another port');
is(get('/x', host => 'localhost.')->{cache}, 'MISS', 'with a dot');


=== PURGE waits until redis has acknowledged
--- uses: redis slow app
--- http_config eval: $main::late
--- steps
prime();
cache('/l2/x');
$slow->delay(0.4);
my $got = purge('/l2/x');
is($got->{code}, 204, 'status');
cmp_ok($got->{time}, '>=', 0.4, 'redis is slow');
$slow->delay(0);


=== a connection is kept after PURGE
--- uses: redis app
--- steps
prime();
my $purge = "PURGE /x HTTP/1.1\r\nHost: localhost\r\nX-Purge: 1\r\n"
            . "Content-Length: 4\r\n\r\nbody";
my $get = "GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
my @codes = http_request("$purge$purge$get") =~ m{^HTTP/1\.1 (\d+)}mg;
is("@codes", '204 204 200', 'in order');
