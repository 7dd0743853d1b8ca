# FastCGI.  Mostly without Content-Length: then the body ends where its STDOUT
# stream does (an empty record, END_REQUEST after it; nginx is content with the
# first of them), not where the connection does.

use HC;
use HC::Origin;

our $http = <<'_';
    hc_zone zone=pages:1m;
    hc_cache pages;
    hc_cache_valid 1m;
    add_header X-Cache $hc_cache_status always;

    fastcgi_param REQUEST_METHOD $request_method;
    fastcgi_param SCRIPT_FILENAME $document_root/app.php;
    fastcgi_param QUERY_STRING $args;
    fastcgi_param CONTENT_TYPE $content_type;
    fastcgi_param CONTENT_LENGTH $content_length;
_

our $config = <<'_';
    location / {
        fastcgi_pass 127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }
_

our $php_config = <<'_';
    location / {
        fastcgi_pass 127.0.0.1:$TEST_NGINX_PHP_PORT;
    }
_

our $head = "Content-Type: text/plain\r\n\r\n";

# a php-cgi of its own for a block: --- php

my $php;
my $php_port = $ENV{TEST_NGINX_PHP_PORT} = free_port();

add_block_preprocessor(sub {
    my ($block) = @_;

    return if !defined $block->php;

    $php = fork();
    defined $php or die "fork: $!";

    if ($php == 0) {
        open STDERR, '>', '/dev/null';
        exec 'php-cgi', '-b', "127.0.0.1:$php_port" or POSIX::_exit(127);
    }

    wait_until(sub {
        IO::Socket::INET->new(PeerAddr => "127.0.0.1:$php_port");
    }) or die 'php-cgi does not listen';
});

add_test_cleanup_handler(sub {
    return if !$php;

    kill TERM => $php;
    waitpid $php, 0;
    undef $php;
});

plan('no_plan');
run_tests();

__DATA__

=== an answer without Content-Length is stored when its stream was ended
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => fastcgi("${head}hello ", "world\n"), end => 'close' } ]]
--- request eval
["GET /a", "GET /a"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT\nContent-Length: 12\nContent-Type: text/plain"]
--- response_body eval
["hello world\n", "hello world\n"]
--- then
is(requests(), 1, 'the app was asked once');



=== an answer whose connection ended before its stream is not stored, the whole one is
--- http_config eval: $::http
--- config eval: $::config
--- origin
[
    [ { reply => fastcgi("${head}half"), cut => -24, end => 'close' } ],
    [ { reply => fastcgi("${head}whole"), end => 'close' } ],
]
--- request
GET /other
--- response_headers
X-Cache: MISS
--- then
is(cache_of(asks('/a')), 'MISS', 'the first whole one');
is(asks('/a')->{body}, 'whole', 'stored');
is(cache_of(asks('/a')), 'HIT', 'and used');
is(cache_of(asks('/other')), 'MISS', 'the half one was not');



=== an answer of the app that says Content-Length and ends with it is stored
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => fastcgi("Content-Length: 5\r\n${head}12345"), end => 'close' } ]]
--- request eval
["GET /a", "GET /a"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]
--- response_body eval
["12345", "12345"]



=== after an answer shorter than it said the next one is asked for and stored
--- http_config eval: $::http
--- config eval: $::config
--- origin
[
    [ { bytes => 1, reply => fastcgi("${head}control"), end => 'close' } ],
    [ { reply => fastcgi("Content-Length: 9\r\n${head}12345"),
        end => 'close' } ],
    [ { reply => fastcgi("Content-Length: 9\r\n${head}123456789"),
        end => 'close' } ],
]
--- request
GET /control
--- then
asks('/a');
is(cache_of(asks('/a')), 'MISS', 'nothing was stored of the short one');
is(cache_of(my $hit = asks('/a')), 'HIT', 'the whole one was');
is($hit->{body}, '123456789', 'whole');
is(cache_of(asks('/control')), 'HIT', 'as was the control');



=== Status and Location of the app are stored with the answer
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => fastcgi("Status: 301 Moved\r\nLocation: /new\r\n${head}moved"),
     end => 'close' } ]]
--- request eval
["GET /a", "GET /a"]
--- error_code eval
[301, 301]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]
--- then
like(header(asks('/a'), 'Location'), qr{/new$}, 'Location on the hit');



=== Set-Cookie of the app is not stored, the same answer without it is
--- http_config eval: $::http
--- config eval: $::config
--- origin
[
    [ { reply => fastcgi("Set-Cookie: s=1\r\n${head}mine"), end => 'close' } ],
    [ { reply => fastcgi("${head}all"), end => 'close' } ],
]
--- request eval
["GET /a", "GET /a", "GET /a"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: HIT"]
--- response_body eval
["mine", "all", "all"]



=== the app is not told Range and conditionals of a request that fills
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => fastcgi("ETag: \"v1\"\r\nContent-Length: 10\r\n"
                      . "${head}0123456789"), end => 'close' } ]]
