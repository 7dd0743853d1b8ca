# An answer of which a byte is missing is never stored: every cut of it is sent,
# and asked for again.  The whole one, asked for in the same way, is a hit.

use HC;
use HC::Origin;

our $http = <<'_';
    hc_zone zone=pages:8m;
    hc_cache pages;
    hc_cache_valid 1m;
    add_header X-Cache $hc_cache_status always;
    fastcgi_param REQUEST_METHOD $request_method;
    fastcgi_param REQUEST_URI $request_uri;
_

our $config = <<'_';
    location / {
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }

    location /direct/ {
        proxy_buffering off;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }

    location /one/ {
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }

    location /fastcgi/ {
        fastcgi_pass 127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }

    location /kept/ {
        fastcgi_keep_conn on;
        fastcgi_pass 127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }
_

our $json = '{"list":[' . join(',', map { "{\"id\":$_}" } 1 .. 12) . ']}';

our %whole = (
    none => '',
    length => answer(200, "Content-Type: application/json", $json),
    chunked => chunked(200, "Content-Type: application/json",
                       unpack '(a40)*', $json),
    fastcgi => fastcgi("Content-Type: text/plain\r\n\r\n",
                       unpack '(a40)*', $json),
    closed => "HTTP/1.1 200 OK\r\nConnection: close\r\n"
              . "Content-Type: application/json\r\n\r\n$json",
    text => "HTTP/1.1 200 OK\r\nConnection: close\r\n"
            . "Content-Type: text/plain\r\n\r\n$json",
);


# The app: /framing/bytes, with or without something in front.

sub app {
    my ($request) = @_;

    my ($framing, $n) = $request =~ m{/(\w+)/(\d+)(?: HTTP|\W|\z)};

    return substr $whole{$framing}, 0, $n;
}


# Which of the cuts are a hit the second time, as "from-to".

sub hits {
    my ($where, $framing, $from, $to) = @_;

    $from = 0 unless defined $from;
    $to = length($whole{$framing}) - 1 unless defined $to;

    my @hits = grep {
        asks("$where/$framing/$_");
        (cache_of(asks("$where/$framing/$_")) || '') eq 'HIT';
    } $from .. $to;

    return "@hits";
}


# no cut is, the whole is

sub only_whole {
    my ($where, $framing) = @_;

    my $size = length $whole{$framing};

    is(hits($where, $framing), '', "no cut of $size bytes is a hit");
    is(requests(), 2 * $size + 1, 'the app was asked each time');
    is(hits($where, $framing, $size, $size), $size, 'the whole is');
    is(asks("$where/$framing/$size")->{body}, $json, 'it is all of it');
}


log_level('info');
plan('no_plan');
run_tests();

__DATA__

=== with Content-Length
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request
GET /none/0
--- error_code: 502
--- then
only_whole('', 'length');



=== with Content-Length, proxy_buffering off
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request
GET /none/0
--- error_code: 502
--- then
only_whole('/direct', 'length');



=== with Content-Length, reset
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => \&app, end => 'rst' } ]]
--- request
GET /none/0
--- error_code: 502
--- then
is(hits('', 'length'), '', 'no cut is a hit');



=== in chunks
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request
GET /none/0
--- error_code: 502
--- then
only_whole('', 'chunked');



=== in chunks, proxy_buffering off
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request
GET /none/0
--- error_code: 502
--- then
only_whole('/direct', 'chunked');



=== in chunks, to a client of HTTP/1.1 upstream
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request
GET /none/0
--- error_code: 502
--- then
only_whole('/one', 'chunked');



=== FastCGI, up to the record that ends the stream
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request
GET /none/0
--- error_code: 502
--- then
my $size = length $whole{fastcgi};
is(hits('/fastcgi', 'fastcgi', 0, $size - 17), '', 'no cut is a hit');
is(hits('/fastcgi', 'fastcgi', $size, $size), $size, 'the whole is');
is(asks("/fastcgi/fastcgi/$size")->{body}, $json, 'it is all of it');



=== FastCGI with fastcgi_keep_conn, up to END_REQUEST
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request
GET /none/0
--- error_code: 502
--- then
my $size = length $whole{fastcgi};
is(hits('/kept', 'fastcgi', 0, $size - 9), '', 'no cut is a hit');
is(hits('/kept', 'fastcgi', $size, $size), $size, 'the whole is');
is(asks("/kept/fastcgi/$size")->{body}, $json, 'it is all of it');



=== JSON that only the closing ends: whole it is stored, cut it is not
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request
GET /none/0
--- error_code: 502
--- then
my $size = length $whole{closed};
is(hits('', 'closed'), '', "no cut of $size bytes is a hit");
is(hits('', 'closed', $size, $size), $size, 'the whole is');
is(asks("/closed/$size")->{body}, $json, 'it is all of it');
is(hits('/direct', 'closed', $size, $size), $size, 'with buffering off, too');
is(hits('/direct', 'closed', $size - 1, $size - 1), '', 'nor the cut');



=== what is not JSON and only the closing ends is not stored, whole or cut
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request
GET /none/0
--- error_code: 502
--- then
my $size = length $whole{text};
is(hits('', 'text', $size - 20, $size), '', 'not as text');
is(hits('/direct', 'text', $size - 20, $size), '', 'with buffering off neither');
$size = length $whole{closed};
is(hits('', 'closed', $size, $size), $size, 'as JSON it is');



=== the client of a cut answer is not told it was whole
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request
GET /none/0
--- error_code: 502
--- then
my $cut = asks('/length/' . (length($whole{length}) - 5));
is(header($cut, 'Content-Length'), length $json, 'the length it should have');
is(length $cut->{body}, length($json) - 5, 'is not what came');

my $raw = http_get('/chunked/' . (length($whole{chunked}) - 20));
unlike($raw, qr/\r\n0\r\n\r\n\z/, 'the last chunk does not come');
$raw = http_get('/chunked/' . length $whole{chunked});
like($raw, qr/\r\n0\r\n\r\n\z/, 'of a whole one it does');
