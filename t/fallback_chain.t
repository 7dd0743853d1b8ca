# Who answers, in this order: L1, L2, the app; and when the app fails in any of
# its ways: L1 and L2 with what has expired, a file, the failure itself.

use strict;
use warnings;

use Test::More;

use File::Path qw(make_path);
use HC ();
use HC::Client;
use HC::Live;
use HC::Nginx;

use Time::HiRes qw(sleep time);


my $app = HC::Live->start;
my $redis = HC::redis_start();
my $node_port = HC::free_port();

my $nginx = HC::Nginx->start(
    APP => $app->port, REDIS => $redis->{port}, NODE => $node_port,
    workers => 2, http => <<'END');

    hc_zone zone=pages:2m;
    hc_zone zone=others:2m;

    hc_l2 shared {
        server redis://127.0.0.1:%REDIS%;
        connect_timeout 5s;
        timeout 5s;
    }

    hc_cache_l2 shared;
    hc_cache_use_stale error timeout invalid_header http_500 http_502 http_503
                       http_504 http_5xx;
    hc_static %DIR%/files;

    proxy_read_timeout 500ms;
    proxy_connect_timeout 5s;

    add_header X-Cache "$hc_cache_status $hc_cache_tier" always;
    add_header X-Reason $hc_cache_reason always;

    # two nodes, as far as the keys go

    server {
        listen 127.0.0.1:%PORT%;
        server_name localhost;
        hc_cache pages;

        location / {
            hc_cache_valid 200 1h;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /brief {
            hc_cache_valid 200 50ms;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /brief/lock {
            hc_cache_valid 200 50ms;
            hc_cache_lock_timeout 100ms;
            proxy_read_timeout 20s;
            proxy_pass http://127.0.0.1:%APP%;
        }
    }

    server {
        listen 127.0.0.1:%NODE%;
        server_name localhost;
        hc_cache others;

        location / {
            hc_cache_valid 200 1h;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /brief {
            hc_cache_valid 200 50ms;
            proxy_pass http://127.0.0.1:%APP%;
        }
    }
END


sub ask {
    my ($uri, $port) = @_;

    return seen(HC::Client->new($port || $nginx->port)->get($uri));
}

sub node { return ask($_[0], $node_port) }


# status, who answered, and what: "200 STALE L1 one"

sub seen {
    my ($answer) = @_;

    $answer or return { said => 'nothing', reason => '' };

    my ($cache) = $answer->{head} =~ /^X-Cache: ([^\r\n]*)/mi;
    my ($reason) = $answer->{head} =~ /^X-Reason: ([^\r\n]*)/mi;
    my ($word) = $answer->{body} =~ /^(\w+)/;

    return { said => join(' ', $answer->{status}, $cache // '', $word // ''),
             reason => $reason // '' };
}

sub is_said {
    my ($answer, $said, $name) = @_;

    is($answer->{said}, $said, $name);
}


sub file {
    my ($uri, $text) = @_;

    my $file = $nginx->dir . "/files$uri.html";
    make_path($file =~ s{/[^/]*\z}{}r);
    open my $out, '>', $file or die "$file: $!";
    print $out $text;
}


# Redis acknowledges behind the client's back.

sub l2_has {
    my ($n) = @_;

    HC::wait_until(sub {
        my ($there) = HC::redis_command($redis, 'DBSIZE') =~ /^:(\d+)/;
        return $there >= $n;
    }) or fail('L2 has it');
}


# What lives as briefly and has been stored by now has expired in both tiers.

my $clocks = 0;

sub expire {
    my $clock = '/brief/clock' . ++$clocks;

    $app->says('/brief/clock', 'body=clock');
    ask($clock);
    HC::wait_until(sub { ask($clock)->{said} !~ /HIT/ }) or fail('expires');
}


# --- as long as the app works ------------------------------------------------

{
    $app->says('/page', 'body=one');
    file('/page', 'file');

    is_said(ask('/page'), '200 MISS origin one', 'nobody has it: the app');
    l2_has(1);
    is_said(ask('/page'), '200 HIT L1 one', 'L1 has it');
    is_said(node('/page'), '200 HIT L2 one', 'L2 has it, and L1 not');
    is_said(node('/page'), '200 HIT L1 one', 'then L1 has it, too');
    is($app->asked('/page'), 1, 'the app was asked once');
}


# --- and when it fails -------------------------------------------------------

my %failure = (
    connect => ['', 502],
    timeout => ['silent', 504],
    reset => ['reset', 502],
    invalid_header => ['garbage', 502],
    map { $_ => ["status=$_ body=failed", $_] } 500, 501, 502, 503, 504, 507,
);

sub prepare {
    my ($name) = @_;

    my ($fresh, $both, $l2) = map { "$_/$name" }
                                  '/fresh', '/brief/both', '/brief/l2';

    HC::redis_command($redis, 'FLUSHALL');
    $app->says("/$_/$name", 'body=one') for 'fresh', 'brief/both', 'brief/l2';

    ask($fresh);
    node($l2);
    ask($both);
    l2_has(3);
    expire();

    # L2 has a newer one by now, which expires as well
    $app->says($both, 'body=two');
    node($both);
    HC::wait_until(sub { $app->asked($both) == 2 });
    expire();

    file("/brief/$_/$name", 'file') for qw(both l2 file);
}

sub chain {
    my ($name) = @_;

    my ($words, $status) = @{ $failure{$name} };
    my $asked = $app->asked("/brief/both/$name");

    $app->says("/$_/$name", $words)
        for qw(fresh brief/both brief/l2 brief/file brief/nothing);
    $app->stop if $name eq 'connect';

    is_said(ask("/fresh/$name"), '200 HIT L1 one', "$name: fresh in L1");
    is_said(node("/fresh/$name"), '200 HIT L2 one', "$name: fresh in L2");

    is_said(ask("/brief/both/$name"), '200 STALE L1 one',
            "$name: expired in both: L1's");
    is($app->asked("/brief/both/$name"), $asked + 1,
       "$name: once the app has failed") if $name ne 'connect';
    is_said(ask("/brief/l2/$name"), '200 STALE L2 one',
            "$name: expired in L2, and L1 has none");
    is_said(ask("/brief/file/$name"), '200 STATIC static file',
            "$name: in neither: the file");

    my $failed = ask("/brief/nothing/$name");
    like($failed->{said}, qr/^$status MISS origin /,
         "$name: nor a file: the failure itself");

    is(ask("/brief/both/$name")->{reason}, '', "$name: a fallback needs no reason");

    $app->start if $name eq 'connect';
}

for my $name (sort keys %failure) {
    prepare($name);
    chain($name);
}


# --- others are being asked, and do not answer -------------------------------

{
    my $uri = '/brief/lock/expired';

    HC::redis_command($redis, 'FLUSHALL');
    $app->says($uri, 'body=one');
    ask($uri);
    expire();
    $app->says($uri, 'body=two hold');

    my $leader = HC::Client->new($nginx->port);
    $leader->send('GET', $uri);
    HC::wait_until(sub { $app->asked($uri) == 2 }) or fail('asked');

    my $waited = ask($uri);
    is_said($waited, '200 STALE L1 one', 'lock timeout: what expired in L1');
    is($waited->{reason}, 'lock-timeout', 'lock timeout: and why');
    is($app->asked($uri), 2, 'lock timeout: the app is not asked again');

    $app->release($uri);
    is_said(seen($leader->answer('GET')), '200 EXPIRED origin two',
            'who asks has the new one');
}

for my $how (['l2', '200 STALE L2 one'], ['file', '200 STATIC static file'],
             ['nothing', '500 MISS origin failed'])
{
    my ($name, $said) = @$how;
    my $uri = "/brief/lock/$name";

    HC::redis_command($redis, 'FLUSHALL');

    if ($name eq 'l2') {
        $app->says($uri, 'body=one');
        node($uri);
        l2_has(1);
        expire();
    }

    file($uri, 'file') if $name eq 'file';

    my $asked = $app->asked($uri);
    $app->says($uri, 'body=late hold');

    my $leader = HC::Client->new($nginx->port);
    $leader->send('GET', $uri);
    HC::wait_until(sub { $app->asked($uri) > $asked }) or fail('asked');

    $app->says($uri, 'body=failed status=500');
    is_said(ask($uri), $said,
            "lock timeout, then the app fails: $name");
    is($app->asked($uri), $asked + 2, "lock timeout: $name, by itself");

    $app->release($uri);
    like(seen($leader->answer('GET'))->{said}, qr/ origin late$/,
         "who asked first: $name");
}

$nginx->done;
HC::redis_stop($redis);
done_testing();
