# hc_cache_status_header: Cache-Status (RFC 9211).

use HC;
use HC::Steps;

our $http_config = <<'_EOC_';
    hc_zone zone=z:4m;
    add_header X-Cache $hc_cache_status always;
    proxy_read_timeout 20s;
_EOC_

our $config = <<'_EOC_';
    hc_cache z;
    hc_cache_status_header on;
    location / {
        hc_cache_bypass $http_bypass;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /named {
        hc_cache_status_header edge-1.example;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /off {
        hc_cache_status_header off;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /client {
        hc_cache_client_control on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /getting {
        hc_cache_methods GET;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /locked {
        hc_cache_lock on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /uncached {
        hc_cache off;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location = /page {
        hc_cache off;
        ssi on;
        ssi_types text/plain;
        default_type text/plain;
        return 200 '<!--#include virtual="/x" -->';
    }
    location = /status {
        hc_cache off;
        hc_status;
    }
_EOC_

our $HOUR = 'header=Cache-Control:max-age=3600';
our $AGED = 'header=Cache-Control:max-age=0 header=ETag:"a"';

sub says {
    my ($uri, %o) = @_;

    return get($uri, %o)->{headers}{'cache-status'};
}


log_level('debug');
plan('no_plan');
run_tests();

__DATA__

=== a miss is forwarded and stored, a hit has the time it stays fresh
--- uses: app
--- steps
is(says('/x', app => $HOUR), 'hc; fwd=uri-miss; stored', 'miss');
like(says('/x'), qr/^hc; hit; ttl=3(?:600|5\d\d)$/, 'hit');


=== a miss that may not be stored says why
--- uses: app
--- steps
is(says('/x', app => 'header=Cache-Control:no-store'),
   'hc; fwd=uri-miss; detail=no-store', 'no-store');


=== a variant that is not there is a vary-miss, the first one is not
--- uses: app
--- steps
my $vary = "$HOUR header=Vary:X-A";
is(says('/x', headers => "X-A: 1\r\n", app => $vary), 'hc; fwd=uri-miss; stored', 'the first');
is(says('/x', headers => "X-A: 2\r\n", app => $vary), 'hc; fwd=vary-miss; stored', 'another');
like(says('/x', headers => "X-A: 1\r\n"), qr/^hc; hit; ttl=\d+$/, 'the first again');


=== what was stale and is replaced
--- uses: app
--- steps
get('/x', app => $AGED);
is(says('/x', app => $HOUR), 'hc; fwd=stale; stored', 'replaced');


=== what was stale and is confirmed
--- uses: app
--- steps
get('/x', app => $AGED);
like(says('/x', app => "status=304 $HOUR"),
     qr/^hc; fwd=stale; fwd-status=304; stored; ttl=3600$/, 'confirmed');


=== what is given stale when the app fails has the status of that
--- uses: app
--- steps
get('/x', app => $AGED);
like(says('/x', app => 'status=503'), qr/^hc; fwd=stale; fwd-status=503; ttl=-?\d+/, 'stale');


=== what is not for the cache
--- uses: app
--- steps
is(says('/x', headers => "Bypass: 1\r\n", app => $HOUR),
   'hc; fwd=bypass; stored; detail=bypass', 'by the operator');
is(says('/getting', method => 'HEAD'), 'hc; fwd=method; detail=method', 'by its method');
is(says('/x', method => 'POST'), undef, 'of a write nothing is said');


=== what the client does not take
--- uses: app
--- steps
get('/client', app => $HOUR);
is(says('/client', headers => "Cache-Control: no-cache\r\n", app => $HOUR),
   'hc; fwd=request; stored; detail=client-control', 'forwarded');


=== what another request brought is collapsed
--- uses: app
--- steps
my $asked = () = error_log_text() =~ /hc http state:LEASE/g;
my $first = begin_fill('/locked', $HOUR);
my $second = send_get('/locked');
ok(wait_until(sub { (() = error_log_text() =~ /hc http state:LEASE/g) >= $asked + 2 }),
   'waits');
$app->open_gate('fill');
is(read_answer($first)->{headers}{'cache-status'}, 'hc; fwd=uri-miss; stored', 'one asks');
like(read_answer($second)->{headers}{'cache-status'},
     qr/^hc; fwd=uri-miss; collapsed; ttl=\d+$/, 'the other waits');
is(scalar($app->requests), 1, 'the app was asked once');


=== what caches nearer to the app said comes before it
--- uses: app
--- steps
my $other = 'header=Cache-Status:ExampleCache;_hit';
is(says('/x', app => "$HOUR $other"), 'ExampleCache; hit, hc; fwd=uri-miss; stored', 'miss');
like(says('/x'), qr/^ExampleCache; hit, hc; hit; ttl=\d+$/, 'hit');


=== it has the name the operator gave it
--- uses: app
--- steps
is(says('/named', app => $HOUR), 'edge-1.example; fwd=uri-miss; stored', 'miss');


=== it is not there when it is off, or where nothing is cached
--- uses: app
--- steps
is(says('/off', app => $HOUR), undef, 'off');
is(says('/uncached'), undef, 'no cache');


=== an include does not speak for the page
--- uses: app
--- steps
is(says('/page'), undef, 'nothing said');


=== off by default
--- uses: app
--- config
    location / {
        hc_cache z;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
--- steps
is(says('/x', app => $HOUR), undef, 'miss');
is(says('/x'), undef, 'hit');
