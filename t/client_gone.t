# The client leaves before it has its answer.  What can be stored is stored all
# the same, from that one request; for what cannot nginx stops asking, as it
# does without the module.

use HC;
use HC::Origin;

our $slow_port = $ENV{TEST_NGINX_SLOW_PORT} = free_port();

# Little room in the kernel's buffers (sndbuf), so that nginx is kept waiting
# by a client that does not read.

our $http = <<'_';
    hc_zone zone=pages:8m max_object=1m;
    hc_cache_valid 1m;
    add_header X-Cache $hc_cache_status always;
    add_header X-Reason $hc_cache_reason always;

    server {
        listen 127.0.0.1:$TEST_NGINX_SLOW_PORT sndbuf=16k;
        server_name localhost;

        location / {
            hc_cache pages;
            proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
        }

        location /direct/ {
            hc_cache pages;
            proxy_buffering off;
            proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
        }

        location /memory/ {
            hc_cache pages;
            proxy_max_temp_file_size 0;
            proxy_buffers 2 4k;
            proxy_busy_buffers_size 4k;
            proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
        }

        location /plain/ {
            proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
        }

        location /ignore/ {
            hc_cache pages;
            proxy_ignore_client_abort on;
            proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
        }

        location /fastcgi/ {
            hc_cache pages;
            fastcgi_param REQUEST_METHOD $request_method;
            fastcgi_pass 127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
        }

        location = /status { hc_status; }
    }
_

our $config = <<'_';
    location = /status { hc_status; }
_

our $big = join '', map { sprintf "%09d\n", $_ } 1 .. 90_000;

# The app waits until the client has gone: this is when the file is there.

our $gone = File::Temp::tmpnam();

sub go_on {
    my ($rest) = @_;

    return sub {
        wait_until(sub { -e $gone });
        return $rest;
    };
}

# first the one part, when the client has left the other

sub in_two {
    my ($all, $first) = @_;

    $first += length $all if $first < 0;

    return [[ { reply => substr($all, 0, $first) },
              { bytes => 0, reply => go_on(substr $all, $first),
                end => 'close' } ]];
}


# A client that asks, waits for $until (a pattern of what it is sent, or of
# what the app was sent), and leaves.

sub leaves {
    my ($how, $uri, $until, $headers) = @_;

    unlink $gone;

    my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$slow_port")
        or die "connect: $!";

    syswrite $s, "GET $uri HTTP/1.1\r\nHost: localhost\r\n"
                 . ($headers || '') . "\r\n";

    if ($until) {
        my $got = '';
        wait_until(sub {
            vec(my $in = '', fileno($s), 1) = 1;
            select($in, undef, undef, 0.05)
                and sysread($s, $got, 1024, length $got);
            return $got =~ $until;
        }) or fail("was sent $until");

    } else {
        origin()->wait_for(qr/\Q$uri\E|REQUEST_METHOD/) or fail('app was asked');
    }

    if ($how eq 'rst') {
        setsockopt $s, Socket::SOL_SOCKET(), Socket::SO_LINGER(),
                   pack('ii', 1, 0);
    }

    if ($how eq 'half') {
        shutdown $s, 1;
    } else {
        close $s;
    }

    open my $out, '>', $gone or die "$gone: $!";

    return $s;
}

sub counted { return status_json('/status')->{zones}{pages} }


# it was stored, whole, from the one request

sub filled {
    my ($uri, $body) = @_;

    ok(wait_until(sub { counted()->{stores} }), 'the answer was stored');

    my $hit = asks($uri, '', port => $slow_port);
    is(cache_of($hit), 'HIT', 'the next request is a hit');
    ok($hit->{body} eq $body, 'it is whole');
    is(requests(), 1, 'the app was asked once');
}


# nginx closed all its connections to the app, which waits for more

sub app_told {
    my ($port) = origin()->{listen} =~ /:(\d+)/;
    my $local = sprintf '0100007F:%04X', $port;

    return wait_until(sub {
        open my $in, '<', '/proc/net/tcp' or die $!;
        return !grep { /^\s*\d+: $local \S+ 01 / } <$in>;
    });
}

END { unlink $gone if defined $gone }

plan('no_plan');
run_tests();

__DATA__

=== the client closes before the header: the answer is stored
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => go_on(answer(200, '', 'page')), end => 'close' } ]]
--- request
GET /status
--- then
leaves('close', '/a');
filled('/a', 'page');



=== the client resets before the header: the answer is stored
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => go_on(answer(200, '', 'page')), end => 'close' } ]]
--- request
GET /status
--- then
leaves('rst', '/a');
filled('/a', 'page');



=== the client closes before the header of 900 kB: all is stored
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => go_on(answer(200, '', $big)), end => 'close' } ]]
--- request
GET /status
--- then
leaves('close', '/a');
filled('/a', $big);



=== the client closes before the header of 900 kB, proxy_buffering off: all is stored
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => go_on(answer(200, '', $big)), end => 'close' } ]]
--- request
GET /status
--- then
leaves('close', '/direct/a');
filled('/direct/a', $big);



