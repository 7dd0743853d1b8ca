# All workers share one L1: what one of them has stored is a hit in the others,
# and what one of them is told to forget is forgotten by all.

use strict;
use warnings;

use Test::More;

use HC ();
use HC::App;
use HC::Client;
use HC::Nginx;

use Time::HiRes qw(sleep time);

use constant WORKERS => 4;
use constant CLIENTS => 6;
use constant PAGES => 120;
use constant SECONDS => 4;


my $app = HC::App->start;

# with reuseport the kernel deals connections to all workers

my $nginx = HC::Nginx->start(APP => $app->port, workers => WORKERS,
                             http => <<'END');
    hc_zone zone=pages:4m max_object=256k;

    add_header X-Cache $hc_cache_status;
    add_header X-Pid $pid;

    upstream app {
        server 127.0.0.1:%APP%;
        keepalive 8;
    }

    server {
        listen 127.0.0.1:%PORT% reuseport;

        proxy_http_version 1.1;
        proxy_set_header Connection "";

        hc_cache pages;

        location / {
            hc_cache_valid 200 1m;
            proxy_pass http://app;
        }

        location /load {
            hc_cache_valid 200 300ms;
            hc_cache_stale 0;
            proxy_pass http://app;
        }

        location = /status { hc_cache off; hc_status; }
    }
END


# Who answered, and how.

sub get {
    my ($uri) = @_;

    my $answer = HC::Client->new($nginx->port)->get($uri) or return;
    my ($cache) = $answer->{head} =~ /^X-Cache: (\w+)/m;
    my ($pid) = $answer->{head} =~ /^X-Pid: (\d+)/m;

    return { %$answer, cache => $cache, pid => $pid };
}


# Asks until each worker has answered: pid -> its first answer.

sub ask_all {
    my ($uri) = @_;
    my %by;

    HC::wait_until(sub {
        my $answer = get($uri);
        $by{ $answer->{pid} } ||= $answer if $answer;
        return keys %by == WORKERS;
    });

    return \%by;
}


# --- one L1 ------------------------------------------------------------------

{
    my $first = get('/shared');
    my $by = ask_all('/shared');

    is($first->{cache}, 'MISS', 'the first request is a miss');
    is(scalar keys %$by, WORKERS, 'every worker was asked');
    is(scalar(grep { $_->{cache} eq 'HIT' } values %$by), WORKERS,
       'what one worker stored is a hit in each of them');
    is(scalar(grep { $_->{body} eq $first->{body} } values %$by), WORKERS,
       'with the same body');
    is($app->count(qr{^/shared}), 1, 'the app was asked once');
}

{
    HC::Client->new($nginx->port)->ask('POST', '/shared?set=two');
    HC::Client->new($nginx->port)->ask('POST', '/shared');

    my $by = ask_all('/shared');

    is(scalar(grep { HC::App::version_of($_->{body}, '/shared') eq 'two' }
              values %$by), WORKERS,
       'after a write through one worker all of them have the new page');
    is($app->count(qr{^/shared$}), 2, 'the app was asked once more');
}

is($nginx->zone->{workers}, WORKERS, 'each worker is known in the zone');


# --- load --------------------------------------------------------------------

# Sizes of all kinds, pages that expire all the time, more than the zone holds,
# and writes: each body must be the whole of one version of the page asked for.

sub uri_of {
    my ($n) = @_;

    return "/load/$n?size=" . (1 + $n * 2000);
}

{
    my @got = HC::Client->crowd(CLIENTS, sub {
        my ($number) = @_;
        my $client = HC::Client->new($nginx->port, keep => 1);
        my %n = (whole => 0, wrong => 0, failed => 0, hits => 0);
        my $end = time() + SECONDS;

        srand $number;

        while (time() < $end || $n{whole} < 800 / CLIENTS) {
            last if time() > $end + 60;

            $client->close if rand() < 0.02;

            my $uri = uri_of(1 + int rand PAGES);

            if (rand() < 0.01) {
                $client->ask('POST', $uri);
                next;
            }

            my $answer = $client->get($uri);

            if (!$answer || $answer->{status} != 200) {
                $n{failed}++;
                next;
            }

            $n{hits}++ if $answer->{head} =~ /^X-Cache: HIT/m;
            $n{ HC::App::version_of($answer->{body}, $uri) ? 'whole'
                                                           : 'wrong' }++;
        }

        return \%n;
    }, while => sub {
        for my $n (1 .. 10 * (SECONDS - 1)) {
            $app->set("version-$n");
            sleep 0.1;
        }
    });

    my %sum;
    for my $n (@got) {
        $sum{$_} += $n->{$_} for keys %$n;
    }

    is(scalar(grep { defined } @got), CLIENTS, 'all clients came to the end');
    is($sum{failed}, 0, 'no request failed under load');
    is($sum{wrong}, 0, 'no body under load was another one, or cut');
    cmp_ok($sum{whole}, '>', 500, 'there was load');
    cmp_ok($sum{hits}, '>', 20, 'some of it were hits');

    note("$sum{whole} bodies, $sum{hits} hits");
}

{
    my $zone = $nginx->zone;

    cmp_ok($zone->{stores}, '>', 50, 'pages were stored under load');
    cmp_ok($zone->{expired} + $zone->{replaced}, '>', 0,
           'pages expired under load');
    cmp_ok($zone->{evictions}, '>', 0, 'pages were evicted under load');
    is($zone->{resets}, 0, 'no shard was reset');
    ok(HC::wait_until(sub { $nginx->zone->{pinned} == 0 }),
       'nothing is pinned when the load is over');
}

$nginx->done;
done_testing();
