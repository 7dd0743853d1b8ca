# Clients that speak HTTP/2 (without TLS, on a port of its own), and one that
# takes a stream back while it fills.

use HC;
use HC::Origin;

our $http = <<'_';
    hc_zone zone=pages:8m max_object=1m;
    add_header X-Cache $hc_cache_status always;

    server {
        listen 127.0.0.1:$TEST_NGINX_H2_PORT http2;
        server_name localhost;

        location / {
            hc_cache pages;
            hc_cache_valid 1m;
            proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
        }
    }
_

our $config = <<'_';
    location / {
        hc_cache pages;
        hc_cache_valid 1m;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }

    location = /status { hc_status; }
_

my $port = $ENV{TEST_NGINX_H2_PORT} = free_port();

our $big = join '', map { sprintf "%09d\n", $_ } 1 .. 90_000;


# h2('/uri', @options): what curl is answered

sub h2 {
    my ($uri, @options) = @_;

    open my $curl, '-|', 'curl', '-s', '-i', '--max-time', 5,
        '--http2-prior-knowledge', '--resolve', "localhost:$port:127.0.0.1",
        @options, "http://localhost:$port$uri"
        or die "curl: $!";
    local $/;
    my $all = <$curl>;
    close $curl;

    my ($head, $body) = split /\r\n\r\n/, $all, 2;
    my ($status) = $head =~ m{^HTTP/2 (\d+)};

    return { status => $status, head => $head, body => $body };
}


# A client in a few lines: enough to take a stream back.  Fields are literals
# that nobody indexes.

sub frame {
    my ($type, $flags, $stream, $payload) = @_;

    return substr(pack('N', length $payload), 1)
           . pack('CCN', $type, $flags, $stream) . $payload;
}


sub h2_request {
    my ($stream, $method, $uri) = @_;

    my $fields = join '', map { pack('C C/a* C/a*', 0, @$_) }
        [':method', $method], [':scheme', 'http'], [':path', $uri],
        [':authority', 'localhost'];

    return frame(1, 0x5, $stream, $fields);
}


sub h2_connect {
    my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port")
        or die "connect: $!";

    syswrite $s, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" . frame(4, 0, 0, '')
                 . join '', @_;

    return $s;
}


# waits for a frame of that type: 0 DATA, 1 HEADERS, 6 PING

sub h2_wait {
    my ($s, $type) = @_;

    my $all = '';

    return wait_until(sub {
        vec(my $in = '', fileno($s), 1) = 1;
        select($in, undef, undef, 0.05) and sysread($s, $all, 65536, length $all);

        my $at = 0;

        while (length($all) >= $at + 9) {
            my ($length, $got) = unpack 'N C', "\0" . substr $all, $at, 4;
            return 1 if $got == $type;
            $at += 9 + $length;
        }

        return 0;
    });
}


sub stored {
    return wait_until(sub { status_json('/status')->{zones}{pages}{stores} });
}


plan('no_plan');
run_tests();

__DATA__

=== an answer stored for an HTTP/1.1 client is a hit for an HTTP/2 client
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => answer(200, "X-App: yes\nContent-Type: text/css", "page\n"),
     end => 'close' } ]]
--- request
GET /a
--- response_headers
X-Cache: MISS
--- then
my $hit = h2('/a');
is($hit->{status}, 200, 'status');
is(cache_of($hit), 'HIT', 'a hit');
is($hit->{body}, "page\n", 'body');
is(header($hit, 'X-App'), 'yes', 'a field of the app');
is(header($hit, 'Content-Type'), 'text/css', 'its type');
is(header($hit, 'Content-Length'), 5, 'its length');
is(requests(), 1, 'the app was asked once');



=== an answer stored for an HTTP/2 client is a hit for an HTTP/1.1 client
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => answer(200, '', "page\n"), end => 'close' } ]]
--- request
GET /other
--- then
my $miss = h2('/a');
is(cache_of($miss), 'MISS', 'a miss first');
is($miss->{body}, "page\n", 'answered');
my $hit = asks('/a');
is(cache_of($hit), 'HIT', 'then a hit');
is($hit->{body}, "page\n", 'the same');



