# What HTTP itself makes hard: parts, HEAD, conditionals, cut bodies, fields that
# would split an answer, smuggled requests, interim answers, codings, lengths,
# strange numbers.
#
# Of the same: cache_conditional.t (ranges), cache_methods.t (HEAD), body_cut.t
# (every framing, resets), fallback_stale.t (the entry stays when its successor
# is cut), l2_value.t and unit/policy (what is read from Redis), store_verdict.t.

use HC;
use HC::Origin;
use IO::Compress::Gzip ();
use IO::Uncompress::Gunzip ();

$ENV{TEST_NGINX_APP_PORT} = free_port();
$ENV{TEST_NGINX_CUT_PORT} = free_port();

our $http = <<'_';
    hc_zone zone=pages:8m;
    hc_cache pages;
    hc_cache_valid 200 1m;
    add_header X-Cache $hc_cache_status always;
    add_header X-Reason $hc_cache_reason always;
    add_header X-Ttl $hc_cache_ttl always;
    add_header X-Upstream $upstream_status always;

    log_format app "$request_uri";

    server {
        listen 127.0.0.1:$TEST_NGINX_APP_PORT;
        access_log logs/app.log app;
        hc_cache off;
        return 200 "app $http_x_id";
    }
_

our $config = <<'_';
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_buffer_size 256k;
    proxy_buffers 8 64k;
    proxy_busy_buffers_size 256k;

    location / {
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }

    location /direct/ {
        proxy_buffering off;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }

    location /upgrade/ {
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection upgrade;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }

    location /private/ {
        hc_no_cache 1;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }

    location /brief/ {
        hc_cache_valid 200 300ms;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }

    location /any/ {
        hc_cache_valid any 1m;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }

    location /cut/ {
        proxy_pass http://127.0.0.1:$TEST_NGINX_CUT_PORT;
    }

    location /parsed/ {
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }

    location /gzip/ {
        gzip on;
        gzip_types *;
        gzip_min_length 1;
        gunzip on;
        proxy_set_header X-Accept $http_accept_encoding;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }

    location /sparse/ {
        alias html/;
    }
_


# the app repeats these fields as "Name: value"; X-Status and X-Body, too

sub told {
    my ($request) = @_;

    my ($status) = $request =~ /^X-Status: (\d+)/m;
    my ($body) = $request =~ /^X-Body: (.*?)\r$/m;
    my $fields = join '', map { "$_\n" } $request =~ /^O-(.*?)\r$/mg;

    return answer($status || 200, $fields, defined $body ? $body : 'told');
}


our $big = join ' ', map { sprintf '%07d', $_ } 1 .. 500;


# without what is made anew for every answer, and the text behind the status

sub kept {
    my ($answer) = @_;

    return join "\n", $answer->{status}, grep {
        !/^(?:HTTP\/|(?:Date|Age|X-Cache|X-Reason|X-Ttl|X-Upstream|Accept-Ranges):)/
    } split /\r\n/, $answer->{head};
}


# If the second is a hit, it is as the first was; returns its X-Cache.

sub same_twice {
    my ($name, @ask) = @_;

    my $first = asks(@ask);
    my $second = asks(@ask);

    if ((cache_of($second) || '') eq 'HIT') {
        is(kept($second) . "\n$second->{body}", kept($first) . "\n$first->{body}",
           "$name: the hit is what was sent first");
    }

    return cache_of($second) || '';
}


# A response of 600 bytes in some framing, of which /framing/n sends n.

our %whole = do {
    my $type = 'Content-Type: application/json';
    my $json = sub { '{"l":[' . join(',', ('"' . 'x' x 8 . '"') x $_[0]) . ']}' };

    my $fit = sub {
        my ($make) = @_;
        my $text = $make->(20);
        my $pad = 600 - length($text) - length("X-Pad: \r\n");
        return $make->(20, 'X-Pad: ' . 'p' x $pad . "\n");
    };

    (
        length => $fit->(sub { answer(200, ($_[1] || '') . $type, $json->($_[0])) }),
        chunked => $fit->(sub {
            chunked(200, ($_[1] || '') . $type, unpack '(a50)*', $json->($_[0]))
        }),
        closed => $fit->(sub {
            (my $pad = $_[1] || '') =~ s/\n/\r\n/;
            "HTTP/1.1 200 OK\r\nConnection: close\r\n$pad$type\r\n\r\n"
            . $json->($_[0])
        }),
    );
};