--- request
GET /a
--- more_headers
Range: bytes=2-4
If-Match: "v0", "v1"
Accept-Encoding: gzip
X-Told: yes
--- error_code: 206
--- response_headers
X-Cache: MISS
Content-Range: bytes 2-4/10
--- response_body: 234
--- then
like(requests_seen(), qr/HTTP_X_TOLDyes/, 'other fields are passed');
unlike(requests_seen(), qr/HTTP_(?:RANGE|IF_|ACCEPT_ENCODING)/,
       'these are not');
is(cache_of(my $hit = asks('/a')), 'HIT', 'the whole answer was stored');
is($hit->{body}, '0123456789', 'all of it');



=== Range of an answer of unknown length is ignored, and answered from the entry
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => fastcgi("${head}0123456789"), end => 'close' } ]]
--- request eval
["GET /a", "GET /a"]
--- more_headers
Range: bytes=2-4
--- error_code eval
[200, 206]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]
--- response_body eval
["0123456789", "234"]



=== where nothing may be stored the app is told Range
--- http_config eval: $::http
--- config
    location / {
        hc_cache off;
        fastcgi_pass 127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }
--- origin
[[ { reply => fastcgi("${head}0123456789"), end => 'close' } ]]
--- request
GET /a
--- more_headers
Range: bytes=2-4
--- then
like(requests_seen(), qr/HTTP_RANGEbytes=2-4/, 'Range is passed');



=== If-None-Match is answered on the filling request, and the body stored
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => fastcgi("ETag: \"v1\"\r\n${head}0123456789"), end => 'close' } ]]
--- request
GET /a
--- more_headers
If-None-Match: "v1"
--- error_code: 304
--- then
wait_until(sub { (cache_of(asks('/a')) || '') eq 'HIT' });
is(asks('/a')->{body}, '0123456789', 'the whole answer was stored');
is(requests(), 1, 'from the one request');



=== what the app says on stderr is no part of the stored answer
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => pack('CCnnCC', 1, 7, 1, 7, 1, 0) . "warning\0"
              . fastcgi("${head}page"), end => 'close' } ]]
--- request eval
["GET /a", "GET /a"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]
--- response_body eval
["page", "page"]
--- then
ok(logged(qr/FastCGI sent in stderr: "warning"/), 'it was logged');



=== PHP's answers are stored
--- php
--- http_config eval: $::http
--- config eval: $::php_config
--- user_files
>>> app.php
<?php header('X-Pid: ' . getmypid() . '-' . microtime(true)); echo "page\n";
--- request eval
["GET /a", "GET /a"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]
--- response_body eval
["page\n", "page\n"]
--- then
is(header(asks('/a'), 'X-Pid'), header(asks('/a'), 'X-Pid'),
   'the same answer again');
isnt(header(asks('/a'), 'X-Pid'), header(asks('/b'), 'X-Pid'),
   'which was not made anew');



=== PHP's answer to a session is not stored, its answer without one is
--- php
--- http_config eval: $::http
--- config eval: $::php_config
--- user_files
>>> app.php
<?php if (isset($_GET['in'])) { header('Cache-Control: no-store, no-cache'); }
echo "page\n";
--- request eval
["GET /a?in=1", "GET /a?in=1", "GET /a", "GET /a"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: MISS", "X-Cache: HIT"]



=== a POST to PHP leaves the cached page of its URI invalid
--- php
--- http_config eval: $::http
--- config eval: $::php_config
--- user_files
>>> app.php
<?php echo $_SERVER['REQUEST_METHOD'], file_get_contents('php://input'), "\n";
--- request eval
["GET /a", "GET /a", "POST /a
x=1", "GET /a", "GET /a"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT", "X-Cache: ", "X-Cache: MISS", "X-Cache: HIT"]
--- response_body eval
["GET\n", "GET\n", "POSTx=1\n", "GET\n", "GET\n"]



=== 70 kB and 900 kB of PHP are stored whole
--- php
--- http_config
    hc_zone zone=large:8m max_object=1m;
    fastcgi_param REQUEST_METHOD $request_method;
    fastcgi_param SCRIPT_FILENAME $document_root/app.php;
    fastcgi_param QUERY_STRING $args;
    hc_cache large;
    hc_cache_valid 1m;
    add_header X-Cache $hc_cache_status always;
--- config eval: $::php_config
--- user_files
>>> app.php
<?php for ($i = 0; $i < $_GET['n']; $i += 10) { printf("%09d\n", $i); }
--- request eval
["GET /a?n=70000", "GET /a?n=70000", "GET /a?n=900000", "GET /a?n=900000"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT", "X-Cache: MISS", "X-Cache: HIT"]
--- then
for my $n (70_000, 900_000) {
    my $want = join '', map { sprintf "%09d\n", $_ * 10 } 0 .. $n / 10 - 1;
    ok(asks("/a?n=$n")->{body} eq $want, "$n bytes, all of them");
}