=== an answer the app does not want stored is asked for by each HTTP/2 client
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => answer(200, 'Cache-Control: private', "page\n"),
     end => 'close' } ]]
--- request
GET /a
--- then
is(cache_of(h2('/a')), 'MISS', 'a miss');
is(cache_of(h2('/a')), 'MISS', 'another');
is(requests(), 3, 'the app was asked by each');



=== HEAD over HTTP/2 is answered from the entry, without a body
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => answer(200, '', "page\n"), end => 'close' } ]]
--- request
GET /a
--- then
my $hit = h2('/a', '-I');
is(cache_of($hit), 'HIT', 'a hit');
is(header($hit, 'Content-Length'), 5, 'the length');
is($hit->{body}, '', 'no body');



=== If-None-Match over HTTP/2 is answered 304 from the entry
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => answer(200, 'ETag: "v1"', "page\n"), end => 'close' } ]]
--- request
GET /a
--- then
my $hit = h2('/a', '-H', 'If-None-Match: "v1"');
is($hit->{status}, 304, 'not modified');
is(cache_of($hit), 'HIT', 'a hit');
is($hit->{body}, '', 'no body');
is(h2('/a', '-H', 'If-None-Match: "v2"')->{status}, 200, 'another ETag');



=== If-None-Match over HTTP/2 is answered 304 on the filling request, which fills
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => answer(200, 'ETag: "v1"', $big), end => 'close' } ]]
--- request
GET /status
--- then
my $miss = h2('/a', '-H', 'If-None-Match: "v1"');
is($miss->{status}, 304, 'not modified');
is(cache_of($miss), 'MISS', 'a miss');
ok(stored(), 'the answer was stored');
ok(h2('/a')->{body} eq $big, 'whole');
is(requests(), 1, 'from one request');



=== Range over HTTP/2 is answered from the entry
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => answer(200, '', "0123456789"), end => 'close' } ]]
--- request
GET /a
--- then
my $hit = h2('/a', '-H', 'Range: bytes=2-4');
is($hit->{status}, 206, 'partial');
is(cache_of($hit), 'HIT', 'a hit');
is($hit->{body}, '234', 'the part');



=== 900 kB are stored and sent over HTTP/2 whole
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => answer(200, '', $big), end => 'close' } ]]
--- request
GET /status
--- then
ok(h2('/a')->{body} eq $big, 'on the miss');
my $hit = h2('/a');
is(cache_of($hit), 'HIT', 'a hit');
ok($hit->{body} eq $big, 'on the hit');



=== an empty body is a hit over HTTP/2
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => answer(200, '', ''), end => 'close' } ]]
--- request
GET /status
--- then
is(cache_of(h2('/a')), 'MISS', 'a miss');
my $hit = h2('/a');
is(cache_of($hit), 'HIT', 'a hit');
is($hit->{body}, '', 'empty');



=== a POST over HTTP/2 leaves the entry of its URI invalid
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => answer(200, '', "page\n"), end => 'close' } ]]
--- request eval
["GET /a", "GET /a"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]
--- then
is(h2('/a', '-d', 'x=1')->{status}, 200, 'written');
is(cache_of(asks('/a')), 'MISS', 'asked for again');
is(cache_of(h2('/a')), 'HIT', 'and stored');



=== the expired entry replaces an app that fails, over HTTP/2
--- http_config eval
(my $s = $::http) =~ s/valid 1m/valid 20ms/; $s
--- config eval: $::config
--- origin
[
    [ { reply => answer(200, '', "page\n"), end => 'close' } ],
    [ { reply => answer(500, '', "failed\n"), end => 'close' } ],
]
--- request
GET /status
--- then
is(cache_of(h2('/a')), 'MISS', 'stored');
Time::HiRes::sleep(0.05);
my $stale = h2('/a');
is($stale->{status}, 200, 'status');
is(cache_of($stale), 'STALE', 'stale');
is($stale->{body}, "page\n", 'body');



