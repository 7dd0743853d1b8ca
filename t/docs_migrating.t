# The page for those who come from proxy_cache: its configurations work and do
# the same, and it knows every directive of either side.

use strict;
use warnings;

use Test::More;

use HC ();
use HC::Client;
use HC::Live;
use HC::Nginx;


sub text_of {
    my ($file) = @_;

    open my $in, '<', $file or die "$file: $!";
    local $/;

    return scalar <$in>;
}

my $page = text_of('docs/migrating-from-proxy_cache.md');
my $readme = text_of('README.md');


# Of nginx 1.22.

my @nginx = map { "proxy_cache$_" } '', map { "_$_" } qw(
    background_update bypass convert_head key lock lock_age lock_timeout
    max_range_offset methods min_uses path purge revalidate use_stale valid
);

sub missing { return grep { $page !~ /\b$_\b(?!_)/ } @_ }

is_deeply([missing(@nginx, qw(proxy_no_cache proxy_ignore_headers))], [],
          'each directive of proxy_cache is on the page');

my @own = $readme =~ /^### (hc_\w+)$/mg;

cmp_ok(scalar @own, '>', 20, 'README has the directives of this module');
is_deeply([missing(@own)], [], 'each of them is on the page');

my ($table) = $readme =~ /^## Variables\n(.*?)^## /ms;
my @variables = $table =~ /^\| `\$(\w+)`/mg;

cmp_ok(scalar @variables, '>', 5, 'README has its variables');
is_deeply([missing(@variables)], [], 'each of them is on the page');

my $real = join '', map { text_of($_) } 'ngx_http_hc_module.c',
                    glob 'src/*/*.c';

is_deeply([grep { $real !~ /"$_"/ } $page =~ /`(hc_\w+)/g], [],
          'and none is on it that is not there');
like($readme, qr{\(docs/migrating-from-proxy_cache\.md\)},
     'README leads to the page');


# --- before and after --------------------------------------------------------

my $app = HC::Live->start;

$app->says('/', 'body=one');
$app->says('/news/', 'body=news cookie=a=b');

sub block {
    my ($title) = @_;

    my ($text) = $page =~ /^### $title\n+```nginx\n(.*?)^```/ms
        or die "no block \"$title\"";

    $text =~ s/^\s+listen +\K80;/127.0.0.1:%PORT%;/m or die 'no listen';
    $text =~ s/127\.0\.0\.1:8000/127.0.0.1:%APP%/ or die 'no app';
    $text =~ s{/var/(?:cache|lib)/nginx}{%DIR%/temp}g or die 'no directory';

    return $text;
}

for my $title ('Before', 'After') {
    my $nginx = HC::Nginx->start(APP => $app->port, http => block($title));

    my ($rc, $said) = $nginx->test_configuration;
    is($rc, 0, "$title: nginx -t") or diag $said;

    my $says = sub {
        my ($uri, $headers) = @_;

        my $answer = HC::Client->new($nginx->port)->get($uri, $headers);
        my ($cache) = $answer->{head} =~ /^X-Cache: (\w+)/m;

        return join ' ', $cache // '-',
                    $answer->{head} =~ /^Set-Cookie/m ? 'cookie' : ();
    };

    is($says->('/page'), 'MISS', "$title: a page");
    is($says->('/page', "Cookie: s=1\r\n"), 'HIT', "$title: is stored");
    is($says->('/own', "Cookie: s=1\r\n"), 'MISS', "$title: with a cookie");
    is($says->('/own'), 'HIT', "$title: as well");
    is($says->('/page', "X-Fresh: 1\r\n"), 'BYPASS', "$title: or not given");
    is($says->('/page?preview=1'), 'MISS', "$title: a preview");
    is($says->('/page?preview=1'), 'MISS', "$title: is not stored");
    is($says->('/news/1'), 'MISS', "$title: without its cookie");
    is($says->('/news/1'), 'HIT', "$title: another is");
    unlike($says->($_), qr/MISS|HIT/, "$title: and an account never")
        for ('/account/1') x 2;

    $nginx->done($title);
}


# --- what behaves otherwise ----------------------------------------------------

{
    my $nginx = HC::Nginx->start(APP => $app->port, http => <<'END');
        proxy_cache_path %DIR%/temp/old keys_zone=old:1m;
        hc_zone zone=new:1m;

        add_header X-Cache $upstream_cache_status$hc_cache_status always;
        add_header X-Upstream "$upstream_http_cache_control." always;

        server {
            listen 127.0.0.1:%PORT%;

            location /old/ {
                proxy_cache old;
                proxy_cache_valid any 1m;
                proxy_cache_min_uses 1;
                proxy_pass http://127.0.0.1:%APP%;
            }

            location /new/ {
                hc_cache new;
                hc_cache_valid any 1m;
                proxy_pass http://127.0.0.1:%APP%;
            }

            location /both/ {
                proxy_cache old;
                proxy_cache_valid any 1m;
                hc_cache new;
                hc_cache_valid any 100ms;
                hc_cache_stale 0;
                proxy_pass http://127.0.0.1:%APP%;
            }
        }
END

    $app->says("/$_/failed", 'status=500') for qw(old new);
    $app->says("/$_/lived", 'cc=max-age=60') for qw(old new);

    my $twice = sub {
        my ($uri, $headers, $method) = @_;

        my @answers = map {
            HC::Client->new($nginx->port)->ask($method || 'GET', $uri, $headers)
        } 1 .. 2;

        return $answers[1];
    };

    my $second = sub {
        my ($answer) = $twice->(@_);

        return $answer->{head} =~ /^X-Cache: (\w+)/m ? $1 : '';
    };

    for (['Authorization', 'page/a', "Authorization: Basic eDp5\r\n", 'GET'],
         ['a Cookie', 'page/c', "Cookie: s=1\r\n", 'GET'],
         ['HEAD', 'page/h', '', 'HEAD'],
         ['any, and a 500', 'failed', '', 'GET'])
    {
        my ($name, @how) = @$_;
        my $uri = shift @how;

        is($second->("/old/$uri", @how), 'HIT', "$name: nginx stores it");
        isnt($second->("/new/$uri", @how), 'HIT', "$name: it is not stored");
    }

    is($second->("/$_/lived", "Cookie: s=1\r\n"), 'HIT',
       "$_: a Cookie, and a lifetime of the answer's own") for qw(old new);

    unlike($twice->('/old/page/d')->{head}, qr/^Age:/m, 'nginx has no Age');
    like($twice->('/new/page/d')->{head}, qr/^Age:/m, 'a hit has one');

    like($twice->('/old/lived')->{head}, qr/^X-Upstream: max-age/m,
         'a hit of nginx has fields of upstream');
    like($twice->('/new/lived')->{head}, qr/^X-Upstream: \./m, 'here it has none');

    my $asked = $app->asked('/both/x');
    my $count = sub { HC::Client->new($nginx->port)->get('/both/x')->{head}
                          =~ /^X-Cache: (\w+)/m; $1 };

    is($count->(), 'MISSMISS', 'both in one location: neither has it');
    is($count->(), 'HIT', 'hc_cache is asked first');
    ok(HC::wait_until(sub { $count->() =~ /^HIT(?:MISS|EXPIRED)/ }),
       'what it misses is looked for by proxy_cache');
    is($app->asked('/both/x'), $asked + 1, 'and the app was asked once');

    $nginx->done('differences');
}

done_testing();
