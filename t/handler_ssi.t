# SSI: the parent page and the fragments it includes are requests of their own,
# and cached as such.

use HC;
use HC::Origin;

our $http = <<'_';
    hc_zone zone=pages:1m;
    hc_cache_valid 1m;
    add_header X-Cache $hc_cache_status always;
    ssi_types text/plain;
_

(our $http_large = $http) =~ s/:1m/:8m max_object=1m/;
(our $http_short = $http) =~ s/valid 1m/valid 20ms/;

# A fragment's cache status is in no header: the app says how often it was
# asked.

our $app = <<'_';
    location /page {
        ssi on;
        hc_cache pages;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }

    location /fragment {
        hc_cache pages;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }

    location /uncached {
        ssi on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }
_

# The app: a page includes what its URI says after "+", a fragment is numbered.
# Every connection is a process, so the number is the time.

sub app {
    my ($request) = @_;

    my ($method, $uri) = $request =~ m{^(\S+) (\S+)};

    return answer(200, '', "posted\n") if $method eq 'POST';

    if ($uri =~ m{^/(?:page|uncached)}) {
        my @names = $uri =~ /\+(\w+)/g;

        return answer(200, 'Content-Type: text/plain', '<' . join('|',
            map { qq{<!--# include virtual="/fragment/$_" -->} } @names)
            . ">\n");
    }

    return answer(200, '', '') if $uri =~ /empty/;
    return answer(200, 'Cache-Control: no-store', Time::HiRes::time())
        if $uri =~ /private/;
    return answer(500, '', 'broken') if $uri =~ /broken/;
    return answer(200, '', 'x' x 200_000) if $uri =~ /large/;
    return answer(200, '', Time::HiRes::time());
}

# how often the app was asked for a URI

sub asked {
    my ($method, $uri) = @_;

    return scalar(() = requests_seen() =~ m{^$method \Q$uri\E HTTP}mg);
}

plan('no_plan');
run_tests();

__DATA__

=== parent and fragment are both cached, each asked for once
--- http_config eval: $::http
--- config eval: $::app
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request eval
["GET /page+a", "GET /page+a"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]
--- response_body_like eval
['^<[\d.]+>$', '^<[\d.]+>$']
--- then
is(asked('GET', '/page+a'), 1, 'the parent');
is(asked('GET', '/fragment/a'), 1, 'the fragment');
is(asks('/page+a')->{body}, asks('/page+a')->{body}, 'the same page');



=== a fragment stored by an include answers a request of its own, and the reverse
--- http_config eval: $::http
--- config eval: $::app
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request eval
["GET /page+a", "GET /fragment/b", "GET /page+b"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: MISS"]
--- then
my $own = asks('/fragment/b');
is(cache_of($own), 'HIT', 'its own request');
is(asks('/page+b')->{body}, "<$own->{body}>\n", 'is what is included');
is(asked('GET', '/fragment/b'), 1, 'and was asked for once');



=== a fragment is cached although its parent is not
--- http_config eval: $::http
--- config eval: $::app
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request eval
["GET /uncached+a", "GET /uncached+a", "GET /uncached+a"]
--- then
is(asked('GET', '/uncached+a'), 3, 'the parent was asked for each time');
is(asked('GET', '/fragment/a'), 1, 'the fragment once');



=== a parent is cached without the fragments in it
--- http_config eval: $::http
--- config eval: $::app
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request eval
["GET /page+private", "GET /page+private"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]
--- then
is(asked('GET', '/page+private'), 1, 'the parent was asked for once');
is(asked('GET', '/fragment/private'), 2, 'what is private each time');
isnt(asks('/page+private')->{body}, asks('/page+private')->{body},
     'nobody is given another\'s');



=== several fragments of one page are cached, and come in order
--- http_config eval: $::http
--- config eval: $::app
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request eval
["GET /page+a+b+c+a", "GET /page+a+b+c+a"]
--- response_body_like eval
['^<([\d.]+)\|([\d.]+)\|([\d.]+)\|([\d.]+)>$',
 '^<([\d.]+)\|([\d.]+)\|([\d.]+)\|([\d.]+)>$']
--- then
my $page = asks('/page+a+b+c+a')->{body};
my %own = map { $_ => asks("/fragment/$_")->{body} } 'a' .. 'c';
is(asked('GET', "/fragment/$_"), 2 - ($_ ne 'a'),
   "asked for $_ no more than a page needs") for 'b', 'c';
is(asks('/page+a+b+c+a')->{body}, $page, 'the page does not change');



=== a POST to the fragment's URI makes the fragment new in the cached parent
--- http_config eval: $::http
--- config eval: $::app
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request eval
["GET /page+a+b", "GET /page+a+b"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]
--- then
my ($a, $b) = asks('/page+a+b')->{body} =~ /^<(.+)\|(.+)>/;
is(asks('/fragment/a', '', method => 'POST', body => 'x')->{body},
   "posted\n", 'written');

my $after = asks('/page+a+b');
my ($a2, $b2) = $after->{body} =~ /^<(.+)\|(.+)>/;
is(cache_of($after), 'HIT', 'the parent stays');
isnt($a2, $a, 'the fragment is new');
is($b2, $b, 'the other one stays');
is(asks('/page+a+b')->{body}, $after->{body}, 'the new one is kept');



=== a POST to the parent's URI leaves its fragments
--- http_config eval: $::http
--- config eval: $::app
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request eval
["GET /page+a", "POST /page+a
x", "GET /page+a", "GET /page+a"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: ", "X-Cache: MISS", "X-Cache: HIT"]
--- then
is(asked('GET', '/fragment/a'), 1, 'the fragment was asked for once');



=== a fragment with an empty body is cached
--- http_config eval: $::http
--- config eval: $::app
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request eval
["GET /page+empty", "GET /page+empty", "GET /page+empty"]
--- response_body eval
["<>\n", "<>\n", "<>\n"]
--- then
is(asked('GET', '/fragment/empty'), 1, 'it was asked for once');



=== a fragment of 200 kB is cached whole
--- http_config eval: $::http_large
--- config eval: $::app
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request eval
["GET /page+large", "GET /page+large"]
--- then
my $page = asks('/page+large')->{body};
ok($page eq '<' . 'x' x 200_000 . ">\n", 'all of it');
is(asked('GET', '/fragment/large'), 1, 'it was asked for once');



=== a fragment that fails is not stored, and does not spoil the parent
--- http_config eval: $::http
--- config eval: $::app
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request eval
["GET /page+broken+a", "GET /page+broken+a"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]
--- then
is(asked('GET', '/fragment/broken'), 2, 'it was asked for each time');
is(asked('GET', '/fragment/a'), 1, 'the other one once');
is(asks('/page+broken+a')->{status}, 200, 'the page is fine');



=== a fragment that fails is replaced by its expired entry
--- http_config eval: $::http_short
--- config eval: $::app
--- origin
[
    [ { reply => \&app, end => 'close' } ],
    [ { reply => \&app, end => 'close' } ],
    [ { end => 'rst' } ],
]
--- request eval
["GET /page+a", "GET /page+a"]
--- wait: 0.05
--- response_headers eval
["X-Cache: MISS", "X-Cache: STALE"]
--- response_body_like eval
['^<[\d.]+>$', '^<[\d.]+>$']



=== a fragment that fails and has no entry is replaced by its file
--- http_config eval: $::http
--- config
    location /page {
        ssi on;
        hc_cache pages;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }

    location /fragment {
        hc_cache pages;
        hc_static html;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }
--- user_files
>>> fragment/broken.html
from a file
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request eval
["GET /page+broken", "GET /page+broken"]
--- response_body eval
["<from a file\n>\n", "<from a file\n>\n"]



=== HEAD of a parent asks for no fragment
--- http_config eval: $::http
--- config eval: $::app
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request eval
["GET /page+a", "HEAD /page+a"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]
--- response_body_like eval
['^<[\d.]+>$', '^$']



=== a Range of the client does not cut the fragments' entries
--- http_config eval: $::http_large
--- config eval: $::app
--- origin
[[ { reply => \&app, end => 'close' } ]]
--- request
GET /page+large
--- more_headers
Range: bytes=0-3
--- then
ok(asks('/fragment/large')->{body} eq 'x' x 200_000, 'the entry is whole');
is(cache_of(asks('/fragment/large')), 'HIT', 'a hit');
