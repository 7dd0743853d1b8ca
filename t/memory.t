# Tens of thousands of requests of all kinds leave nothing behind: no memory, no
# file descriptor, no pin, no operation.

use strict;
use warnings;

use Test::More;

use HC ();
use HC::Client;
use HC::Nginx;

use List::Util qw(max min);

use constant CLIENTS => 4;
use constant REQUESTS => 3000;         # of a client in a round
use constant WARM_UP => 2;             # rounds
use constant ROUNDS => 8;              # the least, and the most
use constant ROUNDS_MOST => 20;
use constant SLACK => 1024;            # kB
use constant KEPT => 2 * (8 + 2);      # connections to the app and to Redis
use constant BIG => 400_000;
use constant SLOW => 40_000;


# What is large is mapped by itself and goes back when it is freed, whatever
# lies beside it: how many of them met in a round is not seen in the next.

$ENV{MALLOC_TRIM_THRESHOLD_} = $ENV{MALLOC_MMAP_THRESHOLD_} = 4096;

# The app is an nginx too: nobody else answers fast enough.

my $origin = HC::Nginx->start(workers => 1, http => <<'END');
    server {
        listen 127.0.0.1:%PORT%;

        location / { return 200 "one $request_uri\n"; }
        location /big { root %DIR%; rewrite ^ /big.html break; }
        location /slow {
            root %DIR%;
            rewrite ^ /slow.html break;
            limit_rate 200k;
        }

        location /error { return 500 "error\n"; }
        location /gone { return 444; }

        location /private {
            add_header Cache-Control private;
            return 200 "one $request_uri\n";
        }
    }
END

HC::Nginx::_write($origin->dir . '/big.html', 'big ' x (BIG / 4));
HC::Nginx::_write($origin->dir . '/slow.html', 'slow' x (SLOW / 4));

my $redis = HC::redis_start();