# The app of /cut/framing/n: one process, since there are thousands of requests.

sub cutter {
    my $listener = IO::Socket::INET->new(Listen => 64, ReuseAddr => 1,
        LocalAddr => "127.0.0.1:$ENV{TEST_NGINX_CUT_PORT}") or die;

    my $pid = fork();
    defined $pid or die "fork: $!";
    return $pid if $pid;

    alarm 300;
    $SIG{PIPE} = 'IGNORE';

    while (my $s = $listener->accept) {
        sysread $s, my $request, 65536;
        my ($framing, $n) = ($request || '') =~ m{^GET /cut/(\w+)/(\d+) };
        syswrite $s, substr $whole{$framing}, 0, $n if $framing;
        close $s;
    }

    POSIX::_exit(0);
}


sub cuts_are_no_hits {
    my ($framing) = @_;

    is(length $whole{$framing}, 600, 'as long as it should be');

    my $cutter = cutter();
    my (@hits, @whole);

    for my $n (0 .. 599) {
        my $got = asks("/cut/$framing/$n");
        my $again = asks("/cut/$framing/$n");

        push @hits, $n if cache_of($again) ne 'MISS';
        push @whole, $n if $got->{status} == 200
            && length $got->{body} == (header($got, 'Content-Length') || -1);
    }

    is("@hits", '', "$framing: no cut is a hit");
    is("@whole", '', "$framing: nor is any told to be whole");

    asks("/cut/$framing/600");
    is(cache_of(asks("/cut/$framing/600")), 'HIT', "$framing: the whole is");

    kill TERM => $cutter;
    waitpid $cutter, 0;
}


# "/103,100,200": these answers, one behind the other

our %interim = (
    100 => "HTTP/1.1 100 Continue\r\n\r\n",
    101 => "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
           . "Upgrade: test\r\n\r\n",
    102 => "HTTP/1.1 102 Processing\r\nContent-Length: 0\r\n\r\n",
    103 => "HTTP/1.1 103 Early Hints\r\nLink: </early.css>\r\n"
           . "Cache-Control: no-store\r\nX-Early: 1\r\n\r\n",
);


sub interim {
    my ($request) = @_;

    my ($path) = $request =~ m{^\w+ (\S+)};
    my @codes = $path =~ /(\d{3})/g;

    return join '', map {
        $interim{$_} || answer($_, 'X-Final: 1', "final of $path");
    } @codes;
}


# two requests; the second is a hit with the whole final answer

sub final_twice {
    my ($uri) = @_;

    for my $cache (qw(MISS HIT)) {
        my $got = asks($uri);

        is("$got->{status} $got->{body}", "200 final of $uri",
           "$uri: $cache has the final answer");
        is(cache_of($got), $cache, "$uri: it is a $cache");
        unlike($got->{head}, qr/early/i, "$uri: nothing of what came before");
    }
}


log_level('info');
plan('no_plan');
run_tests();

__DATA__

=== C1: no range has more than there is, nor anything else
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => \&told, end => 'close' } ]]
--- request
GET /ready
--- response_body: told
--- then
my $body = $main::big;
my $size = length $body;
asks('/range', "X-Body: $body\r\n");