=== a stream taken back before the header still fills
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { delay => 0.2, reply => answer(200, '', $big), end => 'close' } ]]
--- request
GET /status
--- then
my $s = h2_connect(h2_request(1, 'GET', '/a'));
ok(origin()->wait_for(qr{GET /a}), 'the app is asked');
syswrite $s, frame(3, 0, 1, pack 'N', 8) . frame(6, 0, 0, 'ping....');
ok(h2_wait($s, 6), 'the stream is taken back');

ok(stored(), 'the answer was stored');
my $hit = h2('/a');
is(cache_of($hit), 'HIT', 'a hit');
ok($hit->{body} eq $big, 'whole');
is(requests(), 1, 'the app was asked once');



=== a stream taken back in the middle of the body still fills
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => substr(answer(200, '', $big), 0, 300_000) },
   { bytes => 0, delay => 0.2, reply => substr(answer(200, '', $big), 300_000),
     end => 'close' } ]]
--- request
GET /status
--- then
my $s = h2_connect(h2_request(1, 'GET', '/a'));
ok(h2_wait($s, 0), 'the body has begun');
syswrite $s, frame(3, 0, 1, pack 'N', 8);

ok(stored(), 'the answer was stored');
my $hit = h2('/a');
is(cache_of($hit), 'HIT', 'a hit');
ok($hit->{body} eq $big, 'whole');
is(requests(), 1, 'the app was asked once');



=== a stream taken back in the middle of the body fills without proxy_buffering, too
--- http_config eval
(my $s = $::http) =~ s/(proxy_pass)/proxy_buffering off; $1/; $s
--- config eval: $::config
--- origin
[[ { reply => substr(answer(200, '', $big), 0, 300_000) },
   { bytes => 0, delay => 0.2, reply => substr(answer(200, '', $big), 300_000),
     end => 'close' } ]]
--- request
GET /status
--- then
my $s = h2_connect(h2_request(1, 'GET', '/a'));
ok(h2_wait($s, 0), 'the body has begun');
syswrite $s, frame(3, 0, 1, pack 'N', 8);

ok(stored(), 'the answer was stored');
my $hit = h2('/a');
is(cache_of($hit), 'HIT', 'a hit');
ok($hit->{body} eq $big, 'whole');
is(requests(), 1, 'the app was asked once');



=== a connection closed in the middle of the body still fills
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => substr(answer(200, '', $big), 0, 300_000) },
   { bytes => 0, delay => 0.2, reply => substr(answer(200, '', $big), 300_000),
     end => 'close' } ]]
--- request
GET /status
--- then
my $s = h2_connect(h2_request(1, 'GET', '/a'));
ok(h2_wait($s, 0), 'the body has begun');
close $s;

ok(stored(), 'the answer was stored');
is(cache_of(h2('/a')), 'HIT', 'a hit');
is(requests(), 1, 'the app was asked once');



=== a stream taken back does not disturb another of its connection
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { delay => 0.1, reply => answer(200, '', 'page'), end => 'close' } ]]
--- request
GET /status
--- then
my $s = h2_connect(h2_request(1, 'GET', '/a'), h2_request(3, 'GET', '/b'));
ok(origin()->wait_for(qr{/a HTTP.*/b HTTP|/b HTTP.*/a HTTP}s), 'both are asked');
syswrite $s, frame(3, 0, 1, pack 'N', 8);
ok(h2_wait($s, 0), 'the other is answered');
is(cache_of(h2($_)), 'HIT', "$_ was stored") for '/a', '/b';
is(requests(), 2, 'the app was asked twice');



=== a hit taken back leaves nothing pinned
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => answer(200, '', $big), end => 'close' } ]]
--- request
GET /a
--- then
my $pinned = sub { status_json('/status')->{zones}{pages}{pinned} };

my $s = h2_connect(h2_request(1, 'GET', '/a'));
ok(h2_wait($s, 0), 'the body has begun');
is($pinned->(), 1, 'the entry is pinned while it is sent');
syswrite $s, frame(3, 0, 1, pack 'N', 8);
ok(wait_until(sub { $pinned->() == 0 }), 'and not any more');
