# The app fails: the expired entry is the answer, while hc_cache_use_stale
# names that failure and hc_cache_stale has not passed.

use HC;
use HC::Origin;

our $http = <<'_';
    hc_zone zone=pages:1m;
    hc_cache pages;
    hc_cache_valid 30ms;
    add_header X-Cache $hc_cache_status always;
    add_header X-Tier $hc_cache_tier always;
_

our $config = <<'_';
    location / {
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }
_

our $impatient = "proxy_read_timeout 1s; $config";

# The app: good the first time, then as told.  "connect" is no step: the app
# is stopped.

sub app_then {
    my (@steps) = @_;

    return [ [ { reply => answer(200, 'X-App: yes', 'page'), end => 'close' } ],
             map { [ $_ ] } @steps ];
}

our %step = (
    500 => { reply => answer(500, '', 'failed'), end => 'close' },
    501 => { reply => answer(501, '', 'failed'), end => 'close' },
    502 => { reply => answer(502, '', 'failed'), end => 'close' },
    503 => { reply => answer(503, '', 'failed'), end => 'close' },
    504 => { reply => answer(504, '', 'failed'), end => 'close' },
    403 => { reply => answer(403, '', 'failed'), end => 'close' },
    404 => { reply => answer(404, '', 'failed'), end => 'close' },
    429 => { reply => answer(429, '', 'failed'), end => 'close' },
    200 => { reply => answer(200, '', 'new'), end => 'close' },
    reset => { end => 'rst' },
    closed => { end => 'close' },
    header_cut => { reply => "HTTP/1.1 200 OK\r\nContent-Le", end => 'rst' },
    header_closed => { reply => "HTTP/1.1 200 OK\r\nContent-Le",
                       end => 'close' },
    invalid => { reply => "HTTP/1.1 200 OK\r\n\0bad\r\n\r\n", end => 'close' },
    too_big => { reply => answer(200, 'X-Big: ' . 'x' x 9000, 'page'),
                 end => 'close' },
    silent => { },
);

sub expire { Time::HiRes::sleep(0.06) }


# the failure is answered by the entry, or by itself

sub stale {
    my ($name) = @_;

    expire();
    my $got = asks('/a');
    is("$got->{status} " . cache_of($got) . " $got->{body}", '200 STALE page',
       "$name: the expired entry");
    is(header($got, 'X-App'), 'yes', "$name: with its fields");
    is(header($got, 'X-Tier'), 'L1', "$name: from L1");
    cmp_ok(header($got, 'Age'), '>=', 0, "$name: with its age");
}

sub itself {
    my ($name, $status) = @_;

    expire();
    my $got = asks('/a');
    is($got->{status}, $status, "$name: the app's own answer");
    is(cache_of($got), 'EXPIRED', "$name: there was an entry");
    isnt($got->{body}, 'page', "$name: it was not used");
}


plan('no_plan');
run_tests();

__DATA__

=== 500, 502, 503 and 504 of the app are answered by the expired entry
--- http_config eval: $::http
--- config eval: $::config
--- origin
app_then(@step{500, 502, 503, 504})
--- request
GET /a
--- response_headers
X-Cache: MISS
--- then
stale($_) for 500, 502, 503, 504;
is(requests(), 5, 'the app was asked each time');



=== 501, 404, 403 and 429 of the app are its answers, unless listed
--- http_config eval: $::http
--- config eval: $::config
--- origin
app_then(@step{501, 404, 403, 429})
--- request
GET /a
--- then
itself($_, $_) for 501, 404, 403, 429;



=== 404, 403 and 429 that are listed are answered by the expired entry
--- http_config eval: $::http
--- config eval
"hc_cache_use_stale http_404 http_403 http_429; $::config"
--- origin
app_then(@step{404, 403, 429, 500})
--- request
GET /a
--- then
stale($_) for 404, 403, 429;
itself(500, 500);



=== a connection reset or closed before the header is answered by the expired entry
--- http_config eval: $::http
--- config eval: $::config
--- origin
app_then(@step{'reset', 'closed'})
--- request
GET /a
--- then
stale($_) for 'reset', 'closed';