my %want = (
    'bytes=-99999999999999999999' => undef,
    "bytes=-@{[$size + 1]}" => $body,
    'bytes=0-9223372036854775807' => $body,
    'bytes=9223372036854775807-' => '',
    'bytes=9223372036854775808-' => undef,
    'bytes=1-18446744073709551617' => undef,
    'bytes=5-3' => undef,
    "bytes=$size-" => '',
    "bytes=@{[$size - 1]}-" => substr($body, -1),
    'bytes=-0' => '',
    'bytes=-1' => substr($body, -1),
    'bytes=-9223372036854775608,-9223372036854775808' => undef,
    'bytes=-9223372036854771808,-9223372036854771809' => undef,
    'bytes=' . join(',', ('0-') x 200) => undef,
    'bytes=' . join(',', map { "$_-$_" } 1 .. 200) => undef,
);

for my $range (sort keys %want) {
    my $got = asks('/range', "Range: $range\r\n");
    my $name = substr $range, 0, 60;

    is(cache_of($got), 'HIT', "$name: of a hit") if $got->{status} != 416;

    if ($got->{status} == 206 && defined $want{$range}) {
        ok($got->{body} eq $want{$range}, "$name: the part");

    } elsif ($got->{status} == 200) {
        ok($got->{body} eq $body, "$name: the whole");

    } elsif ($got->{status} == 416) {
        ok(!$want{$range}, "$name: refused");

    } else {
        (my $parts = $got->{body}) =~ s/^(?:--\S+|Content-\S+: .*)?\r\n//mg;
        $parts =~ s/^--\S+//mg;
        like($parts, qr/^[\d \r\n]*$/, "$name: nothing but the body");
    }
}


=== C1: a part that the app sends is not stored as the whole
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => \&told, end => 'close' } ]]
--- request
GET /ready
--- response_body: told
--- then
my $ask = "O-Content-Range: bytes 0-3/9\r\nX-Status: 206\r\n";

for my $place ('', '/any') {
    asks("$place/part", $ask);
    my $got = asks("$place/part", "X-Body: whole\r\n");
    is($got->{body}, 'whole', "not below \"$place\"");
}


=== C2: HEAD has the header of the page and leaves no empty one
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => \&told, end => 'close' } ]]
--- request
GET /ready
--- response_body: told
--- then
my $head = asks('/head', "X-Body: page\r\n", method => 'HEAD');
is("$head->{status} '$head->{body}'", "200 ''", 'asked of the app');
my $get = asks('/head', "X-Body: page\r\n");
is(cache_of($get) . " $get->{body}", 'MISS page', 'nothing was stored by it');
$head = asks('/head', '', method => 'HEAD');
is(cache_of($head) . ' ' . header($head, 'Content-Length'), 'HIT 4',
   'then it is answered from the page');

asks('/head/none', "X-Body: \r\n", method => 'HEAD');
$get = asks('/head/none', "X-Body: page\r\n");
is(cache_of($get) . " $get->{body}", 'MISS page', 'nor by one of no length');

my $raw = http_request("HEAD /head HTTP/1.1\r\nHost: localhost\r\n\r\n" x 2
    . "GET /head HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
like($raw, qr{^(?:HTTP/1.1 200 (?:(?!\r\n\r\n).)*\r\n\r\n){3}page\z}s,
     'what is pipelined behind it has its own answer');


=== C3: a page that was gone for a while comes back whole
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => sub {
    my ($request) = @_;
    return answer(404, '', 'gone') if $request =~ /^X-Step: gone/m;
    return answer(304, 'ETag: "v1"', '') if $request =~ /^If-None-Match: "v1"/m;
    return answer(200, 'ETag: "v1"', 'version one');
}, end => 'close' } ]]
--- request
GET /brief/ready
--- response_body: version one
--- then
is(asks('/brief/file')->{body}, 'version one', 'it is there');
ok(wait_until(sub {
    asks('/brief/file', "X-Step: gone\r\n")->{status} == 404
}), 'it is gone');

my $got = asks('/brief/file',
               "X-Step: gone\r\nIf-None-Match: \"v1\"\r\n");
is("$got->{status} $got->{body}", '404 gone', 'for one who had it, too');

$got = asks('/brief/file');
is("$got->{status} $got->{body}", '200 version one', 'it is back');