=== the client closes in the middle of a small body: it is stored whole
--- http_config eval: $::http
--- config eval: $::config
--- origin
in_two(answer(200, '', 'first|second'), -6)
--- request
GET /status
--- then
leaves('close', '/direct/a', qr/first/);
filled('/direct/a', 'first|second');



=== the client resets in the middle of a small body: it is stored whole
--- http_config eval: $::http
--- config eval: $::config
--- origin
in_two(answer(200, '', 'first|second'), -6)
--- request
GET /status
--- then
leaves('rst', '/direct/a', qr/first/);
filled('/direct/a', 'first|second');



=== the client closes in the middle of 900 kB: all is stored
--- http_config eval: $::http
--- config eval: $::config
--- origin
in_two(answer(200, '', $big), 300_000)
--- request
GET /status
--- then
leaves('close', '/a', qr/000000100\n/);
filled('/a', $big);



=== the client resets in the middle of 900 kB: all is stored
--- http_config eval: $::http
--- config eval: $::config
--- origin
in_two(answer(200, '', $big), 300_000)
--- request
GET /status
--- then
leaves('rst', '/a', qr/000000100\n/);
filled('/a', $big);



=== the client closes in the middle of 900 kB, proxy_buffering off: all is stored
--- http_config eval: $::http
--- config eval: $::config
--- origin
in_two(answer(200, '', $big), 300_000)
--- request
GET /status
--- then
leaves('close', '/direct/a', qr/000000100\n/);
filled('/direct/a', $big);



=== the client resets in the middle of 900 kB, proxy_buffering off: all is stored
--- http_config eval: $::http
--- config eval: $::config
--- origin
in_two(answer(200, '', $big), 300_000)
--- request
GET /status
--- then
leaves('rst', '/direct/a', qr/000000100\n/);
filled('/direct/a', $big);



=== the client closes in the middle of 900 kB that fill all buffers, no file: all is stored
--- http_config eval: $::http
--- config eval: $::config
--- origin
in_two(answer(200, '', $big), 300_000)
--- request
GET /status
--- then
leaves('close', '/memory/a', qr/000000100\n/);
filled('/memory/a', $big);



=== the client resets in the middle of 900 kB that fill all buffers, no file: all is stored
--- http_config eval: $::http
--- config eval: $::config
--- origin
in_two(answer(200, '', $big), 300_000)
--- request
GET /status
--- then
leaves('rst', '/memory/a', qr/000000100\n/);
filled('/memory/a', $big);



=== the client closes in the middle of 900 kB in chunks: all is stored
--- http_config eval: $::http
--- config eval: $::config
--- origin
in_two(chunked(200, '', unpack '(a9000)*', $big), 300_000)
--- request
GET /status
--- then
leaves('close', '/a', qr/000000100\n/);
filled('/a', $big);



=== the client resets in the middle of 900 kB in chunks, proxy_buffering off: all is stored
--- http_config eval: $::http
--- config eval: $::config
--- origin
in_two(chunked(200, '', unpack '(a9000)*', $big), 300_000)
--- request
GET /status
--- then
leaves('rst', '/direct/a', qr/000000100\n/);
filled('/direct/a', $big);



=== the client closes in the middle of 900 kB of FastCGI: all is stored
--- http_config eval: $::http
--- config eval: $::config
--- origin
in_two(fastcgi("Content-Type: text/plain\r\n\r\n", unpack '(a9000)*', $big),
       300_000)
--- request
GET /status
--- then
leaves('close', '/fastcgi/a', qr/000000100\n/);
filled('/fastcgi/a', $big);



=== the client closes while the answer is coded by gzip: the plain one is stored
--- http_config eval
"gzip on; gzip_types *; $::http"
--- config eval: $::config
--- origin
in_two(answer(200, 'Content-Type: text/plain', $big), 300_000)
--- request
GET /status
--- then
leaves('close', '/a', qr/gzip/, "Accept-Encoding: gzip\r\n");
filled('/a', $big);



=== the client of a Range leaves: the whole answer is stored
--- http_config eval: $::http
--- config eval: $::config
--- origin
in_two(answer(200, '', $big), 300_000)
--- request
GET /status
--- then
leaves('close', '/a', qr/000000020\n/, "Range: bytes=100-800000\r\n");
filled('/a', $big);



=== with proxy_ignore_client_abort the answer is stored as well
--- http_config eval: $::http
--- config eval: $::config
--- origin
in_two(answer(200, '', $big), 300_000)
--- request
GET /status
--- then
leaves('close', '/ignore/a', qr/000000100\n/);
filled('/ignore/a', $big);



=== the client that only ends its sending is given its answer
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => go_on(answer(200, '', 'page')), end => 'close' } ]]
--- request
GET /status
--- then
my $s = leaves('half', '/a');
local $/;
like(scalar <$s>, qr/page$/, 'it is still read');
filled('/a', 'page');



