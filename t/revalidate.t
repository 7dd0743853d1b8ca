# hc_cache_revalidate: the app is asked whether what is in store still holds, and
# what becomes of its 304 (RFC 9111, 3.2 and 4.3).

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
        hc_cache_tag $upstream_http_surrogate_key;
        hc_cache_purge 1 tag=$http_surrogate_key;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /off {
        hc_cache_revalidate off;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /hidden {
        proxy_hide_header X-Hidden;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /strip {
        hc_cache_set_cookie strip;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /keep {
        hc_cache_set_cookie keep;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /brief {
        hc_cache_valid 200 404 50ms;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /page {
        proxy_intercept_errors on;
        error_page 404 500 = /sorry;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location = /sorry {
        hc_cache off;
        return 200 "sorry\n";
    }
    location /l2 {
        hc_cache_l2 shared;
        hc_cache_l1_ttl 0;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /client {
        hc_cache_valid 200 1ms;
        hc_cache_client_control on;
        hc_cache_background_update on;
        hc_cache_use_stale updating;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /once {
        hc_cache_key often;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /often {
        hc_cache_key often;
        hc_cache_min_uses 9;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location = /status {
        hc_cache off;
        hc_status;
    }
_EOC_

our $AGED = 'header=Cache-Control:max-age=0 header=ETag:"a"';
our $FRESH = 'status=304 header=Cache-Control:max-age=60';


# what the app was asked last

sub last_seen { return ($app->seen)[-1] }

# the first request, of an answer that is stored and stale at once

sub stored {
    my ($uri, $says) = @_;

    return get($uri, app => "body=one $says");
}


plan('no_plan');
run_tests();

__DATA__

=== an ETag goes to the app in If-None-Match
--- uses: app
--- steps
is(stored('/x', $AGED)->{cache}, 'MISS', 'stored');
my $got = get('/x', app => $FRESH);
is("$got->{code} $got->{cache} $got->{body}", "200 REVALIDATED one\n", 'confirmed');
like(last_seen(), qr/^If-None-Match: "a"\r?$/m, 'asked about');
unlike(last_seen(), qr/^If-Modified-Since/m, 'by that alone');


=== a Last-Modified goes to the app in If-Modified-Since
--- uses: app
--- steps
stored('/x', 'header=Cache-Control:max-age=0 '
             . 'header=Last-Modified:Tue,_15_Nov_1994_12:45:26_GMT');
is(get('/x', app => $FRESH)->{cache}, 'REVALIDATED', 'confirmed');
like(last_seen(),
     qr/^If-Modified-Since: Tue, 15 Nov 1994 12:45:26 GMT\r?$/m, 'asked about');
unlike(last_seen(), qr/^If-None-Match/m, 'by that alone');


=== both go to the app
--- uses: app
--- steps
stored('/x', "$AGED header=Last-Modified:Tue,_15_Nov_1994_12:45:26_GMT");
is(get('/x', app => $FRESH)->{cache}, 'REVALIDATED', 'confirmed');
like(last_seen(), qr/^If-None-Match: "a"\r?$/m, 'the tag');
like(last_seen(), qr/^If-Modified-Since: Tue, 15 Nov 1994/m, 'the date');


=== what has no validator is asked for anew
--- uses: app
--- steps
get('/brief', app => 'body=one');
ok(wait_until(sub { get('/brief', app => 'body=two')->{body} eq "two\n" }), 'new');
unlike(last_seen(), qr/^If-/m, 'without a condition');


=== a 304 gives its lifetime to what is in store
--- uses: app
--- steps
stored('/x', $AGED);
get('/x', app => $FRESH);
my $got = get('/x');
is("$got->{cache} $got->{tier} $got->{body}", "HIT L1 one\n", 'fresh again');
is(scalar($app->requests), 2, 'the app was not asked a third time');


=== a 304 replaces the fields it has, and leaves all others and the body
--- uses: app
--- steps
stored('/x', "$AGED header=X-Kept:1 header=X-New:1 header=X-New:2");
my $got = get('/x', app => "$FRESH header=X-New:3 header=X-More:4");
for ($got, get('/x')) {
    my $h = $_->{headers};
    is("$_->{cache} $h->{'x-kept'} $h->{'x-new'} $h->{'x-more'} $h->{etag}",
       "$_->{cache} 1 3 4 \"a\"", 'fields');
    is("$_->{code} $_->{body} $_->{whole}", "200 one\n 1", 'body');
    is($h->{'cache-control'}, 'max-age=60', 'lifetime');
}


=== a 304 does not say how the stored body is encoded, or how long it is
--- uses: app
--- steps
stored('/x', $AGED);
get('/x', app => "$FRESH header=Content-Encoding:gzip header=Content-Length:9");
my $got = get('/x');
is($got->{headers}{'content-encoding'}, undef, 'not encoded');
is($got->{headers}{'content-length'}, 4, 'as long as it is');


=== a new answer replaces what is in store
--- uses: app
--- steps
stored('/x', $AGED);
my $got = get('/x', app => 'body=two header=Cache-Control:max-age=60');
is("$got->{cache} $got->{body}", "EXPIRED two\n", 'given');
is(get('/x')->{body}, "two\n", 'stored');
is(get('/x')->{headers}{etag}, undef, 'nothing of the old one is left');


=== no-cache is confirmed every time
--- uses: app
--- steps
my $says = 'header=Cache-Control:no-cache header=ETag:"a"';
stored('/x', $says);
is(get('/x', app => "status=304 $says")->{cache}, 'REVALIDATED', "request $_")
    for 2 .. 4;
is(scalar($app->requests), 4, 'the app was asked each time');


=== no-cache is not given when the app fails
--- uses: app
--- steps
stored('/x', 'header=Cache-Control:no-cache header=ETag:"a"');
is(get('/x', app => 'status=500')->{code}, 500, 'the failure');
is(get('/x', app => 'reset')->{code}, 502, 'no answer');


=== must-revalidate is not given when the app fails
--- uses: app
--- steps
stored('/x', 'header=Cache-Control:max-age=0,must-revalidate header=ETag:"a"');
is(get('/x', app => 'status=500')->{code}, 500, 'the failure');
is(get('/x', app => 'reset')->{code}, 502, 'no answer');
is(get('/x', app => $FRESH)->{cache}, 'REVALIDATED', 'it was there');


=== when the app fails what is in store is given within its window
--- uses: app
--- steps
stored('/x', $AGED);
my $got = get('/x', app => 'status=500');
is("$got->{code} $got->{cache} $got->{body}", "200 STALE one\n", 'a failure');
$got = get('/x', app => 'reset');
is("$got->{code} $got->{cache} $got->{body}", "200 STALE one\n", 'no answer');
is(get('/x', app => $FRESH)->{cache}, 'REVALIDATED', 'and asked about again');


=== when the app fails outside of the window, its failure is given
--- uses: app
--- steps
stored('/x', 'header=Cache-Control:max-age=0,stale-if-error=0 header=ETag:"a"');
is(get('/x', app => 'status=500')->{code}, 500, 'the failure');
is(get('/x', app => $FRESH)->{cache}, 'REVALIDATED', 'it was there');


=== the client's own condition is answered from what was confirmed
--- uses: app
--- steps
stored('/x', $AGED);
my $got = get('/x', headers => qq(If-None-Match: "a"\r\n), app => "status=304 $AGED");
is("$got->{code} $got->{cache} $got->{body}", '304 REVALIDATED ', 'the same');
$got = get('/x', headers => qq(If-None-Match: "b"\r\n), app => "status=304 $AGED");
is("$got->{code} $got->{cache} $got->{body}", "200 REVALIDATED one\n", 'another');
like(last_seen(), qr/^If-None-Match: "a"\r?$/m, 'the app saw ours');
unlike(last_seen(), qr/"b"/, 'and not that of the client');
$got = get('/x', headers => "Range: bytes=1-1\r\n", app => "status=304 $AGED");
is("$got->{code} $got->{body}", '206 n', 'a range of it');


=== a 304 to a client's condition is no confirmation where nothing is in store
--- uses: app
--- steps
my $got = get('/x', headers => qq(If-None-Match: "a"\r\n), app => "body=one $AGED");
is("$got->{code} $got->{body}", '304 ', 'answered here');
unlike(last_seen(), qr/^If-None-Match/m, 'the app was asked for all of it');
is(get('/x', app => $FRESH)->{body}, "one\n", 'and all of it was stored');


=== a 304 to a client's condition is no confirmation before hc_cache_min_uses
--- uses: app
--- steps
stored('/once', $AGED);
is(get('/often', app => $FRESH, headers => qq{If-None-Match: "b"\r\n})->{code},
   304, 'it is what the client has');
is(get('/once', app => "body=two $AGED")->{body}, "two\n", 'and nothing else');


=== who wants what the app confirms is not given what is being refreshed
--- uses: app
--- steps
stored('/client', 'header=ETag:"a"');
is(get('/client', app => 'status=304', headers => "Cache-Control: no-cache\r\n")
       ->{cache}, 'REVALIDATED', "$_: the app was asked") for 1 .. 3;


=== a cookie that a 304 sets is for the one who asked
--- uses: app
--- steps
stored('/x', $AGED);
my $got = get('/x', app => "$FRESH header=Set-Cookie:sid=1");
is("$got->{cache} $got->{headers}{'set-cookie'} $got->{body}",
   "REVALIDATED sid=1 one\n", 'given');
is($got->{reason}, 'set-cookie', 'not stored again');
$got = get('/x', app => $FRESH);
is("$got->{cache} $got->{body}", "REVALIDATED one\n", 'so it is asked about again');
is($got->{headers}{'set-cookie'}, undef, 'nobody else is given the cookie');


=== hc_cache_set_cookie strip: what a 304 with a cookie confirms is stored without it
--- uses: app
--- steps
stored('/strip', $AGED);
my $got = get('/strip', app => "$FRESH header=Set-Cookie:sid=1");
is("$got->{cache} $got->{headers}{'set-cookie'}", 'REVALIDATED sid=1', 'given');
$got = get('/strip');
is("$got->{cache} $got->{body}", "HIT one\n", 'stored');
is($got->{headers}{'set-cookie'}, undef, 'without the cookie');


=== hc_cache_set_cookie keep: the cookie of a 304 is for everybody
--- uses: app
--- steps
stored('/keep', "$AGED header=Set-Cookie:lang=de");
my $got = get('/keep', app => "$FRESH header=Set-Cookie:lang=en");
is("$got->{cache} $got->{headers}{'set-cookie'}", 'REVALIDATED lang=en', 'given once');
$got = get('/keep');
is("$got->{cache} $got->{headers}{'set-cookie'}", 'HIT lang=en', 'stored');


=== tags of what is in store are kept through a 304
--- uses: app
--- steps
stored('/x', "$AGED header=Surrogate-Key:red");
get('/x', app => $FRESH);
is(get('/x')->{cache}, 'HIT', 'confirmed');
is(get('/x', method => 'PURGE', headers => "Surrogate-Key: red\r\n")->{code}, 204, 'purged');
is(get('/x', app => 'body=two')->{cache}, 'MISS', 'gone');


=== tags of a 304 go in the place of those in store
--- uses: app
--- steps
stored('/x', "$AGED header=Surrogate-Key:red");
get('/x', app => "$FRESH header=Surrogate-Key:blue");
get('/x', method => 'PURGE', headers => "Surrogate-Key: red\r\n");
is(get('/x')->{cache}, 'HIT', 'not by the old one');
get('/x', method => 'PURGE', headers => "Surrogate-Key: blue\r\n");
is(get('/x', app => 'body=two')->{cache}, 'MISS', 'by the new one');


=== what proxy_hide_header hides is hidden in a 304, too
--- uses: app
--- steps
is(stored('/hidden', "$AGED header=X-Hidden:1")->{headers}{'x-hidden'}, undef, 'miss');
is(get('/hidden', app => "$FRESH header=X-Hidden:2")->{headers}{'x-hidden'}, undef, 'confirmed');
is(get('/hidden')->{headers}{'x-hidden'}, undef, 'hit');


=== a 304 that forbids to store is given, and nothing is left
--- uses: app
--- steps
stored('/x', $AGED);
my $got = get('/x', app => 'status=304 header=Cache-Control:no-store');
is("$got->{code} $got->{body} $got->{reason}", "200 one\n no-store", 'given');
is(get('/x', app => 'body=two')->{cache}, 'MISS', 'gone');
unlike(last_seen(), qr/^If-/m, 'and not asked about');


=== a failure that error_page would replace is replaced by what is in store
--- uses: app
--- steps
stored('/page', $AGED);
my $got = get('/page', app => 'status=500');
is("$got->{code} $got->{cache} $got->{body}", "200 STALE one\n", 'stale');


=== what the app says and hc_cache_use_stale does not name is up to error_page
--- uses: app
--- steps
stored('/page', $AGED);
my $got = get('/page', app => 'status=404');
is("$got->{code} $got->{body}", "200 sorry\n", 'the page');
is(get('/page', app => $FRESH)->{cache}, 'REVALIDATED', 'what is in store stays');


=== a HEAD is no confirmation, and changes nothing
--- uses: app
--- steps
stored('/x', $AGED);
my $got = get('/x', method => 'HEAD', app => $AGED);
is("$got->{code} $got->{body}", '200 ', 'answered');
is(get('/x', app => $FRESH)->{cache}, 'REVALIDATED', 'what is in store stays');
is(get('/x')->{body}, "one\n", 'with its body');


=== a 404 in store is not asked about
--- uses: app
--- steps
get('/brief', app => 'status=404 header=ETag:"a"');
ok(wait_until(sub { get('/brief', app => 'status=404 body=two')->{body} eq "two\n" }), 'new');
unlike(last_seen(), qr/^If-/m, 'without a condition');


=== hc_cache_revalidate off: the app is asked for all of it
--- uses: app
--- steps
get('/off', app => 'body=one header=Cache-Control:max-age=1 header=ETag:"a"');
ok(wait_until(sub { get('/off', app => 'body=two')->{body} eq "two\n" }), 'new');
unlike(last_seen(), qr/^If-/m, 'without a condition');


=== hc_cache_revalidate off: what is stale at once is not stored
--- uses: app
--- steps
is(stored('/off', $AGED)->{reason}, 'expired-on-arrival', 'not stored');
is(get('/off', app => 'body=two')->{body}, "two\n", 'asked anew');


=== what is stale in Redis is confirmed, and stored there with the new lifetime
--- uses: app redis
--- steps
stored('/l2', $AGED);
ok(l2_stored($redis), 'stored');
my ($key) = redis_keys($redis);
my $old = redis_bulk($redis, $key);
my $got = get('/l2', app => "$FRESH header=X-New:1");
is("$got->{code} $got->{cache} $got->{body}", "200 REVALIDATED one\n", 'confirmed');
like(last_seen(), qr/^If-None-Match: "a"\r?$/m, 'asked about');
ok(wait_until(sub { redis_bulk($redis, $key) ne $old }), 'stored again');
$got = get('/l2');
is("$got->{cache} $got->{tier} $got->{body}", "HIT L2 one\n", 'fresh');
is($got->{headers}{'x-new'}, 1, 'with the new field');


=== the tags of what is stale in Redis are kept through a 304
--- uses: app redis
--- config
    hc_cache z;
    hc_cache_l2 shared;
    hc_cache_l1_ttl 0;
    location / {
        hc_cache_tag $upstream_http_surrogate_key;
        hc_cache_purge 1 tag=$http_surrogate_key;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location = /status { hc_cache off; hc_status; }
--- steps
stored('/x', "$AGED header=Surrogate-Key:red");
ok(l2_stored($redis), 'stored');
my ($key) = redis_keys($redis);
my $old = redis_bulk($redis, $key);
is(get('/x', app => $FRESH)->{cache}, 'REVALIDATED', 'confirmed');
ok(wait_until(sub { redis_bulk($redis, $key) ne $old }), 'stored again');
is(get('/x')->{cache}, 'HIT', 'a hit');
get('/x', method => 'PURGE', headers => "Surrogate-Key: red\r\n");
is(get('/x', app => 'body=two')->{body}, "two\n", 'purged');


=== a write while the app confirms takes what it confirms with it
--- uses: app
--- steps
stored('/x', $AGED);
my $fill = begin_fill('/x', $FRESH);
is(get('/x', method => 'POST')->{code}, 200, 'written');
my $got = finish_fill($fill);
is($got->{reason}, 'fenced', 'not stored again');
is(get('/x', app => 'body=two')->{body}, "two\n", 'asked anew');
unlike(last_seen(), qr/^If-/m, 'without a condition');