$got = asks('/brief/file', "If-None-Match: \"v1\"\r\n");
is("$got->{status} '$got->{body}'", "304 ''", 'who had it is told so');
$got = asks('/brief/file');
is("$got->{status} $got->{body}", '200 version one', 'nobody else is');


=== C3: a 304 for which there is nothing is passed on and not stored
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => \&told, end => 'close' } ]]
--- request
GET /ready
--- response_body: told
--- then
my $got = asks('/any/304', "X-Status: 304\r\nX-Body: \r\n");
is($got->{status}, 304, 'the app says so unasked');
$got = asks('/any/304');
is("$got->{status} $got->{body}", '200 told', 'the next is not told');


=== C4: of 600 bytes with Content-Length no cut is stored
--- http_config eval: $::http
--- config eval: $::config
--- request
GET /cut/nothing/0
--- error_code: 502
--- then
cuts_are_no_hits('length');


=== C4: of 600 bytes in chunks no cut is stored
--- http_config eval: $::http
--- config eval: $::config
--- request
GET /cut/nothing/0
--- error_code: 502
--- then
cuts_are_no_hits('chunked');


=== C4: of 600 bytes that only the closing ends no cut is stored
--- http_config eval: $::http
--- config eval: $::config
--- request
GET /cut/nothing/0
--- error_code: 502
--- then
cuts_are_no_hits('closed');


=== C5: a header that is odd is the same in a hit, or there is none
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => sub {
    my ($request) = @_;
    my ($hex) = $request =~ m{^GET \S*/(\w+) };
    return "HTTP/1.1 " . pack('H*', $hex)
           . "\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
}, end => 'close' } ]]
--- request eval
"GET /" . unpack 'H*', '200 OK'
--- response_body: ok
--- then
my %hit = (
    "200 OK\r\nX: a\tb" => 'HIT',
    "200 OK\r\nX: a\xff\x80" => 'HIT',
    "200 OK\r\nX:" => 'HIT',
    "200 Reason\x01\x7f\xff" => 'HIT',
    "200" => 'HIT',
    "200 " . 'r' x 1000 => 'HIT',
);

for my $odd (keys %hit, "200 OK\r\nX: a\rSet-Cookie: b", "200 OK\r\nX: a\0b",
    "200 OK\r\nX: a\nY: b", "200 OK\r\n: value", "200 OK\r\n:",
    "200 OK\r\nX y: z", "200 OK\r\nX\ty: z", "200 OK\r\nX\x01y: z",
    "200 OK\r\nX\xffy: z", "200 OK\r\nX: a\x01b", "200 OK\r\nX: a\x7fb",
    "200 OK\r\nX: a\r\n folded: b", "200 OK\r\n X: b", "200 OK\r\nnocolon",
    "200 OK\r\nX: " . 'v' x 70_000, "200 OK\r\n" . 'N' x 300 . ': v',
    "099 Low", "600 High", "999 Odd", "20 Short", "2000 Long", "20x None",
    "-20 Minus", "200\tTab")
{
    for my $where ('', '/any') {
        my $uri = "$where/" . unpack 'H*', $odd;
        (my $name = substr $odd, 0, 30) =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ge;

        my $cache = same_twice($name, $uri);
        is($cache, $hit{$odd}, "$name: is stored") if $hit{$odd};
        unlike(asks($uri)->{head}, qr/^Set-Cookie/m, "$name: splits nothing");
    }
}

for my $status ('099', 600, 999) {
    my $uri = '/any/' . unpack 'H*', "$status Odd";
    asks($uri);
    isnt(cache_of(asks($uri)), 'HIT', "a status of $status is not stored");
}


=== C6: what could be two requests is refused or is one
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => \&told, end => 'close' } ]]
--- request
GET /ready
--- response_body: told
--- then
my $inner = "GET /parsed/smuggled HTTP/1.1\r\nHost: localhost\r\n"
            . "X-Id: smuggled\r\n\r\n";