my $nginx = HC::Nginx->start(ORIGIN => $origin->port,
                             REDIS => $redis->{port}, level => 'crit',
                             http => <<'END');
    hc_zone zone=pages:8m max_object=512k;
    hc_l2 shared { server redis://127.0.0.1:%REDIS%; timeout 100ms; }

    upstream origin {
        server 127.0.0.1:%ORIGIN% max_fails=0;
        keepalive 8;
    }

    server {
        listen 127.0.0.1:%PORT%;

        proxy_http_version 1.1;
        proxy_set_header Connection "";

        gzip on;
        gzip_types *;

        hc_cache pages;
        hc_cache_valid 200 10m;
        hc_cache_purge 1;

        location / { proxy_pass http://origin; }

        location /brief {
            hc_cache_valid 200 50ms;
            proxy_pass http://origin;
        }

        location /l2 {
            hc_cache_l2 shared;
            hc_cache_l1_ttl 0;
            hc_invalidate uri=/l2/1 key=$arg_key;
            proxy_pass http://origin;
        }

        location /static {
            hc_static %DIR%/saved;
            proxy_pass http://127.0.0.1:1;
        }

        location = /status { hc_cache off; hc_status; }
    }
END

mkdir $nginx->dir . "/$_" for qw(saved saved/static);
HC::Nginx::_write($nginx->dir . '/saved/static/a.json', "{}\n");


# --- requests of all kinds ---------------------------------------------------

my @KINDS = (
    sub { "/hit/$_[1]" },
    sub { "/hit/$_[1]" },
    sub { "/miss/$_[0]" },
    sub { "/brief/$_[1]" },
    sub { "/l2/$_[1]" },
    sub { "/l2/miss/$_[0]" },
    sub { ("/hit/$_[1]", 'HEAD') },
    sub { ('/big/' . $_[1] % 4, 'GET', "Range: bytes=10-20000\r\n") },
    sub { ('/hit/big', 'GET', "Accept-Encoding: gzip\r\n") },
    sub { "/private/$_[1]" },
    sub { "/error/$_[1]" },
    sub { "/gone/$_[1]" },
    sub { '/static/a' },
    sub { '/static/none' },
    sub { ("/hit/$_[1]", 'POST') },
    sub { ("/l2/$_[1]?key=a", 'POST') },
    sub { ("/hit/$_[1]", 'PURGE') },
    sub { ("/l2/$_[1]", 'PURGE') },
    sub { ("/hit/$_[1]", 'GET', "If-None-Match: *\r\n") },
    sub { "/hit/$_[1]?" . 'a' x 3000 },
);


sub client {
    my ($number, $round) = @_;

    my $client = HC::Client->new($nginx->port, keep => 1);
    my %n = (answers => 0, none => 0, left => 0);

    srand 100 * $round + $number;

    for my $i (1 .. REQUESTS) {
        my $unique = "$round/$number/$i";

        # leaves: before anything, in the middle of a fill, of a hit
        if ($i % 20 == 0) {
            my $leaver = HC::Client->new($nginx->port);
            $leaver->send('GET', ('/slow/' . $unique, '/big/' . $i % 4,
                                  "/l2/left/$unique")[rand 3]);
            $leaver->more if rand() < 0.5;
            $leaver->close;
            $n{left}++;
        }

        my ($uri, $method, $headers) =
            $KINDS[rand @KINDS]->($unique, 1 + int rand 50);
        my $answer = $client->ask($method || 'GET', $uri, $headers);

        $n{ $answer ? 'answers' : 'none' }++;
    }

    return \%n;
}


sub load {
    my ($round) = @_;
    my %sum;

    for my $n (HC::Client->crowd(CLIENTS, sub { client($_[0], $round) })) {
        $sum{$_} += $n->{$_} for keys %$n;
    }

    return \%sum;
}


my $idle_files;


sub files {
    my $n = 0;

    for my $pid ($nginx->workers) {
        my @files = glob "/proc/$pid/fd/*";
        $n += @files;
    }

    return $n;
}


# Of all workers together: kB of their own memory, open descriptors, when all
# is quiet: fills without a client are done, and closed connections closed.

sub workers_have {
    my $kb = 0;

    my $quiet = HC::wait_until(sub {
        my $status = $nginx->status;
        return !$status->{zones}{pages}{pinned}
               && !$status->{l2}{shared}{in_flight}
               && files() <= $idle_files + KEPT;
    }, 30);

    ok($quiet, 'when all is done no descriptor is left open')
        or diag(files() . ' are');

    for my $pid ($nginx->workers) {
        $kb += $1 if HC::Nginx::_read("/proc/$pid/status")
                     =~ /^RssAnon:\s+(\d+)/m;
    }

    return ($kb, files());
}


# --- the rounds --------------------------------------------------------------

my @workers = $nginx->workers;
my (@kb, @files);

$idle_files = files();


# kB a round by which the later half of them is above the earlier.  What happens
# once counts less with every round; a leak is the same in each of them.

sub growth {
    my @warm = @kb[WARM_UP .. $#kb];
    my $half = int @warm / 2;

    return (min(@warm[-$half .. -1]) - min(@warm[0 .. $half - 1]))
           / (@warm - $half);
}


# 1 kB of every request of one kind would be twice as much.

sub is_flat { return growth() < CLIENTS * REQUESTS / @KINDS / 2 }


for my $round (1 .. ROUNDS_MOST) {
    my $sum = load($round);

    # an app that says nothing is a 502, and that is an answer
    is($sum->{answers}, CLIENTS * REQUESTS,
       "every request of round $round was answered");

    my ($kb, $files) = workers_have();
    push @kb, $kb;
    push @files, $files;
    note("round $round: $kb kB, $files descriptors");

    last if $round >= ROUNDS && ($nginx->is_sanitized || is_flat());
}

SKIP: {
    skip 'a sanitizer keeps what is freed', 1 if $nginx->is_sanitized;

    ok(is_flat(), 'the memory of workers does not grow from round to round')
        or diag(sprintf '%.0f kB a round: %s', growth(), "@kb");
}

is_deeply([$nginx->workers], \@workers, 'no worker died');


# --- while Redis does not answer ---------------------------------------------

HC::redis_freeze($redis);
{
    my @got = HC::Client->crowd(CLIENTS, sub {
        my ($number) = @_;
        my $client = HC::Client->new($nginx->port, keep => 1);

        return scalar grep { $client->get("/l2/frozen/$number/$_") } 1 .. 20;
    });

    is_deeply(\@got, [(20) x CLIENTS],
              'every request is answered while Redis is frozen');
}
HC::redis_thaw($redis);

my $status = $nginx->status;

cmp_ok($status->{l2}{shared}{timeouts}, '>', 0, 'there were timeouts');
ok(HC::wait_until(sub { $nginx->status->{l2}{shared}{in_flight} == 0 }),
   'no operation is left in flight');
ok(HC::wait_until(sub { $nginx->zone->{pinned} == 0 }),
   'nothing is left pinned');

{
    my ($kb, $files) = workers_have();

    SKIP: {
        skip 'a sanitizer keeps what is freed', 1 if $nginx->is_sanitized;
        cmp_ok($kb - max(@kb), '<', SLACK, 'timeouts take no memory');
    }
}

# each kind of request did what it is there for

$status = $nginx->status;
my $zone = $status->{zones}{pages};

cmp_ok($zone->{$_}, '>', 0, "there were $_")
    for qw(hits misses stores evictions deletes invalidated stale replaced);
cmp_ok($status->{l2}{shared}{$_}, '>', 0, "there were $_ in L2")
    for qw(hits misses stores invalidations);

$nginx->done;
$origin->done('the app');
done_testing();
