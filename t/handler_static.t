# A location whose handler is nginx's own file server.

use HC;
use HC::Origin;

our $http = <<'_';
    hc_zone zone=pages:1m;
    hc_cache pages;
    hc_cache_valid 1m;
    add_header X-Cache $hc_cache_status always;
_

our $files = <<'_';
>>> a.txt
0123456789
>>> empty.txt
>>> d/index.html
the index
_

our $big = join '', map { sprintf "%09d\n", $_ } 1 .. 50_000;

plan('no_plan');
run_tests();

__DATA__

=== a file is stored, and answered from memory when it is gone
--- http_config eval: $::http
--- config
    location / { root html; }
--- user_files eval: $::files
--- request eval
["GET /a.txt", "GET /a.txt"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT\nContent-Type: text/plain\nContent-Length: 11"]
--- then
unlink html_dir() . '/a.txt';
is(asks('/a.txt')->{body}, "0123456789\n", 'from memory');
is(asks('/b.txt')->{status}, 404, 'there is no such file, in truth');



=== without hc_cache the file is what is answered
--- config
    location / { root html; }
--- user_files eval: $::files
--- request
GET /a.txt
--- then
unlink html_dir() . '/a.txt';
is(asks('/a.txt')->{status}, 404, 'nothing was kept');



=== a file sent by sendfile is stored whole
--- http_config
    hc_zone zone=pages:8m max_object=1m;
    hc_cache pages;
    hc_cache_valid 1m;
    add_header X-Cache $hc_cache_status always;
    sendfile on;
    output_buffers 1 1k;
--- config
    location / { root html; }
--- user_files eval: ">>> big.txt\n$::big"
--- request eval
["GET /big.txt", "GET /big.txt"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]
--- then
ok(asks('/big.txt')->{body} eq $big, 'all of it');



=== Range is answered from the file on the filling request, then from the entry
--- http_config eval: $::http
--- config
    location / { root html; }
--- user_files eval: $::files
--- more_headers
Range: bytes=3-5
--- request eval
["GET /a.txt", "GET /a.txt"]
--- error_code eval
[206, 206]
--- response_headers eval
["X-Cache: MISS\nContent-Range: bytes 3-5/11",
 "X-Cache: HIT\nContent-Range: bytes 3-5/11"]
--- response_body eval
["345", "345"]
--- then
is(asks('/a.txt')->{body}, "0123456789\n", 'the entry is whole');



=== a Range that cannot be satisfied is 416, of the file and of the entry
--- http_config eval: $::http
--- config
    location / { root html; }
--- user_files eval: $::files
--- more_headers
Range: bytes=50-60
--- request eval
["GET /a.txt", "GET /a.txt"]
--- error_code eval
[416, 416]
--- then
is(asks('/a.txt')->{body}, "0123456789\n", 'the whole file without Range');



=== If-None-Match is answered 304 of the file and of the entry
--- http_config eval: $::http
--- config
    location / { root html; }
--- user_files eval: $::files
--- request
GET /a.txt
--- then
my $etag = header(asks('/a.txt'), 'ETag');
like($etag, qr/^"[0-9a-f-]+"$/, 'the entry has the file\'s ETag');

my $hit = asks('/a.txt', "If-None-Match: $etag\r\n");
is($hit->{status}, 304, 'from the entry');
is(cache_of($hit), 'HIT', 'a hit');
is(asks('/a.txt', "If-None-Match: \"x\"\r\n")->{status}, 200, 'another ETag');



=== If-Modified-Since is answered 304 of the entry
--- http_config eval: $::http
--- config
    location / { root html; }
--- user_files eval: $::files
--- request
GET /a.txt
--- then
my $date = header(asks('/a.txt'), 'Last-Modified');
like($date, qr/ GMT$/, 'the entry has Last-Modified');

my $hit = asks('/a.txt', "If-Modified-Since: $date\r\n");
is($hit->{status}, 304, 'from the entry');
is(cache_of($hit), 'HIT', 'a hit');
is(asks('/a.txt',
        "If-Modified-Since: Mon, 28 Sep 1970 06:00:00 GMT\r\n")->{status},
   200, 'modified since another date');



=== a filling request that is answered 304 stores the whole file
--- http_config eval: $::http
--- config
    location / { root html; if_modified_since before; }
--- user_files eval: $::files
--- request
GET /a.txt
--- more_headers
If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT
--- error_code: 304
--- response_headers
X-Cache: MISS
--- then
is(cache_of(asks('/a.txt')), 'HIT', 'stored');
is(asks('/a.txt')->{body}, "0123456789\n", 'whole');



=== an empty file is an entry, too
--- http_config eval: $::http
--- config
    location / { root html; }
--- user_files eval: $::files
--- request eval
["GET /empty.txt", "GET /empty.txt"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT\nContent-Length: 0"]
--- response_body eval
["", ""]



=== HEAD is answered from the file's entry, and makes none
--- http_config eval: $::http
--- config
    location / { root html; }
--- user_files eval: $::files
--- request eval
["HEAD /a.txt", "GET /a.txt", "HEAD /a.txt"]
--- response_headers eval
["X-Cache: MISS\nContent-Length: 11", "X-Cache: MISS",
 "X-Cache: HIT\nContent-Length: 11"]
--- response_body eval
["", "0123456789\n", ""]



=== 404 of a missing file is stored only where it is listed
--- http_config
    hc_zone zone=pages:1m;
    add_header X-Cache $hc_cache_status always;
--- config
    root html;
    location /plain/ { hc_cache pages; hc_cache_valid 1m; }
    location /listed/ { hc_cache pages; hc_cache_valid 404 1m; }
--- request eval
["GET /plain/x", "GET /plain/x", "GET /listed/x", "GET /listed/x"]
--- error_code eval
[404, 404, 404, 404]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: MISS", "X-Cache: HIT"]



=== a directory's index is stored under the directory's URI
--- http_config eval: $::http
--- config
    location / { root html; }
--- user_files eval: $::files
--- request eval
["GET /d/", "GET /d/"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]
--- response_body eval
["the index\n", "the index\n"]



=== gzip below the cache codes the hit, the entry stays plain
--- http_config
    hc_zone zone=pages:1m;
    hc_cache pages;
    hc_cache_valid 1m;
    add_header X-Cache $hc_cache_status always;
    gzip on;
    gzip_types *;
    gzip_min_length 1;
--- config
    location / { root html; }
--- user_files eval: $::files
--- request eval
["GET /a.txt", "GET /a.txt", "GET /a.txt"]
--- more_headers eval
["Accept-Encoding: gzip", "Accept-Encoding: gzip", ""]
--- response_headers eval
["X-Cache: MISS\nContent-Encoding: gzip",
 "X-Cache: HIT\nContent-Encoding: gzip",
 "X-Cache: HIT\n!Content-Encoding"]
--- then
is(asks('/a.txt')->{body}, "0123456789\n", 'plain for who asks for it');