my $n = length $inner;
my $chunks = sprintf "%x\r\n%s\r\n0\r\n\r\n", $n, $inner;
my $zero = "0\r\n\r\n$inner";
my $z = length $zero;

my @heads = (
    "Content-Length: $z\r\nTransfer-Encoding: chunked\r\n\r\n$zero",
    "Transfer-Encoding: chunked\r\nContent-Length: $z\r\n\r\n$zero",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n$chunks",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n$chunks",
    "Transfer-Encoding: chunked, identity\r\n\r\n$chunks",
    "Transfer-Encoding: identity\r\nContent-Length: $n\r\n\r\n$inner",
    "Transfer-Encoding: xchunked\r\nContent-Length: $n\r\n\r\n$inner",
    "Transfer-Encoding : chunked\r\nContent-Length: $z\r\n\r\n$zero",
    "Transfer-Encoding: \x0bchunked\r\nContent-Length: $z\r\n\r\n$zero",
    "Transfer-Encoding:\tchunked\r\n\r\n$chunks",
    "Transfer_Encoding: chunked\r\nContent-Length: $z\r\n\r\n$zero",
    "X: y\rTransfer-Encoding: chunked\r\nContent-Length: $z\r\n\r\n$zero",
    "Content-Length: $n\r\nContent-Length: 0\r\n\r\n$inner",
    "Content-Length: 0\r\nContent-Length: $n\r\n\r\n$inner",
    "Content-Length: $n\r\nContent-Length: $n\r\n\r\n$inner",
    "Content-Length: $n, $n\r\n\r\n$inner",
    "Content-Length: $n,0\r\n\r\n$inner",
    "Content-Length: +$n\r\n\r\n$inner",
    "Content-Length: -1\r\n\r\n$inner",
    "Content-Length: 0x10\r\n\r\n$inner",
    "Content-Length: 18446744073709551616\r\n\r\n$inner",
    "Content-Length: \"$n\"\r\n\r\n$inner",
    "Content-Length: 1 0\r\n\r\n$inner",
    "Content-Length:\r\n\r\n$inner",
    "Content-Length: $n\r\nConnection: Content-Length\r\n\r\n$inner",
    "Content-Length: $n\r\nConnection: Host\r\n\r\n$inner",
    "Content-Length: $n\r\nExpect: 100-continue\r\n\r\n$inner",
    "Content-Length: $n\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings"
        . "\r\nHTTP2-Settings: AAA\r\n\r\n$inner",
    "Content-Length: $n\nX: y\n\n$inner",
    "X: a\0b\r\n\r\n",
    " X: folded\r\nContent-Length: $n\r\n\r\n$inner",
    "X: y\r\n Content-Length: $n\r\n\r\n",
    "nocolon\r\nContent-Length: $n\r\n\r\n$inner",
    ": noname\r\nContent-Length: $n\r\n\r\n$inner",
    "Content Length: 0\r\nContent-Length: $n\r\n\r\n$inner",
    map({ "Transfer-Encoding: chunked\r\n\r\n$_" }
        sprintf("%x;a=b;c=\"\r\n%s\r\n0\r\n\r\n", $n, $inner),
        sprintf("%x;a\nb\r\n%s\r\n0\r\n\r\n", $n, $inner),
        "ffffffffffffffff1\r\n$inner", "-1\r\n$inner", "0x2\r\n$inner",
        "2\r\nabX\r\n0\r\n\r\n", "\r\n0\r\n\r\n$inner",
        "1\r\na\r\n0\r\nContent-Length: 9\r\nHost: evil\r\n\r\n"),
);

my @lines = map { "$_\r\nHost: localhost\r\nConnection: close\r\n\r\n" } (
    "GET\t%s\tHTTP/1.1", "GET  %s  HTTP/1.1", "GET %s", "GET %s HTTP/1.2",
    "GET %s HTTP/2.0", "GET %s HTTP/1.1 x", "GET %s\0x HTTP/1.1",
    "GET %s x HTTP/1.1", "get %s HTTP/1.1", "GET http://u:p\@localhost%s HTTP/1.1",
    "GET %s\rX HTTP/1.1", "GET %s HTTP/1.1\r\nHost: evil",
);

