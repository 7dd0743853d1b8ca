# Bodies of every size and framing, however nginx carried them, are stored
# whole; what is too large is served and counted, not stored.

use HC;
use HC::Origin;

our $http = <<'_';
    hc_zone zone=pages:16m max_object=1m;
    hc_cache pages;
    hc_cache_valid 1m;
    add_header X-Cache $hc_cache_status always;
    add_header X-Reason $hc_cache_reason always;
_

our $config = <<'_';
    location / {
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }

    location = /status { hc_cache off; hc_status; }
_

# the same, to be spilled to temporary files

(our $spilled = $config) =~ s/(?=proxy_pass)/
        proxy_buffers 2 4k; proxy_buffer_size 4k; proxy_busy_buffers_size 4k;
        /x;

# or to go through one buffer, as it comes

(our $unbuffered = $config) =~ s/(?=proxy_pass)/
        proxy_buffering off; proxy_buffer_size 4k;
        /x;

# A server whose clients find little in the kernel's buffers, so that nginx is
# kept waiting by one that does not read.

our $slow_port = $ENV{TEST_NGINX_SLOW_PORT} = free_port();

our $slow = $http . <<"_";
    server {
        listen 127.0.0.1:$slow_port sndbuf=16k;
        server_name localhost;
$spilled
    }
_

# n bytes, no two stretches alike

sub body_of {
    my ($n) = @_;

    return substr join('', map { sprintf "%09d\n", $_ } 0 .. $n / 10 + 1), 0, $n;
}


# The app: /length/N and /chunked/N.

sub app {
    my ($request) = @_;

    my ($framing, $n) = $request =~ m{^GET /(\w+)/(\d+)};

    return answer(200, '', body_of($n)) if $framing eq 'length';
    return chunked(200, '', unpack '(a7000)*', body_of($n))
        if $framing eq 'chunked';
}


# a miss, then a hit, with the same whole body each

sub whole {
    my (@sizes) = @_;

    my $n = 0;

    for my $framing ('length', 'chunked') {
        for my $size (@sizes) {
            my $uri = "/$framing/$size";
            my ($miss, $hit) = (asks($uri), asks($uri));

            is(cache_of($miss), 'MISS', "$uri: a miss");
            is(cache_of($hit), 'HIT', "$uri: a hit");
            ok($miss->{body} eq body_of($size), "$uri: the miss is whole");
            ok($hit->{body} eq body_of($size), "$uri: the hit is whole");
            is(header($hit, 'Content-Length'), $size, "$uri: its length");
            $n++;
        }
    }

    is(requests(), $n, 'the app was asked for each once');
}


sub counted { return status_json('/status')->{zones}{pages} }


# what a client that reads in its own time is sent

sub reads_slowly {
    my ($uri) = @_;

    my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$slow_port")
        or return '';

    syswrite $s, "GET $uri HTTP/1.0\r\nHost: localhost\r\n\r\n";
    Time::HiRes::sleep(0.2);

    local $/;
    my $all = <$s>;
    $all =~ s/^.*?\r\n\r\n//s;

    return $all;
}


plan('no_plan');
run_tests();

__DATA__

=== bodies of 0, 1, 4096, 70 kB and 900 kB are stored whole
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request
GET /status
--- then
whole(0, 1, 4095, 4096, 4097, 70_000, 900_000);



=== the same through a small buffer, with proxy_buffering off
--- http_config eval: $::http
--- config eval: $::unbuffered
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request
GET /status
--- then
whole(0, 1, 4095, 4096, 4097, 70_000, 900_000);



=== the same with buffers so small that most is spilled to files
--- http_config eval: $::http
--- config eval: $::spilled
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request
GET /status
--- then
whole(0, 1, 4095, 4096, 4097, 70_000, 900_000);



=== a body spilled to a temporary file for a slow client is stored whole
--- http_config eval: $::slow
--- config eval: $::config
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request
GET /status
--- then
for my $uri ('/length/900000', '/chunked/900000') {
    ok(reads_slowly($uri) eq body_of(900_000), "$uri: the client has it all");
    my $hit = asks($uri, '', port => $slow_port);
    is(cache_of($hit), 'HIT', "$uri: a hit");
    ok($hit->{body} eq body_of(900_000), "$uri: the hit is whole");
}

ok(logged(qr/an upstream response is buffered to a temporary/),
   'a file was used');



=== a body spilled and sent by sendfile is stored whole
--- http_config eval: "sendfile on; $::slow"
--- config eval: $::config
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request
GET /status
--- then
ok(reads_slowly('/length/900000') eq body_of(900_000), 'the client has it all');
my $hit = asks('/length/900000', '', port => $slow_port);
is(cache_of($hit), 'HIT', 'a hit');
ok($hit->{body} eq body_of(900_000), 'the hit is whole');

ok(logged(qr/an upstream response is buffered to a temporary/),
   'a file was used');



