# What HTTP itself makes hard: parts, HEAD, conditionals, cut bodies, interim
# answers, codings, wide fields, strange numbers.

use HC;
use HC::Origin;

our $http = <<'_';
    hc_zone zone=pages:8m;
    hc_cache pages;
    hc_cache_valid 200 1m;
    add_header X-Cache $hc_cache_status always;
    add_header X-Reason $hc_cache_reason always;
    add_header X-Upstream $upstream_status always;
_

our $config = <<'_';
    proxy_http_version 1.1;
    proxy_set_header Connection "";

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
_


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

asks('/unasked/101');
isnt(cache_of(asks('/unasked/101')), 'HIT', 'one that was not is not stored');

my $n = () = requests_seen() =~ m{^GET /(?:upgrade|unasked)/}mg;
is($n, 4, 'the app was asked each time');
