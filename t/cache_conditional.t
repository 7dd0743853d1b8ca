# Range and conditional requests, answered from the whole body: on a hit, and
# on the request that fills.

use HC;
use HC::Echo;

our $big = CORE::join('', map { sprintf "%06d\n", $_ } 1 .. 10_000);

# one location for all: the app sends files, whole or as it is told
our $config = <<'END';
    location / {
        hc_cache pages;
        hc_cache_valid 200 404 1m;
        proxy_pass http://origin;
    }

    location /cut/ {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_buffers 4 4k;
        proxy_buffer_size 4k;
        proxy_busy_buffers_size 8k;
        proxy_pass http://origin/files/;
    }
END

add_block_preprocessor(sub {
    my ($block) = @_;

    $block->set_value('config', $config);
    $block->set_value('user_files', ">>> big.txt\n$big>>> ten.txt\n0123456789");

    if ($block->name =~ /page nginx makes/) {
        $block->set_value('user_files', CORE::join("\n", '>>> ten.txt', 'ten',
            map { (">>> length-$_.txt", 'x' x $_) } 120 .. 240));
    }
});

plan('no_plan');
run_tests();

__DATA__

=== a range is cut out of a hit
--- request eval
["GET /files/ten.txt", "GET /files/ten.txt"]
--- more_headers eval
["", "Range: bytes=2-4"]
--- error_code eval
[200, 206]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT\nContent-Range: bytes 2-4/10\nContent-Length: 3"]
--- response_body eval
["0123456789", "234"]


=== a range on the filling request is answered, and the whole is stored
--- request eval
["GET /files/ten.txt", "GET /files/ten.txt"]
--- more_headers eval
["Range: bytes=2-4", ""]
--- error_code eval
[206, 200]
--- response_headers eval
["X-Cache: MISS\nContent-Range: bytes 2-4/10\n!X-Seen-Range",
 "X-Cache: HIT\nContent-Length: 10"]
--- response_body eval
["234", "0123456789"]


=== the app is not shown the range of a filling request
--- request eval
["GET /a", "GET /a"]
--- more_headers eval
["Range: bytes=0-0", ""]
--- error_code eval
[206, 200]
--- response_headers eval
["X-Cache: MISS\n!X-Seen-Range", "X-Cache: HIT\n!X-Seen-Range"]
--- response_body eval
["1", "1\n"]


=== a suffix range is cut out of a hit
--- request eval
["GET /files/ten.txt", "GET /files/ten.txt", "GET /files/ten.txt"]
--- more_headers eval
["", "Range: bytes=-3", "Range: bytes=-9223372036854775807"]
--- error_code eval
[200, 206, 206]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT\nContent-Range: bytes 7-9/10",
 "X-Cache: HIT\nContent-Range: bytes 0-9/10"]
--- response_body eval
["0123456789", "789", "0123456789"]


=== a range behind the end of a hit is refused
--- request eval
["GET /files/ten.txt", "GET /files/ten.txt", "GET /files/ten.txt"]
--- more_headers eval
["", "Range: bytes=10-", ""]
--- error_code eval
[200, 416, 200]
--- response_headers eval
["X-Cache: MISS", "Content-Range: bytes */10", "X-Cache: HIT"]


=== a range behind the end of what fills is refused, and the next is whole
--- request eval
["GET /files/ten.txt", "GET /files/ten.txt", "GET /files/ten.txt"]
--- more_headers eval
["Range: bytes=10-", "", ""]
--- error_code eval
[416, 200, 200]
--- response_headers_like eval
["Content-Range: bytes \\*/10", "X-Cache: (?:MISS|HIT)",
 "X-Cache: HIT"]
--- response_body_like eval
["416", "^0123456789\$", "^0123456789\$"]


=== several ranges are cut out of a hit
--- request eval
["GET /files/ten.txt", "GET /files/ten.txt"]
--- more_headers eval
["", "Range: bytes=0-1,8-9"]
--- error_code eval
[200, 206]
--- response_headers_like eval
["X-Cache: MISS", "X-Cache: HIT\nContent-Type: multipart/byteranges; boundary=.*"]
--- response_body_like eval
["^0123456789\$",
 "bytes 0-1/10\r\n\r\n01\r\n.*bytes 8-9/10\r\n\r\n89\r\n"]


