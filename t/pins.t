# Slow readers of a large page: whatever becomes of the page meanwhile, they get
# all of what they began with, and the zone goes on.

use strict;
use warnings;

use Test::More;

use HC ();
use HC::App;
use HC::Client;
use HC::Nginx;

use constant SIZE => 900_000;


my $app = HC::App->start;
my $slow_port = HC::free_port();

# what is sent to the slow port fills its small buffers at once

my $nginx = HC::Nginx->start(APP => $app->port, SLOW => $slow_port,
                             http => <<'END');
    hc_zone zone=pages:16m max_object=1m;
    hc_zone zone=small:1m max_object=128k;

    add_header X-Cache $hc_cache_status;

    server {
        listen 127.0.0.1:%PORT%;
        listen 127.0.0.1:%SLOW% sndbuf=16k;

        hc_cache pages;
        hc_cache_valid 200 10m;
        hc_cache_purge 1;

        location / { proxy_pass http://127.0.0.1:%APP%; }

        location /brief {
            hc_cache_valid 200 300ms;
            hc_cache_stale 0;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /small {
            hc_cache small;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location = /status { hc_cache off; hc_status; }
    }
END


sub get {
    my ($uri, $headers) = @_;

    my $answer = HC::Client->new($nginx->port)->get($uri, $headers)
                 || { head => '', body => '' };

    $answer->{cache} = $answer->{head} =~ /^X-Cache: (\w+)/m ? $1 : '';

    return $answer;
}


sub ask { return HC::Client->new($nginx->port)->ask(@_) }


# Clients that have begun to read a page that is a hit.

sub slow_readers {
    my ($n, $uri, $headers) = @_;

    get($uri);

    return map {
        my $client = HC::Client->new($slow_port, rcvbuf => 4096);

        $client->send('GET', $uri, $headers);
        $client->more until $client->{rest} =~ /\r\n\r\n/
                            || !$client->{socket};
        $client;
    } 1 .. $n;
}


# How many of them get the whole page, in that version.

sub whole {
    my ($uri, $version, @readers) = @_;

    return scalar grep {
        my $answer = $_->answer('GET');
        my $got = $answer && HC::App::version_of($answer->{body}, $uri);
        defined $got && $got eq $version;
    } @readers;
}


sub pinned {
    my ($n, $zone) = @_;

    return HC::wait_until(sub { $nginx->zone($zone)->{pinned} == $n });
}


# Fills the zone with other pages, several times over.

sub flood {
    my ($name, $n, $size) = @_;
    my $hits = 0;

    for my $i (1 .. $n) {
        get("$name/$i?size=$size");
        $hits++ if get("$name/$i?size=$size")->{cache} eq 'HIT';
    }

    return $hits;
}


# --- the page goes, the reader stays -----------------------------------------

{
    my $uri = '/replaced?size=' . SIZE;
    my ($slow) = slow_readers(1, $uri);

    ok(pinned(1), 'a slow reader of a hit pins it');

    $app->set('two');
    ask('POST', $uri);
    is(HC::App::version_of(get($uri)->{body}, $uri), 'two',
       'after a write others get the new page');
    is(get($uri)->{cache}, 'HIT', 'which is stored beside the old one');
    is(whole($uri, 'one', $slow), 1, 'the slow reader gets all of the old one');
    ok(pinned(0), 'and then nothing is pinned');
}

{
    my $uri = '/purged?size=' . SIZE;
    my ($slow) = slow_readers(1, $uri);

    is(ask('PURGE', $uri)->{status}, 204, 'a page that is being sent is purged');
    is(get($uri)->{cache}, 'MISS', 'and is a miss');
    cmp_ok(flood('/over', 40, 800_000), '>=', 39,
           'while the zone is filled twice over');
    is(whole($uri, 'two', $slow), 1, 'the slow reader gets all of it');
    ok(pinned(0), 'and then nothing is pinned');
}

{
    my $uri = '/brief?size=' . SIZE;
    my ($slow) = slow_readers(1, $uri);

    $app->set('three');
    ok(HC::wait_until(sub {
           my $got = HC::App::version_of(get($uri)->{body}, $uri);
           return defined $got && $got eq 'three';
       }), 'a page that is being sent expires and is replaced');
    is(whole($uri, 'two', $slow), 1,
       'its slow reader gets all of what it began with');
}

{
    my $uri = '/evicted?size=' . SIZE;
    my ($slow) = slow_readers(1, $uri);

    my $before = $nginx->zone->{evictions};
    flood('/more', 60, 800_000);
    cmp_ok($nginx->zone->{evictions}, '>', $before + 20,
           'the zone evicts while a page is being sent');
    is(whole($uri, 'three', $slow), 1,
       'the slow reader gets all of it');
}

{
    my $uri = '/left?size=' . SIZE;
    my ($slow) = slow_readers(1, $uri);

    ok(pinned(1), 'a page is pinned');
    $slow->close;
    ok(pinned(0), 'a reader that goes away leaves no pin');
}

{
    my $uri = '/range?size=' . SIZE;
    my ($slow) = slow_readers(1, $uri, "Range: bytes=1000-880999\r\n");

    ask('PURGE', $uri);
    flood('/again', 40, 800_000);

    my $answer = $slow->answer('GET');
    is($answer->{status}, 206, 'a slow reader of a range gets a range');
    ok($answer->{body} eq substr(HC::App::body_of('three', $uri, SIZE), 1000,
                                 880_000), 'all of it, of the page as it was');
    ok(pinned(0), 'and then nothing is pinned');
}


# --- more readers than can pin -----------------------------------------------

{
    my $uri = '/crowd?size=' . SIZE;
    my @slow = slow_readers(40, $uri);
    my $zone = $nginx->zone;

    cmp_ok($zone->{pinned}, '<', 40, 'not all of forty slow readers pin');
    cmp_ok($zone->{copied}, '>=', 30, 'the others read copies');
    cmp_ok($zone->{pinned_bytes}, '<=', 16 * 1024 * 1024 / 2,
           'less than half of the zone is pinned');

    $app->set('four');
    ask('POST', $uri);
    is(get($uri)->{cache}, 'MISS', 'the page is written to meanwhile');
    cmp_ok(flood('/meanwhile', 30, 500_000), '>=', 29,
           'the zone keeps taking pages');

    is(whole($uri, 'three', @slow), 40, 'all forty get all of the old page');
    ok(pinned(0), 'and then nothing is pinned');
}

{
    my @uris = map { "/small/$_?size=100000" } 1 .. 6;
    my @slow = map { [$_, slow_readers(4, $_)] } @uris;

    cmp_ok($nginx->zone('small')->{pinned}, '>=', 1,
           'slow readers pin pages of a zone of 1m');
    cmp_ok(flood('/small/x', 40, 20_000), '>=', 35,
           'it keeps taking pages');
    is(whole($_->[0], 'four', @$_[1 .. 4]), 4,
       "four slow readers get all of $_->[0]") for @slow;
    ok(pinned(0, 'small'), 'and then nothing is pinned');
    cmp_ok(flood('/small/y', 40, 100_000), '>=', 35,
           'large pages find room again');
}

$nginx->done;
done_testing();