=== the client leaves and the app's answer is cut: nothing is stored, the next one is
--- http_config eval: $::http
--- config eval: $::config
--- origin
[
    [ { reply => substr(answer(200, '', $big), 0, 300_000) },
      { bytes => 0, reply => go_on(substr $big, 300_000, 1000),
        end => 'close' } ],
    [ { reply => answer(200, '', $big), end => 'close' } ],
]
--- request
GET /status
--- then
leaves('close', '/a', qr/000000100\n/);
ok(wait_until(sub { logged(qr/upstream prematurely closed/) }), 'it was cut');
is(cache_of(asks('/a', '', port => $slow_port)), 'MISS', 'not stored');
is(cache_of(asks('/a', '', port => $slow_port)), 'HIT', 'the whole one is');



=== the client leaves before the header, then the app says the answer is private: it is told
--- http_config eval: $::http
--- config eval: $::config
--- origin
[
    [ { reply => go_on(answer(200, 'Cache-Control: private', $big)
                       =~ s/(?<=Length: )\d+/90000000/r) },
      { bytes => 1_000_000 } ],
    [ { reply => answer(200, '', 'control'), end => 'close' } ],
]
--- request
GET /status
--- then
leaves('close', '/a');
ok(app_told(), 'the app\'s connection is closed');
is(counted()->{stores}, 0, 'nothing was stored');
is(cache_of(asks('/b', '', port => $slow_port)), 'MISS', 'another answer');
is(cache_of(asks('/b', '', port => $slow_port)), 'HIT', 'is');



=== the client leaves in the middle of a private answer: the app is told
--- http_config eval: $::http
--- config eval: $::config
--- origin
[
    [ { reply => answer(200, 'Cache-Control: private', $big)
                 =~ s/(?<=Length: )\d+/90000000/r },
      { bytes => 1_000_000 } ],
    [ { reply => answer(200, '', 'control'), end => 'close' } ],
]
--- request
GET /status
--- then
leaves('close', '/a', qr/000000100\n/);
ok(app_told(), 'the app\'s connection is closed');
is(counted()->{stores}, 0, 'nothing was stored');
is(cache_of(asks('/b', '', port => $slow_port)), 'MISS', 'another answer');
is(cache_of(asks('/b', '', port => $slow_port)), 'HIT', 'is');



=== the client leaves in the middle of an answer that grows too large: the app is told
--- http_config eval: $::http
--- config eval: $::config
--- origin
[
    [ { reply => substr(chunked(200, '', $big), 0, -7) },
      { bytes => 0, reply => go_on("\r\ndbba0\r\n$big") },
      { bytes => 1_000_000 } ],
]
--- request
GET /status
--- then
leaves('close', '/a', qr/000000100\n/);
ok(app_told(), 'the app\'s connection is closed');
is(counted()->{too_large}, 1, 'it was too large');
is(counted()->{stores}, 0, 'nothing was stored');



=== without hc_cache the app is told at once, before the header
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { bytes => 1_000_000 } ]]
--- request
GET /status
--- then
leaves('close', '/plain/a');
ok(app_told(), 'the app\'s connection is closed');



=== a request that cannot be stored is given up at once, before the header
--- http_config eval: $::http
--- config eval: "$::config"
--- origin
[
    [ { bytes => 1_000_000 } ],
    [ { reply => answer(200, '', 'page'), end => 'close' } ],
]
--- request
GET /status
--- then
leaves('close', '/a', undef, "Content-Length: 1\r\n\r\nx");
ok(app_told(), 'the app\'s connection is closed');
is(cache_of(asks('/a', '', port => $slow_port)), 'MISS', 'one that can');
is(cache_of(asks('/a', '', port => $slow_port)), 'HIT', 'is');



=== the client of a hit leaves: nothing stays pinned, and others are answered
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => answer(200, '', $big), end => 'close' } ]]
--- request
GET /status
--- then
is(cache_of(asks('/a', '', port => $slow_port)), 'MISS', 'stored');

for my $how ('close', 'rst') {
    leaves($how, '/a', qr/000000100\n/);
    ok(wait_until(sub { counted()->{pinned} == 0 }), "$how: nothing is pinned");
}

ok(asks('/a', '', port => $slow_port)->{body} eq $big, 'others are answered');



=== the client leaves while the expired entry is sent for a failed app
--- http_config eval
(my $s = $::http) =~ s/valid 1m/valid 20ms/; $s
--- config eval: $::config
--- origin
[
    [ { reply => answer(200, '', $big), end => 'close' } ],
    [ { reply => answer(500, '', 'x' x 100_000), end => 'close' } ],
]
--- request
GET /status
--- then
is(cache_of(asks('/a', '', port => $slow_port)), 'MISS', 'stored');
Time::HiRes::sleep(0.05);
leaves('rst', '/a', qr/000000100\n/);
ok(wait_until(sub { counted()->{pinned} == 0 }), 'nothing stays pinned');
is(cache_of(asks('/a', '', port => $slow_port)), 'STALE', 'others are answered');