=== a connection reset or closed within the header is answered by the expired entry
--- http_config eval: $::http
--- config eval: $::config
--- origin
app_then(@step{'header_cut', 'header_closed'})
--- request
GET /a
--- then
stale($_) for 'reset', 'closed';



=== a header that is not valid is answered by the expired entry
--- http_config eval: $::http
--- config eval: $::config
--- origin
app_then($step{'invalid'})
--- request
GET /a
--- then
stale('invalid');



=== a header larger than proxy_buffer_size is answered by the expired entry
--- http_config eval: $::http
--- config eval: $::config
--- origin
app_then($step{'too_big'})
--- request
GET /a
--- then
stale('too big');



=== an app that says nothing in time is answered by the expired entry
--- http_config eval: $::http
--- config eval: $::impatient
--- origin
app_then($step{'silent'})
--- request
GET /a
--- then
stale('timeout');



=== an app that cannot be connected to is answered by the expired entry
--- http_config eval: $::http
--- config eval: $::config
--- origin
app_then()
--- request
GET /a
--- then
origin()->stop;
stale('connect');
stale('connect, again');



=== without an entry each failure is the app's or nginx's own
--- http_config eval: $::http
--- config eval: $::impatient
--- origin
[ map { [ $_ ] } @step{500, 503, 'reset', 'invalid', 'silent', 200} ]
--- request
GET /a
--- error_code: 500
--- response_body: failed
--- response_headers
X-Cache: MISS
--- then
is(asks('/a')->{status}, 503, 'its status');
is(asks('/a')->{status}, 502, 'reset');
is(asks('/a')->{status}, 502, 'invalid header');
is(asks('/a')->{status}, 504, 'timeout');
is(asks('/a')->{body}, 'new', 'and an answer when it works');



=== with hc_cache_use_stale off each failure is the app's or nginx's own
--- http_config eval: $::http
--- config eval: "hc_cache_use_stale off; $::impatient"
--- origin
app_then(@step{500, 502, 503, 504, 'reset', 'invalid', 'silent'})
--- request
GET /a
--- then
itself($_, $_) for 500, 502, 503, 504;
itself('reset', 502);
itself('invalid header', 502);
itself('timeout', 504);
origin()->stop;
itself('connect', 502);



=== "error" is a connection that fails, nothing else
--- http_config eval: $::http
--- config eval: "hc_cache_use_stale error; $::impatient"
--- origin
app_then(@step{'reset', 'header_cut', 502, 'silent', 'invalid'})
--- request
GET /a
--- then
stale($_) for 'reset', 'within the header';
itself('502 of the app', 502);
itself('timeout', 504);
itself('invalid header', 502);
origin()->stop;
stale('connect');



=== "timeout" is an app too slow, nothing else
--- http_config eval: $::http
--- config eval: "hc_cache_use_stale timeout; $::impatient"
--- origin
app_then(@step{'silent', 'reset', 504})
--- request
GET /a
--- then
stale('timeout');
itself('reset', 502);
itself('504 of the app', 504);



=== "invalid_header" is a header that is not one, nothing else
--- http_config eval: $::http
--- config eval: "hc_cache_use_stale invalid_header; $::config"
--- origin
app_then(@step{'invalid', 'reset', 502})
--- request
GET /a
--- then
stale('invalid header');
itself('reset', 502);
itself('502 of the app', 502);



=== "http_502" is the app's own 502, not nginx's
--- http_config eval: $::http
--- config eval: "hc_cache_use_stale http_502; $::config"
--- origin
app_then(@step{502, 'reset', 500})
--- request
GET /a
--- then
stale('502 of the app');
itself('reset', 502);
itself('500 of the app', 500);



=== "http_504" is the app's own 504, not nginx's
--- http_config eval: $::http
--- config eval: "hc_cache_use_stale http_504; $::impatient"
--- origin
app_then(@step{504, 'silent', 503})
--- request
GET /a
--- then
stale('504 of the app');
itself('timeout', 504);
itself('503 of the app', 503);