=== several ranges of an answer that comes in pieces do not harm the fill
--- request eval
["GET /cut/big.txt", "GET /cut/big.txt"]
--- more_headers eval
["Range: bytes=0-6,35000-35006,69993-69999", ""]
--- error_code_like eval
["200|206", "200"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT\nContent-Length: 70000"]


=== a range far into an answer that comes in pieces is cut right
--- request eval
["GET /cut/big.txt", "GET /cut/big.txt"]
--- more_headers eval
["Range: bytes=69993-", ""]
--- error_code eval
[206, 200]
--- response_headers eval
["X-Cache: MISS\nContent-Range: bytes 69993-69999/70000",
 "X-Cache: HIT\nContent-Length: 70000"]
--- response_body eval
["010000\n", $main::big]


=== a range at the start of an answer in pieces does not end the fill
--- request eval
["GET /cut/big.txt", "GET /cut/big.txt"]
--- more_headers eval
["Range: bytes=0-6", ""]
--- error_code eval
[206, 200]
--- response_headers eval
["X-Cache: MISS\nContent-Range: bytes 0-6/70000",
 "X-Cache: HIT\nContent-Length: 70000"]
--- response_body eval
["000001\n", $main::big]


=== two hundred ranges of a hit are the whole
--- request eval
["GET /files/ten.txt", "GET /files/ten.txt"]
--- more_headers eval
["", "Range: bytes=" . CORE::join(',', ("0-9") x 200)]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT\nContent-Length: 10"]
--- response_body eval
["0123456789", "0123456789"]


=== only a 200 is cut
--- request eval
["GET /a", "GET /a"]
--- more_headers eval
["O-Status: 404", "Range: bytes=0-0"]
--- error_code eval
[404, 404]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT\n!Content-Range"]
--- response_body eval
["1\n", "1\n"]


=== a HEAD with a range is answered from a hit
--- request eval
["GET /files/ten.txt", "HEAD /files/ten.txt"]
--- more_headers eval
["", "Range: bytes=2-4"]
--- error_code eval
[200, 206]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT\nContent-Range: bytes 2-4/10"]
--- response_body eval
["0123456789", ""]


=== If-Range with the same tag is a range, with another one the whole
--- request eval
["GET /a", "GET /a", "GET /a"]
--- more_headers eval
['O-ETag: "v1"', qq{Range: bytes=0-0\nIf-Range: "v1"},
 qq{Range: bytes=0-0\nIf-Range: "v2"}]
--- error_code eval
[200, 206, 200]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT", "X-Cache: HIT"]
--- response_body eval
["1\n", "1", "1\n"]


=== If-Range on the filling request is answered here
--- request eval
["GET /a", "GET /b", "GET /a", "GET /b"]
--- more_headers eval
[qq{O-ETag: "v1"\nRange: bytes=0-0\nIf-Range: "v1"},
 qq{O-ETag: "v2"\nRange: bytes=0-0\nIf-Range: "v1"}, "", ""]
--- error_code eval
[206, 200, 200, 200]
--- response_headers eval
["X-Cache: MISS\n!X-Seen-If-Range", "X-Cache: MISS\n!X-Seen-If-Range",
 "X-Cache: HIT", "X-Cache: HIT"]
--- response_body eval
["1", "2\n", "1\n", "2\n"]


=== If-None-Match with the same tag is a 304 from a hit
--- request eval
["GET /a", "GET /a", "GET /a"]
--- more_headers eval
['O-ETag: "v1"', 'If-None-Match: "v1"', 'If-None-Match: "v2"']
--- error_code eval
[200, 304, 200]
--- response_headers eval
["X-Cache: MISS", qq{X-Cache: HIT\nETag: "v1"\n!Content-Length},
 "X-Cache: HIT"]
--- response_body eval
["1\n", "", "1\n"]


=== If-None-Match on the filling request is a 304, and the whole is stored
--- request eval
["GET /a", "GET /a"]
--- more_headers eval
[qq{O-ETag: "v1"\nIf-None-Match: "v1"}, ""]
--- error_code eval
[304, 200]
--- response_headers eval
["X-Cache: MISS\n!X-Seen-If-None-Match",
 "X-Cache: HIT\n!X-Seen-If-None-Match"]
--- response_body eval
["", "1\n"]


=== a 304 on the filling request does not end the fill of an answer in pieces
--- request eval
["GET /cut/big.txt", "GET /cut/big.txt"]
--- more_headers eval
["If-None-Match: *", ""]
--- error_code eval
[304, 200]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT\nContent-Length: 70000"]
--- response_body eval
["", $main::big]


=== If-Modified-Since with the same date is a 304 from a hit
--- request eval
["GET /a", "GET /a", "GET /a"]
--- more_headers eval
["O-Last-Modified: Tue, 01 Jan 2019 00:00:00 GMT",
 "If-Modified-Since: Tue, 01 Jan 2019 00:00:00 GMT",
 "If-Modified-Since: Tue, 01 Jan 2018 00:00:00 GMT"]
--- error_code eval
[200, 304, 200]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT", "X-Cache: HIT"]
--- response_body eval
["1\n", "", "1\n"]


=== If-Modified-Since on the filling request is a 304, and the whole is stored
--- request eval
["GET /a", "GET /a"]
--- more_headers eval
["O-Last-Modified: Tue, 01 Jan 2019 00:00:00 GMT\n"
 . "If-Modified-Since: Tue, 01 Jan 2019 00:00:00 GMT", ""]
--- error_code eval
[304, 200]
--- response_headers eval
["X-Cache: MISS\n!X-Seen-If-Modified-Since",
 "X-Cache: HIT\nLast-Modified: Tue, 01 Jan 2019 00:00:00 GMT"]
--- response_body eval
["", "1\n"]


=== If-Match with another tag is refused from a hit, and the page stays
--- request eval
["GET /a", "GET /a", "GET /a"]
--- more_headers eval
['O-ETag: "v1"', 'If-Match: "v2"', 'If-Match: "v1"']
--- error_code eval
[200, 412, 200]
--- response_body_like eval
["^1\n", "412", "^1\n"]


=== If-Match with another tag on the filling request is refused
--- request eval
["GET /a", "GET /a", "GET /a"]
--- more_headers eval
[qq{O-ETag: "v1"\nIf-Match: "v2"}, qq{O-ETag: "v1"}, qq{O-ETag: "v1"}]
--- error_code eval
[412, 200, 200]
--- response_body_like eval
["412", "^[12]\n", "^[12]\n"]
--- response_headers_like eval
["", "X-Cache: (?:MISS|HIT)", "X-Cache: HIT"]


=== a HEAD with If-None-Match is a 304 from a hit
--- request eval
["GET /a", "HEAD /a"]
--- more_headers eval
['O-ETag: "v1"', 'If-None-Match: "v1"']
--- error_code eval
[200, 304]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]
--- response_body eval
["1\n", ""]