my ($i, $wrong) = (0, '');

for my $method (qw(GET POST HEAD)) {
    for my $form (@heads, $method eq 'GET' ? @lines : ()) {
        my $uri = '/parsed/form/' . ++$i;

        my $raw = $form =~ /%s/ ? sprintf($form =~ s/%(?!s)/%%/gr, $uri)
                : "$method $uri HTTP/1.1\r\nHost: localhost\r\nX-Id: odd\r\n"
                  . $form;

        # what nginx waits for does not come
        my $s = IO::Socket::INET->new(
            PeerAddr => '127.0.0.1:' . server_port()) or die;
        syswrite $s, $raw;
        shutdown $s, 1;
        my $got = join '', <$s>;
        close $s;

        my $clean = asks($uri, "X-Id: clean\r\n");
        (my $text = substr $form, 0, 70) =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ge;

        $wrong .= "\n$method $text: then $clean->{body}"
            if $clean->{body} !~ /^app (?:clean|)$/;
        $wrong .= "\n$method $text: $got" if $got =~ /smuggled/;
    }
}

is($wrong, '', 'each is one at most, and the next is clean');

open my $log, '<', Test::Nginx::Util::server_root() . '/logs/app.log';
my %asked;
$asked{$_ =~ s/\s+\z//r}++ while <$log>;

ok(!$asked{'/parsed/smuggled'}, 'what was in a body was never asked for');
is(join(' ', grep { $asked{$_} > 2 } sort keys %asked), '',
   'none was asked for more than once, beside the clean one');
cmp_ok(scalar keys %asked, '>=', 40, 'the app was asked at all');


=== C7: an interim answer ahead of the final one is dropped
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => \&interim, end => 'close' } ]]
--- request
GET /ready/200
--- response_body: final of /ready/200
--- then
final_twice($_) for qw(/100/200 /102/200 /103/200 /103/103/100/102/200
                       /direct/100/103/200);
is(header(asks('/103/200/up'), 'X-Upstream'), 200, 'the status is the last');

my $got = asks('/103/404');
is("$got->{status} " . cache_of($got), '404 MISS', 'nor is it in front of 404');
is(cache_of(asks('/103/404')), 'MISS', 'which is not stored');


=== C7: an interim answer is dropped where nothing is stored, too
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => \&interim, end => 'close' } ]]
--- request
GET /ready/200
--- response_body: final of /ready/200
--- then
for my $uri (qw(/private/103/200 /private/100/102/200)) {
    my $got = asks($uri);
    is("$got->{status} $got->{body}", "200 final of $uri", "$uri: final");
    is(header($got, 'X-Reason'), 'no-cache-condition', 'and not stored');
}

my $got = asks('/head/103/200', undef, method => 'HEAD');
is("$got->{status} " . header($got, 'X-Final'), '200 1', 'HEAD has the final');


=== C7: an interim answer that comes byte by byte is dropped
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => \&interim, every => 0.0005, end => 'close' } ]]
--- request
GET /ready/200
--- response_body: final of /ready/200
--- then
final_twice($_) for qw(/103/100/200 /direct/103/102/200);


=== C7: interim answers do not use up the buffer of the header
--- http_config eval: $::http
--- config
    proxy_buffer_size 1k;
    proxy_buffers 4 1k;

    location / {
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }
--- origin
[[ { reply => sub {
    my $big = "HTTP/1.1 103 Early Hints\r\nLink: " . 'x' x 900 . "\r\n\r\n";
    return $big x 8 . interim(@_);
}, end => 'close' } ]]
--- request
GET /big/200
--- response_body: final of /big/200
--- then
final_twice("/bigger/200");


