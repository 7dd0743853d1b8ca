# hc_cache_unframed: answers whose end only the closing of the connection marks.

use HC;
use HC::Origin;

our $http = 'hc_zone zone=pages:4m;';

our $config = <<'_';
    hc_cache pages;
    hc_cache_valid 200 1m;
    add_header X-Cache $hc_cache_status always;
    add_header X-Reason $hc_cache_reason always;

    location = /first {
        return 204;
    }

    location / {
        hc_cache_unframed on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }

    location /direct/ {
        hc_cache_unframed on;
        proxy_buffering off;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }

    location /off/ {
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }

    location /fastcgi/ {
        hc_cache_unframed on;
        fastcgi_pass 127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }

    location /scgi/ {
        hc_cache_unframed on;
        scgi_pass 127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }
_

our $closed = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\na whole text";
our $records = fastcgi("Content-Type: text/plain\r\n\r\n", 'a whole text');
our $cgi = "Status: 200 OK\r\nContent-Type: text/plain\r\n\r\na whole text";


# what two requests of it were

sub twice {
    my ($uri) = @_;

    my ($one, $two) = (asks($uri), asks($uri));

    return join ' ', cache_of($one), header($one, 'X-Reason') || '-',
                     cache_of($two);
}


log_level('info');
plan('no_plan');
run_tests();

__DATA__

=== a clean end of the connection is the end of the answer
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => $closed, end => 'close' } ]]
--- request
GET /first
--- error_code: 204
--- then
is(twice('/x'), 'MISS - HIT', 'stored');
is(asks('/x')->{body}, 'a whole text', 'whole');


=== the same with buffering off
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => $closed, end => 'close' } ]]
--- request
GET /first
--- error_code: 204
--- then
is(twice('/direct/x'), 'MISS - HIT', 'stored');
is(asks('/direct/x')->{body}, 'a whole text', 'whole');


=== without the directive it is not stored
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => $closed, end => 'close' } ]]
--- request
GET /first
--- error_code: 204
--- then
is(twice('/off/x'), 'MISS - MISS', 'not stored');


=== a reset is no end
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => $closed, end => 'rst' } ]]
--- request
GET /first
--- error_code: 204
--- then
is(twice('/x'), 'MISS - MISS', 'not stored');
is(twice('/direct/x'), 'MISS - MISS', 'with buffering off neither');


=== fewer bytes than Content-Length says are not stored
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => "HTTP/1.0 200 OK\r\nContent-Length: 20\r\n\r\nnot all", end => 'close' } ]]
--- request
GET /first
--- error_code: 204
--- then
is(twice('/x'), 'MISS - MISS', 'not stored');


=== chunks without the last one are not stored
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", end => 'close' } ]]
--- request
GET /first
--- error_code: 204
--- then
is(twice('/x'), 'MISS - MISS', 'not stored');


=== FastCGI has an end of its own, which must come
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => substr($records, 0, length($records) - 32), end => 'close' } ]]
--- request
GET /first
--- error_code: 204
--- then
is(twice('/fastcgi/x'), 'MISS - MISS', 'not stored');


=== SCGI has none but the end of the connection
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => $cgi, end => 'close' } ]]
--- request
GET /first
--- error_code: 204
--- then
is(twice('/scgi/x'), 'MISS - HIT', 'stored');
