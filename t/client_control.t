# hc_cache_client_control: what a request says of the answers it takes
# (RFC 9111, 5.2.1).

# where nobody asks for it, nobody is there
BEGIN { $ENV{TEST_NGINX_REDIS_PORT} ||= 1 }

use HC;
use HC::Steps;

our $http_config = <<'_EOC_';
    hc_zone zone=z:4m;
    hc_l2 shared {
        server redis://127.0.0.1:$TEST_NGINX_REDIS_PORT;
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
    location / {
        hc_cache_client_control on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /off {
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /l2 {
        hc_cache_l2 shared;
        hc_cache_l1_ttl 0;
        hc_cache_client_control on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location = /status {
        hc_cache off;
        hc_status;
    }
_EOC_

our $HOUR = 'header=Cache-Control:max-age=3600';
our $AGED = 'header=Cache-Control:max-age=0 header=ETag:"a"';


# asks with this Cache-Control, and as the app is to answer

sub ask {
    my ($uri, $says, $words) = @_;

    my $got = get($uri, headers => $says ? "Cache-Control: $says\r\n" : '',
                  app => $words || 'body=new');

    return "$got->{code} $got->{cache} $got->{body}" =~ s/\n\z//r;
}


plan('no_plan');
run_tests();

__DATA__

=== no-cache: the app is asked, and its answer is stored
--- uses: app
--- steps
ask('/x', '', "body=one $HOUR");
is(ask('/x', 'no-cache', "body=two $HOUR"), '200 EXPIRED two', 'asked');
is(ask('/x', ''), '200 HIT two', 'for others, too');
is(get('/x', headers => "Cache-Control: no-cache\r\n", app => $HOUR)->{reason},
   'client-control', 'why');


=== no-cache: the app may confirm what is in store
--- uses: app
--- steps
ask('/x', '', qq(body=one $HOUR header=ETag:"a"));
is(ask('/x', 'no-cache', 'status=304'), '200 REVALIDATED one', 'confirmed');
like(($app->seen)[-1], qr/^If-None-Match: "a"\r?$/m, 'asked about');


=== no-cache: when the app fails what is in store is given
--- uses: app
--- steps
ask('/x', '', "body=one $HOUR");
like(ask('/x', 'no-cache', 'status=500'), qr/^200 \w+ one$/, 'given');


=== max-age is the age an answer may have
--- uses: app
--- steps
ask('/x', '', "body=old $HOUR header=Age:100");
is(ask('/x', 'max-age=3600'), '200 HIT old', 'young enough');
is(ask('/x', 'max-age=50', "body=new $HOUR"), '200 EXPIRED new', 'too old');
is(ask('/x', 'max-age=50'), '200 HIT new', 'the new one is not');
is(ask('/x', 'max-age=0', "body=newer $HOUR"), '200 EXPIRED newer', 'nothing is for 0');


=== min-fresh is the time an answer has to stay fresh
--- uses: app
--- steps
ask('/x', '', "body=one $HOUR header=Age:3000");
is(ask('/x', 'min-fresh=300'), '200 HIT one', 'long enough');
is(ask('/x', 'min-fresh=900', "body=two $HOUR"), '200 EXPIRED two', 'too short');


=== max-stale takes a stale answer without asking
--- uses: app
--- steps
ask('/x', '', "body=one header=Cache-Control:max-age=10 header=Age:20 header=ETag:\"a\"");
is(ask('/x', 'max-stale'), '200 STALE one', 'any');
is(ask('/x', 'max-stale=60'), '200 STALE one', 'that stale');
is(ask('/x', 'max-stale=5', 'status=304'), '200 REVALIDATED one', 'not so stale');


=== max-stale takes none that is never to be given stale
--- uses: app
--- steps
my $says = 'header=Cache-Control:max-age=0,must-revalidate header=ETag:"a"';
ask('/x', '', "body=one $says");
is(ask('/x', 'max-stale', "status=304 $says"), '200 REVALIDATED one', 'asked');


=== only-if-cached: 504 where nothing is in store, and the app is not asked
--- uses: app
--- steps
my $got = get('/x', headers => "Cache-Control: only-if-cached\r\n");
is("$got->{code} $got->{reason}", '504 only-if-cached', 'none');
is(scalar($app->requests), 0, 'not asked');
ask('/x', '', "body=one $HOUR");
is(ask('/x', 'only-if-cached'), '200 HIT one', 'there is');


=== only-if-cached: what is stale is not asked about either
--- uses: app
--- steps
ask('/x', '', "body=one $AGED");
is(get('/x', headers => "Cache-Control: only-if-cached\r\n")->{code}, 504, 'stale');
is(scalar($app->requests), 1, 'not asked');
is(ask('/x', 'only-if-cached, max-stale'), '200 STALE one', 'unless stale is taken');


=== no-store: the app is asked, and its answer is not stored
--- uses: app
--- steps
is(ask('/x', 'no-store', "body=one $HOUR"), '200 BYPASS one', 'given');
is(ask('/x', '', "body=two $HOUR"), '200 MISS two', 'not stored');
is(ask('/x', 'no-store', "body=three $HOUR"), '200 BYPASS three', 'asked again');
is(ask('/x', ''), '200 HIT two', 'what is in store stays');
is(get('/x', headers => "Cache-Control: no-store\r\n")->{reason}, 'client-control', 'why');


=== Pragma: no-cache counts where there is no Cache-Control
--- uses: app
--- steps
ask('/x', '', "body=one $HOUR");
my $got = get('/x', headers => "Pragma: no-cache\r\n", app => "body=two $HOUR");
is("$got->{cache} $got->{body}", "EXPIRED two\n", 'alone');
$got = get('/x', headers => "Pragma: no-cache\r\nCache-Control: max-age=60\r\n");
is("$got->{cache} $got->{body}", "HIT two\n", 'beside it');


=== off by default
--- uses: app
--- steps
ask('/off', '', "body=one $HOUR");
is(ask('/off', $_), '200 HIT one', $_)
    for 'no-cache', 'max-age=0', 'min-fresh=86400', 'no-store';
is(get('/off', headers => "Pragma: no-cache\r\n")->{cache}, 'HIT', 'Pragma');
is(get('/off2', headers => "Cache-Control: only-if-cached\r\n")->{code}, 200, 'asked');
is(ask('/off3', 'no-store', "body=one $HOUR"), '200 MISS one', 'no-store');
is(ask('/off3', ''), '200 HIT one', 'is stored');


=== what is in Redis is held against it, too
--- uses: app redis
--- steps
ask('/l2', '', qq(body=old $HOUR header=Age:100 header=ETag:"a"));
ok(l2_stored($redis), 'stored');
is(ask('/l2', 'max-age=3600'), '200 HIT old', 'young enough');
is(ask('/l2', 'max-age=50', 'status=304'), '200 REVALIDATED old', 'too old: confirmed');
is(ask('/l2', 'only-if-cached'), '200 HIT old', 'in store');
my $got = get('/l2', headers => "Cache-Control: no-cache\r\n", app => "body=new $HOUR");
is("$got->{cache} $got->{reason} $got->{body}", "EXPIRED client-control new\n", 'asked');


=== max-stale takes what is stale in Redis
--- uses: app redis
--- steps
ask('/l2', '', "body=one $AGED");
ok(l2_stored($redis), 'stored');
is(ask('/l2', 'max-stale'), '200 STALE one', 'given');
is(scalar($app->requests), 1, 'not asked');
is(get('/l2', headers => "Cache-Control: only-if-cached\r\n")->{code}, 504,
   'unless it is not taken');