=== C7: an app that sends no end of interim answers has failed
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => \&interim, end => 'close' } ]]
--- request
GET /ready/200
--- response_body: final of /ready/200
--- then
my $most = '/103' x 16 . '/200';
final_twice($most);

my $got = asks('/100' x 17 . '/200');
is($got->{status}, 502, 'one more is too much');
is(asks('/100/103')->{status}, 502, 'none behind them is a failure as well');


=== C7: 101 is neither an interim answer nor stored
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => \&interim, end => 'close' } ]]
--- request
GET /ready/200
--- response_body: final of /ready/200
--- then
my @ask = ("Upgrade: test\r\n");

for (1, 2) {
    my $got = asks('/upgrade/101', @ask);
    is($got->{status}, 101, 'an upgrade that was asked for passes');
}

for my $cache (qw(BYPASS BYPASS)) {
    is(cache_of(asks('/upgrade/200', @ask)), $cache, 'nor an answer instead');
}

is(cache_of(asks('/upgrade/200')), 'MISS', 'and it was not stored');

asks('/unasked/101');
isnt(cache_of(asks('/unasked/101')), 'HIT', 'one that was not is not stored');

my $n = () = requests_seen() =~ m{^GET /(?:upgrade|unasked)/101 }mg;
is($n, 4, 'the app was asked each time');


=== C8: every client has the coding it can read, once
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => sub {
    my ($request) = @_;
    my ($how) = $request =~ m{^GET /gzip/(\w+)};
    my ($accept) = $request =~ /^Accept-Encoding: (.*?)\r$/m;

    my $gzip = $how =~ /always/ || ($how =~ /asked/ && ($accept || '') =~ /gzip/);
    my $body = $main::big;
    IO::Compress::Gzip::gzip(\$main::big, \$body) if $gzip;

    return answer(200, "Content-Type: text/plain\nETag: \"x\"\n"
        . ($gzip ? "Content-Encoding: gzip\n" : '')
        . ($how =~ /vary/ ? "Vary: Accept-Encoding\n" : ''), $body);
}, end => 'close' } ]]
--- request
GET /gzip/plain
--- response_body eval: $::big
--- then
my @orders = ([qw(gzip none)], [qw(none gzip)], [qw(gzip q0 br both none)],
              [qw(q0 gzip none)]);
my %accept = (gzip => 'gzip', none => '', q0 => 'gzip;q=0, *', br => 'br',
              both => 'br, gzip');

for my $how (qw(plain plainvary asked askedvary always alwaysvary)) {
    for my $order (@orders) {
        my $uri = "/gzip/$how?" . join '-', @$order;

        for my $who (@$order, @$order) {
            my $got = asks($uri, length $accept{$who}
                           ? "Accept-Encoding: $accept{$who}\r\n" : '');

            my $coding = header($got, 'Content-Encoding');
            my $body = $got->{body};

            if ($coding) {
                like($accept{$who}, qr/gzip(?!;q=0)/, "$uri: $who can read it");
                IO::Uncompress::Gunzip::gunzip(\(my $in = $body), \$body);
            }

            ok($body eq $main::big, "$uri: $who has the body, coded once");
        }
    }
}


=== C9: a field as long as its length can tell is stored, a longer one is not
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => sub {
    my ($request) = @_;
    my ($what, $n) = $request =~ m{^GET /(\w+)/(\d+)};
    return answer(200, $what eq 'value' ? 'X-V: ' . 'v' x $n
                     : $what eq 'name' ? 'N' x $n . ': v'
                     : join("\n", map { "X-$_: " . 'v' x 1000 } 1 .. $n), 'ok');
}, end => 'close' } ]]
--- request
GET /value/1
--- response_body: ok
--- then
my %want = (
    map({ ("/value/$_" => 'HIT') } 0, 1, 255, 256, 65_534, 65_535),
    map({ ("/value/$_" => 'MISS') } 65_536, 65_537, 66_000, 131_072),
    map({ ("/name/$_" => 'HIT') } 1, 254, 255),
    map({ ("/name/$_" => 'MISS') } 256, 257, 511, 512),
    map({ ("/many/$_" => 'HIT') } 1, 63, 64, 65, 66, 128, 200),
);