=== a body spilled for HEAD's and 304's sake is stored whole as well
--- http_config eval: $::http
--- config eval: $::spilled
--- origin
[[ { reply => answer(200, 'ETag: "v1"', body_of(900_000)), end => 'close' } ]]
--- request
GET /a
--- more_headers
If-None-Match: "v1"
--- error_code: 304
--- then
ok(wait_until(sub { counted()->{stores} }), 'stored');
ok(asks('/a')->{body} eq body_of(900_000), 'whole');
is(requests(), 1, 'from one request');



=== a hit of 900 kB is whole for a slow client
--- http_config eval: $::slow
--- config eval: $::config
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request
GET /status
--- then
is(cache_of(asks('/length/900000', '', port => $slow_port)), 'MISS', 'stored');
ok(reads_slowly('/length/900000') eq body_of(900_000), 'all of it');
is(requests(), 1, 'from the entry');
ok(wait_until(sub { counted()->{pinned} == 0 }), 'nothing stays pinned');



=== proxy_limit_rate does not keep a body from being stored
--- http_config eval: $::http
--- config eval
(my $s = $::config) =~ s/(?=proxy_pass)/proxy_limit_rate 400k; /; $s
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request
GET /length/70000
--- response_headers
X-Cache: MISS
--- then
is(cache_of(asks('/length/70000')), 'HIT', 'a hit');



=== an object larger than max_object is served, not stored and counted
--- http_config
    hc_zone zone=pages:1m max_object=64k;
    hc_cache pages;
    hc_cache_valid 1m;
    add_header X-Cache $hc_cache_status always;
    add_header X-Reason $hc_cache_reason always;
--- config eval: $::config
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request eval
["GET /length/70000", "GET /length/70000",
 "GET /length/60000", "GET /length/60000"]
--- response_headers eval
["X-Cache: MISS\nX-Reason: too-large", "X-Cache: MISS\nX-Reason: too-large",
 "X-Cache: MISS\nX-Reason: ", "X-Cache: HIT"]
--- then
ok(asks('/length/70000')->{body} eq body_of(70_000), 'served whole');
is(counted()->{too_large}, 3, 'counted each time');
is(counted()->{stores}, 1, 'only the small one was stored');



=== an object that grows larger than max_object in chunks is served, not stored and counted
--- http_config
    hc_zone zone=pages:1m max_object=64k;
    hc_cache pages;
    hc_cache_valid 1m;
    add_header X-Cache $hc_cache_status always;
--- config eval: $::config
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request eval
["GET /chunked/70000", "GET /chunked/70000",
 "GET /chunked/60000", "GET /chunked/60000"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: MISS", "X-Cache: HIT"]
--- then
ok(asks('/chunked/70000')->{body} eq body_of(70_000), 'served whole');
is(counted()->{too_large}, 3, 'counted each time');
is(counted()->{stores}, 1, 'only the small one was stored');



=== max_object counts key and headers, too
--- http_config
    hc_zone zone=pages:1m max_object=8k;
    hc_cache pages;
    hc_cache_valid 1m;
    add_header X-Cache $hc_cache_status always;
--- config eval: $::config
--- origin
[
    [ { reply => answer(200, 'X-Fat: ' . 'x' x 2000, 'y' x 7000),
        end => 'close' } ],
    [ { reply => answer(200, 'X-Fat: ' . 'x' x 2000, 'y' x 7000),
        end => 'close' } ],
    [ { reply => answer(200, 'X-Fat: ' . 'x' x 200, 'y' x 7000),
        end => 'close' } ],
]
--- request eval
["GET /a", "GET /a", "GET /a", "GET /a"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: MISS", "X-Cache: HIT"]
--- then
is(counted()->{too_large}, 2, 'counted');



=== the default max_object of a small zone keeps a large object out
--- http_config
    hc_zone zone=pages:1m;
    hc_cache pages;
    hc_cache_valid 1m;
    add_header X-Cache $hc_cache_status always;
--- config eval: $::config
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request eval
["GET /length/900000", "GET /length/900000",
 "GET /length/1000", "GET /length/1000"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: MISS", "X-Cache: HIT"]
--- then
ok(asks('/length/900000')->{body} eq body_of(900_000), 'served whole');
is(counted()->{too_large}, 3, 'counted each time');



=== a zone smaller than what is asked of it serves all and keeps the last
--- http_config
    hc_zone zone=pages:1m max_object=100k;
    hc_cache pages;
    hc_cache_valid 1m;
    add_header X-Cache $hc_cache_status always;
--- config eval: $::config
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request
GET /status
--- then
my @bad = grep { asks("/length/$_")->{body} ne body_of($_) } 90_000 .. 90_039;
is("@bad", '', 'each is served whole');

cmp_ok(counted()->{evictions}, '>', 20, 'others made room');
is(cache_of(asks('/length/90039')), 'HIT', 'the last is kept');
is(cache_of(asks('/length/90000')), 'MISS', 'the first is not');