=== "http_500" and "http_503" are these two
--- http_config eval: $::http
--- config eval: "hc_cache_use_stale http_500 http_503; $::config"
--- origin
app_then(@step{500, 503, 502, 504})
--- request
GET /a
--- then
stale($_) for 500, 503;
itself($_, $_) for 502, 504;



=== an entry whose answer said must-revalidate is not used expired, another is
--- http_config eval: $::http
--- config eval: $::config
--- origin
[
    [ { reply => answer(200, 'Cache-Control: max-age=3, must-revalidate',
                        'strict'), end => 'close' } ],
    [ { reply => answer(200, 'Cache-Control: max-age=3, proxy-revalidate',
                        'strict'), end => 'close' } ],
    [ { reply => answer(200, 'Cache-Control: s-maxage=3', 'strict'),
        end => 'close' } ],
    [ { reply => answer(200, 'Cache-Control: max-age=3', 'lax'),
        end => 'close' } ],
    [ $step{500} ],
]
--- request eval
["GET /must", "GET /proxy", "GET /s", "GET /lax"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: MISS", "X-Cache: MISS"]
--- then
is(cache_of(asks("/$_")), 'HIT', "/$_ was stored") for qw(must proxy s lax);
Time::HiRes::sleep(3.1);
is(asks("/$_")->{status}, 500, "/$_ is the app's own") for qw(must proxy s);
my $stale = asks('/lax');
is("$stale->{status} $stale->{body}", '200 lax', 'the other is used');
is(cache_of($stale), 'STALE', 'stale');



=== an entry is used for hc_cache_stale, and not longer
--- http_config eval: $::http
--- config eval: "hc_cache_stale 2s; $::config"
--- origin
app_then($step{500})
--- request
GET /a
--- then
stale('in time');
Time::HiRes::sleep(2.1);
my $late = asks('/a');
is("$late->{status} $late->{body}", '500 failed', 'too late');
is(cache_of($late), 'MISS', 'there is no entry any more');



=== stale-if-error of the app goes before hc_cache_stale
--- http_config eval: $::http
--- config eval: "hc_cache_stale 1ms; $::config"
--- origin
[
    [ { reply => answer(200, 'Cache-Control: stale-if-error=60', 'long'),
        end => 'close' } ],
    [ { reply => answer(200, '', 'short'), end => 'close' } ],
    [ $step{500} ],
]
--- request eval
["GET /long", "GET /short"]
--- then
expire();
is(asks('/long')->{body}, 'long', 'it allowed a minute');
is(asks('/short')->{status}, 500, 'the other did not');


=== an entry that is kept for stale-while-revalidate alone is not given when the app fails
--- http_config eval: $::http
--- config eval: "hc_cache_stale 1ms; $::config"
--- origin
[
    [ { reply => answer(200, 'Cache-Control: stale-while-revalidate=60', 'x'),
        end => 'close' } ],
    [ $step{500} ],
]
--- request
GET /a
--- then
expire();
my $failed = asks('/a');
is($failed->{status}, 500, 'the failure is the app\'s own');
is(cache_of($failed), 'EXPIRED', 'though the entry is there');



=== stale-if-error=0 forbids what hc_cache_stale would allow
--- http_config eval: $::http
--- config eval: $::config
--- origin
[
    [ { reply => answer(200, 'Cache-Control: stale-if-error=0', 'never'),
        end => 'close' } ],
    [ { reply => answer(200, '', 'ten minutes'), end => 'close' } ],
    [ $step{500} ],
]
--- request eval
["GET /never", "GET /default"]
--- then
expire();
is(asks('/never')->{status}, 500, 'not this one');
is(asks('/default')->{body}, 'ten minutes', 'the other');



=== HEAD of a request whose app fails is answered from the expired entry
--- http_config eval: $::http
--- config eval: $::config
--- origin
app_then($step{500})
--- request
GET /a
--- then
expire();

my $head = asks('/a', '', method => 'HEAD');
is("$head->{status} " . cache_of($head), '200 STALE', 'HEAD');
is(header($head, 'Content-Length'), 4, 'its length');
is($head->{body}, '', 'no body');



=== Range and conditionals are not looked at when the app fails, the entry comes whole
--- http_config eval: $::http
--- config eval: $::config
--- origin
[
    [ { reply => answer(200, 'ETag: "v1"', 'page'), end => 'close' } ],
    [ $step{500} ],
]
--- request
GET /a
--- then
for my $field ('Range: bytes=1-2', 'Range: bytes=90-99', 'If-Match: "v2"',
               'If-None-Match: "v1"')
{
    expire();
    my $got = asks('/a', "$field\r\n");
    is("$got->{status} $got->{body}", '200 page', $field);
}



=== fields of the failed answer are not in the stale one
--- http_config eval: $::http
--- config eval: $::config
--- origin
app_then({ reply => answer(503, "Retry-After: 7\nX-Failed: yes\n"
                           . "Set-Cookie: s=1\nContent-Encoding: br\n"
                           . "Content-Type: text/x-failed", 'failed'),
           end => 'close' })
--- request
GET /a
--- then
expire();
my $got = asks('/a');
is("$got->{status} $got->{body}", '200 page', 'the entry');
is(header($got, $_), undef, "no $_")
    for qw(Retry-After X-Failed Set-Cookie Content-Encoding);
is(header($got, 'Content-Type'), undef, 'and its own type: none');



=== an app that works again replaces the expired entry
--- http_config eval: $::http
--- config eval: $::config
--- origin
app_then($step{500}, $step{200}, $step{500})
--- request
GET /a
--- then
stale('while it fails');
is(asks('/a')->{body}, 'new', 'when it works');
expire();
my $got = asks('/a');
is(cache_of($got) . " $got->{body}", 'STALE new', 'and that is what is kept');



=== a large failed answer does not get into the stale one, nor a chunked one
--- http_config eval: $::http
--- config eval: $::config
--- origin
app_then({ reply => answer(500, '', 'f' x 300_000), end => 'close' },
         { reply => chunked(500, '', ('f' x 9000) x 9), end => 'close' })
--- request
GET /a
--- then
stale('large');
stale('chunked');



=== an app that fails in the middle of the body is not replaced, the entry stays
--- http_config eval: $::http
--- config eval: $::config
--- origin
app_then({ reply => answer(200, '', 'a longer body'), cut => -4 }, $step{500})
--- request
GET /a
--- then
expire();
my $cut = asks('/a');
is($cut->{status}, 200, 'its header was sent');
isnt($cut->{body}, 'page', 'its body, as far as it came');
stale('the next time');



=== a write to the target takes its expired entry away as well
--- http_config eval: $::http
--- config eval: $::config
--- origin
app_then($step{500}, $step{200}, $step{500})
--- request
GET /a
--- then
stale('before');
is(asks('/a', '', method => 'POST', body => 'x')->{status}, 200, 'written');
my $got = asks('/a');
is("$got->{status} $got->{body}", '500 failed', 'the old page is gone');



=== a POST that fails is not answered by the entry of its URI
--- http_config eval: $::http
--- config eval: $::config
--- origin
app_then($step{500})
--- request
GET /a
--- then
stale('GET');
my $post = asks('/a', '', method => 'POST', body => 'x');
is("$post->{status} $post->{body}", '500 failed', 'POST');



=== a client with Authorization is not given another's expired entry
--- http_config eval: $::http
--- config eval: $::config
--- origin
app_then($step{500})
--- request
GET /a
--- then
stale('without');
my $got = asks('/a', "Authorization: Basic eDp5\r\n");
is("$got->{status} $got->{body}", '500 failed', 'with');



=== proxy_hide_header and gzip below apply to the stale answer
--- http_config eval: "gzip on; gzip_min_length 1; gzip_types *; $::http"
--- config eval: $::config
--- origin
[
    [ { reply => answer(200, 'Content-Type: text/plain', 'x' x 2000),
        end => 'close' } ],
    [ $step{500} ],
]
--- request
GET /a
--- then
expire();
my $got = asks('/a', "Accept-Encoding: gzip\r\n");
is(cache_of($got), 'STALE', 'stale');
is(header($got, 'Content-Encoding'), 'gzip', 'coded');
is(asks('/a')->{body}, 'x' x 2000, 'plain for another');