for my $uri (sort keys %want) {
    is(same_twice($uri, $uri), $want{$uri}, "$uri is a $want{$uri}");
}


=== C9: a body longer than any length can tell is not stored
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => sub {
    my ($request) = @_;
    my ($n) = $request =~ m{^GET \S*/(\d+)};
    return "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: $n\r\n\r\n"
           . '0123456789';
}, end => 'close' } ]]
--- request
GET /sized/10
--- response_body: 0123456789
--- then
my $html = Test::Nginx::Util::server_root() . '/html';

# 10 bytes more than what 31 and 32 bits can count; of a file no block is used
for my $size (2_147_483_658, 4_294_967_306) {
    for my $where ('', '/direct') {
        asks("$where/sized/$size");
        isnt(cache_of(asks("$where/sized/$size")), 'HIT', "$size of an app");
    }

    open my $file, '>', "$html/$size" or die;
    truncate $file, $size - 5;
    seek $file, 0, 2;
    print $file 'end..';
    close $file;

    for (1, 2) {
        my $got = asks("/sparse/$size", "Range: bytes=-5\r\n");
        is("$got->{status} $got->{body}", '206 end..', "$size: its end");
        isnt(cache_of($got), 'HIT', 'is of no hit');
        my $head = asks("/sparse/$size", '', method => 'HEAD');
        is(header($head, 'Content-Length'), $size, 'and its length is right');
    }

    unlink "$html/$size";
}


=== C10: numbers of any size are numbers, other things are none
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => \&told, end => 'close' } ]]
--- request
GET /ready
--- response_body: told
--- then
my $n = 0;

for my $huge (2_147_483_647, 2_147_483_648, 4_294_967, 4_294_968,
    4_294_967_295, 4_294_967_296, 4_294_967_297, '9223372036854775',
    '9223372036854776', '9223372036854775807', '9223372036854775808',
    '18446744073709551615', '18446744073709551616', '18446744073709551617',
    '9' x 100, '0' x 100 . '100000')
{
    for my $name ('max-age', 's-maxage') {
        my $uri = '/huge/' . ++$n;
        asks($uri, "O-Cache-Control: $name=$huge\r\n");
        my $got = asks($uri);
        is(cache_of($got), 'HIT', "$name=$huge is stored");
        cmp_ok(header($got, 'X-Ttl') || 0, '>', 80_000, 'for long');
    }
}

for my $bad ('-1', '-9223372036854775808', '1e9', '0x10', '1.5', '+5', '', '5s',
    '5 5', '"', '"5', '=5', '%35', "\xd9\xa5", '0', '00', '-0',
    '5, max-age=0', '0, max-age=5', '5, max-age=x', '5, max-age')
{
    my $uri = '/bad/' . ++$n;
    asks($uri, "O-Cache-Control: max-age=$bad\r\n");
    isnt(cache_of(asks($uri)), 'HIT', "max-age=$bad is not stored");
}

for my $two ('9999999, max-age=10', '10, max-age=9999999',
             '18446744073709551617, max-age=10')
{
    my $uri = '/two/' . ++$n;
    asks($uri, "O-Cache-Control: max-age=$two\r\n");
    my $ttl = header(asks($uri), 'X-Ttl');
    ok(!defined $ttl || $ttl <= 10, "max-age=$two: not longer than the least");
}

for my $age (60, 61, 4_294_967_295, 4_294_967_296, 4_294_967_356,
             '9223372036854775807', '18446744073709551617', '9' x 50)
{
    my $uri = '/age/' . ++$n;
    asks($uri, "O-Cache-Control: max-age=60\r\nO-Age: $age\r\n");
    isnt(cache_of(asks($uri)), 'HIT', "Age: $age is older than its max-age");
}
