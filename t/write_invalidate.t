# What a write makes forgotten, in L1 and L2, what it does not, and that its
# own answer is not touched by it.

use HC;
use HC::Steps;

our $http_config = <<'_EOC_';
    hc_zone zone=z:8m;
    hc_l2 shared {
        server redis://127.0.0.1:$TEST_NGINX_REDIS_PORT;
        timeout 20s;
        connect_timeout 20s;
    }
    upstream app {
        server 127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    upstream second {
        server 127.0.0.1:$TEST_NGINX_DEAD_PORT max_fails=0;
        server 127.0.0.1:$TEST_NGINX_APP_PORT backup;
    }
    map $request_method $write {
        default $request_method;
        GET     "";
    }
    limit_req_zone $write zone=slow:1m rate=1r/m;
    add_header X-Cache $hc_cache_status always;
    add_header X-Tier $hc_cache_tier always;
    add_header X-Reason $hc_cache_reason always;
    proxy_read_timeout 20s;
    client_max_body_size 3m;
_EOC_

our $config = <<'_EOC_';
    hc_cache z;
    hc_cache_l2 shared;
    hc_cache_valid 60s;
    location / {
        proxy_pass http://app;
    }
    location /l2/ {
        hc_cache_l1_ttl 0;
        proxy_pass http://app;
    }
    location /custom {
        hc_cache_key "own:$http_x_key";
        proxy_pass http://app;
    }
    location /sorted {
        hc_cache_args a b;
        proxy_pass http://app;
    }
    location /order {
        hc_invalidate uri=/list?uid=$arg_uid uri=/l2/list key=own:orders;
        proxy_pass http://app;
    }
    location /outside {
        hc_cache off;
        hc_invalidate uri=$arg_of;
        proxy_pass http://app;
    }
    location /no-module {
        hc_cache off;
        proxy_pass http://app;
    }
    location /unbuffered {
        proxy_buffering off;
        proxy_pass http://app;
    }
    location /streamed {
        proxy_request_buffering off;
        proxy_http_version 1.1;
        proxy_pass http://app;
    }
    location /error-page {
        error_page 404 500 502 504 /oops;
        proxy_intercept_errors on;
        proxy_pass http://app;
    }
    location = /oops {
        hc_cache off;
        internal;
        proxy_method GET;
        proxy_set_header X-App "";
        proxy_pass http://app;
    }
    location /denied {
        limit_except GET { deny all; }
        proxy_pass http://app;
    }
    location /limited {
        limit_req zone=slow;
        proxy_pass http://app;
    }
    location /small {
        client_max_body_size 10;
        proxy_pass http://app;
    }
    location /second {
        proxy_next_upstream error timeout non_idempotent;
        proxy_pass http://second;
    }
    location /gone {
        proxy_pass http://127.0.0.1:$TEST_NGINX_DEAD_PORT;
    }
    location = /status {
        hc_cache off;
        hc_status;
    }
_EOC_

# The same with replies of Redis that can be made late.

our $late = $http_config;
$late =~ s/REDIS_PORT/SLOW_PORT/;

# The same where the app's time is soon over.

(our $impatient = $http_config) =~ s/read_timeout 20s/read_timeout 1s/;
(our $impatient_late = $late) =~ s/read_timeout 20s/read_timeout 1s/;


# The first invalidation of all makes the versions in redis, and everything
# older is forgotten with it; that must not stand in for what is tested.

sub prime {
    get('/no-one', method => 'POST');
    is(redis_command($redis, 'EXISTS', 'hc:versions'), ":1\r\n", 'versions');
}


# Puts an answer into L1 and L2.

sub cache {
    my ($uri, %o) = @_;

    my $before = status_of(l2 => 'stores');
    get($uri, %o);

    wait_until(sub { status_of(l2 => 'stores') > $before })
        or fail("$uri is stored in L2");

    kept($uri, 'is cached', %o);
}


sub kept {
    my ($uri, $why, %o) = @_;

    is(get($uri, %o)->{cache}, 'HIT', "$uri $why");
}


sub gone {
    my ($uri, $why, %o) = @_;

    my $got = get($uri, %o);

    is("$got->{cache} $got->{body}",
       'MISS value=' . $app->value . " target=$uri\n", "$uri $why");
}


# The body the app makes for size=$n.

sub sized {
    my ($n, $line) = @_;

    return $line . substr 'abcdefghijklmno' x ($n / 15 + 1), 0,
                          $n - length $line;
}


plan('no_plan');
run_tests();

__DATA__

=== every unsafe method makes its target forgotten
--- uses: redis app
--- steps
prime();
for my $method (qw(POST PUT PATCH DELETE MKCOL LOCK PROPPATCH WHATEVER)) {
    for my $uri ("/$method", "/l2/$method") {
        cache($uri);
        my $got = get($uri, method => $method);
        is($got->{code}, 200, "$method is answered");
        is($got->{body}, 'value=' . $app->value . " target=$uri\n", 'by the app');
        gone($uri, "after $method");
    }
}


=== a safe method makes nothing forgotten
--- uses: redis app
--- steps
prime();
cache('/x');
for my $method (qw(GET HEAD OPTIONS PROPFIND)) {
    is(get('/x', method => $method)->{code}, 200, "$method is answered");
    kept('/x', "after $method");
}
get('/x', method => 'POST');
gone('/x', 'after POST');


=== a write concerns its own target, with its arguments, on its own host
--- uses: redis app
--- steps
prime();
cache($_) for '/x', '/x?a=1', '/y', '/l2/x';
cache('/x', host => 'other');
get('/x?a=1', method => 'POST');
gone('/x?a=1', 'was written to');
kept($_, 'was not') for '/x', '/y', '/l2/x';
kept('/x', 'on the other host was not', host => 'other');
get('/x', method => 'POST');
gone('/x', 'was written to');
kept('/x', 'on the other host was not', host => 'other');


=== a write finds the entry whatever the order of the arguments
--- uses: redis app
--- steps
prime();
cache('/x?a=1&b=2');
get('/x?b=2&a=1', method => 'POST');
gone('/x?a=1&b=2', 'other order');
cache('/sorted?b=2&a=1&drop=1');
get('/sorted?a=1&b=2', method => 'POST');
is(get('/sorted?b=2&a=1')->{cache}, 'MISS', 'hc_cache_args');


=== a write finds the entry however the path is spelled
--- uses: redis app
--- steps
prime();
for (['/a-b', '/a%2Db'], ['/%61bc', '/abc'], ['/d/x', '/d/./x'],
     ['/e/../x', '/x'], ['/f//x', '/f/x'], ['/g%20h', '/g%20%68'])
{
    my ($read, $write) = @$_;
    cache($read);
    get($write, method => 'POST');
    gone($read, "after $write");
}
cache('/a%3Fb');
get('/a?b', method => 'POST');
kept('/a%3Fb', 'is another target than /a?b');


=== all entries of a target are forgotten, whatever their keys
--- uses: redis app
--- steps
prime();
my @keys = map { +{ headers => "X-Key: $_\r\n" } } qw(en de fr);
cache('/custom', %$_) for @keys;
cache('/custom?2', headers => "X-Key: other\r\n");
get('/custom', method => 'POST', headers => "X-Key: unrelated\r\n");
gone('/custom', "with $_->{headers}", %$_) for @keys;
kept('/custom?2', 'is another target', headers => "X-Key: other\r\n");


=== hc_invalidate names targets and keys
--- uses: redis app
--- steps
prime();
cache($_) for '/list?uid=7', '/list?uid=8', '/l2/list', '/order?uid=7';
cache('/custom', headers => "X-Key: orders\r\n");
cache('/custom', headers => "X-Key: else\r\n");
get('/order?uid=7', method => 'POST');
gone('/list?uid=7', 'is named');
gone('/l2/list', 'is named, in L2 only');
gone('/custom', 'is named by its key', headers => "X-Key: orders\r\n");
gone('/order?uid=7', 'is the target');
kept('/list?uid=8', 'is not named');
kept('/custom', 'is not named', headers => "X-Key: else\r\n");


=== hc_invalidate works where nothing is cached
--- uses: redis app
--- steps
prime();
cache($_) for '/x', '/y', '/l2/z';
get('/outside?of=/x', method => 'POST');
gone('/x', 'is named');
kept('/y', 'is not named');
get('/outside', method => 'POST');
kept('/y', 'an empty name names nothing');
get('/no-module?of=/y', method => 'POST');
kept('/y', 'without hc_invalidate');
get('/outside?of=/l2/z', method => 'GET');
kept('/l2/z', 'a GET does not invalidate');


=== the app's own 4xx or 5xx means that nothing was done
--- uses: redis app
--- steps
prime();
for my $status (400, 403, 404, 409, 422, 500, 502, 503, 504) {
    my $uri = "/l2/$status";
    cache($uri);
    cache("/$status");
    is(get($_, method => 'POST', app => "status=$status")->{code}, $status,
       'as the app says') for $uri, "/$status";
    kept($uri, "after $status");
    kept("/$status", "after $status");
}
get('/404', method => 'POST', app => 'status=303');
gone('/404', 'after 303');


=== an unknown outcome makes the target forgotten
--- uses: redis app
--- http_config eval: $main::impatient
--- steps
prime();
for my $fault ('reset', 'close', 'silent', 'cut=9', 'header=:') {
    (my $name = $fault) =~ tr/a-z//cd;
    for my $uri ("/$name", "/l2/$name") {
        cache($uri);
        my $got = get($uri, method => 'POST', app => $fault);
        like($got->{code}, qr/^(?:50[24]|200)$/, "$fault: an answer");
        gone($uri, "after $fault");
    }
}


=== a refused connection is an unknown outcome, too
--- uses: redis app
--- steps
prime();
for my $uri ('/x', '/l2/x') {
    cache($uri);
    $app->pause;
    is(get($uri, method => 'POST')->{code}, 502, 'refused');
    $app->resume;
    gone($uri, 'after that');
}


=== a refusal by the second server says nothing about the first
--- uses: redis app
--- steps
prime();
cache('/second');
is(get('/second', method => 'POST', app => 'status=404')->{code}, 404,
   'the second refuses');
gone('/second', 'after that');


=== error_page on a failed write hides nothing
--- uses: redis app
--- http_config eval: $main::impatient
--- steps
prime();
cache('/error-page');
my $got = get('/error-page', method => 'POST', app => 'reset');
is($got->{code}, 502, 'status');
like($got->{body}, qr{target=/oops}, 'from error_page');
gone('/error-page', 'after a reset');
cache('/error-page?2');
$got = get('/error-page?2', method => 'POST', app => 'silent');
is($got->{code}, 504, 'status');
gone('/error-page?2', 'after a timeout');
cache('/error-page?3');
$got = get('/error-page?3', method => 'POST', app => 'status=404');
is($got->{code}, 404, 'status');
like($got->{body}, qr{target=/oops}, 'from error_page');
kept('/error-page?3', "after the app's 404");


=== what nginx refuses before the app makes nothing forgotten
--- uses: redis app
--- steps
prime();
cache($_) for '/denied', '/limited', '/small';
is(get('/denied', method => 'POST')->{code}, 403, 'denied');
is(get('/small', method => 'POST', body => 'x' x 11)->{code}, 413, 'too large');
is(get('/limited', method => 'PUT')->{code}, 200, 'the first is let through');
gone('/limited', 'after it');
is(get('/limited', method => 'POST')->{code}, 200, 'so is the first POST');
is(get('/limited?2', method => 'POST')->{code}, 503, 'the next is not');
my $before = scalar $app->requests;
kept('/denied', 'after 403');
kept('/small', 'after 413');
is(scalar($app->requests), $before, 'the app saw nothing');
is(get('/small', method => 'POST', body => 'x' x 10)->{code}, 200, 'fits');
gone('/small', 'after 200');


=== an answer waits until redis has acknowledged
--- uses: redis slow app
--- http_config eval: $main::late
--- steps
prime();
cache('/x');
$slow->hold;
my $write = send_get('/x', method => 'POST');
ok(wait_until(sub { $app->value == 2 }), 'the app has written');
my $got = get('/x', method => 'POST', app => 'status=404');
cmp_ok($got->{time}, '<', 10, 'nothing to wait for after a 404');
ok(!is_answered($write), 'no answer while redis is silent');
$slow->delay(0);
$got = read_answer($write);
is($got->{code}, 200, 'status');
is($got->{body}, "value=2 target=/x\n", 'body');
is(status_of(l2 => 'untold'), 0, 'all were told');


=== L1 forgets before the answer leaves
--- uses: redis slow app
--- http_config eval: $main::late
--- steps
prime();
cache('/x');
$slow->hold;
my $write = send_get('/x', method => 'POST');
ok(wait_until(sub { $app->value == 2 }), 'the app has written');
my ($n, $read) = status_of(l2 => 'gets');
ok(wait_until(sub {
    $read = send_get('/x');
    wait_until(sub { is_answered($read) || status_of(l2 => 'gets') > $n });
    !is_answered($read);
}), 'not from L1');
ok(!is_answered($write), 'while the write waits');
$slow->delay(0);
is(read_answer($read)->{body}, "value=2 target=/x\n", 'the new value');
is(read_answer($write)->{code}, 200, 'the write is answered');


=== the answer of a write comes whole, whatever its shape
--- uses: redis slow app
--- http_config eval: $main::late
--- timeout: 30
--- steps
prime();
$slow->delay(0.05);
for my $uri ('/x', '/unbuffered', '/outside?of=/y') {
    for my $size (0, 4096, 70_000, 900_000) {
        for my $shape ('', 'chunked', 'until_close') {
            my $got = get($uri, method => 'POST',
                          app => "size=$size $shape header=X-Own:1");
            my $line = 'value=' . $app->value . " target=$uri\n";
            my $want = $size ? sized($size, $line) : $line;

            ok($got->{code} == 200 && $got->{whole} && $got->{body} eq $want
               && $got->{headers}{'x-own'} eq '1'
               && $got->{headers}{'content-type'} eq 'text/plain',
               "$uri $size $shape");
        }
    }
    my $got = get($uri, method => 'DELETE', app => 'status=204');
    is($got->{code}, 204, 'no content');
    is($got->{body}, '', 'no body');
    $got = get($uri, method => 'PUT', app => 'status=303 header=Location:/n');
    is($got->{code}, 303, 'a redirect');
    like($got->{headers}{location}, qr{/n$}, 'its place');
}
$slow->delay(0);


=== an answer that waits longer than proxy_read_timeout comes whole
--- uses: redis slow app
--- http_config eval: $main::impatient_late
--- steps
prime();
$slow->delay(1.5);
my %sent = map {
    my ($uri, $shape) = split;
    ($_ => send_get($uri, method => 'POST', app => "size=900000 $shape"));
} '/x -', '/unbuffered -', '/x chunked', '/unbuffered chunked';
for my $what (sort keys %sent) {
    my $got = read_answer($sent{$what});
    ok($got->{whole} && length $got->{body} == 900_000, $what);
    cmp_ok($got->{time}, '>=', 1.5, 'it did wait');
}
$slow->delay(0);


=== a connection is kept after an answer that was held
--- uses: redis slow app
--- http_config eval: $main::late
--- steps
prime();
$slow->delay(0.1);
my $post = "POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc";
my $last = "GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
my $got = http_request($post . $post . $last);
is(join(' ', $got =~ m{^(value=\d+ target=/x)$}mg),
   'value=2 target=/x value=3 target=/x value=3 target=/x', 'in order');
$slow->delay(0);


=== a slow client gets the whole answer of a write
--- uses: redis slow app
--- http_config eval: $main::late
--- steps
prime();
$slow->delay(0.05);
my $sent = send_get('/x', method => 'POST', app => 'size=900000');
wait_until(sub { $app->value == 2 });
Time::HiRes::sleep(0.3);
my $got = read_answer($sent);
ok($got->{body} eq sized(900_000, "value=2 target=/x\n"), 'every byte');
$slow->delay(0);


=== the app is sent the body of a write untouched
--- uses: redis app
--- steps
prime();
require HC::Peer;
my $record = Test::Nginx::Util::server_root() . '/logs/record';
my $peer = HC::Peer->start(listen => "127.0.0.1:$ENV{TEST_NGINX_DEAD_PORT}",
    record => $record, script => [[ { bytes => 300_000,
        reply => "HTTP/1.1 201 Made\r\nContent-Length: 2\r\n\r\nok" } ]]);
my $body = join '', map { chr } map { $_ % 256 } 1 .. 300_000;
my $got = get('/gone', method => 'POST', body => $body,
              headers => "Range: bytes=0-1\r\nIf-Match: \"x\"\r\n");
is("$got->{code} $got->{body}", '201 ok', 'answered');
my $all = $peer->recorded;
like($all, qr/^Range: bytes=0-1\r$/m, 'Range');
like($all, qr/^If-Match: "x"\r$/m, 'If-Match');
ok($all =~ /\r\n\r\n(.*)/s && $1 eq $body, 'body');
$peer->stop;


=== a client that leaves before the answer has still written
--- uses: redis app
--- steps
prime();
for my $uri ('/x', '/l2/x') {
    cache($uri);
    my $n = $app->value;
    my $sent = send_get($uri, method => 'POST', app => 'gate=g');
    ok(wait_until(sub { $app->value == $n + 1 }), 'the app has written');
    close $sent->{socket};
    my $got;
    ok(wait_until(sub { ($got = get($uri))->{cache} ne 'HIT' }), 'forgotten');
    is($got->{body}, 'value=' . $app->value . " target=$uri\n", 'new value');
    $app->open_gate('g');
}


=== a client that leaves in the middle of its body may have written
--- uses: redis app
--- steps
prime();
cache('/streamed');
my $begun = $app->begun;
my $sent = send_raw("POST /streamed HTTP/1.1\r\nHost: localhost\r\n"
                    . "Content-Length: 1000\r\n\r\n" . 'x' x 500);
ok(wait_until(sub { $app->begun > $begun }), 'the app has begun');
close $sent->{socket};
ok(wait_until(sub { get('/streamed')->{cache} ne 'HIT' }),
   'the app had seen a part');
cache('/x');
$sent = send_raw("POST /x HTTP/1.1\r\nHost: localhost\r\n"
                 . "Content-Length: 1000\r\n\r\n" . 'x' x 500);
Time::HiRes::sleep(0.1);
close $sent->{socket};
Time::HiRes::sleep(0.1);
kept('/x', 'the app had seen nothing');


=== the other worker's L1 forgets, too
--- uses: redis app
--- steps
prime();
cache('/x');
my ($hits, %value) = (0);
get('/x', method => 'POST');
for (1 .. 40) {
    my $got = get('/x');
    $value{$got->{body}}++;
    $hits++ if $got->{cache} eq 'HIT';
}
is(join(',', keys %value), "value=2 target=/x\n", 'the new value only');
cmp_ok($hits, '>=', 38, 'from the cache');


=== invalidations are counted
--- uses: redis app
--- steps
prime();
cache('/x');
cache('/l2/x');
my $n = status_of(l2 => 'invalidations');
get('/x', method => 'POST');
gone('/x', 'after a write');
is(status_of(l2 => 'invalidations') - $n, 1, 'one asked');
cmp_ok(status_of(zones => 'invalidated'), '>=', 1, 'L1 saw one');
get('/l2/x', method => 'POST');
gone('/l2/x', 'after a write');
cmp_ok(status_of(l2 => 'stale_fence'), '>=', 1, 'L2 saw one');
is(status_of(l2 => 'untold'), 0, 'all told');


=== without a Redis that answers nothing of a write changes but the time
--- uses: redis app
--- http_config eval
(my $c = $main::http_config) =~ s/REDIS_PORT/DEAD_PORT/; $c
--- steps
my $got = get('/x', method => 'POST', app => 'size=70000');
is($got->{code}, 200, 'answered');
is(length $got->{body}, 70_000, 'whole');
cmp_ok($got->{time}, '<', 10, 'soon');
get('/x');
is(get('/x')->{tier}, 'L1', 'in L1');
get('/x', method => 'POST');
is(get('/x')->{body}, "value=2 target=/x\n", 'forgotten in L1');