=== a HEAD that misses goes to the app with its conditionals
--- request eval
["HEAD /a", "GET /a", "HEAD /a"]
--- more_headers eval
['If-None-Match: "v1"', "", 'If-None-Match: "v1"']
--- response_headers eval
['X-Seen-If-None-Match: "v1"', "X-Cache: MISS\n!X-Seen-If-None-Match",
 "X-Cache: HIT\n!X-Seen-If-None-Match"]


=== a request that is passed by goes to the app with its conditionals
--- request eval
["GET /a
x=1", "GET /a", "GET /a"]
--- more_headers eval
["Range: bytes=0-0\nIf-None-Match: \"v1\"", "", ""]
--- response_headers eval
["X-Cache: BYPASS\nX-Seen-Range: bytes=0-0\nX-Seen-If-None-Match: \"v1\"",
 "X-Cache: MISS", "X-Cache: HIT"]


=== a filling request with a range for an answer that is not stored is a range
--- request eval
["GET /a", "GET /a", "GET /a", "GET /a"]
--- more_headers eval
[("O-Cache-Control: no-store\nRange: bytes=0-0") x 2,
 ("Range: bytes=0-0") x 2]
--- error_code_like eval
["200|206", "200|206", 206, 206]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: MISS", "X-Cache: HIT"]
--- response_body_like eval
["^1\n?\$", "^2\n?\$", "^3\$", "^3\$"]


=== a 304 the app sends by itself is passed on and not stored
--- request eval
["GET /a", "GET /a", "GET /a"]
--- more_headers eval
["O-Status: 304", "", ""]
--- error_code eval
[304, 200, 200]
--- response_headers eval
["X-Cache: MISS\nX-Reason: status", "X-Cache: MISS", "X-Cache: HIT"]
--- response_body eval
["", "2\n", "2\n"]


=== the page nginx makes of a refused range or tag is never stored as the answer
--- request eval
["GET /files/ten.txt", "GET /files/ten.txt"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]
--- then
# answers as long as nginx's own 412 and 416 pages, whatever its version
my (@poisoned, @hits);

for my $n (120 .. 240) {
    for my $header ('Range: bytes=9999999-', 'If-Match: "none"') {
        (my $name = $header) =~ s/\W.*//;
        my $uri = "/files/length-$n.txt?$name";

        http_get($uri, headers => "$header\r\n");

        my $next = http_get($uri);
        my $hit = http_get($uri);

        push @poisoned, "$n $name" if grep { !/\r\n\r\nx{$n}\n?\z/ } $next, $hit;
        push @hits, $n if $hit =~ /^X-Cache: HIT/m;
    }
}

is("@poisoned", '', 'each time the answer itself');
is(scalar @hits, 242, 'and a hit in the end');
